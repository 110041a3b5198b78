import type {Picture} from '../../lib/figures/png';
import type {Caption} from './captions';
import {around} from './lines';
import type {Bitmap, Box} from './pdf';

/** In points. A rule below a running title is thinner than any drawing. */
const thickestRule = 2.5;
/** White between two parts of one drawing, at most. */
const widestGap = 40;
/** White between a drawing and its labels, at most. */
const labelGap = 9;
const smallestSide = 15;
/** White left around the drawing. */
const margin = 2;
/** A color whose parts are all so light counts as white. */
const white = 248;

/**
 * The drawing above a caption, cut close to its ink. Words in the font of the text belong
 * to it when they stand close by.
 *
 * @param bitmap the caption's page
 * @param scale its pixels a point
 * @returns null when there is nothing but white, rules and lines of text
 */
export function cutDrawing(
  bitmap: Bitmap,
  {regions, prose}: Caption,
  scale: number,
): Omit<Picture, 'text'> | null {
  const lookIn = (region: Box) => {
    const space = inPixels(region, scale, bitmap);
    const labels = prose.filter((line) => overlap(line, region)).map((line) => inPixels(line, scale, bitmap));
    return {space, labels, drawing: drawingIn(bitmap, space, labels, scale)};
  };
  const own = lookIn(regions[0]);
  // What reaches the middle between two columns goes on in the other one.
  const crosses =
    own.drawing !== null && (own.drawing.left <= own.space.left || own.drawing.right >= own.space.right);
  const {space, labels, drawing} = crosses ? lookIn(regions[1]) : own;
  if (drawing === null) return null;
  const box = withLabels(drawing, labels, labelGap * scale);
  const smallest = smallestSide * scale;
  if (box.right - box.left < smallest || box.bottom - box.top < smallest) return null;
  return crop(bitmap, withMargin(box, space, margin * scale));
}

/** Not beyond the space, where the text begins. */
function withMargin({left, top, right, bottom}: Box, space: Box, wide: number): Box {
  return {
    left: Math.min(left, Math.max(space.left, left - wide)),
    top: Math.min(top, Math.max(space.top, top - wide)),
    right: Math.max(right, Math.min(space.right, right + wide)),
    bottom: Math.max(bottom, Math.min(space.bottom, bottom + wide)),
  };
}

function inPixels({left, top, right, bottom}: Box, scale: number, {width, height}: Bitmap): Box {
  return {
    left: Math.max(0, Math.floor(left * scale)),
    top: Math.max(0, Math.floor(top * scale)),
    right: Math.min(width, Math.ceil(right * scale)),
    bottom: Math.min(height, Math.ceil(bottom * scale)),
  };
}

/** Around the ink that is no text: from the lowest part up, while the white between two parts is narrow. */
function drawingIn(bitmap: Bitmap, space: Box, words: readonly Box[], scale: number): Box | null {
  const ink = inkWithout(bitmap, space, words);
  const parts = partsOf(ink, space).filter(({top, bottom}) => bottom - top > thickestRule * scale);
  let top = parts.length - 1;
  while (top > 0 && parts[top].top - parts[top - 1].bottom <= widestGap * scale) top--;
  return parts.length === 0 ? null : around(parts.slice(top));
}

/** 1 where a pixel of the space has a color and no word stands: [height, width]. */
function inkWithout({bytes, width}: Bitmap, space: Box, words: readonly Box[]): Uint8Array {
  const columns = space.right - space.left;
  const ink = new Uint8Array(columns * (space.bottom - space.top));
  for (let y = space.top; y < space.bottom; y++) {
    for (let x = space.left; x < space.right; x++) {
      const at = 4 * (y * width + x);
      const dark = bytes[at] < white || bytes[at + 1] < white || bytes[at + 2] < white;
      ink[(y - space.top) * columns + x - space.left] = dark ? 1 : 0;
    }
  }
  for (const word of words) {
    const [left, right] = [Math.max(space.left, word.left - 1), Math.min(space.right, word.right + 1)];
    for (let y = Math.max(space.top, word.top - 1); y < Math.min(space.bottom, word.bottom + 1); y++) {
      ink.fill(
        0,
        (y - space.top) * columns + left - space.left,
        (y - space.top) * columns + right - space.left,
      );
    }
  }
  return ink;
}

/**
 * Rows with ink that follow each other without a white one, from the top, each cut
 * close to its ink left and right.
 */
function partsOf(ink: Uint8Array, space: Box): Box[] {
  const columns = space.right - space.left;
  const parts: Box[] = [];
  for (let y = space.top; y < space.bottom; y++) {
    const row = ink.subarray((y - space.top) * columns, (y - space.top + 1) * columns);
    const first = row.indexOf(1);
    if (first === -1) continue;
    const line = {
      left: space.left + first,
      right: space.left + row.lastIndexOf(1) + 1,
      top: y,
      bottom: y + 1,
    };
    const last = parts[parts.length - 1];
    if (last !== undefined && last.bottom === y) parts[parts.length - 1] = around([last, line]);
    else parts.push(line);
  }
  return parts;
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;
}

/** The box made larger until no label outside is close to it. */
function withLabels(drawing: Box, labels: readonly Box[], gap: number): Box {
  const close = labels.filter(
    (label) =>
      label.left < drawing.right + gap &&
      label.right > drawing.left - gap &&
      label.top < drawing.bottom + gap &&
      label.bottom > drawing.top - gap,
  );
  const larger = around([drawing, ...close]);
  const same = (['left', 'top', 'right', 'bottom'] as const).every((edge) => larger[edge] === drawing[edge]);
  return same ? drawing : withLabels(larger, labels, gap);
}

/** Blue, green, red and one more become red, green, blue. */
function crop({bytes, width}: Bitmap, box: Box): Omit<Picture, 'text'> {
  const size = {width: box.right - box.left, height: box.bottom - box.top};
  const pixels = new Uint8Array(size.width * size.height * 3);
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const from = 4 * ((box.top + y) * width + box.left + x);
      const to = 3 * (y * size.width + x);
      for (let c = 0; c < 3; c++) pixels[to + c] = bytes[from + 2 - c];
    }
  }
  return {pixels, ...size};
}
