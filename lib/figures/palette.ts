/**
 * An image as places in a list of colors: a third of the bytes, and what it compresses to is smaller still.
 */
export interface Indexed {
  readonly indices: Uint8Array;
  /** At most 256 colors. */
  readonly palette: Color[];
  /** False when rare colors were replaced by near ones. */
  readonly exact: boolean;
}

/**
 * True when a palette of 256 colors is enough: found at once, where choosing a palette
 * for many colors takes its time.
 */
export function fewColors(pixels: Uint8Array): boolean {
  const seen = new Set<number>();
  for (let i = 0; i < pixels.length && seen.size <= 256; i += 3) seen.add(packed(pixels, i));
  return seen.size <= 256;
}

/**
 * @param pixels [n, 3] bytes: red, green, blue
 * @param near how far two colors may be apart, in each of the three, to be drawn as one
 */
export function indexColors(pixels: Uint8Array, near = 0): Indexed {
  const counts = new Map<number, number>();
  for (let i = 0; i < pixels.length; i += 3) {
    const color = packed(pixels, i);
    counts.set(color, (counts.get(color) ?? 0) + 1);
  }
  const byFrequency = [...counts.keys()].sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0) || a - b);
  // Kept are frequent colors none of which is near another: so every color,
  // however rare, has one close to it.
  let tolerance = near;
  let palette: Color[] = [];
  let place = new Map<number, number>();
  do {
    [palette, place] = cover(byFrequency, tolerance);
    tolerance += 2;
  } while (palette.length > 256);
  const indices = new Uint8Array(pixels.length / 3);
  for (let i = 0; i < indices.length; i++) indices[i] = place.get(packed(pixels, 3 * i)) ?? 0;
  return {indices, palette, exact: palette.length === byFrequency.length};
}

function packed(pixels: Uint8Array, at: number): number {
  return (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2];
}

type Color = [number, number, number];

/**
 * A palette that has a color within the tolerance of each given one, and the place of that color for each.
 */
function cover(colors: readonly number[], tolerance: number): [Color[], Map<number, number>] {
  const palette: Color[] = [];
  const place = new Map<number, number>();
  for (const color of colors) {
    const parts: Color = [color >> 16, (color >> 8) & 255, color & 255];
    let [best, least] = [palette.length, tolerance + 1];
    palette.forEach((kept, i) => {
      const distance = Math.max(...parts.map((part, c) => Math.abs(part - kept[c])));
      if (distance < least) [best, least] = [i, distance];
    });
    if (best === palette.length) palette.push(parts);
    place.set(color, best);
    if (palette.length > 256) break;
  }
  return [palette, place];
}
