/** Notebook 11: its exercises solved. Names are those of the answer cells. */

/** 1. Both are paid under the model; they differ in where the images come from. 0 log 0 is 0. */
export const myNats = (model: readonly number[], data: readonly number[]): {own: number; test: number} => {
  const paid = (from: readonly number[]): number =>
    from.reduce((sum, p, k) => (p === 0 ? sum : sum - p * Math.log(model[k])), 0);
  return {own: paid(model), test: paid(data)};
};

/** 2. The smallest number of pixels that differ. */
export const myNearest = (
  query: readonly number[],
  training: readonly (readonly number[])[],
): {index: number; distance: number} => {
  const distances = training.map((one) => one.filter((bit, i) => bit !== query[i]).length);
  const distance = Math.min(...distances);
  return {index: distances.indexOf(distance), distance};
};

/** 3. Divide the logit, then back to a probability. */
export const myProbability = (p: number, temperature: number): number =>
  1 / (1 + Math.exp(-Math.log(p / (1 - p)) / temperature));
