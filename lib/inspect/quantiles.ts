/**
 * The smallest of the values that at least this share of them does not exceed: 0.5 is the (lower) median.
 *
 * @throws RangeError when there are no values, or the share is not from 0 to 1
 */
export function quantile(values: ArrayLike<number>, share: number): number {
  if (values.length === 0) throw new RangeError('quantile: values is empty; give at least one');
  if (!(share >= 0 && share <= 1)) {
    throw new RangeError(`quantile: share must be from 0 to 1, got ${share}`);
  }
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/**
 * Which share of the values is at most x, for each x: a curve that rises from 0 to 1. @throws
 * RangeError when there are no values
 */
export function sharesUpTo(values: ArrayLike<number>, x: readonly number[]): number[] {
  if (values.length === 0) throw new RangeError('sharesUpTo: values is empty; give at least one');
  const all = Array.from(values);
  return x.map((limit) => all.filter((value) => value <= limit).length / all.length);
}
