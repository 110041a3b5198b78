import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {startEngine} from '../../lib/engine/index';
import {evaluate} from '../../lib/evaluate';
import {dependence, orderViolations} from '../../lib/inspect/jacobian';
import {receptiveField, unseenBefore} from '../../lib/inspect/receptiveField';
import {parameterCount} from '../../lib/layers/parameters';
import {negativeLogLikelihood} from '../../lib/likelihood';
import {createModel, findPreset} from '../../lib/models/index';
import {PIXEL_CNN_PRESETS, PixelCnn, type PixelCnnConfig} from '../../lib/models/pixelCnn';
import {sample} from '../../lib/sample';
import {train} from '../../lib/train';
import {TRAIN_DEFAULTS} from '../../lib/types';
import {allImages, randomImages, randomize} from '../properties/tools';

test.before(() => startEngine());

const SMALL: PixelCnnConfig = {
  height: 6,
  width: 7,
  channels: 1,
  levels: 2,
  features: 8,
  firstSize: 3,
  size: 3,
  dilations: [1, 1],
  head: 8,
};
const RGB = {...SMALL, height: 2, width: 2, channels: 3, features: 12, head: 12, dilations: [1]};

async function withModel(config: PixelCnnConfig, run: (model: PixelCnn) => Promise<void>): Promise<void> {
  const model = PixelCnn.create(config, 1);
  try {
    randomize(model.parameters, 7, 1.3);
    await run(model);
  } finally {
    model.dispose();
  }
}

test('sizes: table 1 counted by hand, and the published preset', () => {
  const paper = PixelCnn.create(PIXEL_CNN_PRESETS.paper);
  // Live rows: 4 x 7 of the first kernel, 2 x 3 of each block's.
  const first = 4 * 7 * 64 + 64;
  const block = 64 * 32 + 32 + (2 * 3 * 32 * 32 + 32) + 32 * 64 + 64;
  const head = 64 * 32 + 32 + 32 * 32 + 32 + 32 + 1;
  assert.equal(parameterCount(paper.parameters), first + 7 * block + head);
  paper.dispose();
  assert.equal(findPreset('pixelcnn').preset, 'digits');
});

test('each number of a config is checked', () => {
  const wrong: [Partial<PixelCnnConfig>, RegExp][] = [
    [{firstSize: 6}, /firstSize must be a positive odd integer, got 6/],
    [{size: 0}, /size must be a positive odd integer, got 0/],
    [{levels: 1}, /levels must be an integer from 2 to 256, got 1/],
    [{levels: 257}, /levels must be an integer from 2 to 256, got 257/],
    [{features: 0}, /features must be a positive integer, got 0/],
    [{dilations: [1, 0]}, /dilations must be a positive integer, got 0/],
    [{channels: 3, features: 32}, /multiple of the 3 color groups/],
    [{height: 2.5}, /height must be a positive integer, got 2.5/],
  ];
  for (const [part, message] of wrong) {
    assert.throws(() => PixelCnn.create({...SMALL, ...part} as PixelCnnConfig), {
      name: 'RangeError',
      message,
    });
  }
  const model = PixelCnn.create(SMALL);
  assert.throws(() => model.logits(tf.zeros([1, 7, 6, 1])), /must be \[B, 6, 7, 1\], got \[1, 7, 6, 1\]/);
  model.dispose();
});

test('the blind spot, pinned pixel by pixel', async () => {
  const config = {...SMALL, height: 8, width: 9};
  await withModel(config, async (model) => {
    // 3 x 3 kernels three times: a row higher shows one column more to the right, and no more.
    const expected = (y: number, x: number): boolean => {
      const [up, right] = [5 - y, x - 4];
      if (up < 0 || up > 3 || right < -3) return false;
      return up === 0 ? right < 0 : right <= up;
    };
    for (const method of ['gradient', 'perturbation'] as const) {
      const field = await receptiveField((x) => model.logits(x), model.image, {row: 5, column: 4, method});
      field.values.forEach((value, i) => {
        const [y, x] = [Math.floor(i / 9), i % 9];
        assert.equal(value > 0, expected(y, x), `${method}: row ${y}, column ${x}: ${value}`);
      });
      const blind = [...unseenBefore(field)];
      // To the right in the three rows above, a triangle, that no further layer of this width would show.
      for (const [y, x] of [
        [4, 6],
        [4, 7],
        [3, 7],
      ])
        assert.ok(blind.includes(y * 9 + x));
    }
  });
});

