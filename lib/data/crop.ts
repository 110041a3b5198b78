import type {Images} from '../types';
import {checkImages} from './images';

/** A rectangle of pixels, its first row and column counted from 0. */
export interface Crop {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/**
 * The same rectangle of every image; labels are left behind.
 *
 * @throws RangeError when the rectangle has no pixel or does not lie inside the images
 */
export function cropImages(images: Images, {top, left, height, width}: Crop): Images {
  checkImages(images);
  const inside = (start: number, size: number, whole: number): boolean =>
    Number.isInteger(start) && Number.isInteger(size) && start >= 0 && size >= 1 && start + size <= whole;
  if (!inside(top, height, images.height) || !inside(left, width, images.width)) {
    throw new RangeError(
      `cropImages: the part must lie inside ${images.height} x ${images.width}, ` +
        `got ${height} x ${width} pixels from row ${top}, column ${left}`,
    );
  }
  const {channels, count} = images;
  const row = width * channels;
  const pixels = new Uint8Array(count * height * row);
  for (let i = 0; i < count; i++) {
    for (let y = 0; y < height; y++) {
      const start = ((i * images.height + top + y) * images.width + left) * channels;
      pixels.set(images.pixels.subarray(start, start + row), (i * height + y) * row);
    }
  }
  return {pixels, count, height, width, channels};
}
