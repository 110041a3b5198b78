import * as tf from '@tensorflow/tfjs';
import {Random} from '../random';
import type {ImageShape} from '../types';

/**
 * Which values of an image reach one place of a map made from it: a layer's features or a model's logits. Two
 * ways that do not trust each other: by gradient, and by changing one value after the other.
 */

/** Anything made from images [B, H, W, C] that keeps their places: [B, H, W, …]. A new tensor. */
export type PlaceMap = (x: tf.Tensor4D) => tf.Tensor;

export interface ReceptiveFieldOptions {
  readonly row: number;
  readonly column: number;
  /** Index on the map's fourth axis (a feature, a channel); all of them when not given. */
  readonly channel?: number;
  readonly method?: 'gradient' | 'perturbation';
  /** Random images to look at: a ReLU that sleeps for one of them is awake for another. Default 8. */
  readonly images?: number;
  readonly seed?: number;
}

/**
 * The values seen, [H, W, C]: 0 where nothing gets through, else the largest effect over the random images.
 */
export interface ReceptiveField extends ImageShape {
  readonly row: number;
  readonly column: number;
  readonly values: Float32Array;
}

const BATCH = 128;

/**
 * The receptive field of one place.
 *
 * @throws RangeError when the place lies outside the image, or images is no positive integer
 */
export async function receptiveField(
  map: PlaceMap,
  image: ImageShape,
  options: ReceptiveFieldOptions,
): Promise<ReceptiveField> {
  const {row, column, method = 'gradient', images = 8, seed = 0} = options;
  if (!(Number.isInteger(row) && row >= 0 && row < image.height)) {
    throw new RangeError(`receptiveField: row must be from 0 to ${image.height - 1}, got ${row}`);
  }
  if (!(Number.isInteger(column) && column >= 0 && column < image.width)) {
    throw new RangeError(`receptiveField: column must be from 0 to ${image.width - 1}, got ${column}`);
  }
  if (!Number.isInteger(images) || images < 1) {
    throw new RangeError(`receptiveField: images must be a positive integer, got ${images}`);
  }
  const size = image.height * image.width * image.channels;
  const random = new Random(seed, 'receptive field');
  const x = Float32Array.from({length: images * size}, () => random.uniform());
  const effects = await (method === 'gradient' ? gradients : changes)(map, image, options, x);
  const values = new Float32Array(size);
  effects.forEach((effect, i) => {
    values[i % size] = Math.max(values[i % size], Math.abs(effect));
  });
  return {...image, row, column, values};
}

/**
 * The values that come before the place in raster order and are not seen: a blind spot.
 *
 * @returns flat indices in [H, W, C], rising; the channels of the place itself are left out
 */
export function unseenBefore({height, width, channels, row, column, values}: ReceptiveField): Int32Array {
  if (values.length !== height * width * channels) {
    throw new RangeError(`unseenBefore: needs ${height * width * channels} values, got ${values.length}`);
  }
  const before = (row * width + column) * channels;
  return Int32Array.from(values.keys()).filter((i) => i < before && values[i] === 0);
}

/** What is looked at: the map's numbers at the place, [B, numbers]. */
function atPlace(map: PlaceMap, x: tf.Tensor4D, {row, column, channel}: ReceptiveFieldOptions): tf.Tensor2D {
  const y = map(x);
  const [batch, height, width, features = 1] = y.shape;
  const flat = tf.reshape(y, [batch, height, width, features, -1]);
  const begin = [0, row, column, channel ?? 0];
  const size = [batch, 1, 1, channel === undefined ? features : 1];
  return tf.reshape(tf.slice(flat, [...begin, 0], [...size, flat.shape[4] as number]), [batch, -1]);
}

async function gradients(
  map: PlaceMap,
  {height, width, channels}: ImageShape,
  options: ReceptiveFieldOptions,
  x: Float32Array,
): Promise<Float32Array> {
  const gradient = tf.tidy(() => {
    const weighted = (input: tf.Tensor): tf.Scalar => {
      const numbers = atPlace(map, input as tf.Tensor4D, options);
      // Weights of all sizes, so that no two features cancel.
      const random = new Random(options.seed ?? 0, 'receptive field weights');
      const weights = Float32Array.from({length: numbers.shape[1]}, () => random.normal());
      return tf.sum(tf.mul(numbers, tf.tensor1d(weights)));
    };
    return tf.grad(weighted)(
      tf.tensor4d(x, [x.length / (height * width * channels), height, width, channels]),
    );
  });
  const values = (await gradient.data()) as Float32Array;
  gradient.dispose();
  return values;
}

/**
 * The largest change of a number at the place, when a value goes to the farther of 0 and
 * 1; images one after the other.
 */
async function changes(
  map: PlaceMap,
  {height, width, channels}: ImageShape,
  options: ReceptiveFieldOptions,
  x: Float32Array,
): Promise<Float32Array> {
  const size = height * width * channels;
  const effects = new Float32Array(x.length);
  for (let start = 0; start < x.length; start += BATCH) {
    const count = Math.min(BATCH, x.length - start);
    const plain = new Float32Array(count * size);
    const changed = new Float32Array(count * size);
    for (let b = 0; b < count; b++) {
      const image = Math.floor((start + b) / size);
      const value = (start + b) % size;
      plain.set(x.subarray(image * size, (image + 1) * size), b * size);
      changed.set(x.subarray(image * size, (image + 1) * size), b * size);
      changed[b * size + value] = x[start + b] < 0.5 ? 1 : 0;
    }
    const largest = tf.tidy(() => {
      // Both in batches of one size: what does not depend on the value then comes out the same to the bit.
      const shape: [number, number, number, number] = [count, height, width, channels];
      const before = atPlace(map, tf.tensor4d(plain, shape), options);
      const after = atPlace(map, tf.tensor4d(changed, shape), options);
      return tf.max(tf.abs(tf.sub(after, before)), 1);
    });
    effects.set(await largest.data(), start);
    largest.dispose();
  }
  return effects;
}
