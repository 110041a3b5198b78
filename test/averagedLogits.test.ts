import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {averagedLogits} from '../lib/averagedLogits';
import {startEngine} from '../lib/engine/index';
import {evaluate, evaluateEnsemble} from '../lib/evaluate';
import {toTensor} from '../lib/images/batches';
import {allBinaryImages} from '../lib/joint';
import {MADE_PRESETS, Made} from '../lib/models/made';

const shape = {height: 3, width: 3, channels: 1};
const images = allBinaryImages(shape);

/** Weights far from zero, so that the orders disagree. */
function tiny(orderAgnostic: boolean): Made {
  const made = Made.create({...MADE_PRESETS.small, ...shape, hidden: [40], masks: 4, orderAgnostic}, 1);
  for (const [name, weights] of made.parameters) {
    const values = tf.randomNormal(weights.shape, 0, name === 'hidden1.weights' ? 1 : 0.5, 'float32', 7);
    weights.assign(values);
    values.dispose();
  }
  return made;
}

const totalProbability = (nats: Float64Array): number => nats.reduce((sum, n) => sum + Math.exp(-n), 0);

test('one member is itself, and several give the mean of their logits', async () => {
  await startEngine();
  const made = tiny(true);
  const [first, second] = made.ensemble();
  const x = toTensor(images);
  const before = tf.memory().numTensors;
  const read = (logits: tf.Tensor): Float32Array => {
    const values = logits.dataSync() as Float32Array;
    logits.dispose();
    return values;
  };
  assert.deepEqual(read(averagedLogits([first]).logits(x)), read(first.logits(x)));
  const mean = read(averagedLogits([first, second]).logits(x));
  const [a, b] = [read(first.logits(x)), read(second.logits(x))];
  mean.forEach((value, i) => {
    assert.ok(Math.abs(value - (a[i] + b[i]) / 2) < 1e-5);
  });
  assert.equal(tf.memory().numTensors, before);
  made.dispose();
});

test('over different orders it is no probability; over one order it is; the ensemble always is', async () => {
  await startEngine();
  const total = async (orderAgnostic: boolean, averaged: boolean): Promise<number> => {
    const made = tiny(orderAgnostic);
    const members = made.ensemble();
    const {perImage} = averaged
      ? await evaluate(averagedLogits(members), images)
      : await evaluateEnsemble(members, images);
    made.dispose();
    return totalProbability(perImage);
  };
  assert.ok(Math.abs((await total(true, true)) - 1) > 0.01);
  assert.ok(Math.abs((await total(false, true)) - 1) < 1e-5);
  assert.ok(Math.abs((await total(true, false)) - 1) < 1e-5);
});

test('no member is an error', () => {
  assert.throws(() => averagedLogits([]), /at least one member/);
});
