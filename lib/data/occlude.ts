import type {ImageShape} from '../types';

/** Which part of the image is hidden. */
export const OCCLUSIONS = ['bottom', 'top', 'right', 'left', 'center', 'stripes'] as const;
export type Occlusion = (typeof OCCLUSIONS)[number];

/**
 * A mask of the values that a completion may see.
 * - `bottom`, `top`, `right`, `left`: that half is hidden (the lower one as in PixelRNN, figure 9); of an odd
 *   number of rows or columns the smaller half.
 * - `center`: a rectangle of half the height and half the width, in the middle, is hidden.
 * - `stripes`: upright stripes, a seventh of the width each, are seen and hidden in turn.
 * - a mask of one's own: 0 and 1 for each pixel [H, W] (used for every channel) or each value [H, W, C].
 *
 * @returns [H * W * C] in raster order, 1 = known, 0 = to be completed
 * @throws RangeError when the shape is no shape, the kind is unknown, a mask has another length or other
 *   values than 0 and 1, or the image is too small for anything to be hidden
 */
export function occlude(shape: ImageShape, kind: Occlusion | ArrayLike<number>): Uint8Array {
  const {height, width, channels} = shape;
  for (const [name, size] of Object.entries({height, width, channels})) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`occlude: ${name} must be a positive integer, got ${size}`);
    }
  }
  if (typeof kind !== 'string') return ownMask(shape, kind);
  const isHidden = hiddenPart(shape, kind);
  const known = new Uint8Array(height * width * channels);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const start = (row * width + column) * channels;
      if (!isHidden(row, column)) known.fill(1, start, start + channels);
    }
  }
  if (!known.includes(0)) {
    throw new RangeError(
      `occlude: for '${kind}' an image must be large enough that a part is hidden, got ${height} x ${width}`,
    );
  }
  return known;
}

function hiddenPart({height, width}: ImageShape, kind: Occlusion): (row: number, column: number) => boolean {
  const top = Math.ceil(height / 4);
  const left = Math.ceil(width / 4);
  const stripe = Math.max(1, Math.round(width / 7));
  switch (kind) {
    case 'bottom':
      return (row) => row >= Math.ceil(height / 2);
    case 'top':
      return (row) => row < Math.floor(height / 2);
    case 'right':
      return (_, column) => column >= Math.ceil(width / 2);
    case 'left':
      return (_, column) => column < Math.floor(width / 2);
    case 'center':
      return (row, column) => row >= top && row < height - top && column >= left && column < width - left;
    case 'stripes':
      return (_, column) => Math.floor(column / stripe) % 2 === 1;
    default:
      throw new RangeError(`occlude: kind must be ${OCCLUSIONS.join(', ')} or a mask, got ${kind}`);
  }
}

function ownMask({height, width, channels}: ImageShape, mask: ArrayLike<number>): Uint8Array {
  const pixels = height * width;
  if (mask.length !== pixels && mask.length !== pixels * channels) {
    throw new RangeError(
      `occlude: a mask must have ${pixels} values (one a pixel) or ${pixels * channels} (one a value), got ${mask.length}`,
    );
  }
  const repeat = (pixels * channels) / mask.length;
  return Uint8Array.from({length: pixels * channels}, (_, i) => {
    const value = mask[Math.floor(i / repeat)];
    if (value !== 0 && value !== 1) {
      throw new RangeError(`occlude: a mask must hold 1 (known) and 0 (hidden), got ${value}`);
    }
    return value;
  });
}
