/** Notebook 05: its exercises solved. Names are those of the answer cells. */

import * as tf from '@tensorflow/tfjs';
import type {ResidualBlock} from '../lib/index';

/** 1. log(1 + exp(l)) - x l, written so that no exponential is large. */
export const myNats = (logit: number, pixel: 0 | 1): number =>
  Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit))) - pixel * logit;

/** 2. The skip once. */
export const myBlock = (
  {down, middle, up}: Pick<ResidualBlock, 'down' | 'middle' | 'up'>,
  x: tf.Tensor4D,
): tf.Tensor => tf.add(x, up.apply(middle.apply(down.apply(tf.relu(x), 'relu'), 'relu'), 'none'));

/** 3. A random number for each image. */
export const myChoice = (probabilities: readonly number[], uniform: () => number): number[] =>
  probabilities.map((p) => (uniform() < p ? 1 : 0));
