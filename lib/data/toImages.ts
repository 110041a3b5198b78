import type {ImageShape, Images} from '../types';
import {checkImages, isSmallScale, type LabeledImages} from './images';

export interface ToImagesOptions {
  /** Values are 0 … levels - 1: 256 for bytes, 2 for black and white. */
  readonly levels: number;
  /** The class of each image, from 0. */
  readonly labels?: ArrayLike<number>;
  /** How many classes there are; 256 where it is left out. */
  readonly classes?: number;
}

/**
 * Images from numbers of whatever kind: the one place where they are looked at one by one. A Uint8Array would
 * cut 0.5 to 0 and 300 to 44 in silence, and a model would then give a likelihood of other images.
 *
 * @param values in raster order, [count, height, width, channels]; copied
 * @throws RangeError when a value is no integer from 0 to levels - 1, all values together are of a
 *   smaller scale than bytes, the number of values fits no number of images, or labels are
 *   missing, too many, or no classes
 */
export function toImages(
  values: ArrayLike<number>,
  shape: ImageShape,
  options: ToImagesOptions & {readonly labels: ArrayLike<number>},
): LabeledImages;
export function toImages(values: ArrayLike<number>, shape: ImageShape, options: ToImagesOptions): Images;
export function toImages(values: ArrayLike<number>, shape: ImageShape, options: ToImagesOptions): Images {
  const {levels, labels, classes = 256} = options;
  const {height, width, channels} = shape;
  checkRange('levels', levels, 2);
  checkRange('classes', classes, 1);
  checkImages({pixels: new Uint8Array(0), count: 0, height, width, channels});
  const size = height * width * channels;
  if (values.length % size !== 0) {
    throw new RangeError(
      `toImages: there must be a whole number of images of ${height} x ${width} x ${channels} = ${size} values, ` +
        `got ${values.length} values; give the shape that the values have`,
    );
  }
  const pixels = new Uint8Array(values.length);
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!(Number.isInteger(value) && value >= 0 && value < levels)) {
      throw new RangeError(
        `toImages: values must be integers from 0 to ${levels - 1}, got ${value} ${placeOf(i, shape)}; ${remedy(value, levels)}`,
      );
    }
    if (value > largest) largest = value;
    pixels[i] = value;
  }
  if (levels === 256 && isSmallScale(largest)) {
    throw new RangeError(
      `toImages: bytes must reach from 0 to 255, got no value of ${values.length} larger than ${largest}; ` +
        `say levels: ${largest + 1} if 0 to ${largest} are all the levels there are, or multiply by 255 / ${largest} and round`,
    );
  }
  const images = {pixels, count: values.length / size, height, width, channels};
  return labels === undefined ? images : {...images, labels: checkedLabels(labels, images.count, classes)};
}

function checkRange(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least && value <= 256) return;
  throw new RangeError(`toImages: ${name} must be an integer from ${least} to 256, got ${value}`);
}

function checkedLabels(labels: ArrayLike<number>, count: number, classes: number): Uint8Array {
  if (labels.length !== count) {
    throw new RangeError(
      `toImages: ${count} images need ${count} labels, got ${labels.length}; give one for each`,
    );
  }
  return Uint8Array.from(labels, (label, i) => {
    if (Number.isInteger(label) && label >= 0 && label < classes) return label;
    throw new RangeError(
      `toImages: labels must be integers from 0 to ${classes - 1}, got ${label} at image ${i}; ` +
        'count classes from 0, and say how many there are',
    );
  });
}

/** Where a value lies, as a person looks for it. All are counted from 0. */
function placeOf(i: number, {height, width, channels}: ImageShape): string {
  const pixel = Math.floor(i / channels);
  const row = Math.floor(pixel / width) % height;
  const channel = channels === 1 ? '' : `, channel ${i % channels}`;
  return `in image ${Math.floor(pixel / (height * width))}, row ${row}, column ${pixel % width}${channel}`;
}

function remedy(value: number, levels: number): string {
  if (value > 0 && value < 1) {
    return levels === 2
      ? 'this looks like gray from 0 to 1: make bytes of it (multiply by 255 and round, levels: 256), then binarize'
      : `this looks like gray from 0 to 1: multiply by ${levels - 1} and round`;
  }
  if (value >= levels && value <= 255) {
    return levels === 2
      ? 'this looks like bytes: say levels: 256, then binarize'
      : `this looks like bytes: say levels: 256, then quantize to ${levels} levels`;
  }
  return 'scale and round the values first';
}
