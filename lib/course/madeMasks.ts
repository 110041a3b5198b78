import {evenHiddenDegrees, hiddenMask, inputDegrees, outputMask, pathCounts} from '../layers/madeMasks';
import {Random} from '../random';
import {exercise, expectNumber, toNumber} from './check';

/** Lesson 02, MADE's masks: the checks of its exercises, which compare with the library itself. */

/** equation 10 of MADE, written again. */
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

/** degrees of a hidden layer by which every output sees all the inputs that it may. */
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

/** how many logits see their own pixel when the output mask has ">=" for ">". */
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
