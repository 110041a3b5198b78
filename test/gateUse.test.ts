import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {startEngine} from '../lib/engine/index';
import {gateMaps, gateUse} from '../lib/gateUse';
import {GatedPixelCnn} from '../lib/models/gatedPixelCnn';

test.before(() => startEngine());

const CONFIG = {
  ...{height: 3, width: 4, channels: 1, levels: 2, features: 2, dilations: [1]},
  ...{firstSize: 3, size: 3, head: 4, classes: 2},
} as const;

test('gates follow the second half of the features before them, in the layer and stack where they are', () => {
  const untold = GatedPixelCnn.create(CONFIG, 1);
  const model = untold.withLabels(1);
  for (const value of model.parameters.values()) tf.tidy(() => value.assign(tf.zerosLike(value)));
  const set = (name: string, values: number[][]): void => {
    tf.tidy(() => (model.parameters.get(name) as tf.Variable).assign(tf.tensor2d(values)));
  };
  // tanh gets 9 everywhere, which must not count; the sigmoids get 5 and -5, for class 1 only.
  set('layer2.class.horizontal', [
    [0, 0, 0, 0],
    [9, 9, 5, -5],
  ]);
  const x = tf.zeros([2, 3, 4, 1]) as tf.Tensor4D;
  const {numTensors} = tf.memory();
  const shut = {closed: 0, open: 0};
  assert.deepEqual(gateUse(model, x), [
    {layer: 1, stack: 'vertical', ...shut},
    {layer: 1, stack: 'horizontal', ...shut},
    {layer: 2, stack: 'vertical', ...shut},
    {layer: 2, stack: 'horizontal', closed: 0.5, open: 0.5},
  ]);
  assert.equal(tf.memory().numTensors, numTensors);
  const maps = gateMaps(model, x);
  assert.deepEqual(maps[3].gates.shape, [2, 3, 4, 2]);
  assert.ok(Math.abs(maps[3].gates.dataSync()[1] - 1 / (1 + Math.exp(5))) < 1e-6);
  for (const {gates} of maps) gates.dispose();
  x.dispose();
  untold.dispose();
});
