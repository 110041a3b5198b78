/**
 * Which values a sampler has drawn after part of its work: the first ones of the model's order.
 *
 * @param order order[k] is the flat index of the value that is drawn k-th
 * @param share of all values, 0 to 1; rounded to whole values
 * @returns as long as the order, 1 where the value is drawn: a mask for `complete`, or for `imageGrid` to cover the rest
 * @throws RangeError when the share is not from 0 to 1
 */
export function drawnSoFar(order: Int32Array, share: number): Uint8Array {
  if (!(share >= 0 && share <= 1))
    throw new RangeError(`drawnSoFar: share must be from 0 to 1, got ${share}`);
  const mask = new Uint8Array(order.length);
  for (const index of order.subarray(0, Math.round(share * order.length))) mask[index] = 1;
  return mask;
}
