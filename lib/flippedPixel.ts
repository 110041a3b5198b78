import {sample} from './sample';
import type {AutoregressiveModel, Images} from './types';

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
 * Draws images, turns one black-and-white pixel over in each of them, and draws what comes after it anew with the same random numbers.
 * So whatever differs later differs because of that pixel.
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
    throw new RangeError(`flipPixel: the model must have 2 levels, ${model.name} has ${model.levels}`);
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
