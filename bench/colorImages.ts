import {Random} from '../lib/random';
import type {ImageShape, Images} from '../lib/types';

/** Colors at the corners of so many fields a side; between them they change evenly. */
const FIELDS = 3;

/**
 * Images for networks of color, made instead of fetched: each channel a smooth surface between random
 * heights, in 256 levels. What is computed does not depend on the values; smooth ones keep nats in the usual
 * range.
 *
 * @param seed image i depends on it and on i only
 */
export function colorImages(count: number, shape: ImageShape, seed: number): Images {
  const {height, width, channels} = shape;
  const pixels = new Uint8Array(count * height * width * channels);
  const side = FIELDS + 1;
  for (let i = 0; i < count; i++) {
    const corners = new Random(seed, 'bench colors', i).fillUniform(new Float32Array(side * side * channels));
    for (let y = 0; y < height; y++) {
      const [top, down] = split(y, height);
      for (let x = 0; x < width; x++) {
        const [left, right] = split(x, width);
        for (let c = 0; c < channels; c++) {
          const corner = (row: number, column: number): number =>
            corners[((top + row) * side + left + column) * channels + c];
          const above = corner(0, 0) * (1 - right) + corner(0, 1) * right;
          const below = corner(1, 0) * (1 - right) + corner(1, 1) * right;
          const value = above * (1 - down) + below * down;
          pixels[((i * height + y) * width + x) * channels + c] = Math.min(255, Math.floor(256 * value));
        }
      }
    }
  }
  return {pixels, count, ...shape};
}

/** The field that a pixel lies in, and how far. */
function split(place: number, size: number): [number, number] {
  const at = (FIELDS * (place + 0.5)) / size;
  const field = Math.min(FIELDS - 1, Math.floor(at));
  return [field, at - field];
}
