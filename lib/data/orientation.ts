/** Pixels with their channels side by side, in raster order. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

const ORIENTATION_TAG = 0x0112;

/**
 * How a camera was held, from the Exif data of a JPEG: a TIFF header, then a directory of
 * 12-byte entries (Exif 2.3, 4.6.2).
 *
 * @param exif what follows "Exif" and its one or two zero bytes
 * @returns 1 … 8; 1, upright, where it is not said or cannot be read
 */
export function exifOrientation(exif: Uint8Array): number {
  const start = exif[0] === 0 ? 1 : 0;
  const view = new DataView(exif.buffer, exif.byteOffset + start, exif.byteLength - start);
  if (view.byteLength < 8) return 1;
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return 1;
  const little = order === 0x4949;
  const directory = view.getUint32(4, little);
  if (directory + 2 > view.byteLength) return 1;
  const entries = view.getUint16(directory, little);
  for (let entry = directory + 2; entry < directory + 2 + 12 * entries; entry += 12) {
    if (entry + 12 > view.byteLength) return 1;
    if (view.getUint16(entry, little) !== ORIENTATION_TAG) continue;
    const value = view.getUint16(entry + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

/**
 * The image as it is meant to be seen. Orientations 2 to 4 mirror it or turn it by half; 5 to
 * 8 change rows and columns, too.
 *
 * @param orientation 1 … 8 as Exif counts them
 */
export function upright(image: Raster, orientation: number): Raster {
  if (orientation === 1) return image;
  const {channels, data} = image;
  const isTurned = orientation >= 5;
  const [width, height] = isTurned ? [image.height, image.width] : [image.width, image.height];
  const turned = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [column, row] = isTurned ? [y, x] : [x, y];
      const fromRight = [2, 3, 7, 8].includes(orientation);
      const fromBelow = [3, 4, 6, 7].includes(orientation);
      const sourceX = fromRight ? image.width - 1 - column : column;
      const sourceY = fromBelow ? image.height - 1 - row : row;
      const from = (sourceY * image.width + sourceX) * channels;
      turned.set(data.subarray(from, from + channels), (y * width + x) * channels);
    }
  }
  return {width, height, channels, data: turned};
}
