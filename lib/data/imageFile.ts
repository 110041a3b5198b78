import {convertIndexedToRgb, decode as decodePngFile} from 'fast-png';
import {decode as decodeJpegFile} from 'jpeg-js';
import {exifOrientation, type Raster, upright} from './orientation';

/** An image file as gray or color bytes, and what had to be done to make it so. */
export interface DecodedImage extends Raster {
  /** 1 gray, 3 red, green and blue. */
  readonly channels: 1 | 3;
  /** What was changed, such as "transparent pixels put on white". */
  readonly notes: readonly string[];
}

/** More than any camera's: a file that announces more is meant to fill the memory, or damaged. */
const MOST_MEGAPIXELS = 100;

const NOTES = {
  alpha: 'transparent pixels put on white',
  deep: '16 bits a value rounded to 8',
  turned: 'turned upright as the camera noted',
} as const;

/**
 * Reads a PNG (gray, color, palette, 1 to 16 bits, with or without transparency, interlaced or not) or a JPEG
 * (baseline or progressive). What the file is, its first bytes say, not its name.
 *
 * PNG by fast-png. JPEG by jpeg-js: it is plain JavaScript without dependencies, so that it needs no
 * compiler, runs wherever this library runs, and bounds its memory; its pixels are the standard's to a
 * rounding. Faster decoders are native or WebAssembly.
 *
 * @throws Error that says what is wrong with the bytes, without the file's name
 */
export function decodeImageFile(bytes: Uint8Array): DecodedImage {
  const starts = (...magic: number[]): boolean => magic.every((byte, i) => bytes[i] === byte);
  if (bytes.length === 0) throw new Error('it must be a PNG or JPEG, got an empty file');
  if (starts(0x89, 0x50, 0x4e, 0x47)) return decodePng(bytes);
  if (starts(0xff, 0xd8, 0xff)) return decodeJpeg(bytes);
  const others: readonly [string, boolean][] = [
    ['a GIF', starts(0x47, 0x49, 0x46)],
    ['a WebP', starts(0x52, 0x49, 0x46, 0x46)],
    ['a BMP', starts(0x42, 0x4d)],
    ['a TIFF', starts(0x49, 0x49, 0x2a) || starts(0x4d, 0x4d, 0, 0x2a)],
    ['a gzip file', starts(0x1f, 0x8b)],
  ];
  const kind = others.find(([, is]) => is)?.[0];
  throw new Error(kind ? `it must be a PNG or JPEG, got ${kind}` : 'it is no PNG or JPEG');
}

function decodePng(bytes: Uint8Array): DecodedImage {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 33)
    throw new Error(`it was cut short: a PNG must have at least 33 bytes, got ${bytes.length}`);
  checkSize(header.getUint32(16), header.getUint32(20));
  if (bytes[24] < 8 && bytes[28] !== 0) {
    throw new Error(
      `an interlaced PNG must have 8 or 16 bits a value, got ${bytes[24]}; save it without interlacing`,
    );
  }
  const image = reworded(() => decodePngFile(bytes, {checkCrc: true}));
  const {width, height, transparency} = image;
  const notes: string[] = image.depth === 16 ? [NOTES.deep] : [];
  // Few bits are packed into bytes. They are unpacked as if their grays were a palette; so a
  // transparent gray is one of its colors.
  const palette =
    image.palette ??
    (image.depth < 8
      ? Array.from({length: 2 ** image.depth}, (_, value) => {
          const gray = (255 * value) / (2 ** image.depth - 1);
          return transparency === undefined ? [gray] : [gray, transparency[0] === value ? 0 : 255];
        })
      : undefined);
  const channels = palette === undefined ? image.channels : palette[0].length;
  const data = palette === undefined ? image.data : reworded(() => convertIndexedToRgb({...image, palette}));
  const key = palette === undefined && transparency?.length === channels ? transparency : undefined;
  const colors = channels < 3 ? 1 : 3;
  const most = data instanceof Uint16Array ? 65535 : 255;
  const pixels = new Uint8Array(width * height * colors);
  let isTransparent = false;
  for (let pixel = 0; pixel < width * height; pixel++) {
    const start = pixel * channels;
    let alpha = channels === colors ? 1 : data[start + colors] / most;
    if (key?.every((value, c) => data[start + c] === value)) alpha = 0;
    isTransparent ||= alpha < 1;
    for (let c = 0; c < colors; c++) {
      pixels[pixel * colors + c] = Math.round(255 * (alpha * (data[start + c] / most) + 1 - alpha));
    }
  }
  if (isTransparent) notes.push(NOTES.alpha);
  return {width, height, channels: colors, data: pixels, notes};
}

function decodeJpeg(bytes: Uint8Array): DecodedImage {
  const limits = {maxResolutionInMP: MOST_MEGAPIXELS, maxMemoryUsageInMB: 2048};
  const decoded = reworded(() =>
    decodeJpegFile(bytes, {useTArray: true, formatAsRGBA: false, tolerantDecoding: false, ...limits}),
  );
  // jpeg-js gives it, its types do not say so.
  const {width, height, data, exifBuffer} = decoded as typeof decoded & {readonly exifBuffer?: Uint8Array};
  checkSize(width, height);
  const orientation = exifBuffer === undefined ? 1 : exifOrientation(exifBuffer);
  const notes = orientation === 1 ? [] : [NOTES.turned];
  return {...upright({width, height, channels: 3, data}, orientation), channels: 3, notes};
}

function checkSize(width: number, height: number): void {
  if (width < 1 || height < 1)
    throw new Error(`it must have a width and a height of at least 1 pixel, got ${width} x ${height}`);
  if (width * height <= MOST_MEGAPIXELS * 1e6) return;
  throw new Error(
    `it must have at most ${MOST_MEGAPIXELS} million pixels, got ${width} x ${height}; make it smaller first`,
  );
}

/** What a decoder says of bytes that it cannot read, as part of a sentence. */
function reworded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new Error(`it is damaged or cut short (${said})`);
  }
}
