import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {binarize} from '../../lib/data/binarize';
import {startEngine} from '../../lib/engine/index';
import {evaluate, evaluateEnsemble} from '../../lib/evaluate';
import {Made} from '../../lib/models/made';
import {Random} from '../../lib/random';
import {sample} from '../../lib/sample';
import {train} from '../../lib/train';
import type {Images} from '../../lib/types';
import {TRAIN_DEFAULTS} from '../../lib/types';

/** Where there is no native runtime everything must run on WebAssembly, and give the same. */

/** Gray bars in images of 14 x 14 pixels: learned at once. */
function bars(count: number, seed: number): Images {
  const random = new Random(seed, 'bars');
  const pixels = new Uint8Array(count * 196);
  for (let i = 0; i < count; i++) {
    const first = random.integer(10);
    for (let y = 2; y < 12; y++) for (let x = first; x < first + 4; x++) pixels[i * 196 + y * 14 + x] = 235;
  }
  return {pixels, count, height: 14, width: 14, channels: 1};
}

interface Result {
  readonly nats: number[];
  readonly ensemble: number;
  readonly bestNats: number;
  readonly pixels: Uint8Array;
}

async function trainEvaluateSample(): Promise<Result> {
  const model = Made.create(
    {
      height: 14,
      width: 14,
      channels: 1,
      hidden: [64, 64],
      direct: true,
      masks: 2,
      orderAgnostic: true,
      order: 'raster',
      conditioned: false,
      maskSeed: 0,
    },
    1,
  );
  model.ensemble();
  const {numTensors} = tf.memory();
  const gray = bars(200, 1);
  const validation = binarize(bars(50, 2), {rule: 'static', seed: 0});
  const options = {...TRAIN_DEFAULTS, epochs: 3, batchSize: 20, learningRate: 3e-3, clipNorm: 100};
  const {history, bestNats} = await train(model, {train: gray, validation}, options);
  const {nats} = await evaluateEnsemble(model.ensemble(), validation);
  const again = await evaluate(model, validation);
  assert.ok(Math.abs(again.nats - bestNats) < 1e-3);
  const cached = await sample(model, {count: 4, seed: 0});
  const naive = await sample(model, {count: 2, seed: 0, method: 'naive'});
  assert.deepEqual(naive.pixels, cached.pixels.subarray(0, 2 * 196));
  assert.equal(tf.memory().numTensors, numTensors, 'tensors are left behind');
  model.dispose();
  return {nats: history.map((row) => row.nats), ensemble: nats, bestNats, pixels: cached.pixels};
}

test('TF_ENGINE with another value is an error; corrected, it works in the same process', async () => {
  process.env.TF_ENGINE = 'cuda';
  await assert.rejects(startEngine(), /TF_ENGINE must be 'tensorflow' or 'wasm', got 'cuda'; unset it/);
  process.env.TF_ENGINE = 'wasm';
  const engine = await startEngine();
  assert.equal(engine.name, 'wasm');
  assert.match(engine.description, /WebAssembly .*TF_ENGINE asks.*slower/);
  assert.equal(tf.getBackend(), 'wasm');
  assert.equal(await startEngine(), engine);
});

test('MADE is trained, scored and sampled on WebAssembly, and agrees with the native runtime', async (t) => {
  assert.equal(tf.getBackend(), 'wasm');
  const wasm = await trainEvaluateSample();
  assert.ok(wasm.nats[0] > wasm.bestNats && wasm.bestNats < 100, `${wasm.bestNats} nats`);
  try {
    require('@tensorflow/tfjs-node');
  } catch {
    t.diagnostic('the native runtime does not load here: nothing to compare with');
    return;
  }
  await tf.setBackend('tensorflow');
  const native = await trainEvaluateSample();
  for (const [k, nats] of [...wasm.nats, wasm.ensemble].entries()) {
    const other = [...native.nats, native.ensemble][k];
    assert.ok(Math.abs(nats - other) < 1e-3 * other, `row ${k}: ${nats} on WebAssembly, ${other} native`);
  }
});
