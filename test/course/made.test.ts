import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {knownFirst} from '../../lib/complete';
import {averagedLogits, checkAveraged, checkEnsemble, checkOrder} from '../../lib/course/made';
import {toTensor} from '../../lib/data/dataset';
import {occlude} from '../../lib/data/occlude';
import {startEngine} from '../../lib/engine/index';
import {evaluate, evaluateEnsemble} from '../../lib/evaluate';
import {allBinaryImages} from '../../lib/inspect/joint';
import {Made} from '../../lib/models/made';
import {MADE_PRESETS} from '../../lib/models/madePresets';

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
  assert.throws(() => averagedLogits([]), /members is empty; give at least one/);
});

test('the ensemble: a stable logarithm of the mean is right, a mean of nats and plain exponentials are not', async () => {
  const stable = (nats: readonly number[]): number => {
    const least = Math.min(...nats);
    return least - Math.log(nats.reduce((sum, n) => sum + Math.exp(least - n), 0) / nats.length);
  };
  const mean = (nats: readonly number[]): number => nats.reduce((a, b) => a + b, 0) / nats.length;
  assert.match(await checkEnsemble(stable), /: right$/);
  assert.match(await checkEnsemble(mean), /: not yet: .*1, 2, 4 nats/);
  assert.match(
    await checkEnsemble((nats) => -Math.log(mean(nats.map((n) => Math.exp(-n))))),
    /: not yet: .*900.*Infinity/,
  );
  assert.match(await checkEnsemble(() => undefined), /: open$/);
});

test('the order: known pixels first, each pixel once', async () => {
  const mask = occlude(shape, 'right');
  const raster = Int32Array.from({length: 9}, (_, i) => i);
  assert.match(await checkOrder(knownFirst(raster, mask), mask), /: right$/);
  assert.match(await checkOrder(raster, mask), /: not yet: .*4 known pixels/);
  assert.match(await checkOrder(new Int32Array(9), mask), /: not yet: .*once/);
  assert.match(await checkOrder(undefined, mask), /: open$/);
});

test('averaged logits: a likelihood when all sets of masks share one order', async () => {
  await startEngine();
  const config = {...MADE_PRESETS.small, ...shape, hidden: [40], direct: false, masks: 4};
  assert.match(await checkAveraged({...config, orderAgnostic: false}), /: right$/);
  assert.match(await checkAveraged({...config, orderAgnostic: true}), /: not yet: .*not 1/);
  assert.match(await checkAveraged({...config, masks: 1}), /: not yet: .*2 sets/);
});