test('dilated blocks see farther at the same cost', async () => {
  const image = {height: 20, width: 21, channels: 1};
  const plain = {...SMALL, ...image, dilations: [1, 1]};
  const seen: number[] = [];
  for (const config of [plain, {...plain, dilations: [1, 4]}]) {
    await withModel(config, async (model) => {
      const field = await receptiveField((x) => model.logits(x), image, {row: 15, column: 10});
      const rows = [...field.values.keys()].filter((i) => field.values[i] > 0).map((i) => Math.floor(i / 21));
      seen.push(15 - Math.min(...rows));
      assert.equal(Math.max(...rows), 15);
    });
  }
  assert.deepEqual(seen, [3, 6]);
});

test('RGB: a color sees those before it in its own pixel, and no other', async () => {
  for (const levels of [2, 5]) {
    await withModel({...RGB, levels}, async (model) => {
      for (const method of ['gradient', 'perturbation'] as const) {
        const found = await dependence(model, {seed: 3, images: 8, method});
        const {leaks, blind} = orderViolations(found, model.order);
        assert.deepEqual(leaks, []);
        // Nothing is hidden in 2 x 2 pixels: a 3 x 3 kernel shows all of them.
        assert.deepEqual(blind, [], `levels ${levels}, ${method}`);
      }
    });
  }
});

test('RGB probabilities sum to one: 2 levels in 2 x 2 pixels, 4 levels in 1 x 2', async () => {
  for (const config of [RGB, {...RGB, height: 1, levels: 4}]) {
    await withModel(config, async (model) => {
      const {perImage} = await evaluate(model, allImages(model.image, model.levels));
      const sum = perImage.reduce((total, nats) => total + Math.exp(-nats), 0);
      assert.ok(Math.abs(sum - 1) < 1e-5, `sum is ${sum}`);
    });
  }
});

test('cached sampling chooses what naive sampling chooses', async () => {
  for (const config of [
    SMALL,
    {...SMALL, dilations: [2, 1, 3]},
    {...RGB, levels: 3},
    {...RGB, levels: 256},
  ]) {
    await withModel(config, async (model) => {
      for (const count of [2, 20]) {
        const options = {count, seed: 5};
        const cached = await sample(model, {...options, method: 'cached'});
        const naive = await sample(model, {...options, method: 'naive'});
        assert.deepEqual(cached.pixels, naive.pixels, `${JSON.stringify(config)}, ${count} images`);
      }
    });
  }
});

test('a sampler leaves no tensor behind, and says when it is asked in the wrong order', async () => {
  await withModel(SMALL, async (model) => {
    for (const count of [2, 20]) {
      const {numTensors} = tf.memory();
      const sampler = model.incremental(count);
      assert.throws(() => sampler.next(new Float32Array(count)), /null for the first value/);
      sampler.next(null);
      assert.throws(() => sampler.next(null), /null for the first value/);
      for (let k = 1; k < model.order.length; k++) sampler.next(new Float32Array(count));
      assert.throws(() => sampler.next(new Float32Array(count)), /every value of the image/);
      sampler.dispose();
      assert.equal(tf.memory().numTensors, numTensors);
    }
  });
});

test('a step and a pass leave no tensor behind, and learn one batch', async () => {
  const model = PixelCnn.create({...SMALL, features: 12}, 2);
  const images = randomImages(8, model.image, 3);
  const {numTensors} = tf.memory();
  const before = (await evaluate(model, images)).nats;
  assert.ok(Math.abs(before - 42 * Math.LN2) < 4, `first weights say little: ${before}`);
  const options = {...TRAIN_DEFAULTS, epochs: 200, batchSize: 8, learningRate: 1e-2, averageDecay: 0.5};
  const gray = randomImages(8, model.image, 3, 255);
  await train(model, {train: gray, validation: images}, {...options, binarization: 'threshold'});
  const after = (await evaluate(model, images)).nats;
  assert.equal(tf.memory().numTensors, numTensors);
  assert.ok(after < before / 2, `from ${before} to ${after}`);
  model.dispose();
});

test('the same seed makes the same model; a checkpoint says enough to make it again', () => {
  const [one, two] = [PixelCnn.create(SMALL, 4), createModel('pixelcnn', SMALL, 4)];
  for (const [name, value] of one.parameters) {
    assert.deepEqual(value.dataSync(), two.parameters.get(name)?.dataSync(), name);
  }
  one.dispose();
  two.dispose();
});

test('the batch is not changed, and the likelihood of softmax values is finite', async () => {
  await withModel({...RGB, levels: 256}, async (model) => {
    tf.tidy(() => {
      const x = tf.fill([2, 2, 2, 3], 128 / 255) as tf.Tensor4D;
      const before = x.dataSync().slice();
      const logits = model.logits(x);
      assert.deepEqual(logits.shape, [2, 2, 2, 3, 256]);
      const nats = negativeLogLikelihood(model, x, logits).dataSync();
      assert.ok(nats.every((value) => value > 0 && Number.isFinite(value)));
      assert.deepEqual(x.dataSync(), before);
    });
  });
});
