/** Notebook 12: its exercises solved. Names are those of the answer cells. */

/** 1. The sum over the hidden pixels, where no known pixel comes after a hidden one. */
export const myNats = (
  nats: readonly number[],
  order: readonly number[],
  known: readonly number[],
): number | null => {
  const firstHidden = order.findIndex((i) => !known[i]);
  if (order.slice(firstHidden).some((i) => known[i])) return null;
  return nats.reduce((sum, value, i) => (known[i] ? sum : sum + value), 0);
};

/** 2. Known, then hidden, each in the order that was given. */
export const myOrder = (order: readonly number[], known: readonly number[]): number[] => [
  ...order.filter((i) => known[i]),
  ...order.filter((i) => !known[i]),
];

/** 3. Shares of exp(-nats), with the smallest nats taken out first. */
export const myWeights = (lateNats: readonly number[]): number[] => {
  const least = Math.min(...lateNats);
  const shares = lateNats.map((value) => Math.exp(least - value));
  const total = shares.reduce((a, b) => a + b, 0);
  return shares.map((share) => share / total);
};
