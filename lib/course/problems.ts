import {Random} from '../random';
import {sample} from '../sample';
import type {AutoregressiveModel, ImageShape, Images} from '../types';
import {ask, exercise, type Hints, sideOf} from './check';

/** Lesson 13: the checks of its exercises. */

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
      const answer = ask(mine, count, height, width, channels, levels);
      const passes = height * width * channels;
      if (answer === passes) continue;
      let hint = '';
      if (answer === count * passes) hint = '; all images of a batch go through together';
      else if (answer === passes / channels) hint = '; green has to wait for red, and blue for green';
      else if (answer === passes * levels) hint = '; one pass gives the probabilities of all levels';
      throw new Error(
        `${count} images of ${height} x ${width} x ${channels}, ${levels} levels: yours gave ${answer}, ${sideOf(answer, passes)}${hint}`,
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
      const answer = ask(mine, before, after, [...order], flipped);
      const expected = changes.subarray(place + 1).reduce((a, b) => a + b, 0);
      if (answer === expected) continue;
      let hint = '; "after" is meant in the order, not in the image';
      if (answer === expected + 1) hint = '; the flipped pixel itself was changed by us, not by the model';
      throw new Error(
        `from ${before.join('')} to ${after.join('')}, order ${order.join(', ')}, pixel ${flipped} flipped: ` +
          `yours gave ${answer}, ${sideOf(answer, expected)}${hint}`,
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
        const answer = ask(mine, k, height, width);
        if (answer === expected) return;
        const hint = height === width ? '' : '; mind which side divides, and which multiplies';
        throw new Error(`pixel ${k} of ${height} rows and ${width} columns: yours gave ${answer}${hint}`);
      });
    }
  });
}

/** What becomes of samples when one of their pixels is turned over as it is drawn. */
export interface Flipped {
  /** As they were drawn. */
  readonly before: Images;
  /** The same random numbers, the same pixels up to the flipped one, and from there whatever follows. */
  readonly after: Images;
  /** [rows]: pixels that differ, mean over the images; the flipped one is not counted. */
  readonly perRow: Float64Array;
  /** [count]: pixels after the flipped one that differ. */
  readonly perImage: Int32Array;
}

/**
 * Draws images, turns one black-and-white pixel over in each of them, and draws what comes after it anew with
 * the same random numbers. So whatever differs later differs because of that pixel.
 *
 * @param options.index flat index of the pixel
 * @throws RangeError when the model is not of two levels, the index is outside the image, or as `sample` does
 */
export async function flipPixel(
  model: AutoregressiveModel,
  {count, seed, index}: {readonly count: number; readonly seed: number; readonly index: number},
): Promise<Flipped> {
  const size = model.order.length;
  if (model.levels !== 2) {
    throw new RangeError(`flipPixel: the model must have 2 levels, got ${model.levels} (${model.name})`);
  }
  const place = model.order.indexOf(index);
  if (place === -1) throw new RangeError(`flipPixel: index must be from 0 to ${size - 1}, got ${index}`);
  const before = await sample(model, {count, seed});
  const turned = {...before, pixels: before.pixels.slice()};
  for (let i = 0; i < count; i++) turned.pixels[i * size + index] ^= 1;
  const mask = new Uint8Array(size);
  for (const known of model.order.subarray(0, place + 1)) mask[known] = 1;
  const after = await sample(model, {count, seed, known: {images: turned, mask}});
  return {before, after, ...differences(before, after, index)};
}

/**
 * Where two lists of images differ.
 *
 * @param leftOut a flat index in [H, W, C] that does not count
 * @throws RangeError when they differ in number or size
 */
export function differences(
  a: Images,
  b: Images,
  leftOut = -1,
): {perRow: Float64Array; perImage: Int32Array} {
  const shape = ({count, height, width, channels}: Images) =>
    `${count} of ${height} x ${width} x ${channels}`;
  if (shape(a) !== shape(b)) {
    throw new RangeError(`differences: images must be alike, got ${shape(a)} and ${shape(b)}`);
  }
  const inRow = a.width * a.channels;
  const size = a.height * inRow;
  const perRow = new Float64Array(a.height);
  const perImage = new Int32Array(a.count);
  a.pixels.forEach((value, i) => {
    if (value === b.pixels[i] || i % size === leftOut) return;
    perRow[Math.floor((i % size) / inRow)] += 1 / a.count;
    perImage[Math.floor(i / size)]++;
  });
  return {perRow, perImage};
}

/** Orders in which the values of an image may be generated; MADE knows random ones as well. */

/**
 * Column by column, each from the top: raster order of the image mirrored at its diagonal.
 * order[k] is a flat index in [H, W, C].
 */
export function transposedOrder({height, width, channels}: ImageShape): Int32Array {
  return Int32Array.from({length: height * width * channels}, (_, k) => {
    const [place, channel] = [Math.floor(k / channels), k % channels];
    return ((place % height) * width + Math.floor(place / height)) * channels + channel;
  });
}

/** Hints to the exercises of lesson 13. */
export const PROBLEMS_HINTS: Hints = {
  1: [
    'The first `height` pixels that are drawn all lie in column 0.',
    'Pixel k is in column floor(k / height) and in row k % height.',
    'The flat index is row * width + column.',
  ],
  2: [
    '"Later" is meant in the order of drawing. Where in `order` does the flipped pixel stand?',
    'Take the part of `order` after that place; the flipped pixel itself does not count.',
    'order.slice(order.indexOf(flipped) + 1).filter((i) => before[i] !== after[i]).length',
  ],
  3: [
    'One pass gives the distribution of one more value, for all images of the batch.',
    'Green waits for red and blue for green, so each channel is a pass. Levels are not: one pass gives all of them.',
    'height * width * channels.',
  ],
};
