import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {startEngine} from '../lib/engine/index';
import {native, withPortableTwins} from '../lib/engine/native';
import {evaluate} from '../lib/evaluate';
import {NotFiniteError, whereNotFinite} from '../lib/finite';
import {createModel} from '../lib/models/index';
import {sample} from '../lib/sample';
import {TrainingDivergedError, train} from '../lib/train';
import {TRAIN_DEFAULTS} from '../lib/types';
import {SHAPE, SMALL_MODELS} from './engine/smallModels';
import {randomImages} from './properties/tools';

/**
 * One weight that is not a number is found by whoever meets it, natively and by the
 * twins, and its tensor is named.
 */
test.before(() => startEngine());

const forms = (): ((run: () => Promise<void>) => Promise<void>)[] =>
  native() === null ? [(run) => run()] : [(run) => run(), withPortableTwins];

/** The first weight that lives: under a mask a weight is of no consequence. */
function poison(variable: tf.Variable, live: number): () => void {
  const before = variable.dataSync().slice();
  const assign = (values: Float32Array): void =>
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  const values = Float32Array.from(before);
  values[live] = Number.NaN;
  assign(values);
  return () => assign(Float32Array.from(before));
}

for (const [name, config] of Object.entries(SMALL_MODELS)) {
  test(`${name}: a NaN in any parameter stops evaluation, sampling and training, which name it`, async () => {
    const model = createModel(name, config, 1);
    const images = randomImages(3, SHAPE, 2);
    const data = {train: randomImages(4, SHAPE, 1, 255), validation: images};
    const recipe = {...TRAIN_DEFAULTS, batchSize: 2, binarization: 'threshold' as const};
    const gradients = new Map<string, ArrayLike<number>>();
    tf.tidy(() => {
      const x = tf.randomUniform([3, 5, 6, 1], 0.1, 1, 'float32', 1) as tf.Tensor4D;
      const {grads} = tf.variableGrads(
        () => tf.sum(tf.square(model.logits(x))) as tf.Scalar,
        [...model.parameters.values()],
      );
      for (const [key, value] of Object.entries(grads)) gradients.set(key, value.dataSync());
    });
    for (const [key, variable] of model.parameters) {
      const live = Array.from(gradients.get(variable.name) ?? []).findIndex((slope) => slope !== 0);
      assert.notEqual(live, -1, `${key} has no live weight`);
      const restore = poison(variable, live);
      const named = (error: Error): boolean => {
        assert.ok(error instanceof NotFiniteError || error instanceof TrainingDivergedError, error.stack);
        assert.ok(error.message.includes(`'${key}'`), `${key}: ${error.message}`);
        return true;
      };
      const {numTensors} = tf.memory();
      for (const inForm of forms()) {
        await inForm(async () => {
          await assert.rejects(evaluate(model, images), named);
          await assert.rejects(sample(model, {count: 2, seed: 0}), named);
        });
      }
      await assert.rejects(sample(model, {count: 2, seed: 0, method: 'naive'}), named);
      await assert.rejects(train(model, data, recipe), named);
      assert.equal(tf.memory().numTensors, numTensors, `${key}: tensors are left behind`);
      restore();
    }
    const {nats} = await evaluate(model, images);
    assert.ok(Number.isFinite(nats));
    model.dispose();
  });
}

test('what is not finite is named with the number of its values; that all are is said, too', () => {
  const good = tf.tensor1d([1, 2, 3]);
  const bad = tf.tensor1d([1, Number.POSITIVE_INFINITY, Number.NaN]);
  assert.match(
    whereNotFinite(
      new Map([
        ['a', good],
        ['b', bad],
      ]),
    ),
    /parameter .* 'b', in 2 of 3 values/,
  );
  assert.match(whereNotFinite(new Map([['a', good]]), 'gradient'), /^Every gradient is/);
  tf.dispose([good, bad]);
});
