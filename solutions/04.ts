/** Notebook 04: its exercises solved. Names are those of the answer cells. */

/** 1. 1 before the center in raster order; at the center only for B. */
export const myMask = (size: number, type: 'A' | 'B'): number[] => {
  const center = (size * size - 1) / 2;
  return Array.from({length: size * size}, (_, i) => (i < center || (i === center && type === 'B') ? 1 : 0));
};

/** 2. It was blind: left of the center and the center itself may be seen. */
export const myMaskB = [1, 1, 1, 1, 1, 0, 0, 0, 0];

/** 3. Red before green before blue; mask B adds the own color. */
export const sees = (type: 'A' | 'B', from: number, to: number): boolean =>
  type === 'A' ? from < to : from <= to;

/** 4. In the row u rows up, the columns up to 10 + u are seen; 27 is the last column. */
export const hidden = Array.from({length: 20}, (_, k) => Math.max(0, 27 - (10 + k + 1))).reduce(
  (a, b) => a + b,
);
