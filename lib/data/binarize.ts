import {checkSeed, Random} from '../random';
import type {Binarization, Images} from '../types';
import {checkByteScale, checkImages} from './images';

/** The seed of the one static draw that validation and test images are scored on. */
export const STATIC_SEED = 0;

export interface BinarizeOptions {
  /**
   * - `static`: each pixel is white with its intensity p / 255 as probability, drawn once (Salakhutdinov and
   *   Murray 2008; the test sets of MADE and PixelRNN are one such draw).
   * - `dynamic`: the same, drawn anew for each epoch; needs `epoch`.
   * - `threshold`: p >= 128, that is p / 255 > 0.5. Not used by the papers; here
   *   to show how much easier it is.
   */
  readonly rule: Binarization;
  readonly seed: number;
  readonly epoch?: number;
}

/**
 * Black and white images from gray ones. The same images, rule, seed (and epoch) always give the same draw,
 * and the draw of the first n images is the first n of the whole draw. Only gray pixels use up random
 * numbers: 0 stays 0 and 255 becomes 1.
 *
 * @param images gray, 0 … 255; unchanged
 * @returns images of the same shape with bytes 0 and 1 (and the labels, if there are any)
 * @throws RangeError when the rule is unknown, the seed or epoch is no non-negative integer, the epoch is
 *   missing for `dynamic`, or the values are of a smaller scale than bytes
 */
export function binarize<T extends Images>(images: T, {rule, seed, epoch}: BinarizeOptions): T {
  checkImages(images);
  checkSeed(seed);
  checkByteScale('binarize', images);
  return {
    ...images,
    pixels: rule === 'threshold' ? threshold(images.pixels) : draw(images.pixels, stream(rule, seed, epoch)),
  };
}

function stream(rule: Binarization, seed: number, epoch: number | undefined): Random {
  if (rule === 'static') return new Random(seed, 'binarize', 'static');
  if (rule !== 'dynamic') {
    throw new RangeError(`binarize: rule must be static, dynamic or threshold, got ${rule}`);
  }
  if (epoch === undefined || !Number.isInteger(epoch) || epoch < 0) {
    throw new RangeError(`binarize: dynamic needs the epoch, a non-negative integer, got ${epoch}`);
  }
  return new Random(seed, 'binarize', 'dynamic', epoch);
}

function draw(pixels: Uint8Array, random: Random): Uint8Array {
  const bits = new Uint8Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) {
    const p = pixels[i];
    // P(bit = 1) = p / 255
    if (p === 255 || (p > 0 && random.uniform() * 255 < p)) bits[i] = 1;
  }
  return bits;
}

function threshold(pixels: Uint8Array): Uint8Array {
  return pixels.map((p) => (p >= 128 ? 1 : 0));
}
