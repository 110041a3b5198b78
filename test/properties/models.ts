import * as tf from '@tensorflow/tfjs';
import {hiddenMask, type Mask, outputMask, pathCounts} from '../../lib/layers/madeMasks';
import {Made, type MadeConfig, madeMasks} from '../../lib/models/made';
import type {AutoregressiveModel} from '../../lib/types';

/** A kind of model to which every property is applied. A new model joins by one entry in MODELS. */
export interface ModelUnderTest {
  readonly name: string;
  create(height: number, width: number, seed: number): AutoregressiveModel;
  /** [D, D] in row order: above 0 where the logits of value `column` should depend on value `row`. */
  sees(model: AutoregressiveModel): Float32Array;
}

/** The masks of a MADE multiplied, and the direct connection added: how many paths lead from each pixel to each logit. */
function madePaths(model: AutoregressiveModel): Float32Array {
  const made = model as Made;
  const {layers, direct} = madeMasks(made.config, made.degrees);
  const values = made.order.length;
  const paths = layers.length > 0 ? pathCounts(layers).values : new Float32Array(values * values);
  return direct === null ? paths : paths.map((count, i) => count + direct.values[i]);
}

function made(name: string, config: Partial<MadeConfig>): ModelUnderTest {
  return {
    name: `MADE, ${name}`,
    create: (height, width, seed) =>
      Made.create(
        {
          ...{height, width, channels: 1, hidden: [60], masks: 1, orderAgnostic: false},
          ...{order: 'raster', direct: false, maskSeed: 5},
          ...config,
        },
        seed,
      ),
    sees: madePaths,
  };
}

export const MODELS: readonly ModelUnderTest[] = [
  made('no hidden layer', {hidden: [], direct: true}),
  made('no hidden layer, random order', {hidden: [], direct: true, order: 'random'}),
  made('one hidden layer', {}),
  made('one hidden layer, direct', {direct: true}),
  made('two hidden layers, random order', {hidden: [60, 40], order: 'random'}),
  made('two hidden layers, three orders, direct', {
    ...{hidden: [60, 40], masks: 3, orderAgnostic: true, direct: true},
  }),
  made('an order for each step', {masks: 0, orderAgnostic: true, direct: true}),
  made('two hidden layers, three connectivities', {hidden: [60, 40], masks: 3, order: 'random'}),
];

/**
 * Controls: MADE with one mask wrong, which the properties must notice.
 * - `leaky`: outputs see hidden units of their own degree (>= where equation 11 has >), so each logit sees its own pixel.
 * - `blind`: hidden units see inputs below their degree only (> where equation 10 has >=). It still is a distribution;
 *   only the demand that allowed entries of the Jacobian are not zero can find it.
 * Its cache is the one of the right MADE.
 */
export function wrongMade(fault: 'leaky' | 'blind'): ModelUnderTest {
  return {
    name: `MADE, ${fault}`,
    create: (height, width, seed) => {
      const right = made('right', {}).create(height, width, seed) as Made;
      const [inputs, hidden] = right.degrees;
      const tensor = ({values, inputs, outputs}: Mask) => tf.tensor2d(values, [inputs, outputs]);
      const first = tensor(fault === 'blind' ? outputMask(inputs, hidden) : hiddenMask(inputs, hidden));
      const second = tensor(fault === 'leaky' ? hiddenMask(hidden, inputs) : outputMask(hidden, inputs));
      const parameter = (name: string) => right.parameters.get(name) as tf.Variable;
      return {
        name: 'made',
        config: right.config,
        image: right.image,
        levels: 2,
        parameters: right.parameters,
        order: right.order,
        logits: (x) =>
          tf.tidy(() => {
            const flat = tf.reshape(x, [x.shape[0], -1]) as tf.Tensor2D;
            const into = tf.mul(parameter('hidden1.weights'), first) as tf.Tensor2D;
            const units = tf.relu(tf.add(tf.matMul(flat, into), parameter('hidden1.bias'))) as tf.Tensor2D;
            const out = tf.mul(parameter('output.weights'), second) as tf.Tensor2D;
            return tf.reshape(tf.add(tf.matMul(units, out), parameter('output.bias')), x.shape);
          }),
        incremental: (count) => right.incremental(count),
        dispose: () => {
          right.dispose();
          tf.dispose([first, second]);
        },
      };
    },
    sees: (model) => madePaths(made('right', {}).create(model.image.height, model.image.width, 0)),
  };
}
