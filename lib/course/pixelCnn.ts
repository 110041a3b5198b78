import * as tf from '@tensorflow/tfjs';
import {bernoulliNegativeLogLikelihood} from '../engine/crossEntropy';
import {ResidualBlock} from '../layers/residual';
import {Random} from '../random';
import {ask, exercise, type Hints, sideOf, Unanswered} from './check';

/** Lesson 05: how far a sampler has come, and the checks of its exercises. */

/**
 * Which values a sampler has drawn after part of its work: the first ones of the model's order.
 *
 * @param order order[k] is the flat index of the value that is drawn k-th
 * @param share of all values, 0 to 1; rounded to whole values
 * @returns as long as the order, 1 where the value is drawn: a mask for `complete`, or for
 *   `imageGrid` to cover the rest
 * @throws RangeError when the share is not from 0 to 1
 */
export function drawnSoFar(order: Int32Array, share: number): Uint8Array {
  if (!(share >= 0 && share <= 1))
    throw new RangeError(`drawnSoFar: share must be from 0 to 1, got ${share}`);
  const mask = new Uint8Array(order.length);
  for (const index of order.subarray(0, Math.round(share * order.length))) mask[index] = 1;
  return mask;
}

/** -log p of one pixel from its logit, also where a probability is too small for a number. */
export function checkPixelNats(mine: (logit: number, pixel: 0 | 1) => number | undefined): string {
  return exercise('The nats of a pixel', () => {
    for (const [logit, pixel] of [
      [0, 1],
      [2, 1],
      [2, 0],
      [-3.5, 1],
      [800, 0],
      [-800, 1],
    ] as const) {
      const answer = ask(mine, logit, pixel);
      const expected = pixelNats(logit, pixel);
      if (!(Math.abs(answer - expected) <= 1e-5 * Math.max(1, expected))) {
        throw new Error(
          `a pixel ${pixel} of logit ${logit}: yours gave ${answer}, ${sideOf(answer, expected)}`,
        );
      }
    }
  });
}

/**
 * The residual block of figure 5, put together by the student from its three convolutions, against the golden
 * values of `residualExample`.
 */
export function checkResidual(mine: (block: ResidualBlock, x: tf.Tensor4D) => tf.Tensor | undefined): string {
  return exercise('The residual block', () => {
    const {block, x, golden, dispose} = residualExample();
    try {
      tf.tidy(() => {
        const answer = mine(block, x);
        if (answer === undefined) throw new Unanswered();
        if (String(answer.shape) !== String(x.shape)) {
          throw new Error(
            `what comes out must be [${x.shape}] like what goes in, yours is [${answer.shape}]`,
          );
        }
        const values = answer.dataSync();
        const wrong = golden.findIndex((value, i) => !(Math.abs(values[i] - value) < 1e-5));
        if (wrong === -1) return;
        const [row, column, feature] = [Math.floor(wrong / 10), Math.floor(wrong / 2) % 5, wrong % 2];
        throw new Error(
          `feature ${feature} in row ${row}, column ${column}: yours is ${values[wrong]}, ` +
            `${sideOf(values[wrong], golden[wrong])}; where the three convolutions give 0, x must come out as it went in`,
        );
      });
      checkInnerRelus(mine);
    } finally {
      dispose();
    }
  });
}

/**
 * One pixel of several images from their probabilities of white: each by chance,
 * and each by a number of its own.
 */
export function checkChoice(
  mine: (probabilities: readonly number[], uniform: () => number) => ArrayLike<number> | undefined,
): string {
  return exercise('Choosing a pixel', () => {
    const probabilities = [0.5, 0.5, 0.1, 0.8];
    const draws = 4000;
    const random = new Random(0, 'checkChoice');
    const white = probabilities.map(() => 0);
    const both = probabilities.map(() => probabilities.map(() => 0));
    for (let k = 0; k < draws; k++) {
      const answer = mine(probabilities, () => random.uniform());
      if (answer === undefined) throw new Unanswered();
      const pixels = Array.from(answer, Number);
      if (pixels.length !== white.length || pixels.some((pixel) => pixel !== 0 && pixel !== 1)) {
        throw new Error(`${white.length} probabilities make as many pixels of 0 or 1, yours gave ${pixels}`);
      }
      pixels.forEach((pixel, i) => {
        white[i] += pixel / draws;
        pixels.forEach((other, j) => {
          both[i][j] += (pixel * other) / draws;
        });
      });
    }
    // Five standard deviations of a share of 4000 draws are 0.04 at most.
    probabilities.forEach((p, i) => {
      if (Math.abs(white[i] - p) > 0.04) {
        throw new Error(`with probability ${p} a pixel was white in ${percent(white[i])} of ${draws} draws`);
      }
    });
    // Independent pixels are both white with the product of their probabilities,
    // up to five standard deviations.
    const shared = pairs(probabilities.length).find(([i, j]) => {
      const [p, q] = [probabilities[i], probabilities[j]];
      const deviation = Math.sqrt((p * (1 - p) * q * (1 - q)) / draws);
      return Math.abs(both[i][j] - white[i] * white[j]) > 5 * deviation;
    });
    if (shared !== undefined) {
      const [i, j] = shared;
      throw new Error(
        `the pixels of images ${i} and ${j} go together: both white in ${percent(both[i][j])} of ${draws} draws, ` +
          `though one is white in ${percent(white[i])} and the other in ${percent(white[j])}`,
      );
    }
  });
}

