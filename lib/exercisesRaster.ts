import {exercise} from './exercises';
import {dependence, orderViolations} from './jacobian';
import {channelMask, type MaskType, rasterMask} from './layers/rasterMasks';
import {maskedStack, placeOf} from './maskedStack';

/**
 * The checks of the exercises in notebook 04: one sentence each, never an error, so that an unsolved exercise does not stop
 * the notebook. test/exercisesRaster.test.ts solves each of them.
 */

const UNANSWERED = 'write your answer above, then run this cell again';

/** The mask of a kernel by its size and type, written again. */
export function checkRasterMask(
  mine: (size: number, type: MaskType) => ArrayLike<number> | undefined,
): string {
  return exercise('Masks A and B', () => {
    for (const size of [1, 3, 5, 7]) {
      for (const type of ['A', 'B'] as const) {
        const answer = mine(size, type);
        if (answer === undefined) throw new Error(UNANSWERED);
        const expected = rasterMask(size, type);
        if (answer.length !== expected.length) {
          throw new Error(
            `a mask of side ${size} has ${expected.length} numbers, yours has ${answer.length}`,
          );
        }
        const wrong = expected.findIndex((value, i) => value !== Number(answer[i]));
        if (wrong !== -1) {
          const place = `row ${Math.floor(wrong / size)}, column ${wrong % size}`;
          throw new Error(
            `mask ${type} of side ${size} is ${expected[wrong]} at ${place}, yours is ${answer[wrong]}`,
          );
        }
      }
    }
  });
}

const IMAGE = {height: 4, width: 5, channels: 1};

/**
 * A mask B of 3 x 3 that somebody got wrong, mended: the property tests of the library run on a stack that is built with it. Leaks
 * are named by place, and so is what a right mask would see.
 */
export async function checkMaskB(mine: readonly number[] | undefined): Promise<string> {
  const taps = mine;
  let found: {leaks: readonly string[]; blind: readonly string[]} | undefined;
  if (taps?.length === 9) {
    const seen = async (mask: (size: number, type: MaskType) => Float32Array) => {
      const stack = maskedStack({image: IMAGE, types: ['A', 'B', 'B'], mask, seed: 1});
      const matrix = await dependence(stack, {seed: 1});
      const violations = orderViolations(matrix, stack.order);
      stack.dispose();
      return violations;
    };
    const name = ({logit, pixel}: {logit: number; pixel: number}): string => {
      const [to, from] = [placeOf(logit, IMAGE), placeOf(pixel, IMAGE)];
      return `the logit at row ${to.row}, column ${to.column} and the pixel at row ${from.row}, column ${from.column}`;
    };
    const yours = await seen((_, type) => (type === 'A' ? rasterMask(3, 'A') : Float32Array.from(taps)));
    const right = new Set((await seen(rasterMask)).blind.map(name));
    found = {leaks: yours.leaks.map(name), blind: yours.blind.map(name).filter((one) => !right.has(one))};
  }
  return exercise('A broken mask B', () => {
    if (taps === undefined) throw new Error(UNANSWERED);
    if (found === undefined) throw new Error(`a mask of 3 x 3 has 9 numbers, yours has ${taps.length}`);
    if (found.leaks.length > 0)
      throw new Error(`${found.leaks.length} leaks, such as between ${found.leaks[0]}`);
    if (found.blind.length > 0) {
      throw new Error(
        `no leak, but ${found.blind.length} dependences are missing, such as between ${found.blind[0]}`,
      );
    }
  });
}

/** Whether, at the centre, features of one colour see those of another: 0 is R, 1 is G, 2 is B. */
export function checkColours(
  mine: (type: MaskType, from: number, to: number) => boolean | undefined,
): string {
  return exercise('R, then G, then B', () => {
    const groups = Int32Array.of(0, 1, 2);
    const centre = {rows: 1, columns: 1, centreRow: 0, centreColumn: 0, values: Float32Array.of(1)};
    for (const type of ['A', 'B'] as const) {
      const mask = channelMask(centre, type, groups, groups);
      for (let from = 0; from < 3; from++) {
        for (let to = 0; to < 3; to++) {
          const answer = mine(type, from, to);
          if (answer === undefined) throw new Error(UNANSWERED);
          const expected = mask[from * 3 + to] === 1;
          if (answer === expected) continue;
          const [source, target] = ['RGB'[from], 'RGB'[to]];
          throw new Error(
            `with mask ${type}, ${target} ${expected ? 'sees' : 'must not see'} ${source} of its own pixel: ` +
              (expected ? 'without it the colours do not match' : 'it has not been drawn yet'),
          );
        }
      }
    }
  });
}

/** How many earlier pixels a stack of masked 3 x 3 kernels never sees, however deep it is. */
export function blindPixels(
  {height, width}: {height: number; width: number},
  row: number,
  column: number,
): number {
  let blind = 0;
  for (let up = 1; up <= row && row < height; up++) {
    // Each layer that climbs a row wins one column to the right.
    blind += Math.max(0, width - 1 - (column + up));
  }
  return blind;
}

/** The size of the blind spot of a pixel of 28 x 28. */
export function checkBlindSpot(mine: number | undefined, row: number, column: number): string {
  return exercise('The size of the blind spot', () => {
    if (mine === undefined) throw new Error(UNANSWERED);
    const expected = blindPixels({height: 28, width: 28}, row, column);
    if (mine !== expected) {
      throw new Error(
        `${mine} is not it; draw the rows above: in the row u rows up, the columns up to ${column} + u are seen`,
      );
    }
  });
}
