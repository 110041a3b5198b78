import * as tf from '@tensorflow/tfjs';
import {Random} from '../random';
import type {Images} from '../types';
import {checkImages, checkIndex, valuesPerImage} from './images';

export interface EpochPosition {
  readonly seed: number;
  /** From 0. */
  readonly epoch: number;
}

export interface BatchOptions extends EpochPosition {
  readonly batchSize: number;
  /** The first batch to give, from 0: where a resumed run goes on. Default 0. */
  readonly from?: number;
  /** How many levels a value can take: 2 for black and white (default), 256 for bytes. */
  readonly levels?: number;
}

export interface Batch {
  /** The number of the batch within its epoch, from 0. */
  readonly index: number;
  /** [B, H, W, C], values 0 … levels - 1 scaled to [0, 1]; the receiver disposes it. */
  readonly x: tf.Tensor4D;
}

/**
 * The order in which an epoch shows `count` images. It depends on seed and epoch alone, so (epoch, batch) is all that a
 * checkpoint has to know of the data.
 */
export function epochOrder(count: number, {seed, epoch}: EpochPosition): Int32Array {
  return new Random(seed, 'order', epoch).permutation(count);
}

/** How many batches an epoch of training has: only whole ones. */
export function batchesPerEpoch(count: number, batchSize: number): number {
  checkBatchSize(batchSize);
  return Math.floor(count / batchSize);
}

/**
 * The shuffled batches of one epoch of training, from batch `from` on. All have the same size: the images that are left over
 * when count is no multiple of batchSize are skipped in this epoch, other ones in the next.
 *
 * @throws RangeError when batchSize is no positive integer or larger than the number of images, or `from` is no batch of the epoch
 *   (the number of batches itself is allowed: nothing is left)
 */
export function* batches(images: Images, options: BatchOptions): Generator<Batch> {
  const {batchSize, from = 0, levels = 2} = options;
  checkImages(images);
  const total = batchesPerEpoch(images.count, batchSize);
  if (total === 0) {
    throw new RangeError(
      `batches: batchSize is ${batchSize}, but there are only ${images.count} images; choose a smaller one`,
    );
  }
  if (!Number.isInteger(from) || from < 0 || from > total) {
    throw new RangeError(`batches: from must be an integer from 0 to ${total}, got ${from}`);
  }
  const order = epochOrder(images.count, options);
  for (let index = from; index < total; index++) {
    yield {index, x: toTensor(images, order.subarray(index * batchSize, (index + 1) * batchSize), levels)};
  }
}

/**
 * All images once and in their order, for evaluation; the last batch may be smaller.
 *
 * @throws RangeError when batchSize is no positive integer
 */
export function* evaluationBatches(images: Images, batchSize: number, levels = 2): Generator<Batch> {
  checkImages(images);
  checkBatchSize(batchSize);
  for (let start = 0; start < images.count; start += batchSize) {
    const length = Math.min(batchSize, images.count - start);
    yield {
      index: start / batchSize,
      x: toTensor(
        images,
        Int32Array.from({length}, (_, i) => start + i),
        levels,
      ),
    };
  }
}

/**
 * Images as a model wants them.
 *
 * @param indices which images, in this order; all when not given
 * @param levels values are 0 … levels - 1 and are divided by levels - 1
 * @returns [B, H, W, C] in [0, 1]; the caller disposes it
 * @throws RangeError when an index is no image, or a value is levels or more
 */
export function toTensor(images: Images, indices?: ArrayLike<number>, levels = 2): tf.Tensor4D {
  checkImages(images);
  if (!Number.isInteger(levels) || levels < 2 || levels > 256) {
    throw new RangeError(`toTensor: levels must be an integer from 2 to 256, got ${levels}`);
  }
  const size = valuesPerImage(images);
  const count = indices ? indices.length : images.count;
  const x = new Float32Array(count * size);
  for (let i = 0; i < count; i++) {
    const start = (indices ? checkIndex(indices[i], images.count) : i) * size;
    for (let j = 0; j < size; j++) {
      const value = images.pixels[start + j];
      if (value >= levels) {
        const hint = levels === 2 ? '; use binarize first' : '';
        throw new RangeError(`toTensor: values must be 0 to ${levels - 1}, got ${value}${hint}`);
      }
      x[i * size + j] = value / (levels - 1);
    }
  }
  return tf.tensor4d(x, [count, images.height, images.width, images.channels]);
}

function checkBatchSize(batchSize: number): void {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RangeError(`batches: batchSize must be a positive integer, got ${batchSize}`);
  }
}
