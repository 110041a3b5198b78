import {checkLevelCount, type Images} from '../types';
import {checkByteScale, checkImages} from './images';

/**
 * Fewer levels: 256 bytes are cut into `levels` equal parts, value = floor(byte * levels / 256), so that
 * 255 goes to the last level. 256 levels leave the bytes as they are. For two levels there is also
 * `binarize`, which the papers use.
 *
 * @param images bytes 0 … 255; unchanged
 * @returns values 0 … levels - 1, with the labels if there are any
 * @throws RangeError when levels is no integer from 2 to 256, or the values are of a smaller scale than bytes
 */
export function quantize<T extends Images>(images: T, levels: number): T {
  checkImages(images);
  checkLevelCount('quantize', levels);
  checkByteScale('quantize', images);
  return {...images, pixels: images.pixels.map((byte) => Math.floor((byte * levels) / 256))};
}
