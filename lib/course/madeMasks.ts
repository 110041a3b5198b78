import {evenHiddenDegrees, hiddenMask, inputDegrees, outputMask, pathCounts} from '../layers/madeMasks';
import {ask, exercise, type Hints, toBit, Unanswered} from './check';

/** Lesson 02: the checks of the exercises on MADE's masks, which compare with the library itself. */

/**
 * The direct connection's mask, V's strict rule without a hidden layer in between (section 6.1): from a pixel
 * to the outputs of later ones only.
 */
export function checkDirectMask(
  mine: (pixel: number, output: number) => number | boolean | undefined,
): string {
  return exercise('The direct mask', () => {
    const degrees = [1, 2, 3, 4];
    const mask = outputMask(Int32Array.from(degrees), Int32Array.from(degrees));
    mask.values.forEach((value, k) => {
      const [from, to] = [degrees[Math.floor(k / 4)], degrees[k % 4]];
      const given = toBit(ask(mine, from, to));
      if (given === value) return;
      throw new Error(
        given === 1
          ? `from pixel ${from} to output ${to} yours lets through: the output would hear of a pixel that it must not know`
          : `from pixel ${from} to output ${to} yours is closed: nothing forbidden would pass, and something is lost`,
      );
    });
  });
}

/** degrees of a hidden layer by which every output sees all the inputs that it may. */
export function checkDegrees(order: readonly number[], hidden: readonly number[] | undefined): string {
  return exercise('Degrees that lose nothing', () => {
    if (hidden === undefined) throw new Unanswered();
    if (hidden.length === 0) throw new Error('give the degrees of the hidden units, one number each');
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
      throw new Error(`nothing is lost, but fewer than your ${hidden.length} units are enough`);
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
    if (mine === undefined) throw new Unanswered();
    if (mine === pixels) throw new Error('not all: which degrees do hidden units have, and which do pixels?');
    if (mine !== own) throw new Error(`it is not ${mine}; first try 3 pixels by hand`);
  });
}

/** Hints to the exercises of lesson 02. */
export const MADE_MASKS_HINTS: Hints = {
  1: [
    'There is no hidden unit in between. Which pixels may the output for pixel 3 hear of?',
    'An output may know the pixels before its own. Is its own pixel one of them?',
    'Compare the two degrees. Is the case in which they are equal allowed?',
  ],
  2: [
    'Number the pixels by when they are generated; then the order 2, 0, 3, 1 is as good as 0, 1, 2, 3.',
    'The last pixel must hear of all three before it. Through which unit does the news of the third one come?',
    'A unit of degree m hands on pixels 1 to m to outputs of more than m. You need one unit for each m that is useful.',
  ],
  3: [
    'With >= an output of degree m may hear a hidden unit of degree m. Which pixels does that unit know?',
    'So a logit sees its own pixel when there is a hidden unit of its very degree.',
    'Pixels have the degrees 1 to 9, hidden units those from 1 to 8.',
  ],
};
