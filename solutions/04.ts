/** Notebook 04: its exercises solved. Names are those of the answer cells. */

/** 1. Half of all weights but the center come before it; mask B adds the center. */
export const weightsAlive = (size: number, type: 'A' | 'B'): number =>
  (size * size - 1) / 2 + (type === 'B' ? 1 : 0);

/** 2. It was blind: left of the center and the center itself may be seen. */
export const myMaskB = [1, 1, 1, 1, 1, 0, 0, 0, 0];

/** 3. Red before green before blue; mask B adds the own color. */
export const sees = (type: 'A' | 'B', from: number, to: number): boolean =>
  type === 'A' ? from < to : from <= to;

/** 4. In the row u rows up, the columns up to 10 + u are seen; 27 is the last column. */
export const hidden = Array.from({length: 20}, (_, k) => Math.max(0, 27 - (10 + k + 1))).reduce(
  (a, b) => a + b,
);
