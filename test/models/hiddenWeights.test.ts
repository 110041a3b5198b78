import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {startEngine} from '../../lib/engine/index';
import {createModel, hiddenWeights} from '../../lib/models/index';
import {Random} from '../../lib/random';
import type {AutoregressiveModel, ModelConfig} from '../../lib/types';
import {randomImages, randomize} from '../properties/tools';

/**
 * What `hiddenWeights` says no mask ever shows: it can be stored as 0, and whoever forgets
 * the mask gets the same numbers.
 */

test.before(() => startEngine());

const COLOR = {height: 4, width: 4, channels: 3, levels: 4, firstSize: 3};
const MADE = {
  ...{height: 3, width: 3, channels: 1, hidden: [12, 10], masks: 1, orderAgnostic: false, order: 'raster'},
  ...{direct: true, conditioned: true, maskSeed: 3},
};
const CONFIGS: [string, ModelConfig][] = [
  ['made', MADE],
  ['made', {...MADE, masks: 3, orderAgnostic: true}],
  ['pixelcnn', {...COLOR, size: 3, features: 6, dilations: [1, 2], head: 6}],
  ['gated', {...COLOR, size: 3, features: 6, dilations: [1], head: 6, classes: 0}],
  ['rowlstm', {...COLOR, features: 6, layers: 2, residual: true, skip: true, head: 6}],
  ['diagonal', {...COLOR, features: 6, layers: 2, residual: true, skip: false, head: 6}],
];

function logitsOf(model: AutoregressiveModel): Float32Array[] {
  const images = randomImages(3, model.image, 1);
  return (model.ensemble?.() ?? [model]).map((member) =>
    tf.tidy(() => {
      const x = tf.tensor4d(Float32Array.from(images.pixels), [3, ...Object.values(model.image)] as never);
      return member.logits(x).dataSync().slice() as Float32Array;
    }),
  );
}

/** Other numbers where a mask hides the old ones. */
function fill(model: AutoregressiveModel, value: (i: number) => number): number {
  let count = 0;
  for (const [name, mask] of hiddenWeights(model.name, model.config)) {
    const parameter = model.parameters.get(name) as tf.Variable;
    assert.equal(mask.length, parameter.size, name);
    const values = parameter.dataSync().map((old, i) => (mask[i] === 0 ? value(i) : old));
    count += mask.filter((shown) => shown === 0).length;
    tf.tidy(() => parameter.assign(tf.tensor(values, parameter.shape)));
  }
  return count;
}

for (const [name, config] of CONFIGS) {
  const sets = name === 'made' ? ` with ${config.masks} sets of masks` : '';
  test(`${name}${sets}: what is hidden changes nothing, whatever it is`, () => {
    const model = createModel(name, config);
    randomize(model.parameters, 1, 0.5);
    const before = logitsOf(model);
    const random = new Random(2, 'garbage');
    assert.ok(fill(model, () => 100 * random.normal()) > 0);
    assert.deepEqual(logitsOf(model), before);
    fill(model, () => 0);
    assert.deepEqual(logitsOf(model), before);
    model.dispose();
  });
}

test('MADE: with zeros for what is hidden, plain products without a mask give the same logits', () => {
  const model = createModel('made', MADE);
  randomize(model.parameters, 1, 0.5);
  fill(model, () => 0);
  const [expected] = logitsOf(model);
  const plain = tf.tidy(() => {
    const of = (key: string): tf.Tensor2D => model.parameters.get(key) as unknown as tf.Tensor2D;
    const x = tf.tensor2d(Float32Array.from(randomImages(3, model.image, 1).pixels), [3, 9]);
    const present = tf.sum(of('present.weights'), 0);
    let hidden = tf.relu(tf.add(tf.add(tf.matMul(x, of('hidden1.weights')), of('hidden1.bias')), present));
    hidden = tf.relu(tf.add(tf.matMul(hidden as tf.Tensor2D, of('hidden2.weights')), of('hidden2.bias')));
    const output = tf.add(tf.matMul(hidden as tf.Tensor2D, of('output.weights')), of('output.bias'));
    return tf.add(output, tf.matMul(x, of('direct.weights'))).dataSync();
  });
  plain.forEach((logit, i) => {
    assert.ok(Math.abs(logit - expected[i]) < 1e-5, `logit ${i} is ${logit}, expected ${expected[i]}`);
  });
  model.dispose();
});

test('a first kernel: every weight that is not hidden acts', () => {
  for (const [name, config] of CONFIGS.slice(2)) {
    const model = createModel(name, config);
    randomize(model.parameters, 1, 0.5);
    const key = name === 'gated' ? 'layer1.vertical.weights' : 'first.weights';
    const kernel = model.parameters.get(key) as tf.Variable;
    const x = tf.randomNormal([30, 4, 4, 3], 0, 1, 'float32', 1) as tf.Tensor4D;
    const {value, grads} = tf.variableGrads(() => tf.sum(tf.square(model.logits(x))) as tf.Scalar, [kernel]);
    const slopes = grads[kernel.name].dataSync();
    const mask = hiddenWeights(name, config).get(key) ?? assert.fail(`${name} hides nothing of ${key}`);
    const acts = Float32Array.from(slopes, (slope) => (slope === 0 ? 0 : 1));
    assert.deepEqual(acts, mask, name);
    tf.dispose([x, value, grads]);
    model.dispose();
  }
});
