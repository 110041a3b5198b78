import type {ImageShape, Images} from '../types';

/** Images with the class of each one: labels[i] belongs to image i. */
export type LabeledImages = Images & {readonly labels: Uint8Array};

/**
 * Looks at the sizes and the kind of the values, not at each value: `toImages` does
 * that once, where images are made.
 *
 * @throws RangeError when a size is not a positive integer (count may be 0), the pixels or labels are no
 *   bytes, or their number does not fit
 */
export function checkImages(images: Images): void {
  const {pixels, count, height, width, channels, labels} = images;
  const sizes = {height, width, channels};
  for (const [name, size] of Object.entries(sizes)) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`images: ${name} must be a positive integer, got ${size}`);
    }
  }
  if (!Number.isInteger(count) || count < 0) {
    throw new RangeError(`images: count must be a non-negative integer, got ${count}`);
  }
  checkBytes('pixels', pixels);
  const expected = count * height * width * channels;
  if (pixels.length !== expected) {
    throw new RangeError(
      `images: ${count} images of ${height} x ${width} x ${channels} need ${expected} bytes, got ${pixels.length}`,
    );
  }
  if (labels === undefined) return;
  checkBytes('labels', labels);
  if (labels.length !== count) {
    throw new RangeError(`images: ${count} images need ${count} labels, got ${labels.length}`);
  }
}

/**
 * A list of floats would be read as if it were bytes. By its tag, because a notebook's
 * Uint8Array is not the library's own.
 */
function checkBytes(what: string, values: unknown): void {
  const kind = Object.prototype.toString.call(values).slice(8, -1);
  if (kind === 'Uint8Array') return;
  throw new RangeError(
    `images: ${what} must be bytes (a Uint8Array), got ${kind}; make images with toImages`,
  );
}

/**
 * @param what is asked for, for the message: `made: images`
 * @throws RangeError when the images are not of the given size
 */
export function checkImageSize(what: string, images: Images, {height, width, channels}: ImageShape): void {
  if (images.height === height && images.width === width && images.channels === channels) return;
  throw new RangeError(
    `${what} must be ${height} x ${width} x ${channels}, ` +
      `got ${images.height} x ${images.width} x ${images.channels}`,
  );
}

/**
 * @param what is asked for, for the message: `made: values`
 * @param counts which values are looked at, by their place; all when not given
 * @throws RangeError when a value is none of 0 … levels - 1
 */
export function checkLevels(
  what: string,
  {pixels}: Images,
  levels: number,
  counts: (place: number) => boolean = () => true,
): void {
  const wrong = pixels.findIndex((value, place) => value >= levels && counts(place));
  if (wrong === -1) return;
  const remedy = levels === 2 ? 'binarize the images first' : `quantize the images to ${levels} levels first`;
  throw new RangeError(
    `${what} must be from 0 to ${levels - 1}, got ${pixels[wrong]} at ${wrong}; ${remedy}`,
  );
}

/**
 * The largest value of what is often given by mistake for bytes: 0 to 1, or 0 to 16 of
 * the small digits of scikit-learn.
 */
const SMALL_SCALE = 16;

/** Whether all values together are too small for bytes: of another scale, and not only dark. */
export function isSmallScale(largest: number): boolean {
  return largest > 0 && largest <= SMALL_SCALE;
}

/**
 * For what makes fewer levels of bytes: of another scale nearly black images would come of it.
 *
 * @throws RangeError when the values are of a smaller scale than bytes
 */
export function checkByteScale(who: string, {pixels}: Images): void {
  let largest = 0;
  for (let i = 0; i < pixels.length && largest <= SMALL_SCALE; i++) largest = Math.max(largest, pixels[i]);
  if (!isSmallScale(largest)) return;
  throw new RangeError(
    `${who}: the values must reach from 0 to 255, got none larger than ${largest}; ` +
      (largest === 1
        ? 'the images are black and white already, so leave it out'
        : `leave it out if 0 to ${largest} are all the levels there are, or multiply by 255 / ${largest} and round`),
  );
}

/** The number of values in one image: height * width * channels. */
export function valuesPerImage(shape: {height: number; width: number; channels: number}): number {
  return shape.height * shape.width * shape.channels;
}

/**
 * Images start … end - 1, with their labels if they have any. The bytes are shared, not copied.
 *
 * @throws RangeError when start and end are not integers with 0 <= start <= end <= count
 */
export function selectImages<T extends Images>(images: T, start: number, end: number): T {
  checkImages(images);
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || start > end || end > images.count) {
    throw new RangeError(
      `selectImages: start and end must be integers with 0 <= start <= end <= ${images.count}, got ${start} and ${end}`,
    );
  }
  const size = valuesPerImage(images);
  const selected = {...images, count: end - start, pixels: images.pixels.subarray(start * size, end * size)};
  const labels = labelsOf(images);
  return labels ? {...selected, labels: labels.subarray(start, end)} : selected;
}

/** The first `count` images: a quick look, or a smaller run. The bytes are shared. */
export function firstImages<T extends Images>(images: T, count: number): T {
  return selectImages(images, 0, count);
}

/**
 * The images of the given numbers, in that order, with their labels if they have any. The bytes are copied.
 *
 * @throws RangeError when a number is not an integer in [0, count)
 */
export function pickImages<T extends Images>(images: T, indices: ArrayLike<number>): T {
  checkImages(images);
  const size = valuesPerImage(images);
  const pixels = new Uint8Array(indices.length * size);
  for (let i = 0; i < indices.length; i++) {
    const index = checkIndex(indices[i], images.count);
    pixels.set(images.pixels.subarray(index * size, (index + 1) * size), i * size);
  }
  const picked = {...images, count: indices.length, pixels};
  const labels = labelsOf(images);
  return labels ? {...picked, labels: Uint8Array.from(indices, (index) => labels[index])} : picked;
}

/** @throws RangeError when the index is not an integer in [0, count); else returns it */
export function checkIndex(index: number, count: number): number {
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw new RangeError(`images: an index must be an integer from 0 to ${count - 1}, got ${index}`);
  }
  return index;
}

function labelsOf(images: Images & {readonly labels?: Uint8Array}): Uint8Array | undefined {
  return images.labels;
}
