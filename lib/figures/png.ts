import {convertIndexedToRgb, decode, encode} from 'fast-png';
import {checkImages} from '../data/images';
import type {Images} from '../types';
import {fewColors, indexColors} from './palette';
import {colors, type FigureText, type JsonObject, metaOf} from './style';

/** A drawing made of pixels: [height, width, 3] bytes, and the words that belong to it. */
export interface Picture {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly text: FigureText;
}

export interface ImageGrid extends FigureText {
  /** Images in raster order, or one list of images a row (such as samples above their nearest neighbors). */
  readonly images: Images | readonly Images[];
  /** Images in a row; about as many as rows where it is left out. */
  readonly columns?: number;
  /** Side of one pixel in the drawing: 4 to 8 for digits; 4 where it is left out. */
  readonly scale?: number;
  /** Pixels of the drawing between two images; the scale where it is left out. */
  readonly gap?: number;
  /**
   * The byte drawn white. Where it is left out, 1 for each list of images that has only zeros
   * and ones, and 255 for the others.
   */
  readonly white?: number;
  /**
   * 1 where a pixel was given, 0 where the model chose it (drawn with a blue tint): [H, W], or [count, H, W].
   */
  readonly known?: Uint8Array;
  /** 1 where a pixel is covered, and drawn as a flat blue: [H, W], or [count, H, W]. */
  readonly covered?: Uint8Array;
  /** Flat indices y * width + x with an outline, in every image. */
  readonly marked?: readonly number[];
}

const background = rgb(colors.background);
/** A thin line around each image: a white one would have no edge on the light ground. */
const edge = rgb('#B0B0B0');
const mark = rgb(colors.mark);
const white = [255, 255, 255] as const;
const coveredTone = rgb('#8FB3CF');
/** What black and white become where the model chose a pixel. */
const chosenTones = {black: rgb('#12395C'), white: rgb('#BFE3FF')};

/**
 * Images side by side, every pixel an exact square.
 * @throws RangeError when images are no images or differ in size, or a mask or an option does not fit them
 */
export function imageGrid(grid: ImageGrid): Picture {
  const images = inOneList(grid.images);
  const {count, height, width} = images;
  const rows = Array.isArray(grid.images) ? grid.images.map((row: Images) => row.count) : null;
  const columns = grid.columns ?? (rows ? Math.max(...rows) : Math.ceil(Math.sqrt(count)));
  const scale = positive('scale', grid.scale ?? 4);
  const gap = grid.gap ?? scale;
  if (!Number.isInteger(gap) || gap < 0) {
    throw new RangeError(`imageGrid: gap must be a non-negative integer, got ${gap}`);
  }
  const longest = Math.max(0, ...(rows ?? []));
  if (columns < longest) {
    throw new RangeError(
      `imageGrid: columns must be at least ${longest}, the images of the longest row, got ${columns}`,
    );
  }
  const outside = grid.marked?.find(
    (pixel) => !(Number.isInteger(pixel) && pixel >= 0 && pixel < height * width),
  );
  if (outside !== undefined) {
    throw new RangeError(`imageGrid: marked must be pixels from 0 to ${height * width - 1}, got ${outside}`);
  }
  const places = placesOf(rows ?? equalRows(count, positive('columns', columns)));
  const step = {x: width * scale + gap, y: height * scale + gap};
  const lastRow = places[places.length - 1].row;
  const canvas = blank(gap + columns * step.x, gap + (lastRow + 1) * step.y);
  const color = pixelColors(images, grid);
  places.forEach(({row, column}, image) => {
    const corner = {x: gap + column * step.x, y: gap + row * step.y};
    if (gap > 1) fill(canvas, corner.x - 1, corner.y - 1, width * scale + 2, height * scale + 2, edge);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const at = {x: corner.x + x * scale, y: corner.y + y * scale};
        fill(canvas, at.x, at.y, scale, scale, color(image, y * width + x));
      }
    }
    for (const pixel of grid.marked ?? []) {
      const at = {x: corner.x + (pixel % width) * scale, y: corner.y + Math.floor(pixel / width) * scale};
      outline(canvas, at.x, at.y, scale, 3, white);
      outline(canvas, at.x, at.y, scale, 2, mark);
    }
  });
  return {...canvas, text: grid};
}

/**
 * PNG bytes: with a palette where 256 colors are enough, which pictures of digits always are.
 * The words go along as ASCII JSON in a text chunk, so that a picture never loses its caption.
 *
 * @param more what else to keep beside the words
 */
