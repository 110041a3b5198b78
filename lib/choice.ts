/**
 * How a value is chosen from its logits, the same for every model;
 * lib/engine/native/draw.h has the same in C++.
 */

/**
 * Closer to a threshold than this a choice is made by what knows that image alone (lib/sample.ts). Whole
 * passes over different numbers of images round differently, and otherwise than a sampler, by far less than
 * this, so rounding never decides a pixel.
 */
export const TIE = 1e-5;

export interface Choice {
  readonly value: number;
  /** How far the choice is from being another: in probability, or in logits for the likeliest. */
  readonly margin: number;
}

/** One value with u uniform in [0, 1): the number of levels k for which u >= P(value <= k). */
export function draw(logits: Float32Array, u: number, temperature: number): Choice {
  // The same place as u, in logits. A low temperature magnifies what they are rounded by: there the
  // distance counts in logits, too.
  const place = temperature * Math.log(u / (1 - u));
  if (logits.length === 1) {
    const threshold = 1 / (1 + Math.exp(logits[0] / temperature));
    const margin = Math.min(Math.abs(u - threshold), temperature < 1 ? Math.abs(logits[0] + place) / 4 : 1);
    return {value: u >= threshold ? 1 : 0, margin};
  }
  const most = logits.reduce((a, b) => Math.max(a, b));
  const weights = Float64Array.from(logits, (logit) => Math.exp((logit - most) / temperature));
  const total = weights.reduce((a, b) => a + b);
  let [value, margin, cumulative] = [0, Number.POSITIVE_INFINITY, 0];
  // The last level needs no threshold: whatever is left is its share.
  for (let level = 0; level + 1 < logits.length; level++) {
    cumulative += weights[level] / total;
    margin = Math.min(margin, Math.abs(u - cumulative));
    if (u >= cumulative) value++;
  }
  if (temperature < 1) margin = Math.min(margin, logitMargin(logits, weights, most, temperature, place));
  return {value, margin};
}

/**
 * How far `place` is from T log(P(value <= k) / P(value > k)) at the nearest level k: a fourth of it, since
 * no probability changes by more than a fourth of what a logit does.
 *
 * @param weights exp((logit - most) / T); where all on one side are 0, the largest logit stands for their sum
 */
function logitMargin(
  logits: Float32Array,
  weights: Float64Array,
  most: number,
  temperature: number,
  place: number,
): number {
  const last = logits.length - 1;
  const above = new Float64Array(last);
  for (let [k, sum, largest] = [last, 0, Number.NEGATIVE_INFINITY]; k > 0; k--) {
    sum += weights[k];
    largest = Math.max(largest, logits[k]);
    above[k - 1] = sum > 0 ? temperature * Math.log(sum) : largest - most;
  }
  let [margin, sum, largest] = [Number.POSITIVE_INFINITY, 0, Number.NEGATIVE_INFINITY];
  for (let k = 0; k < last; k++) {
    sum += weights[k];
    largest = Math.max(largest, logits[k]);
    const below = sum > 0 ? temperature * Math.log(sum) : largest - most;
    margin = Math.min(margin, Math.abs(below - above[k] - place) / 4);
  }
  return margin;
}

/** The value with the largest logit. */
export function likeliest(logits: Float32Array): Choice {
  // One Bernoulli logit stands for the two levels 0 and itself.
  const row = logits.length === 1 ? Float32Array.of(0, logits[0]) : logits;
  const [most, next] = row.slice().sort().subarray(-2).reverse();
  return {value: row.indexOf(most), margin: most - next};
}
