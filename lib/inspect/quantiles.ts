/**
 * The smallest of the values that at least this share of them does not exceed: 0.5 is the (lower) median.
 *
 * @throws RangeError when there are no values, or the share is not from 0 to 1
 */
export function quantile(values: ArrayLike<number>, share: number): number {
  if (values.length === 0) throw new RangeError('quantile: give at least one value');
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
  if (values.length === 0) throw new RangeError('sharesUpTo: give at least one value');
  const all = Array.from(values);
  return x.map((limit) => all.filter((value) => value <= limit).length / all.length);
}

/**
 * Where a curve through points crosses a level for the first time, along straight lines between them.
 *
 * @param x rising
 * @returns null when it never does
 * @throws RangeError when x and y differ in length
 */
export function crossing(x: readonly number[], y: readonly number[], level: number): number | null {
  if (x.length !== y.length) {
    throw new RangeError(`crossing: needs as many y as x, got ${x.length} x and ${y.length} y`);
  }
  for (let k = 1; k < x.length; k++) {
    const [before, after] = [y[k - 1] - level, y[k] - level];
    if (before === 0) return x[k - 1];
    if (before * after <= 0) return x[k - 1] + ((x[k] - x[k - 1]) * before) / (before - after);
  }
  return null;
}