export function encodePng({pixels, width, height, text}: Picture, more: JsonObject = {}): Uint8Array {
  const words = JSON.stringify({...metaOf(text), ...more}).replace(
    /[\u0080-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const common = {width, height, depth: 8, text: {Comment: words}} as const;
  const zlib = {level: 9} as const;
  if (!fewColors(pixels)) return encode({...common, data: pixels, channels: 3}, {zlib});
  const {indices, palette} = indexColors(pixels);
  return encode({...common, data: indices, channels: 1, palette}, {zlib});
}

/**
 * The pixels of a PNG that `encodePng` wrote.
 * @throws Error when the bytes are no PNG, are cut short or altered, or are of another kind
 *   (gray, transparent, 16 bits)
 */
export function decodePng(png: Uint8Array): Omit<Picture, 'text'> {
  const image = decode(png, {checkCrc: true});
  const {width, height, depth, channels, data, palette} = image;
  const indexed = palette !== undefined;
  if (depth !== 8 || channels !== (indexed ? 1 : 3) || palette?.some((color) => color.length !== 3)) {
    throw new Error(`decodePng: expected 3 channels of 8 bits, got ${channels} of ${depth}`);
  }
  const pixels = indexed ? convertIndexedToRgb(image) : new Uint8Array(data);
  return {pixels, width, height};
}

/** The words that `encodePng` put into a PNG; null where there are none. */
export function wordsIn(png: Uint8Array): JsonObject | null {
  const {Comment: words} = decode(png).text;
  return words === undefined ? null : (JSON.parse(words) as JsonObject);
}

/** Width and height of a PNG in pixels, which stand in its first chunk: what it shows is not decoded. */
export function sizeOf(png: Uint8Array): {readonly width: number; readonly height: number} {
  const header = new DataView(png.buffer, png.byteOffset, png.byteLength);
  return {width: header.getUint32(16), height: header.getUint32(20)};
}

type Color = readonly [number, number, number] | readonly number[];
type Canvas = Omit<Picture, 'text'>;

/** The color of a pixel of an image, tinted where the model chose it, flat where it is covered. */
function pixelColors(
  images: Images,
  {white: brightest, known, covered}: ImageGrid,
): (image: number, pixel: number) => Color {
  const {pixels, channels, count, height, width} = images;
  const size = height * width;
  if (brightest !== undefined) positive('white', brightest);
  const top = brightest ?? (pixels.some((byte) => byte > 1) ? 255 : 1);
  for (const [name, mask] of Object.entries({known, covered})) {
    if (mask && mask.length !== size && mask.length !== size * count) {
      throw new RangeError(
        `imageGrid: ${name} must have ${size} values (one mask for all) or ${size * count} (one an image), got ${mask.length}`,
      );
    }
  }
  const at = (mask: Uint8Array, image: number, pixel: number): number =>
    mask[(image * size + pixel) % mask.length];
  return (image, pixel) => {
    if (covered && at(covered, image, pixel) === 1) return coveredTone;
    const start = (image * size + pixel) * channels;
    const tone = [0, 1, 2].map((c) => Math.min(1, pixels[start + (channels === 3 ? c : 0)] / top));
    if (known && at(known, image, pixel) === 0) {
      return tone.map((t, c) =>
        Math.round(chosenTones.black[c] + t * (chosenTones.white[c] - chosenTones.black[c])),
      );
    }
    return tone.map((t) => Math.round(255 * t));
  };
}

function inOneList(images: Images | readonly Images[]): Images {
  const list = Array.isArray(images) ? (images as readonly Images[]) : [images as Images];
  // Labels are not drawn: what was made of other images may have theirs.
  for (const row of list) checkImages({...row, labels: undefined});
  const count = list.reduce((sum, row) => sum + row.count, 0);
  if (count === 0) throw new RangeError('imageGrid: images is empty; give at least one image');
  const {height, width, channels} = list[0];
  if (channels !== 1 && channels !== 3) {
    throw new RangeError(
      `imageGrid: images must have 1 channel (gray) or 3 (red, green, blue), got ${channels}; draw them one channel at a time`,
    );
  }
  for (const row of list) {
    if (row.height !== height || row.width !== width || row.channels !== channels) {
      throw new RangeError(
        `imageGrid: all images must be ${height} x ${width} x ${channels} like the first, got ${row.height} x ${row.width} x ${row.channels}; draw one size at a time`,
      );
    }
  }
  if (list.length === 1) return list[0];
  const pixels = new Uint8Array(count * height * width * channels);
  // Bits beside bytes: a 1 is as white as a 255.
  const bytes = list.map((row) => row.pixels.some((byte) => byte > 1));
  const factor = (row: number): number => (bytes[row] || !bytes.includes(true) ? 1 : 255);
  let start = 0;
  list.forEach((row, k) => {
    pixels.set(factor(k) === 1 ? row.pixels : row.pixels.map((bit) => bit * factor(k)), start);
    start += row.pixels.length;
  });
  return {pixels, count, height, width, channels};
}

function equalRows(count: number, columns: number): number[] {
  return Array.from({length: Math.ceil(count / columns)}, (_, row) =>
    Math.min(columns, count - row * columns),
  );
}

function placesOf(rows: readonly number[]): {row: number; column: number}[] {
  return rows.flatMap((images, row) => Array.from({length: images}, (_, column) => ({row, column})));
}

function positive(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new RangeError(`imageGrid: ${name} must be a positive integer, got ${value}`);
}

function blank(width: number, height: number): Canvas {
  const canvas = {pixels: new Uint8Array(width * height * 3), width, height};
  fill(canvas, 0, 0, width, height, background);
  return canvas;
}

function fill(
  {pixels, width, height}: Canvas,
  left: number,
  top: number,
  w: number,
  h: number,
  [r, g, b]: Color,
): void {
  for (let y = Math.max(0, top); y < Math.min(height, top + h); y++) {
    for (let x = Math.max(0, left); x < Math.min(width, left + w); x++) {
      const at = (y * width + x) * 3;
      pixels[at] = r;
      pixels[at + 1] = g;
      pixels[at + 2] = b;
    }
  }
}

/** A square outline of so many pixels around a square. */
function outline(canvas: Canvas, left: number, top: number, side: number, thick: number, color: Color): void {
  const whole = side + 2 * thick;
  fill(canvas, left - thick, top - thick, whole, thick, color);
  fill(canvas, left - thick, top + side, whole, thick, color);
  fill(canvas, left - thick, top, thick, side, color);
  fill(canvas, left + side, top, thick, side, color);
}

function rgb(hex: string): Color {
  return [1, 3, 5].map((start) => Number.parseInt(hex.slice(start, start + 2), 16));
}
