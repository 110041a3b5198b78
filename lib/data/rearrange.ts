import type {Images} from '../types';
import {checkImages, valuesPerImage} from './images';

/** Images put together and turned about. */

/**
 * One list of images from several, in their order. Labels are left out.
 *
 * @throws RangeError when there are none, or they differ in size
 */
export function joinImages(lists: readonly Images[]): Images {
  if (lists.length === 0) throw new RangeError('joinImages: lists is empty; give at least one');
  const [{height, width, channels}] = lists;
  const shape = (images: Images): string => `${images.height} x ${images.width} x ${images.channels}`;
  const other = lists.find((images) => shape(images) !== shape(lists[0]));
  if (other !== undefined) {
    throw new RangeError(
      `joinImages: all images must be of one size, got ${shape(lists[0])} and ${shape(other)}`,
    );
  }
  const pixels = new Uint8Array(lists.reduce((sum, images) => sum + images.pixels.length, 0));
  let start = 0;
  for (const images of lists) {
    pixels.set(images.pixels, start);
    start += images.pixels.length;
  }
  return {pixels, count: lists.reduce((sum, images) => sum + images.count, 0), height, width, channels};
}

/**
 * Each image mirrored at its diagonal: rows become columns. Labels are kept. @throws
 * RangeError when it is no list of images
 */
export function transposeImages<T extends Images>(images: T): T {
  checkImages(images);
  const {height, width, channels, count} = images;
  const size = valuesPerImage(images);
  const pixels = new Uint8Array(count * size);
  for (let i = 0; i < pixels.length; i++) {
    const [image, value] = [Math.floor(i / size), i % size];
    const [place, channel] = [Math.floor(value / channels), value % channels];
    const [row, column] = [Math.floor(place / width), place % width];
    pixels[image * size + (column * height + row) * channels + channel] = images.pixels[i];
  }
  return {...images, pixels, height: width, width: height};
}
