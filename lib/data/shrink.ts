import type {Images} from '../types';
import {checkImages, valuesPerImage} from './images';

/**
 * Smaller images: each byte the mean of factor x factor bytes, rounded. Labels are kept.
 *
 * @param images gray or color, 0 … 255
 * @returns [count, height / factor, width / factor, channels]
 * @throws RangeError when the factor is no positive integer that divides height and width
 */
export function shrinkImages<T extends Images>(images: T, factor: number): T {
  checkImages(images);
  const {count, channels} = images;
  const [height, width] = [images.height / factor, images.width / factor];
  if (!(factor >= 1 && Number.isInteger(factor) && Number.isInteger(height) && Number.isInteger(width))) {
    throw new RangeError(
      `shrinkImages: factor must be a positive integer that divides ${images.height} and ${images.width}, got ${factor}`,
    );
  }
  const sums = new Float64Array(count * height * width * channels);
  const size = valuesPerImage(images);
  for (let i = 0; i < images.pixels.length; i++) {
    const [image, value] = [Math.floor(i / size), i % size];
    const [place, channel] = [Math.floor(value / channels), value % channels];
    const y = Math.floor(Math.floor(place / images.width) / factor);
    const x = Math.floor((place % images.width) / factor);
    sums[((image * height + y) * width + x) * channels + channel] += images.pixels[i];
  }
  return {...images, height, width, pixels: Uint8Array.from(sums, (sum) => Math.round(sum / factor ** 2))};
}
