/** An image as places in a list of colours: a third of the bytes, and what it compresses to is smaller still. */
export interface Indexed {
  readonly indices: Uint8Array;
  /** At most 256 colours, the most frequent first. */
  readonly palette: [number, number, number][];
  /** False when rare colours were replaced by the nearest frequent ones. */
  readonly exact: boolean;
}

/** @param pixels [n, 3] bytes: red, green, blue */
export function indexColours(pixels: Uint8Array): Indexed {
  const counts = new Map<number, number>();
  for (let i = 0; i < pixels.length; i += 3) {
    const colour = packed(pixels, i);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const byFrequency = [...counts.keys()].sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0) || a - b);
  const kept = byFrequency.slice(0, 256);
  const palette = kept.map((colour): [number, number, number] => [
    colour >> 16,
    (colour >> 8) & 255,
    colour & 255,
  ]);
  const place = new Map(kept.map((colour, i) => [colour, i]));
  for (const colour of byFrequency.slice(256)) place.set(colour, nearest(palette, colour));
  const indices = new Uint8Array(pixels.length / 3);
  for (let i = 0; i < indices.length; i++) indices[i] = place.get(packed(pixels, 3 * i)) ?? 0;
  return {indices, palette, exact: byFrequency.length <= 256};
}

function packed(pixels: Uint8Array, at: number): number {
  return (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2];
}

function nearest(palette: readonly (readonly [number, number, number])[], colour: number): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  palette.forEach(([r, g, b], i) => {
    const distance = (r - (colour >> 16)) ** 2 + (g - ((colour >> 8) & 255)) ** 2 + (b - (colour & 255)) ** 2;
    if (distance < least) {
      least = distance;
      best = i;
    }
  });
  return best;
}
