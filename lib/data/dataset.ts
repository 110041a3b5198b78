import * as tf from '@tensorflow/tfjs';
import {Random} from '../random';
import {type Binarization, checkLevelCount, type Images} from '../types';
import {binarize} from './binarize';
import {checkImages, checkIndex, valuesPerImage} from './images';

export interface EpochOptions {
  readonly batchSize: number;
  /**
   * Shuffles and draws depend on seed and epoch alone, so (epoch, batch) is all that a
   * checkpoint has to know of the data.
   */
  readonly seed: number;
  /** From 0. */
  readonly epoch: number;
  /** The first batch to give, from 0: where a resumed run goes on. Default 0. */
  readonly from?: number;
}

export interface Batch {
  /** The number of the batch within its epoch, from 0. */
  readonly index: number;
  /** [B, H, W, C], values 0 … levels - 1 scaled to [0, 1]; the receiver disposes it. */
  readonly x: tf.Tensor4D;
  /** Which images they are, by their numbers in the data set: [B]. */
  readonly indices: Int32Array;
}

/**
 * Images and all that happens to them on their way into a model: binarized,
 * shuffled, cut into batches, scaled.
 */
export class Dataset {
  /**
   * @param images values 0 … levels - 1, or gray bytes where `binarization` is given; not copied
   * @param options.levels how many levels a value can take: 2 for black and white (default), 256 for bytes
   * @param options.binarization how gray images become black and white; `dynamic`
   *   draws them anew for each epoch
   * @throws RangeError when the number of bytes does not fit the size, or
   *   binarization meets other than two levels
   */
  constructor(
    readonly images: Images,
    private readonly options: {readonly levels?: number; readonly binarization?: Binarization} = {},
  ) {
    checkImages(images);
    if (options.binarization !== undefined && this.levels !== 2) {
      throw new RangeError(`dataset: with a binarization the levels must be 2, got ${this.levels}`);
    }
  }

  get levels(): number {
    return this.options.levels ?? 2;
  }

  /** The batches of an epoch of training. All are whole. @throws RangeError when not even one is */
  batchesPerEpoch(batchSize: number): number {
    checkBatchSize(batchSize);
    const {count} = this.images;
    if (batchSize > count) {
      throw new RangeError(`dataset: batchSize must be at most the ${count} images, got ${batchSize}`);
    }
    return Math.floor(count / batchSize);
  }

  /**
   * The shuffled batches of one epoch of training, from batch `from` on. The images that are left over when
   * their number is no multiple of batchSize are skipped in this epoch, other ones in the next.
   *
   * @throws RangeError as `batchesPerEpoch`, or when `from` is no batch of the epoch (their number
   *   itself is allowed: none is left)
   */
  *epoch({batchSize, seed, epoch, from = 0}: EpochOptions): Generator<Batch> {
    const total = this.batchesPerEpoch(batchSize);
    if (!Number.isInteger(from) || from < 0 || from > total) {
      throw new RangeError(`dataset: from must be an integer from 0 to ${total}, got ${from}`);
    }
    const order = epochOrder(this.images.count, seed, epoch);
    const seen = this.drawn(seed, epoch);
    for (let index = from; index < total; index++) {
      const indices = order.subarray(index * batchSize, (index + 1) * batchSize);
      yield {index, indices, x: toTensor(seen, indices, this.levels)};
    }
  }

  /**
   * All images once and in their order, for scoring; the last batch may be smaller.
   *
   * @throws RangeError when batchSize is no positive integer
   */
  *inOrder(batchSize: number): Generator<Batch> {
    checkBatchSize(batchSize);
    const {count} = this.images;
    for (let start = 0; start < count; start += batchSize) {
      const indices = Int32Array.from({length: Math.min(batchSize, count - start)}, (_, i) => start + i);
      yield {index: start / batchSize, indices, x: toTensor(this.images, indices, this.levels)};
    }
  }

  /** The images as one epoch sees them. */
  private drawn(seed: number, epoch: number): Images {
    const {binarization} = this.options;
    return binarization === undefined
      ? this.images
      : binarize(this.images, {rule: binarization, seed, epoch});
  }
}

/** The order in which an epoch shows `count` images. */
export function epochOrder(count: number, seed: number, epoch: number): Int32Array {
  return new Random(seed, 'order', epoch).permutation(count);
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
  checkLevelCount('toTensor', levels);
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
    throw new RangeError(`dataset: batchSize must be a positive integer, got ${batchSize}`);
  }
}
