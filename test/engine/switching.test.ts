import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {native, withPortableTwins} from '../../lib/engine/native';
import {evaluate} from '../../lib/evaluate';
import {createModel} from '../../lib/models/index';
import {sample} from '../../lib/sample';
import {train} from '../../lib/train';
import {TRAIN_DEFAULTS} from '../../lib/types';
import {randomImages} from '../properties/tools';
import {backends, startBackends} from './backends';
import {SHAPE, SMALL_MODELS} from './smallModels';

/**
 * The active backend decides which form of an operation serves: another backend may be
 * chosen at any time after the start.
 */
startBackends();

for (const [name, config] of Object.entries(SMALL_MODELS)) {
  test(`${name} is scored, sampled and trained on each backend, and back again`, async () => {
    const model = createModel(name, config, 1);
    const images = randomImages(6, SHAPE, 2);
    let expected: {nats: number; pixels: Uint8Array} | undefined;
    for (const backend of [...backends, ...backends]) {
      await tf.setBackend(backend);
      const {nats} = await evaluate(model, images);
      const {pixels} = await sample(model, {count: 2, seed: 1});
      expected ??= {nats, pixels};
      assert.ok(Math.abs(nats - expected.nats) < 1e-4, `${backend}: ${nats}, not ${expected.nats}`);
      assert.deepEqual(pixels, expected.pixels, `${backend}: pixels`);
    }
    for (const backend of backends) {
      await tf.setBackend(backend);
      const other = createModel(name, config, 1);
      const data = {train: randomImages(4, SHAPE, 1, 255), validation: images};
      const recipe = {...TRAIN_DEFAULTS, batchSize: 2, binarization: 'threshold' as const};
      const {bestNats} = await train(other, data, recipe);
      assert.ok(Number.isFinite(bestNats), backend);
      other.dispose();
    }
    await tf.setBackend(backends[0]);
    model.dispose();
  });
}

test('the override serves the twins within it only, also when it is async or fails', async () => {
  await tf.setBackend(backends[0]);
  const before = native();
  assert.equal(
    withPortableTwins(() => native()),
    null,
  );
  assert.equal(native(), before);
  const later = withPortableTwins(async () => {
    await Promise.resolve();
    return native();
  });
  assert.equal(await later, null);
  assert.equal(native(), before);
  assert.throws(
    () =>
      withPortableTwins(() => {
        throw new Error('inside');
      }),
    /inside/,
  );
  await assert.rejects(
    withPortableTwins(async () => {
      throw new Error('inside');
    }),
    /inside/,
  );
  assert.equal(native(), before);
});
