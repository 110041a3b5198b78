import * as tf from '@tensorflow/tfjs';
import {checkModelImages} from './evaluate';
import {toTensor} from './images/batches';
import type {AutoregressiveModel, Images} from './types';

/**
 * Where an image spends its nats: -log p(x_d | x_<d) of every value. Their sum over an image is its likelihood.
 *
 * @param images a few, of the model's size, values 0 or 1
 * @returns [count, H, W, C] in raster order, nats
 * @throws RangeError when the model is not binary or the images do not fit it
 */
export function natsPerValue(model: AutoregressiveModel, images: Images): Float32Array {
  if (model.levels !== 2) throw new RangeError(`natsPerValue: levels must be 2, got ${model.levels}`);
  checkModelImages(model, images);
  return tf.tidy(() => {
    const x = toTensor(images);
    const logits = model.logits(x);
    // -log p = softplus(logit) - x * logit
    return tf.sub(tf.softplus(logits), tf.mul(x, logits)).dataSync() as Float32Array;
  });
}
