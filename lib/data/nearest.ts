import type {Images} from '../types';
import {checkImages, valuesPerImage} from './images';

/** For each query its nearest image of the training set. */
export interface Nearest {
  /** [queries] numbers of images in the training set. */
  readonly indices: Int32Array;
  /** [queries] sums of squared differences: for black and white images the number of pixels that differ. */
  readonly distances: Float64Array;
}

/**
 * The nearest training image of each query, to see whether a model has invented its samples or copied them
 * (MADE, figure 3). For black and white images the squared Euclidean distance is the Hamming distance; of
 * equally near images the first is taken.
 *
 * @param queries images such as samples, in the same range of values as `training`
 * @throws RangeError when the shapes differ or there is no training image
 */
export function nearestImages(queries: Images, training: Images): Nearest {
  checkImages(queries);
  checkImages(training);
  const shape = ({height, width, channels}: Images) => `${height} x ${width} x ${channels}`;
  if (shape(queries) !== shape(training)) {
    throw new RangeError(
      `nearestImages: queries must be like the training images, ${shape(training)}, got ${shape(queries)}`,
    );
  }
  if (training.count === 0)
    throw new RangeError(`nearestImages: there must be at least one training image, got ${training.count}`);
  const size = valuesPerImage(training);
  const pixels = training.pixels;
  const inks = Array.from({length: queries.count}, (_, q) => ink(queries.pixels, q * size, size));
  const indices = new Int32Array(queries.count);
  const distances = new Float64Array(queries.count).fill(Number.POSITIVE_INFINITY);
  // Training images outside, so that each is read from memory once.
  for (let t = 0; t < training.count; t++) {
    const start = t * size;
    let square = 0;
    for (let i = start; i < start + size; i++) square += pixels[i] * pixels[i];
    for (let q = 0; q < queries.count; q++) {
      const {places, values} = inks[q];
      let product = 0;
      for (let i = 0; i < places.length; i++) product += values[i] * pixels[start + places[i]];
      // |a - b|^2 = |a|^2 + |b|^2 - 2 a.b
      const distance = inks[q].square + square - 2 * product;
      if (distance < distances[q]) {
        distances[q] = distance;
        indices[q] = t;
      }
    }
  }
  return {indices, distances};
}

/**
 * Where an image is not 0, and what it is there: a digit is mostly background,
 * which adds nothing to a product.
 */
function ink(pixels: Uint8Array, start: number, size: number) {
  const image = pixels.subarray(start, start + size);
  const places = Int32Array.from(image.keys()).filter((i) => image[i] > 0);
  const values = Float64Array.from(places, (i) => image[i]);
  return {places, values, square: values.reduce((sum, value) => sum + value * value, 0)};
}
