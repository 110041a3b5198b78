/**
 * Masks for raster order, as pure functions on small arrays: a pixel may see the rows above and what is to
 * its left, and of its own place the colors that come before its own.
 */

/** 'A' hides the center pixel (first layer only); 'B' shows it (every later layer). */
export type MaskType = 'A' | 'B';

/**
 * Which taps of a kernel are alive, [rows, columns] in row order, values 0 or 1;
 * the center is the pixel itself.
 */
export interface TapMask {
  readonly rows: number;
  readonly columns: number;
  readonly centerRow: number;
  readonly centerColumn: number;
  readonly values: Float32Array;
}

/**
 * Kernel mask for raster order: 1 above the center and to its left, 0 elsewhere.
 * Source: van den Oord et al. 2016a, section 3.4.
 *
 * @param size side of the kernel in pixels; positive and odd
 * @returns [size, size] in row order, values 0 or 1
 * @throws RangeError when size is not a positive odd integer
 */
export function rasterMask(size: number, type: MaskType): Float32Array {
  checkSize('rasterMask', size);
  const center = (size * size - 1) / 2;
  const lastVisible = type === 'A' ? center - 1 : center;
  return Float32Array.from({length: size * size}, (_, i) => (i <= lastVisible ? 1 : 0));
}

/**
 * Kernel mask of the vertical stack: all rows above the center's; 'B' shows the center's whole row too, which
 * in a later layer holds nothing but features of rows above. Source: van den Oord et al. 2016b, section 2.2.
 */
export function verticalMask(size: number, type: MaskType): Float32Array {
  checkSize('verticalMask', size);
  const visibleRows = type === 'A' ? (size - 1) / 2 : (size + 1) / 2;
  return Float32Array.from({length: size * size}, (_, i) => (i < visibleRows * size ? 1 : 0));
}

/** Kernel mask of the horizontal stack: in the center's row what is to the left, with 'B' the center too. */
export function horizontalMask(size: number, type: MaskType): Float32Array {
  checkSize('horizontalMask', size);
  const center = (size - 1) / 2;
  const lastVisible = type === 'A' ? center - 1 : center;
  return Float32Array.from({length: size * size}, (_, i) => {
    return Math.floor(i / size) === center && i % size <= lastVisible ? 1 : 0;
  });
}

/**
 * The rows and columns of a mask between its outermost live taps and the center: all that has to be computed.
 *
 * @param mask [size, size] in row order
 */
export function liveTaps(mask: Float32Array): TapMask {
  const size = Math.sqrt(mask.length);
  checkSize('liveTaps', size);
  const center = (size - 1) / 2;
  const alive = [...mask.keys()].filter((i) => mask[i] !== 0);
  const rows = [center, ...alive.map((i) => Math.floor(i / size))];
  const columns = [center, ...alive.map((i) => i % size)];
  const [top, left] = [Math.min(...rows), Math.min(...columns)];
  const height = Math.max(...rows) - top + 1;
  const width = Math.max(...columns) - left + 1;
  return {
    rows: height,
    columns: width,
    centerRow: center - top,
    centerColumn: center - left,
    values: Float32Array.from({length: height * width}, (_, i) => {
      return mask[(top + Math.floor(i / width)) * size + left + (i % width)];
    }),
  };
}

/**
 * Feature maps in equal groups, one a color: the first third belongs to R, the next to G, the last to B.
 * The paper says "split into three" (section 3.4) and not how; contiguous thirds are our choice.
 *
 * @returns [features], the group of each
 * @throws RangeError when the features cannot be split evenly
 */
export function evenGroups(features: number, groups: number): Int32Array {
  if (!Number.isInteger(features / groups) || features < groups) {
    throw new RangeError(
      `evenGroups: the number of features must be a multiple of the ${groups} color groups, got ${features}`,
    );
  }
  return Int32Array.from({length: features}, (_, k) => Math.floor((k * groups) / features));
}

/**
 * The mask of a whole kernel. Beside the center the taps decide; at the center the groups do:
 * with 'A' a feature sees the groups before its own (R, then G, then B), with 'B' its own too
 * (van den Oord et al. 2016a, figure 2).
 *
 * @param inputs group of each input feature
 * @param outputs group of each output feature
 * @returns [rows, columns, inputs, outputs] in row order, values 0 or 1
 */
export function channelMask(
  taps: TapMask,
  type: MaskType,
  inputs: Int32Array,
  outputs: Int32Array,
): Float32Array {
  const mask = new Float32Array(taps.values.length * inputs.length * outputs.length);
  const center = taps.centerRow * taps.columns + taps.centerColumn;
  let i = 0;
  taps.values.forEach((alive, tap) => {
    for (const from of inputs) {
      for (const to of outputs) {
        const seen = tap === center ? (type === 'A' ? from < to : from <= to) : alive !== 0;
        mask[i++] = seen ? 1 : 0;
      }
    }
  });
  return mask;
}

function checkSize(name: string, size: number): void {
  if (!Number.isInteger(size) || size < 1 || size % 2 === 0) {
    throw new RangeError(`${name}: size must be a positive odd integer, got ${size}`);
  }
}
