/** The recurrences of PixelRNN as slow loops over plain numbers, written without anything of lib. */

export interface ReferenceScan {
  /** [B, H, W, 4 h] as nested loops index it, in the order o, f, i, g. */
  readonly gates: ArrayLike<number>;
  /** [taps, h, 4 h] */
  readonly state: ArrayLike<number>;
  /** [h] each: the state of every place outside the image. */
  readonly hidden: ArrayLike<number>;
  readonly cell: ArrayLike<number>;
  readonly batch: number;
  readonly height: number;
  readonly width: number;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/**
 * @param order places of an image in the order of the scan
 * @param taps [rows down, columns right] of the neighbors; the cell comes from the one numbered `cellTap`
 * @returns the hidden states [B, H, W, h]
 */
function scan(
  input: ReferenceScan,
  order: readonly (readonly [number, number])[],
  taps: readonly (readonly [number, number])[],
  cellTap: number,
): Float64Array {
  const {gates, state, hidden, cell, batch, height, width} = input;
  const h = hidden.length;
  const states = new Float64Array(batch * height * width * h);
  const cells = new Float64Array(states.length);
  const at = (b: number, y: number, x: number, k: number): number => ((b * height + y) * width + x) * h + k;
  const inside = (y: number, x: number): boolean => y >= 0 && y < height && x >= 0 && x < width;
  for (let b = 0; b < batch; b++) {
    for (const [y, x] of order) {
      const sum = (gate: number, k: number): number => {
        let total = gates[4 * at(b, y, x, 0) + gate * h + k];
        for (let tap = 0; tap < taps.length; tap++) {
          const [dy, dx] = taps[tap];
          const isInside = inside(y + dy, x + dx);
          const from = at(b, y + dy, x + dx, 0);
          for (let j = 0; j < h; j++) {
            const before = isInside ? states[from + j] : hidden[j];
            total += before * state[(tap * h + j) * 4 * h + gate * h + k];
          }
        }
        return total;
      };
      const [dy, dx] = taps[cellTap];
      const next = Array.from({length: h}, (_, k) => {
        const before = inside(y + dy, x + dx) ? cells[at(b, y + dy, x + dx, k)] : cell[k];
        const c = sigmoid(sum(1, k)) * before + sigmoid(sum(2, k)) * Math.tanh(sum(3, k));
        return {c, h: sigmoid(sum(0, k)) * Math.tanh(c)};
      });
      next.forEach((each, k) => {
        cells[at(b, y, x, k)] = each.c;
        states[at(b, y, x, k)] = each.h;
      });
    }
  }
  return states;
}

const places = (height: number, width: number): [number, number][] =>
  Array.from({length: height * width}, (_, i) => [Math.floor(i / width), i % width]);

/** Section 3.1: the three pixels above. */
export function rowScan(input: ReferenceScan): Float64Array {
  const above = [
    [-1, -1],
    [-1, 0],
    [-1, 1],
  ] as const;
  return scan(input, places(input.height, input.width), above, 1);
}

/** Section 3.2: diagonal by diagonal, from the left. */
export function leftScan(input: ReferenceScan): Float64Array {
  const diagonals = places(input.height, input.width).sort(([a, b], [c, d]) => a + b - c - d);
  const taps = [
    [0, -1],
    [-1, 0],
  ] as const;
  return scan(input, diagonals, taps, 0);
}

/** The mirror image: diagonal by diagonal, from the right. */
export function rightScan(input: ReferenceScan): Float64Array {
  const diagonals = places(input.height, input.width).sort(([a, b], [c, d]) => a - b - c + d);
  const taps = [
    [0, 1],
    [-1, 0],
  ] as const;
  return scan(input, diagonals, taps, 0);
}
