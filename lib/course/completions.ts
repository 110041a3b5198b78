import {knownFirst, knownTooLate} from '../complete';
import {pickImages} from '../data/images';
import {type CompletionNats, completionNats} from '../inspect/completionNats';
import {Random} from '../random';
import {type SampleOptions, sample} from '../sample';
import type {AutoregressiveModel, Images} from '../types';
import {ask, exercise, type Hints, sideOf} from './check';

/** Lesson 12: the checks of its exercises. */

/** -log p(hidden | known) by the chain rule, or null where this order does not give it. */
export function checkCompletionNats(
  mine: (
    nats: readonly number[],
    order: readonly number[],
    known: readonly number[],
  ) => number | null | undefined,
): string {
  return exercise('The nats of a completion', () => {
    for (const [order, known] of [
      [
        [0, 1, 2, 3],
        [1, 1, 0, 0],
      ],
      [
        [3, 2, 1, 0],
        [0, 0, 1, 1],
      ],
      [
        [2, 0, 3, 1],
        [1, 0, 1, 0],
      ],
      [
        [0, 1, 2, 3],
        [0, 0, 1, 1],
      ],
      [
        [0, 1, 2, 3],
        [1, 0, 1, 0],
      ],
      [
        [3, 2, 1, 0],
        [1, 1, 0, 0],
      ],
    ]) {
      const nats = [0.25, 0.5, 1, 2];
      const answer = ask(mine, nats, order, known);
      const late = knownTooLate(Int32Array.from(order), Uint8Array.from(known));
      const where = `nats ${nats.join(', ')}, order ${order.join(', ')}, known ${known.join(', ')}`;
      if (late > 0) {
        if (answer === null) continue;
        throw new Error(
          `${where}: a known pixel comes after a hidden one, so this order does not give log p(hidden | known): null, yours ${answer}`,
        );
      }
      const expected = nats.reduce((sum, value, i) => sum + (known[i] === 0 ? value : 0), 0);
      if (answer === null) throw new Error(`${where}: every known pixel comes first, so the order gives it`);
      if (Math.abs(answer - expected) <= 1e-9) continue;
      const whole =
        Math.abs(answer - 3.75) <= 1e-9
          ? '; that is the whole image, of which the known part is paid already'
          : '';
      throw new Error(`${where}: yours gave ${answer}, ${sideOf(answer, expected)}${whole}`);
    }
  });
}

/** An order with the known pixels first. */
export function checkKnownFirst(
  mine: (order: readonly number[], known: readonly number[]) => readonly number[] | undefined,
): string {
  return exercise('The known pixels first', () => {
    const random = new Random(0, 'exercise known first');
    for (let round = 0; round < 8; round++) {
      const order = random.permutation(6);
      const known = Uint8Array.from({length: 6}, () => random.integer(2));
      const answer = ask(mine, [...order], [...known]);
      const case_ = `order ${order.join(', ')}, known ${known.join(', ')}`;
      if ([...answer].sort((a, b) => a - b).join() !== '0,1,2,3,4,5') {
        throw new Error(`${case_}: every pixel must be there once, yours is ${answer.join(', ')}`);
      }
      const expected = knownFirst(order, known);
      if (answer.every((index, k) => index === expected[k])) continue;
      const late = knownTooLate(Int32Array.from(answer), known);
      const why =
        late > 0 ? `${late} known pixels still come late` : 'within each group keep the order that was given';
      throw new Error(`${case_}: yours gave ${answer.join(', ')}; ${why}`);
    }
  });
}

/** Weights of candidates from the nats of the known pixels that came too late. */
export function checkWeights(mine: (lateNats: readonly number[]) => readonly number[] | undefined): string {
  return exercise('Weights of candidates', () => {
    for (const nats of [
      [1, 2, 3],
      [0, 0],
      [801, 800, 805],
    ]) {
      const answer = ask(mine, nats);
      const expected = weightsOf(nats);
      if (answer.length !== nats.length) {
        throw new Error(`${nats.length} candidates have as many weights, yours are ${answer.length}`);
      }
      const wrong = expected.findIndex((weight, k) => !(Math.abs(weight - answer[k]) <= 1e-6));
      if (wrong === -1) continue;
      const sum = answer.reduce((a, b) => a + b, 0);
      let hint = '; fewer nats must weigh more';
      if (answer.some(Number.isNaN)) hint = '; Math.exp(-800) is 0: subtract the least nats first';
      else if (Math.abs(sum - 1) > 1e-6) hint = `; they must sum to 1, yours sum to ${sum}`;
      throw new Error(
        `nats ${nats.join(', ')}, candidate ${wrong}: yours gave ${answer[wrong]}, ${sideOf(answer[wrong], expected[wrong])}${hint}`,
      );
    }
  });
}

