import {conditionals} from './joint';
import {evenHiddenDegrees, hiddenMask, inputDegrees, outputMask, pathCounts} from './layers/madeMasks';
import {bitsPerDimension} from './likelihood';
import {Random} from './random';
import {type ArModel, simulateAr} from './series';

/**
 * The checks of the exercises in notebooks 01 and 02: one sentence each, never an error, so that an unsolved exercise
 * does not stop a notebook. They compare with the library itself; test/exercises.test.ts solves each of them.
 */

const DIGIT = {height: 28, width: 28, channels: 1};

/** Notebook 01: nats per 28 x 28 image to bits per dimension. */
export function checkBits(mine: (nats: number) => number | undefined): string {
  return exercise('Nats to bits', () => {
    for (const nats of [784 * Math.LN2, 100]) {
      expectNumber(`${nats.toFixed(2)} nats are`, bitsPerDimension(nats, DIGIT), mine(nats));
    }
  });
}

/** Notebook 01: the expected value two steps after the end of a series, by an AR(2). */
export function checkTwoAhead(
  mine: (model: ArModel, series: Float64Array) => number | undefined,
  model: ArModel,
  series: Float64Array,
): string {
  return exercise('Two years ahead', () => {
    const forecast = simulateAr({...model, deviation: 0}, {count: 2, seed: 0, after: series});
    expectNumber('the forecast is', forecast[1], mine(model, series.slice()));
  });
}

/** Notebook 01: eight probabilities of three bits, such that the third is settled by the first two but by neither alone. */
export function checkThirdBit(joint: readonly number[] | undefined): string {
  return exercise('A bit that only two others tell', () => {
    if (joint?.length !== 8) throw new Error('give the 8 probabilities of 000, 001, …, 111');
    const sum = joint.reduce((a, b) => a + b, 0);
    if (Math.abs(sum - 1) > 1e-9 || joint.some((p) => p < 0)) {
      throw new Error(`probabilities are not negative and sum to 1, yours sum to ${sum}`);
    }
    const orders = {one: [2], first: [0, 2], second: [1, 2], both: [0, 1, 2]};
    const last = (known: readonly number[], x: readonly number[]): number => {
      const rest = [0, 1, 2].filter((bit) => !known.includes(bit));
      return conditionals(joint, [...known, ...rest], x)[known.length - 1];
    };
    for (const [a, b] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]) {
      const alone = [
        last(orders.one, [a, b, 1]),
        last(orders.first, [a, b, 1]),
        last(orders.second, [a, b, 1]),
      ];
      if (alone.some((p) => Math.abs(p - 0.5) > 1e-9)) {
        throw new Error(`after the first or the second bit alone the third must still be even, yours is not`);
      }
      const p = last(orders.both, [a, b, 1]);
      if (p > 1e-9 && p < 1 - 1e-9) {
        throw new Error(`after ${a}, ${b} the third bit must be certain, yours is 1 with probability ${p}`);
      }
    }
  });
}

/** Notebook 02: equation 10 of MADE, written again. */
export function checkHiddenMask(
  mine: (below: number, above: number) => number | boolean | undefined,
): string {
  return exercise('The hidden mask', () => {
    const random = new Random(0, 'exercise');
    const [below, above] = [5, 6].map((n) => Int32Array.from({length: n}, () => 1 + random.integer(4)));
    const mask = hiddenMask(below, above);
    mask.values.forEach((value, k) => {
      const [from, to] = [below[Math.floor(k / above.length)], above[k % above.length]];
      expectNumber(`from degree ${from} to degree ${to} the mask is`, value, toNumber(mine(from, to)));
    });
  });
}

/** Notebook 02: degrees of a hidden layer by which every output sees all the inputs that it may. */
export function checkDegrees(order: readonly number[], hidden: readonly number[] | undefined): string {
  return exercise('Degrees that lose nothing', () => {
    if (hidden === undefined || hidden.length === 0) throw new Error('give the degrees of the hidden units');
    const wrong = hidden.find((m) => !Number.isInteger(m) || m < 1);
    if (wrong !== undefined) throw new Error(`a degree is an integer of at least 1, yours has ${wrong}`);
    const inputs = inputDegrees(Int32Array.from(order));
    const degrees = Int32Array.from(hidden);
    const paths = pathCounts([hiddenMask(inputs, degrees), outputMask(degrees, inputs)]);
    paths.values.forEach((count, k) => {
      const [from, to] = [inputs[Math.floor(k / order.length)], inputs[k % order.length]];
      if (from < to && count === 0) {
        throw new Error(`the output of degree ${to} does not see the input of degree ${from}`);
      }
    });
    const fewest = order.length - 1;
    if (hidden.length > fewest) {
      throw new Error(`nothing is lost, but ${fewest} units are enough and yours are ${hidden.length}`);
    }
  });
}

/** Notebook 02: how many logits see their own pixel when the output mask has ">=" for ">". */
export function checkOwnPixels(mine: number | undefined, pixels: number, hidden: number): string {
  return exercise('A broken mask', () => {
    const inputs = Int32Array.from({length: pixels}, (_, d) => d + 1);
    const degrees = evenHiddenDegrees(hidden, pixels);
    const paths = pathCounts([hiddenMask(inputs, degrees), hiddenMask(degrees, inputs)]);
    const own = inputs.filter((_, d) => paths.values[d * pixels + d] > 0).length;
    if (mine !== undefined && mine !== own) throw new Error(`count again: it is not ${mine}`);
    expectNumber('it is', own, mine);
  });
}

/**
 * "Right", or "not yet" with the reason, so that a notebook whose exercises are still open runs to its end.
 * @param check throws while the answer is not right; what the student's own code throws counts too
 */
export function exercise(name: string, check: () => void): string {
  try {
    check();
    return `${name}: right`;
  } catch (error) {
    return `${name}: not yet. ${error instanceof Error ? error.message : String(error)}`;
  }
}

function expectNumber(what: string, expected: number, answer: number | undefined): void {
  if (answer === undefined) throw new Error('write your answer above, then run this cell again');
  if (!(Math.abs(answer - expected) <= 1e-6 * Math.max(1, Math.abs(expected)))) {
    throw new Error(`${what} ${Number(expected.toPrecision(6))}, yours gave ${answer}`);
  }
}

function toNumber(answer: number | boolean | undefined): number | undefined {
  return answer === undefined ? undefined : Number(answer);
}
