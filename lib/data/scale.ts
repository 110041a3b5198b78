import type {Raster} from './orientation';

/** How an image came to its size. */
export type Fit = 'kept' | 'scaled' | 'cropped';

/**
 * A square image of the given side: one of that size is kept; a larger one is scaled down, after its middle
 * square was cut out where it is no square.
 *
 * @throws RangeError for a smaller one: pixels are not invented
 */
export function fitToSquare(image: Raster, side: number): {readonly image: Raster; readonly fit: Fit} {
  const {width, height} = image;
  if (width === side && height === side) return {image, fit: 'kept'};
  const middle = Math.min(width, height);
  if (middle < side) {
    throw new RangeError(
      `it must have at least ${side} x ${side} pixels, got ${width} x ${height}; choose a --size of at most ${middle}`,
    );
  }
  if (width === height) return {image: averageArea(image, side, side), fit: 'scaled'};
  const [left, top] = [width - middle, height - middle].map((rest) => Math.floor(rest / 2));
  const square = cutOut(image, {left, top, width: middle, height: middle});
  return {image: averageArea(square, side, side), fit: 'cropped'};
}

/** A rectangle of pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A part of an image, which it lies in. */
export function cutOut(image: Raster, {left, top, width, height}: Box): Raster {
  const {channels, data} = image;
  const cut = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * image.width + left) * channels;
    cut.set(data.subarray(start, start + width * channels), y * width * channels);
  }
  return {width, height, channels, data: cut};
}

/**
 * A smaller image: each value the mean of the area that its pixel covers, where a pixel that is
 * covered in part counts in part.
 *
 * @param width at most the image's, and so the height
 */
export function averageArea(image: Raster, width: number, height: number): Raster {
  const {channels} = image;
  const columns = overlaps(image.width, width);
  const rows = overlaps(image.height, height);
  // Columns first, then rows: the weight of a pixel is the product of the two.
  const narrow = new Float32Array(image.height * width * channels);
  for (let y = 0; y < image.height; y++) {
    columns.forEach((parts, x) => {
      for (const {from, weight} of parts) {
        for (let c = 0; c < channels; c++) {
          narrow[(y * width + x) * channels + c] +=
            weight * image.data[(y * image.width + from) * channels + c];
        }
      }
    });
  }
  const data = new Uint8Array(height * width * channels);
  const line = width * channels;
  rows.forEach((parts, y) => {
    for (let i = 0; i < line; i++) {
      data[y * line + i] = Math.round(
        parts.reduce((sum, {from, weight}) => sum + weight * narrow[from * line + i], 0),
      );
    }
  });
  return {width, height, channels, data};
}

/** For each of `few` places the places of `many` that it covers, with weights that sum to one. */
function overlaps(many: number, few: number): {from: number; weight: number}[][] {
  const step = many / few;
  return Array.from({length: few}, (_, place) => {
    const [start, end] = [place * step, (place + 1) * step];
    const parts = [];
    for (let from = Math.floor(start); from < Math.min(many, Math.ceil(end - 1e-9)); from++) {
      parts.push({from, weight: (Math.min(end, from + 1) - Math.max(start, from)) / step});
    }
    return parts;
  });
}

/**
 * Gray from color by the weights of Rec. 601, as PNG and JPEG tools have it; color
 * from gray three times the same.
 */
export function withChannels(image: Raster, channels: 1 | 3): Raster {
  if (image.channels === channels) return image;
  const pixels = image.width * image.height;
  const data = new Uint8Array(pixels * channels);
  for (let i = 0; i < pixels; i++) {
    if (channels === 3) data.fill(image.data[i], 3 * i, 3 * i + 3);
    else {
      const [red, green, blue] = image.data.subarray(3 * i, 3 * i + 3);
      data[i] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
    }
  }
  return {...image, channels, data};
}
