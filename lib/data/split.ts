import {createHash} from 'node:crypto';
import {Random} from '../random';
import type {Images, Split} from '../types';
import {valuesPerImage} from './images';

/** Shares of training, validation and test images. */
export type Shares = Readonly<Record<Split, number>>;

/**
 * Which images are for training, for validation and for the test: a random choice that depends on their
 * number, the shares and the seed alone. What rounding leaves over is for training.
 *
 * @returns for each part the numbers of its images, mixed: its first ones are no
 *   images of the first class alone
 * @throws RangeError when a share is no positive number, or a part would be left without an image
 */
export function splitIndices(count: number, shares: Shares, seed: number): Record<Split, Int32Array> {
  const total = shares.train + shares.validation + shares.test;
  if (!Object.values(shares).every((share) => share > 0 && Number.isFinite(share))) {
    throw new RangeError(
      `split: shares must be positive numbers, got ${shares.train}/${shares.validation}/${shares.test}`,
    );
  }
  const validation = Math.floor((count * shares.validation) / total);
  const test = Math.floor((count * shares.test) / total);
  if (validation === 0 || test === 0 || validation + test >= count) {
    throw new RangeError(
      `split: ${count} images leave none for training, validation or test at ${shares.train}/${shares.validation}/${shares.test}; ` +
        'give more images, or other shares',
    );
  }
  const order = new Random(seed, 'split').permutation(count);
  return {
    test: order.slice(0, test),
    validation: order.slice(test, test + validation),
    train: order.slice(test + validation),
  };
}

/**
 * How many images are also, byte for byte, among others: a copy of a training image says
 * little of a model's test score.
 */
export function countCopies(images: Images, others: Images): number {
  const digests = (list: Images): string[] => {
    const size = valuesPerImage(list);
    return Array.from({length: list.count}, (_, i) =>
      createHash('sha1')
        .update(list.pixels.subarray(i * size, (i + 1) * size))
        .digest('base64'),
    );
  };
  const known = new Set(digests(others));
  return digests(images).filter((digest) => known.has(digest)).length;
}
