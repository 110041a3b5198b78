import {exercise} from './exercises';
import {transposedOrder} from './orders';
import {Random} from './random';

/**
 * The checks of the exercises in notebook 13: one sentence each, never an error, so that an unsolved exercise does not stop the
 * notebook. test/exercisesProblems.test.ts solves each of them.
 */

const UNANSWERED = 'write your answer above, then run this cell again';

/** Passes of the whole network that the naive sampler makes for a batch of images. */
export function checkPasses(
  mine: (
    count: number,
    height: number,
    width: number,
    channels: number,
    levels: number,
  ) => number | undefined,
): string {
  return exercise('Passes of the naive sampler', () => {
    for (const [count, height, width, channels, levels] of [
      [1, 28, 28, 1, 2],
      [100, 28, 28, 1, 2],
      [16, 32, 32, 3, 256],
    ]) {
      const answer = mine(count, height, width, channels, levels);
      if (answer === undefined) throw new Error(UNANSWERED);
      const passes = height * width * channels;
      if (answer === passes) continue;
      let hint = '';
      if (answer === count * passes) hint = '; all images of a batch go through together';
      else if (answer === passes / channels) hint = '; green has to wait for red, and blue for green';
      else if (answer === passes * levels) hint = '; one pass gives the probabilities of all levels';
      throw new Error(
        `${count} images of ${height} x ${width} x ${channels}, ${levels} levels: ${passes} passes, yours ${answer}${hint}`,
      );
    }
  });
}

/** How many pixels that were drawn after a flipped one differ between two images. */
export function checkDivergence(
  mine: (
    before: readonly number[],
    after: readonly number[],
    order: readonly number[],
    flipped: number,
  ) => number | undefined,
): string {
  return exercise('What one pixel changes', () => {
    const random = new Random(0, 'exercise divergence');
    for (let round = 0; round < 12; round++) {
      const order = round < 4 ? Int32Array.from({length: 8}, (_, i) => i) : random.permutation(8);
      const flipped = random.integer(8);
      const place = order.indexOf(flipped);
      const before = Array.from({length: 8}, () => random.integer(2));
      const changes = order.map((index, k) => (k < place ? 0 : index === flipped ? 1 : random.integer(2)));
      const after = [...before];
      order.forEach((index, k) => {
        after[index] ^= changes[k];
      });
      const answer = mine(before, after, [...order], flipped);
      if (answer === undefined) throw new Error(UNANSWERED);
      const expected = changes.subarray(place + 1).reduce((a, b) => a + b, 0);
      if (answer === expected) continue;
      let hint = '; "after" is meant in the order, not in the image';
      if (answer === expected + 1) hint = '; the flipped pixel itself was changed by us, not by the model';
      throw new Error(
        `from ${before.join('')} to ${after.join('')}, order ${order.join(', ')}, pixel ${flipped} flipped: ` +
          `${expected} later pixels differ, yours ${answer}${hint}`,
      );
    }
  });
}

/** The flat index of the k-th pixel when an image is drawn column by column. */
export function checkTransposed(
  mine: (k: number, height: number, width: number) => number | undefined,
): string {
  return exercise('Column by column', () => {
    for (const [height, width] of [
      [3, 3],
      [2, 4],
      [5, 3],
    ]) {
      transposedOrder({height, width, channels: 1}).forEach((expected, k) => {
        const answer = mine(k, height, width);
        if (answer === undefined) throw new Error(UNANSWERED);
        if (answer === expected) return;
        const hint = height === width ? '' : '; mind which side divides, and which multiplies';
        throw new Error(
          `pixel ${k} of ${height} rows and ${width} columns has the flat index ${expected}, yours ${answer}${hint}`,
        );
      });
    }
  });
}
