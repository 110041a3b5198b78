/** Notebook 09: its exercises solved. Names are those of the answer cells. */

type Color = 'R' | 'G' | 'B';

/** 1. log2 of the number of levels. */
export const myUniform = (levels: number): number => Math.log2(levels);

/** 2. The chain rule: the negative logarithms add up. */
export const myNats = (
  conditionals: Readonly<Record<Color, readonly number[]>>,
  value: Readonly<Record<Color, number>>,
): number =>
  (['R', 'G', 'B'] as const).reduce((sum, one) => sum - Math.log(conditionals[one][value[one]]), 0);

/** 3. Colors before the own one; with mask B the own one as well. */
export const myA: [Color, Color][] = [
  ['R', 'G'],
  ['R', 'B'],
  ['G', 'B'],
];
export const myB: [Color, Color][] = [...myA, ['R', 'R'], ['G', 'G'], ['B', 'B']];
