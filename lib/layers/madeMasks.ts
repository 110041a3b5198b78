import type {Random} from '../random';

/**
 * Degrees and masks of MADE (Germain et al. 2015, sections 3 and 4), as pure functions on small arrays.
 * Degrees count from 1, as in the paper: the input generated first has degree 1, the last has degree D.
 */

/** A mask from `inputs` units to `outputs` units, [inputs, outputs] in row order, values 0 or 1. */
export interface Mask {
  readonly inputs: number;
  readonly outputs: number;
  readonly values: Float32Array;
}

/** order[k] is the input generated k-th; the result says of each input when it is generated, 1 … D. */
export function inputDegrees(order: Int32Array): Int32Array {
  const degrees = new Int32Array(order.length);
  order.forEach((input, k) => {
    if (!(input >= 0 && input < order.length) || degrees[input] !== 0) {
      throw new RangeError(
        `inputDegrees: an order must hold each of 0 … ${order.length - 1} once, got ${input} at place ${k}`,
      );
    }
    degrees[input] = k + 1;
  });
  return degrees;
}

/**
 * Degrees of one hidden layer, each drawn uniformly from least(previous layer) … D - 1 (section 4: a unit of
 * degree m may see inputs of degree at most m, and a unit of degree D would be of no use to any output).
 */
export function randomHiddenDegrees(
  units: number,
  previous: Int32Array,
  inputs: number,
  random: Random,
): Int32Array {
  const least = Math.min(...previous);
  const most = Math.max(1, inputs - 1);
  if (least > most) {
    throw new RangeError(
      `randomHiddenDegrees: the layer below must start at a degree of at most ${most}, got ${least}`,
    );
  }
  return Int32Array.from({length: units}, () => least + random.integer(most - least + 1));
}

/** Degrees of one hidden layer spread evenly over 1 … D - 1, in rising order. */
export function evenHiddenDegrees(units: number, inputs: number): Int32Array {
  const most = Math.max(1, inputs - 1);
  return Int32Array.from({length: units}, (_, k) => 1 + Math.floor((k * most) / units));
}

/** Equation 12: a hidden unit sees the units below whose degree is at most its own. */
export function hiddenMask(below: Int32Array, above: Int32Array): Mask {
  return mask(below, above, 0);
}

/** Equation 13: an output sees the units below whose degree is less than its own. */
export function outputMask(below: Int32Array, outputs: Int32Array): Mask {
  return mask(below, outputs, 1);
}

/**
 * Which inputs reach which outputs: the product of the masks, [inputs, outputs], entries count the paths.
 * It must be zero wherever an input's degree is not below the output's.
 */
export function pathCounts(masks: readonly Mask[]): Mask {
  return masks.reduce((left, right) => {
    if (left.outputs !== right.inputs) {
      throw new RangeError(
        `pathCounts: a mask must have as many outputs as the next has inputs, ${right.inputs}, got ${left.outputs}`,
      );
    }
    const values = new Float32Array(left.inputs * right.outputs);
    for (let i = 0; i < left.inputs; i++) {
      for (let k = 0; k < left.outputs; k++) {
        const paths = left.values[i * left.outputs + k];
        if (paths === 0) continue;
        for (let j = 0; j < right.outputs; j++) {
          values[i * right.outputs + j] += paths * right.values[k * right.outputs + j];
        }
      }
    }
    return {inputs: left.inputs, outputs: right.outputs, values};
  });
}

/** 1 where the degree above is at least so much larger than the degree below. */
function mask(below: Int32Array, above: Int32Array, least: 0 | 1): Mask {
  const wrong = below.findIndex((degree) => degree < 1);
  if (wrong !== -1) {
    throw new RangeError(`mask: a degree must be at least 1, got ${below[wrong]} for unit ${wrong}`);
  }
  // Plain loops: fresh masks at every training step are made of millions of entries.
  const values = new Float32Array(below.length * above.length);
  for (let i = 0; i < below.length; i++) {
    const row = i * above.length;
    const needed = below[i] + least;
    for (let j = 0; j < above.length; j++) values[row + j] = above[j] >= needed ? 1 : 0;
  }
  return {inputs: below.length, outputs: above.length, values};
}
