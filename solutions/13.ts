/** Notebook 13: its exercises solved. Names are those of the answer cells. */

/** 1. Column k / height, row k modulo height. */
export const myTransposed = (k: number, height: number, width: number): number =>
  (k % height) * width + Math.floor(k / height);

/** 2. Only pixels after the flipped one in the order. */
export const myDivergence = (
  before: readonly number[],
  after: readonly number[],
  order: readonly number[],
  flipped: number,
): number => order.slice(order.indexOf(flipped) + 1).filter((i) => before[i] !== after[i]).length;

/** 3. One for each value of an image; the images of a batch go through together. */
export const myPasses = (_: number, height: number, width: number, channels: number): number =>
  height * width * channels;
