import * as tf from '@tensorflow/tfjs';
import {toTensor} from '../data/dataset';
import type {AutoregressiveModel, Images} from '../types';

/**
 * What a model expects of one pixel of an image, from the true values before it: the softmax
 * activations of PixelRNN, figure 6.
 *
 * @param images one image, values 0 … levels - 1
 * @returns for each channel the probabilities of its levels
 * @throws RangeError when there is not one image, or the place is outside it
 */
export function pixelProbabilities(
  model: AutoregressiveModel,
  images: Images,
  {row, column}: {readonly row: number; readonly column: number},
): Float64Array[] {
  const {height, width, channels} = model.image;
  if (images.count !== 1) {
    throw new RangeError(`pixelProbabilities: there must be one image, got ${images.count}`);
  }
  if (!(row >= 0 && row < height && column >= 0 && column < width)) {
    throw new RangeError(
      `pixelProbabilities: the place must lie inside ${height} x ${width}, got row ${row}, column ${column}`,
    );
  }
  const {levels} = model;
  const perValue = levels === 2 ? 1 : levels;
  const logits = tf.tidy(() => {
    const all = tf.reshape(model.logits(toTensor(images, undefined, levels)), [-1]);
    return tf.slice(all, (row * width + column) * channels * perValue, channels * perValue).dataSync();
  });
  return Array.from({length: channels}, (_, channel) => {
    const own = logits.subarray(channel * perValue, (channel + 1) * perValue);
    // A Bernoulli's one logit is that of white beside 0 for black.
    const pair = levels === 2 ? [0, own[0]] : [...own];
    const largest = Math.max(...pair);
    const weights = pair.map((logit) => Math.exp(logit - largest));
    const sum = weights.reduce((a, b) => a + b, 0);
    return Float64Array.from(weights, (weight) => weight / sum);
  });
}
