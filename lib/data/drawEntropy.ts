import type {Images} from '../types';
import {checkImages} from './images';

/**
 * The chance in a stochastic draw itself: the mean over images of H(draw | gray) = sum over d of h(p_d /
 * 255), with h(q) = -q log q - (1 - q) log(1 - q). No model can predict it, so no model of such draws can
 * have an expected likelihood below it. A threshold draws nothing: its number is 0.
 *
 * @param images gray, 0 … 255, at least one
 * @returns nats per image
 */
export function drawEntropy(images: Images): number {
  checkImages(images);
  if (images.count === 0) throw new RangeError(`drawEntropy: needs at least one image, got ${images.count}`);
  const nats = Float64Array.from({length: 256}, (_, byte) => {
    const q = byte / 255;
    return q === 0 || q === 1 ? 0 : -q * Math.log(q) - (1 - q) * Math.log(1 - q);
  });
  let sum = 0;
  for (const byte of images.pixels) sum += nats[byte];
  return sum / images.count;
}