/** All pairs i < j < n. */
const pairs = (n: number): [number, number][] =>
  Array.from({length: n * n}, (_, k): [number, number] => [Math.floor(k / n), k % n]).filter(
    ([i, j]) => i < j,
  );

/**
 * In the example all is positive between the convolutions; with these biases it is not,
 * so a ReLU that is missing shows.
 */
function checkInnerRelus(mine: (block: ResidualBlock, x: tf.Tensor4D) => tf.Tensor | undefined): void {
  const {block, x, dispose} = residualExample({down: -0.5, middle: -2});
  try {
    tf.tidy(() => {
      const apart = tf.max(tf.abs(tf.sub(block.apply(x), mine(block, x) as tf.Tensor))).dataSync()[0];
      if (apart <= 1e-5) return;
      throw new Error(
        'right where all sums inside are positive, wrong where one is negative: count the ReLUs',
      );
    });
  } finally {
    dispose();
  }
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;

function pixelNats(logit: number, pixel: number): number {
  return tf.tidy(() => {
    const nats = bernoulliNegativeLogLikelihood(tf.tensor2d([[logit]]), tf.tensor2d([[pixel]]));
    return nats.dataSync()[0];
  });
}

/** A residual block small enough to be computed by hand, its input, and the result. */
export interface ResidualExample {
  readonly block: ResidualBlock;
  /** [1, 4, 5, 2]: feature 0 is 1 in row 1, column 2 and 0 elsewhere; feature 1 is -1 everywhere. */
  readonly x: tf.Tensor4D;
  /** [4, 5, 2] in row order. */
  readonly golden: readonly number[];
  dispose(): void;
}

/**
 * The block of figure 5 with one feature inside (h = 1). `down` adds up both
 * features; the kernel of `middle` is
 *
 *     1 2 3
 *     4 5 9   where mask B hides the 9; its last row is not even stored
 *
 * and `up` hands the result on as it is (feature 0) and negated (feature 1).
 * The ReLU in front makes the -1 of feature 1 a 0, so the single 1 goes through alone: `middle` spreads it as
 * 5 4 from its own place to the right and 3 2 1 in the row below. The skip then adds x, once.
 *
 * @param bias of `down` and `middle`; the golden values are those of no bias
 */
export function residualExample(bias = {down: 0, middle: 0}): ResidualExample {
  const spec = {name: 'example', features: 1, groups: 1, size: 3, dilation: 1, scale: 1};
  const values: Record<string, number[]> = {
    'example.down.weights': [1, 1],
    'example.down.bias': [bias.down],
    'example.middle.weights': [1, 2, 3, 4, 5, 9],
    'example.middle.bias': [bias.middle],
    'example.up.weights': [1, -1],
    'example.up.bias': [0, 0],
  };
  const parameters = new Map(
    ResidualBlock.parameters(spec).map(({name, shape}) => [
      name,
      tf.tidy(() => tf.variable(tf.tensor(values[name], [...shape]))),
    ]),
  );
  const block = new ResidualBlock(spec, parameters);
  const x = tf.tensor4d(twoFeatures([0, 0, 1, 0, 0], [0, 0, 0, 0, 0], [-1, -1, -1, -1, -1]), [1, 4, 5, 2]);
  return {
    block,
    x,
    golden: twoFeatures([0, 0, 6, 4, 0], [0, 3, 2, 1, 0], [-1, -1, -6, -5, -1], [-1, -4, -3, -2, -1]),
    dispose: () => {
      block.dispose();
      x.dispose();
      for (const value of parameters.values()) value.dispose();
    },
  };
}

/**
 * [4, 5, 2]: rows 1 and 2 of either feature as given; rows 0 and 3 are 0 in feature 0, and -1 in feature 1.
 */
function twoFeatures(
  row1: readonly number[],
  row2: readonly number[],
  other1: readonly number[],
  other2 = other1,
): number[] {
  const [zeros, ones] = [
    [0, 0, 0, 0, 0],
    [-1, -1, -1, -1, -1],
  ];
  const [feature0, feature1] = [[zeros, row1, row2, zeros].flat(), [ones, other1, other2, ones].flat()];
  return feature0.flatMap((value, i) => [value, feature1[i]]);
}

/** Hints to the exercises of lesson 05. */
export const PIXEL_CNN_HINTS: Hints = {
  1: [
    'The probability of white is 1 / (1 + exp(-logit)). What is that of black?',
    'Both cases in one line: log(1 + exp(logit)) - pixel * logit. Only the first part can overflow.',
    'For a large logit log(1 + exp(l)) is l + log(1 + exp(-l)). Math.max(l, 0) and Math.abs(l) serve both signs.',
  ],
  2: [
    'Let the three convolutions give 0. What comes out of the block as it stands?',
    'It is x + (x + …). The input must be added once.',
    'Return what `block` already is.',
  ],
  3: [
    'How many random numbers does the code take for a batch of four images?',
    'All images compare with the same u, so they are white together.',
    'Call uniform() inside of map, once for each probability.',
  ],
};