/**
 * Completions by a model of a fixed order that cannot look ahead, chosen so that
 * they fit what it met too late.
 */
export interface WeighedCompletions {
  /** `count` of the candidates, drawn by weight; one may occur several times. */
  readonly images: Images;
  readonly candidates: Images;
  /** [candidates], not negative, sum 1: how well each fits the known values that come after hidden ones. */
  readonly weights: Float64Array;
  /** 1 / sum of squared weights: how many candidates the choice is really made among. */
  readonly effective: number;
  /** An estimate of -log p(hidden | known) of the image itself: with few candidates it comes out too low. */
  readonly truthNats: number;
}

/**
 * Sampling, importance resampling (Rubin 1988): hidden values are drawn given what comes before
 * them, known ones are kept, and each candidate is weighed by the probability of the known values
 * that came too late. Exact as the candidates grow in number; with few, or with much that is late,
 * all weight falls on one of them.
 *
 * log p(known) is estimated by log of the mean over candidates of p(known | hidden values before), so that
 * -log p(hidden | known) = -log p(x) + log p(known).
 *
 * @param image one image; of its hidden values only the truth's nats are taken
 * @param mask [H * W * C], 1 where the value is known
 * @param options.candidates 1 to 256
 * @throws RangeError as `sample` does, when there is not one image, or when count is no positive integer
 */
export async function weighedCompletions(
  model: AutoregressiveModel,
  image: Images,
  mask: Uint8Array,
  options: Omit<SampleOptions, 'known'> & {readonly candidates: number},
): Promise<WeighedCompletions> {
  const {candidates: drawn, count, ...others} = options;
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`weighedCompletions: count must be a positive integer, got ${count}`);
  }
  if (image.count !== 1) {
    throw new RangeError(`weighedCompletions: there must be 1 image, got ${image.count}`);
  }
  const candidates = await sample(model, {...others, count: drawn, known: {images: image, mask}});
  const nats = completionNats(model, candidates, mask);
  const weights = weightsOf(nats.late);
  const random = new Random(others.seed, 'weighed completions');
  const chosen = Array.from({length: count}, () => choose(weights, random.uniform()));
  const squares = weights.reduce((sum, weight) => sum + weight * weight, 0);
  return {
    images: pickImages(candidates, chosen),
    candidates,
    weights,
    effective: 1 / squares,
    truthNats: truthNats(completionNats(model, image, mask), nats),
  };
}

/**
 * Weights from nats: exp(-nats), divided by their sum.
 * @throws RangeError when there are no nats, or one is no number
 */
export function weightsOf(nats: ArrayLike<number>): Float64Array {
  const all = Array.from(nats);
  if (all.length === 0 || !all.every(Number.isFinite)) {
    throw new RangeError(`weightsOf: needs one finite number or more, got [${all.slice(0, 5).join(', ')}]`);
  }
  // exp(-800) is 0: so the smallest nats are subtracted first, and only differences go through exp.
  const least = all.reduce((a, b) => Math.min(a, b));
  const shares = Float64Array.from(all, (value) => Math.exp(least - value));
  const total = shares.reduce((a, b) => a + b, 0);
  return shares.map((share) => share / total);
}

function truthNats(truth: CompletionNats, {late}: CompletionNats): number {
  // The prefix is the same in both and cancels.
  const least = late.reduce((a, b) => Math.min(a, b));
  const mean = late.reduce((sum, nats) => sum + Math.exp(least - nats), 0) / late.length;
  return truth.hidden[0] + truth.late[0] - (least - Math.log(mean));
}

function choose(weights: Float64Array, u: number): number {
  let cumulative = 0;
  const found = weights.findIndex((weight) => {
    cumulative += weight;
    return u < cumulative;
  });
  // Rounding may leave the sum a little below 1.
  return found === -1 ? weights.reduce((best, weight, k) => (weight > weights[best] ? k : best), 0) : found;
}

/** Hints to the exercises of lesson 12. */
export const COMPLETIONS_HINTS: Hints = {
  1: [
    'By the chain rule -log p(hidden | known) is a sum over hidden pixels, if every known pixel comes first in the order.',
    'Go along `order`. Is there a known pixel after a hidden one? Then the answer is null.',
    'Otherwise add up nats[i] for all i with known[i] equal to 0.',
  ],
  2: [
    'Two lists: the known pixels and the hidden ones, each in the order that was given.',
    '`order.filter(...)` keeps the order.',
    'First order.filter((i) => known[i] === 1), then order.filter((i) => known[i] === 0).',
  ],
  3: [
    'A candidate weighs exp(-nats), and all weights add up to 1.',
    'Math.exp(-800) is 0. Only differences of nats matter.',
    'Subtract the smallest of the nats first, take exp(-...), divide by the sum.',
  ],
};
