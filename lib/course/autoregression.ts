import {conditionals} from '../inspect/joint';
import {bitsPerDimension} from '../likelihood';
import {Random} from '../random';
import {ask, exercise, expectNumber, type Hints, Unanswered} from './check';

/** Lesson 01: series predicted from their own past, and the checks of its exercises. */

/**
 * A series predicted from its own past: x_t = c + a_1 x_(t-1) + … + a_p
 * x_(t-p) + noise, noise ~ N(0, std^2).
 */
export interface ArModel {
  readonly intercept: number;
  /** a_1 … a_p; none at all is noise around the intercept. */
  readonly coefficients: readonly number[];
  /** Standard deviation of the noise. */
  readonly std: number;
}

export interface SimulateOptions {
  readonly count: number;
  readonly seed: number;
  /** What the new values continue; without it 200 values are drawn first and thrown away. */
  readonly after?: ArrayLike<number>;
}

const WARM_UP = 200;

/**
 * Draws a series value after value, each from N(prediction from those before it, std^2).
 * With std 0 it is the forecast.
 *
 * @throws RangeError when the count is not a positive integer, or `after` is shorter than the lags
 */
export function simulateAr(model: ArModel, {count, seed, after}: SimulateOptions): Float64Array {
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`simulateAr: count must be a positive integer, got ${count}`);
  }
  const lags = model.coefficients.length;
  if (after !== undefined && after.length < lags) {
    throw new RangeError(
      `simulateAr: after must have at least the ${lags} values looked back at, got ${after.length}`,
    );
  }
  const random = new Random(seed, 'series');
  const known = after ?? new Float64Array(lags).fill(model.intercept);
  const drawn = count + (after === undefined ? WARM_UP : 0);
  const series = new Float64Array(known.length + drawn);
  series.set(known);
  for (let t = known.length; t < series.length; t++) {
    series[t] = predictAt(model, series, t) + model.std * random.normal();
  }
  return series.slice(series.length - count);
}

/**
 * The conditional mean of each value given those before it.
 * @returns as many values as the series; NaN for the first p, which have too little past
 */
export function predictAr(model: ArModel, series: Float64Array): Float64Array {
  const lags = model.coefficients.length;
  return series.map((_, t) => (t < lags ? Number.NaN : predictAt(model, series, t)));
}

/**
 * Least squares, which is maximum likelihood for this noise: the normal equations of
 * x_t on 1, x_(t-1), …, x_(t-lags).
 *
 * @throws RangeError when lags is not a non-negative integer, or the series is too
 *   short or too regular to fit them
 */
export function fitAr(series: Float64Array, lags: number): ArModel {
  if (!Number.isInteger(lags) || lags < 0) {
    throw new RangeError(`fitAr: lags must be a non-negative integer, got ${lags}`);
  }
  const size = lags + 1;
  if (series.length < lags + size) {
    throw new RangeError(
      `fitAr: ${lags} lags need a series of at least ${lags + size} values, got ${series.length}`,
    );
  }
  const matrix = Array.from({length: size}, () => new Float64Array(size + 1));
  for (let t = lags; t < series.length; t++) {
    const row = Array.from({length: size}, (_, k) => (k === 0 ? 1 : series[t - k]));
    row.forEach((a, i) => {
      for (let j = 0; j < size; j++) matrix[i][j] += a * row[j];
      matrix[i][size] += a * series[t];
    });
  }
  const [intercept, ...coefficients] = solve(matrix);
  const predictions = predictAr({intercept, coefficients, std: 0}, series);
  let squares = 0;
  for (let t = lags; t < series.length; t++) squares += (series[t] - predictions[t]) ** 2;
  return {intercept, coefficients, std: Math.sqrt(squares / (series.length - lags))};
}

/**
 * Mean over t >= from of -log N(x_t; prediction, std^2), in nats per value.
 * @throws RangeError when a value before `from` would be needed that does not exist
 */
export function arNats(model: ArModel, series: Float64Array, from: number): number {
  const lags = model.coefficients.length;
  if (!Number.isInteger(from) || from < lags || from >= series.length) {
    throw new RangeError(
      `arNats: from must be an integer from ${lags} to ${series.length - 1}, got ${from}; each value needs ${lags} before it`,
    );
  }
  let nats = 0;
  for (let t = from; t < series.length; t++) {
    const error = (series[t] - predictAt(model, series, t)) / model.std;
    nats += Math.log(model.std) + 0.5 * Math.log(2 * Math.PI) + 0.5 * error ** 2;
  }
  return nats / (series.length - from);
}

/** Entropy of normal noise in nats, (1 + log(2 π std^2)) / 2: on average no model can be better. */
export function gaussianEntropy(std: number): number {
  return 0.5 * (1 + Math.log(2 * Math.PI * std ** 2));
}

function predictAt(model: ArModel, series: Float64Array, t: number): number {
  return model.coefficients.reduce((sum, a, k) => sum + a * series[t - 1 - k], model.intercept);
}

