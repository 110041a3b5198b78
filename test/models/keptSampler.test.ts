import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {createAdam} from '../../lib/engine/adam';
import {startEngine} from '../../lib/engine/index';
import {native, withPortableTwins} from '../../lib/engine/native';
import {createModel} from '../../lib/models/index';
import {KeptSampler} from '../../lib/models/keptSampler';
import {sample} from '../../lib/sample';
import type {AutoregressiveModel, Drawing} from '../../lib/types';
import {SMALL_MODELS} from '../engine/smallModels';
import {randomize} from '../properties/tools';

/** A model keeps its sampler: what it draws is what a new one would draw, whatever happened in between. */
test.before(() => startEngine());

const KINDS = ['made', 'pixelcnn', 'gated', 'rowlstm', 'diagonal'] as const;

/** What a model with the same weights draws that has drawn nothing before. */
async function drawnAnew(kind: string, model: AutoregressiveModel, count: number): Promise<Uint8Array> {
  const other = createModel(kind, SMALL_MODELS[kind as 'gated'], 9);
  for (const [name, value] of other.parameters) {
    value.assign(tf.tidy(() => tf.mul(model.parameters.get(name) as tf.Tensor, 1)));
  }
  const {pixels} = await sample(other, {count, seed: 1});
  other.dispose();
  return pixels;
}

for (const kind of KINDS) {
  test(`${kind}: new weights are drawn with, assigned or stepped to in their place`, async () => {
    const model = createModel(kind, SMALL_MODELS[kind], 3);
    const adam = createAdam(model.parameters);
    const check = async (what: string): Promise<Uint8Array> => {
      for (const count of [5, 5, 2, 5]) {
        const {pixels} = await sample(model, {count, seed: 1});
        assert.deepEqual(pixels, await drawnAnew(kind, model, count), `${what}, ${count} images`);
      }
      return (await sample(model, {count: 5, seed: 1})).pixels;
    };
    const seen = [await check('first weights')];
    randomize(model.parameters, 7, 0.6);
    seen.push(await check('assigned'));
    for (let step = 1; step <= 2; step++) {
      const gradients = new Map(
        [...model.parameters].map(([name, value]) => [
          name,
          tf.randomNormal(value.shape, 0, 1, 'float32', step),
        ]),
      );
      adam.step(gradients, step, 0.3, 0.9);
      tf.dispose([...gradients.values()]);
      seen.push(await check(`step ${step}`));
    }
    await adam.withAverage(async () => {
      seen.push(await check('averages'));
    });
    assert.deepEqual(await check('weights again'), seen[3]);
    assert.ok(new Set(seen.map(String)).size > 3, 'the weights did change what is drawn');
    adam.dispose();
    model.dispose();
  });

  test(`${kind}: it begins anew, value by value and on the portable twins, too`, async () => {
    const model = createModel(kind, SMALL_MODELS[kind], 3);
    const expected = await drawnAnew(kind, model, 3);
    const options = {count: 3, seed: 1};
    for (let round = 0; round < 2; round++) {
      for (const onValue of [undefined, () => {}]) {
        assert.deepEqual((await sample(model, {...options, onValue})).pixels, expected);
        const twin = await withPortableTwins(() => sample(model, {...options, onValue}));
        assert.deepEqual(twin.pixels, expected);
      }
    }
    model.dispose();
  });

  test(`${kind}: two draws at a time do not disturb each other`, async () => {
    const model = createModel(kind, SMALL_MODELS[kind], 3);
    const expected = await drawnAnew(kind, model, 3);
    for (let round = 0; round < 2; round++) {
      const both = await Promise.all([0, 1].map(() => sample(model, {count: 3, seed: 1})));
      for (const {pixels} of both) assert.deepEqual(pixels, expected);
    }
    model.dispose();
  });
}

test('a sampler is made once for the same weights and number of images', () => {
  const weights = tf.variable(tf.tensor1d([1]), false);
  const kept = new KeptSampler(new Map([['weights', weights]]));
  let made = 0;
  const take = (count: number): void =>
    kept
      .take(count, () => {
        made++;
        return {next: () => new Float32Array(), restart: () => {}, dispose: () => {}};
      })
      .dispose();
  for (const count of [1, 1, 2, 2, 1]) take(count);
  assert.equal(made, 3, 'once for each other number of images');
  weights.assign(tf.tensor1d([2]));
  take(1);
  take(1);
  assert.equal(made, 4, 'once for other weights');
  withPortableTwins(() => take(1));
  assert.equal(made, native() === null ? 4 : 5, 'once for other kernels');
  kept.dispose();
  made = 0;
  take(1);
  take(1);
  assert.equal(made, 2, 'none is kept when the model is gone');
  weights.dispose();
});

test("what was disposed of is nobody's any more: it draws nothing, and is given back once", () => {
  const kept = new KeptSampler(new Map());
  const start = () => ({
    next: () => new Float32Array(),
    restart: () => {},
    draw: () => null,
    dispose: () => {},
  });
  const first = kept.take(1, start);
  first.dispose();
  assert.throws(() => first.next(null), /must be used before it is disposed of, got a call after that/);
  assert.throws(() => first.draw?.({} as Drawing), /must be used before/);
  let made = 0;
  const counted = () => {
    made++;
    return start();
  };
  const second = kept.take(1, counted);
  first.dispose();
  kept.take(1, counted).dispose();
  assert.equal(made, 1, 'the first one is lent to the second, and not to a third as well');
  second.dispose();
});
