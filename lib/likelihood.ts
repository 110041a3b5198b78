import * as tf from '@tensorflow/tfjs';
import {bernoulliNegativeLogLikelihood, categoricalNegativeLogLikelihood} from './engine/crossEntropy';
import type {AutoregressiveModel, ImageShape} from './types';

/**
 * The one place for units: a likelihood is a negative log-likelihood in nats per image until it is printed.
 */

/**
 * -log p(x) = -sum over d of log p(x_d | x_<d), in nats per image.
 *
 * @param x [B, H, W, C], values 0 … levels - 1 scaled to [0, 1]
 * @param logits as the model returns them: [B, H, W, C] for two levels, else [B, H, W, C, levels]
 * @returns [B] nats; differentiable; the caller disposes it
 */
export function negativeLogLikelihood(
  model: AutoregressiveModel,
  x: tf.Tensor4D,
  logits: tf.Tensor,
): tf.Tensor1D {
  const batch = x.shape[0];
  const {levels} = model;
  return tf.tidy(() => {
    const values = tf.reshape(x, [batch, -1]) as tf.Tensor2D;
    if (levels === 2) {
      return bernoulliNegativeLogLikelihood(tf.reshape(logits, [batch, -1]) as tf.Tensor2D, values);
    }
    const chosen = tf.cast(tf.round(tf.mul(values, levels - 1)), 'int32') as tf.Tensor2D;
    return categoricalNegativeLogLikelihood(tf.reshape(logits, [batch, -1, levels]) as tf.Tensor3D, chosen);
  });
}

/**
 * -log p(x) of one black-and-white value in plain numbers, as a sampler has
 * them: softplus(logit) - x · logit.
 */
export function natsOfValue(logit: number, value: number): number {
  return Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit))) - value * logit;
}

/** Nats per image to bits per dimension: divided by the number of values and by log 2. */
export function bitsPerDimension(nats: number, image: ImageShape): number {
  return nats / (image.height * image.width * image.channels * Math.LN2);
}

/** As the papers print it: bits per dimension for color, nats per image for what is black and white. */
export function likelihoodText(
  nats: number,
  {levels, image}: Pick<AutoregressiveModel, 'levels' | 'image'>,
): string {
  if (levels === 2) return `${nats.toFixed(3)} nats`;
  return `${bitsPerDimension(nats, image).toFixed(4)} bits per dimension`;
}

/**
 * The ensemble's negative log-likelihood: minus the logarithm of the *average probability* of the whole
 * image, log p(x) = logsumexp over k of log p_k(x) - log K (MADE, section 4.2). To average logits instead
 * gives numbers that look better and are not a likelihood.
 *
 * @param nats one array of -log p_k(x) for each member, in nats per image, all of the same length
 * @returns -log of the mean over members of p_k(x), in nats per image
 */
export function ensembleNats(nats: readonly Float64Array[]): Float64Array {
  if (nats.length === 0)
    throw new RangeError('ensembleNats: nats is empty; give those of at least one member');
  const other = nats.find((member) => member.length !== nats[0].length);
  if (other !== undefined) {
    throw new RangeError(
      `ensembleNats: all members must have scored the same images, got ${nats[0].length} and ${other.length}`,
    );
  }
  return nats[0].map((_, i) => {
    const least = Math.min(...nats.map((member) => member[i]));
    const sum = nats.reduce((total, member) => total + Math.exp(least - member[i]), 0);
    return least - Math.log(sum / nats.length);
  });
}

/** The mean, and its standard error over images. */
export function meanAndError(nats: Float64Array): {mean: number; standardError: number} {
  const mean = nats.reduce((a, b) => a + b, 0) / nats.length;
  const variance = nats.reduce((a, b) => a + (b - mean) ** 2, 0) / Math.max(1, nats.length - 1);
  return {mean, standardError: Math.sqrt(variance / nats.length)};
}
