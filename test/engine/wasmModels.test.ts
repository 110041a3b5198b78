import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {startEngine} from '../../lib/engine/index';
import {evaluate} from '../../lib/evaluate';
import {createModel} from '../../lib/models/index';
import {sample} from '../../lib/sample';
import {train} from '../../lib/train';
import {type ModelConfig, TRAIN_DEFAULTS} from '../../lib/types';
import {randomImages} from '../properties/tools';

/**
 * A convolutional and two recurrent models from end to end on WebAssembly, beside the
 * native runtime where that is there.
 */

const SHAPE = {height: 6, width: 7, channels: 1};
const RNN = {...SHAPE, levels: 2, features: 4, layers: 2, firstSize: 3, residual: true, skip: false, head: 6};
const CONV = {...SHAPE, levels: 2, features: 4, dilations: [1, 2], firstSize: 3, size: 3, head: 6};
const MODELS: Readonly<Record<string, ModelConfig>> = {
  pixelcnn: CONV,
  gated: {...CONV, classes: 0},
  rowlstm: RNN,
  diagonal: RNN,
};

interface Result {
  readonly nats: readonly number[];
  readonly pixels: Uint8Array;
}

/** Two epochs of training, a score, samples by both methods, and no tensor left. */
async function fromEndToEnd(name: string): Promise<Result> {
  const model = createModel(name, MODELS[name], 1);
  const {numTensors} = tf.memory();
  const data = {train: randomImages(40, SHAPE, 1, 255), validation: randomImages(10, SHAPE, 2)};
  const recipe = {...TRAIN_DEFAULTS, epochs: 2, batchSize: 10, learningRate: 5e-3, clipNorm: 100};
  const {history} = await train(model, data, {...recipe, binarization: 'threshold'});
  const {nats} = await evaluate(model, data.validation);
  const cached = await sample(model, {count: 3, seed: 0});
  const naive = await sample(model, {count: 3, seed: 0, method: 'naive'});
  assert.deepEqual(naive.pixels, cached.pixels, `${name}: the cache changes a pixel`);
  assert.equal(tf.memory().numTensors, numTensors, `${name}: tensors are left behind`);
  model.dispose();
  return {nats: [...history.map((row) => row.nats), nats], pixels: cached.pixels};
}

test('convolutional and recurrent models learn, score and draw on WebAssembly as natively', async (t) => {
  process.env.TF_ENGINE = 'wasm';
  await startEngine();
  assert.equal(tf.getBackend(), 'wasm');
  const wasm: Record<string, Result> = {};
  for (const name of Object.keys(MODELS)) wasm[name] = await fromEndToEnd(name);
  for (const [name, {nats}] of Object.entries(wasm)) {
    assert.ok(nats.every(Number.isFinite) && nats[2] < nats[0], `${name}: ${nats}`);
  }
  try {
    require('@tensorflow/tfjs-node');
  } catch {
    t.diagnostic('the native runtime does not load here: nothing to compare with');
    return;
  }
  await tf.setBackend('tensorflow');
  for (const name of Object.keys(MODELS)) {
    const native = await fromEndToEnd(name);
    native.nats.forEach((nats, k) => {
      assert.ok(Math.abs(nats - wasm[name].nats[k]) < 1e-3 * nats, `${name}: ${nats}, ${wasm[name].nats[k]}`);
    });
    assert.deepEqual(native.pixels, wasm[name].pixels, `${name}: pixels`);
  }
});