/** Gaussian elimination with row exchanges, in place. @param matrix the rows of [A | b] */
function solve(matrix: Float64Array[]): number[] {
  const size = matrix.length;
  for (let i = 0; i < size; i++) {
    let pivot = i;
    for (let j = i + 1; j < size; j++) if (Math.abs(matrix[j][i]) > Math.abs(matrix[pivot][i])) pivot = j;
    [matrix[i], matrix[pivot]] = [matrix[pivot], matrix[i]];
    if (!(Math.abs(matrix[i][i]) > 1e-12 * Math.abs(matrix[i][size]) + 1e-300)) {
      throw new RangeError(
        `fitAr: the past must determine the ${size} coefficients, got a series where it does not (constant?); use fewer lags`,
      );
    }
    for (let j = i + 1; j < size; j++) {
      const factor = matrix[j][i] / matrix[i][i];
      for (let k = i; k <= size; k++) matrix[j][k] -= factor * matrix[i][k];
    }
  }
  const x = new Array<number>(size).fill(0);
  for (let i = size - 1; i >= 0; i--) {
    let sum = matrix[i][size];
    for (let k = i + 1; k < size; k++) sum -= matrix[i][k] * x[k];
    x[i] = sum / matrix[i][i];
  }
  return x;
}

const DIGIT = {height: 28, width: 28, channels: 1};

/** nats per 28 x 28 image to bits per dimension. */
export function checkBits(mine: (nats: number) => number | undefined): string {
  return exercise('Nats to bits', () => {
    for (const nats of [784 * Math.LN2, 100]) {
      expectNumber(`for ${nats.toFixed(2)} nats`, bitsPerDimension(nats, DIGIT), ask(mine, nats));
    }
  });
}

/** the expected value two steps after the end of a series, by an AR(2). */
export function checkTwoAhead(
  mine: (model: ArModel, series: Float64Array) => number | undefined,
  model: ArModel,
  series: Float64Array,
): string {
  return exercise('Two years ahead', () => {
    const small = {intercept: 1, coefficients: [2, 3], std: 1};
    for (const [where, ar, past] of [
      ['for intercept 1, coefficients 2 and 3, years 5, 1, 2', small, Float64Array.of(5, 1, 2)],
      ['for the series of this notebook', model, series],
    ] as const) {
      const forecast = simulateAr({...ar, std: 0}, {count: 2, seed: 0, after: past});
      const answer = ask(mine, ar, past);
      if (Math.abs(answer - forecast[0]) < 1e-6 && Math.abs(forecast[0] - forecast[1]) > 1e-3) {
        throw new Error(`${where} that is one year ahead, not two`);
      }
      expectNumber(where, forecast[1], answer);
    }
  });
}

/**
 * eight probabilities of three bits, such that the third is settled by the first two but by neither alone.
 */
export function checkThirdBit(joint: readonly number[] | undefined): string {
  return exercise('A bit that only two others tell', () => {
    if (joint === undefined) throw new Unanswered();
    if (joint.length !== 8)
      throw new Error(`give the 8 probabilities of 000, 001, …, 111, yours are ${joint.length}`);
    const sum = joint.reduce((a, b) => a + b, 0);
    if (!(Math.abs(sum - 1) <= 1e-9) || !joint.every((p) => p >= 0)) {
      throw new Error(`probabilities are not negative and sum to 1, yours sum to ${sum}`);
    }
    const orders = {one: [2], first: [0, 2], second: [1, 2], both: [0, 1, 2]};
    const last = (known: readonly number[], x: readonly number[]): number => {
      const rest = [0, 1, 2].filter((bit) => !known.includes(bit));
      return conditionals(joint, [...known, ...rest], x)[known.length - 1];
    };
    for (const [a, b] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]) {
      const alone = [
        last(orders.one, [a, b, 1]),
        last(orders.first, [a, b, 1]),
        last(orders.second, [a, b, 1]),
      ];
      if (!alone.every((p) => Math.abs(p - 0.5) <= 1e-9)) {
        throw new Error(
          `after first bit ${a} alone, and after second bit ${b} alone, the third must still be even; yours is not`,
        );
      }
      const p = last(orders.both, [a, b, 1]);
      if (!(p <= 1e-9 || p >= 1 - 1e-9)) {
        throw new Error(`after ${a}, ${b} the third bit must be certain, yours is 1 with probability ${p}`);
      }
    }
  });
}

/** Hints to the exercises of lesson 01. */
export const AUTOREGRESSION_HINTS: Hints = {
  1: [
    'The nats are of a whole image. How many values does one image have?',
    'Per value first: divide by the number of values. Then from nats to bits: which is the larger unit?',
    'A bit is Math.LN2 nats, so a number of nats becomes larger when it is written in bits.',
  ],
  2: [
    'A forecast of one year needs the values of the years before. Which of them is missing when you look two years ahead?',
    'Put the forecast of the first year in the place of the value that is not known yet.',
    'Copy the past into an array, push the forecast, and forecast once more from the longer array.',
  ],
  3: [
    'Two coins are thrown. What could a third bit say about them so that neither coin alone gives it away?',
    'The third bit follows from the first two together. Four of the eight states then never occur.',
    'The notebook has "1 where they differ". What is left is "1 where they are equal"; each state that occurs has 1/4.',
  ],
};
