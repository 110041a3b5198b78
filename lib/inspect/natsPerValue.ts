import * as tf from '@tensorflow/tfjs';
import {conditionOf} from '../condition';
import {toTensor} from '../data/dataset';
import {categoricalNegativeLogLikelihood} from '../engine/crossEntropy';
import {checkModelImages} from '../evaluate';
import type {AutoregressiveModel, Condition, Images} from '../types';

/**
 * Where an image spends its nats: -log p(x_d | x_<d) of every value. Their sum
 * over an image is its likelihood.
 *
 * @param images a few, of the model's size, values 0 … levels - 1
 * @param condition the class of all, or of each; default: their labels, for a model
 *   that is conditioned on classes
 * @returns [count, H, W, C] in raster order, nats
 * @throws RangeError when the images do not fit the model
 */
export function natsPerValue(
  model: AutoregressiveModel,
  images: Images,
  condition: Condition | undefined = conditionOf(model, images),
): Float32Array {
  const {levels} = model;
  checkModelImages(model, images);
  return tf.tidy(() => {
    const x = toTensor(images, undefined, levels);
    const logits = model.logits(x, condition);
    if (levels === 2) {
      // -log p = softplus(logit) - x * logit
      return tf.sub(tf.softplus(logits), tf.mul(x, logits)).dataSync() as Float32Array;
    }
    const values = tf.tensor2d(Int32Array.from(images.pixels), [images.pixels.length, 1], 'int32');
    const each = tf.reshape(logits, [images.pixels.length, 1, levels]) as tf.Tensor3D;
    return categoricalNegativeLogLikelihood(each, values).dataSync() as Float32Array;
  });
}
