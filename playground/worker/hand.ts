import * as tf from '@tensorflow/tfjs';
import {maskedStack} from '../../lib/course/pixelCnnMasks';
import {dependence} from '../../lib/inspect/jacobian';
import {tabulate} from '../../lib/inspect/joint';
import {rasterMask} from '../../lib/layers/rasterMasks';
import {Random} from '../../lib/random';
import type {AutoregressiveModel} from '../../lib/types';
import type {HandInput, HandResult} from '../protocol';
import {engine} from './engine';

/** What masks made by hand do: on images so small that all of them can be summed. */
export async function hand(input: HandInput): Promise<HandResult> {
  await engine();
  const model = input.kind === 'made' ? network(input) : kernel(input.taps);
  try {
    const probabilities = await tabulate(model);
    const {values} = await dependence(model, {seed: 0});
    return {
      sum: probabilities.reduce((a, b) => a + b, 0),
      images: probabilities.length,
      depends: Uint8Array.from(values, (value) => (value === 0 ? 0 : 1)),
    };
  } finally {
    model.dispose();
  }
}

/** Three layers of 3 x 3 on images of 3 x 3, the first with the taps that are open. */
function kernel(taps: Uint8Array): AutoregressiveModel {
  // Whether the center is open is the type's to say: A hides it, B shows it.
  const first = taps[4] === 1 ? 'B' : 'A';
  let layer = 0;
  return maskedStack({
    image: {height: 3, width: 3, channels: 1},
    types: [first, 'B'],
    features: 12,
    mask: (size, type) => (layer++ === 0 ? Float32Array.from(taps) : rasterMask(size, type)),
    seed: 2,
  });
}

/**
 * A network of one hidden layer with the connections that are open; MADE is this with
 * masks that follow from degrees.
 */
function network({layers, inputs, hidden}: Extract<HandInput, {kind: 'made'}>): AutoregressiveModel {
  const random = new Random(5, 'masks by hand');
  const normal = (length: number): Float32Array => Float32Array.from({length}, () => 1.5 * random.normal());
  const [first, second] = layers.map((mask, k) => {
    const weights = normal(mask.length).map((value, i) => value * mask[i]);
    return tf.keep(tf.tensor2d(weights, k === 0 ? [inputs, hidden] : [hidden, inputs]));
  });
  const [below, above] = [tf.keep(tf.tensor1d(normal(hidden))), tf.keep(tf.tensor1d(normal(inputs)))];
  return {
    name: 'by hand',
    config: {},
    parameters: new Map(),
    levels: 2,
    image: {height: 1, width: inputs, channels: 1},
    order: Int32Array.from({length: inputs}, (_, k) => k),
    logits: (x) =>
      tf.tidy(() => {
        const units = tf.tanh(tf.add(tf.matMul(tf.reshape(x, [-1, inputs]), first), below));
        return tf.reshape(tf.add(tf.matMul(units, second), above), x.shape);
      }),
    dispose: () => tf.dispose([first, second, below, above]),
  };
}
