import * as tf from '@tensorflow/tfjs';
import {bernoulliNegativeLogLikelihood} from './engine/kernels';
import type {ResidualBlock} from './layers/residual';
import {Random} from './random';
import {residualExample} from './residualExample';

/**
 * The checks of the exercises in notebook 05: one sentence each, never an error, so that an unsolved exercise does not stop
 * the notebook. test/exercisesPixelCnn.test.ts solves each of them.
 */

/** -log p of one pixel from its logit, also where a probability is too small for a number. */
export function checkPixelNats(mine: (logit: number, pixel: 0 | 1) => number | undefined): string {
  return exercise('the nats of a pixel', () => {
    for (const [logit, pixel] of [
      [0, 1],
      [2, 1],
      [2, 0],
      [-3.5, 1],
      [800, 0],
      [-800, 1],
    ] as const) {
      const answer = mine(logit, pixel);
      if (answer === undefined) throw new Error('write your answer above, then run this cell again');
      const expected = pixelNats(logit, pixel);
      if (!(Math.abs(answer - expected) <= 1e-5 * Math.max(1, expected))) {
        throw new Error(
          `a pixel ${pixel} of logit ${logit} costs ${expected.toFixed(4)} nats, yours gave ${answer}`,
        );
      }
    }
  });
}

/**
 * The residual block of figure 5, put together by the student from its three convolutions: the golden values of
 * lib/residualExample.
 */
export function checkResidual(mine: (block: ResidualBlock, x: tf.Tensor4D) => tf.Tensor | undefined): string {
  return exercise('the residual block', () => {
    const {block, x, golden, dispose} = residualExample();
    try {
      tf.tidy(() => {
        const answer = mine(block, x);
        if (answer === undefined) throw new Error('write your answer above, then run this cell again');
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
          `feature ${feature} in row ${row}, column ${column} must be ${golden[wrong]}, yours is ${values[wrong]}`,
        );
      });
    } finally {
      dispose();
    }
  });
}

/** One pixel of several images from their probabilities of white: each by chance, and each by a number of its own. */
export function checkChoice(
  mine: (probabilities: readonly number[], uniform: () => number) => ArrayLike<number> | undefined,
): string {
  return exercise('choosing a pixel', () => {
    const probabilities = [0.5, 0.5, 0.1, 0.8];
    const draws = 4000;
    const random = new Random(0, 'checkChoice');
    const white = probabilities.map(() => 0);
    let alike = 0;
    for (let k = 0; k < draws; k++) {
      const answer = mine(probabilities, () => random.uniform());
      if (answer === undefined) throw new Error('write your answer above, then run this cell again');
      const pixels = Array.from(answer, Number);
      if (pixels.length !== white.length || pixels.some((pixel) => pixel !== 0 && pixel !== 1)) {
        throw new Error(`${white.length} probabilities make as many pixels of 0 or 1, yours gave ${pixels}`);
      }
      pixels.forEach((pixel, i) => {
        white[i] += pixel / draws;
      });
      if (pixels[0] === pixels[1]) alike += 1 / draws;
    }
    // Five standard deviations of a share of 4000 draws are 0.04 at most.
    probabilities.forEach((p, i) => {
      if (Math.abs(white[i] - p) > 0.04) {
        throw new Error(`with probability ${p} a pixel was white in ${percent(white[i])} of ${draws} draws`);
      }
    });
    if (Math.abs(alike - 0.5) > 0.04) {
      throw new Error(
        `two images, both with probability 0.5, got the same pixel in ${percent(alike)} of ${draws} draws, not in 50 %`,
      );
    }
  });
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;

function pixelNats(logit: number, pixel: number): number {
  return tf.tidy(() => {
    const nats = bernoulliNegativeLogLikelihood(tf.tensor2d([[logit]]), tf.tensor2d([[pixel]]));
    return nats.dataSync()[0];
  });
}

/** "Right: …" or "Not yet …"; whatever the student's code throws is a "not yet" too. */
function exercise(title: string, check: () => void): string {
  try {
    check();
    return `Right: ${title}.`;
  } catch (error) {
    return `Not yet (${title}): ${error instanceof Error ? error.message : String(error)}.`;
  }
}
