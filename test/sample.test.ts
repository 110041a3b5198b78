import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {startEngine} from '../lib/engine/index';
import {createModel} from '../lib/models/index';
import {Made} from '../lib/models/made';
import {Random} from '../lib/random';
import {type ChosenValue, type SampleOptions, sample, sampleUniforms} from '../lib/sample';
import type {AutoregressiveModel} from '../lib/types';
import {SMALL_MODELS} from './engine/smallModels';
import {randomImages, randomize} from './properties/tools';

test.before(() => startEngine());

const image = {height: 3, width: 4, channels: 1};

function small(): Made {
  const made = Made.create({
    ...{...image, hidden: [20], direct: true},
    ...{masks: 1, orderAgnostic: false, order: 'random', conditioned: false, maskSeed: 0},
  });
  randomize(made.parameters, 1, 2);
  return made;
}

/** A model whose logits are the same for every image; what its cache says is off by `error`. */
function constant(logits: Float32Array, levels: number, error = 0): AutoregressiveModel {
  const numbers = levels === 2 ? 1 : levels;
  const values = logits.length / numbers;
  return {
    ...{name: 'constant', config: {}, parameters: new Map(), levels},
    image: {height: 1, width: values, channels: 1},
    order: Int32Array.from({length: values}, (_, k) => k),
    logits: (x) =>
      tf.tidy(() => {
        const shape = levels === 2 ? [1, values, 1] : [1, values, 1, levels];
        return tf.add(tf.zeros([x.shape[0], ...shape]), tf.tensor(logits, shape));
      }),
    incremental: (count) => {
      let k = 0;
      return {
        next: () => {
          const row = logits.subarray(k * numbers, ++k * numbers).map((logit) => logit + error);
          return Float32Array.from({length: count * numbers}, (_, i) => row[i % numbers]);
        },
        dispose: () => {},
      };
    },
    dispose: () => {},
  };
}

test('the rule for one value: 1 where u is at least P(0), with u from (seed, sample, i)', async () => {
  const logits = Float32Array.of(-2, -1, 0, 1, 2);
  const {pixels} = await sample(constant(logits, 2), {count: 20, seed: 6});
  const uniforms = sampleUniforms(6, 20, 5);
  for (let i = 0; i < 20; i++) {
    const random = new Random(6, 'sample', i);
    logits.forEach((logit, k) => {
      const zero = 1 / (1 + Math.exp(logit));
      assert.equal(pixels[i * 5 + k], uniforms[i][k] >= zero ? 1 : 0);
      assert.equal(uniforms[i][k], Math.fround(random.uniform()));
    });
  }
});

test('the rule for one value of four: how many cumulative probabilities u has reached', async () => {
  const probabilities = [0.1, 0.2, 0.3, 0.4];
  const logits = Float32Array.from([...probabilities, ...probabilities], (p) => 5 + Math.log(p));
  const {pixels} = await sample(constant(logits, 4), {count: 200, seed: 1});
  for (let i = 0; i < 200; i++) {
    const random = new Random(1, 'sample', i);
    for (let k = 0; k < 2; k++) {
      const u = random.uniform();
      assert.equal(pixels[i * 2 + k], [0.1, 0.3, 0.6].filter((threshold) => u >= threshold).length);
    }
  }
});

test('rounding in the cache never decides a pixel', async () => {
  // The first uniform number itself is the threshold: whether it is reached hangs
  // on the last digits of the logit.
  for (let seed = 0; seed < 40; seed++) {
    const u = new Random(seed, 'sample', 0).uniform();
    const logits = Float32Array.of(Math.log((1 - u) / u));
    const full = await sample(constant(logits, 2), {count: 1, seed, method: 'naive'});
    for (const error of [-2e-6, 0, 2e-6]) {
      const cached = await sample(constant(logits, 2, error), {count: 1, seed});
      assert.deepEqual(cached.pixels, full.pixels, `seed ${seed}, error ${error}`);
    }
  }
});

test('rounding in the cache never decides a pixel at low temperatures either', async () => {
  for (let seed = 0; seed < 40; seed++) {
    const u = new Random(seed, 'sample', 0).uniform();
    for (const temperature of [1e-2, 1e-4, 1e-6, 1e-8]) {
      const tie = temperature * Math.log((1 - u) / u);
      for (const [logits, levels] of [
        [Float32Array.of(tie), 2],
        // Between the first two of four levels, the others far below.
        [Float32Array.of(tie, 0, -40, -60), 4],
        [Float32Array.of(tie, -60, 0, -60), 4],
      ] as const) {
        const full = await sample(constant(logits, levels), {count: 1, seed, temperature, method: 'naive'});
        for (const error of [-2e-6, 2e-6]) {
          // One logit of each value is off.
          const model = constant(logits, levels, 0);
          const incremental: AutoregressiveModel['incremental'] = () => ({
            next: () => logits.map((logit, i) => (i === 0 ? logit + error : logit)),
            dispose: () => {},
          });
          const cached = await sample({...model, incremental}, {count: 1, seed, temperature});
          assert.deepEqual(
            cached.pixels,
            full.pixels,
            `seed ${seed}, temperature ${temperature}, error ${error}`,
          );
        }
      }
    }
  }
});

test('a tie is decided by the image alone: the others do not matter, whatever the method', async () => {
  // Logits that depend on how many images there are, by less than a tie: as rounding does.
  const model = (seed: number): AutoregressiveModel => {
    const u = new Random(seed, 'sample', 1).uniform();
    const right = constant(Float32Array.of(Math.log((1 - u) / u)), 2);
    const wobble = (x: tf.Tensor4D): number => 1e-6 * (x.shape[0] - 1);
    return {...right, logits: (x) => tf.tidy(() => tf.add(right.logits(x), wobble(x)))};
  };
  for (let seed = 0; seed < 20; seed++) {
    const images = await Promise.all(
      [2, 3, 9].flatMap((count) =>
        (['naive', 'cached'] as const).map((method) => sample(model(seed), {count, seed, method})),
      ),
    );
    assert.equal(new Set(images.map(({pixels}) => pixels[1])).size, 1, `seed ${seed}`);
  }
});

test('the same seed gives the same images, another seed other ones', async () => {
  const model = small();
  const options: SampleOptions = {count: 8, seed: 2};
  const first = await sample(model, options);
  assert.deepEqual(await sample(model, options), first);
  assert.notDeepEqual((await sample(model, {...options, seed: 3})).pixels, first.pixels);
  const {height, width, channels, count} = first;
  assert.deepEqual({height, width, channels, count}, {...image, count: 8});
  model.dispose();
});

test('known values stay, whatever the method; what is drawn before them does not see them', async () => {
  const model = small();
  const images = randomImages(6, image, 3);
  const mask = Uint8Array.from({length: 12}, (_, i) => (model.order.indexOf(i) >= 6 ? 1 : 0));
  const free = await sample(model, {count: 6, seed: 1});
  for (const method of ['cached', 'naive'] as const) {
    const {pixels} = await sample(model, {count: 6, seed: 1, method, known: {images, mask}});
    pixels.forEach((value, i) => {
      assert.equal(value, mask[i % 12] === 1 ? images.pixels[i] : free.pixels[i]);
    });
  }
  const one = randomImages(1, image, 4);
  const all = new Uint8Array(12).fill(1);
  const same = await sample(model, {count: 3, seed: 1, known: {images: one, mask: all}});
  assert.deepEqual([...same.pixels], [...one.pixels, ...one.pixels, ...one.pixels]);
  model.dispose();
});

test('a temperature near 0 takes the likeliest value, a high one tosses coins', async () => {
  const model = small();
  const likeliest = await sample(model, {count: 3, seed: 1, argmax: true});
  const cold = await sample(model, {count: 3, seed: 5, temperature: 1e-4});
  assert.deepEqual(cold.pixels, likeliest.pixels);
  const naive = await sample(model, {count: 3, seed: 1, argmax: true, method: 'naive'});
  assert.deepEqual(naive.pixels, likeliest.pixels);
  const strong = constant(Float32Array.of(4), 2);
  let ones = 0;
  for (let seed = 0; seed < 4; seed++) {
    const {pixels} = await sample(strong, {count: 250, seed, temperature: 1e4});
    ones += pixels.reduce((a, b) => a + b);
  }
  assert.ok(Math.abs(ones - 500) < 64, `${ones} ones of 1000`);
  model.dispose();
});

test('no tensor is left behind, and the weights stay', async () => {
  const model = small();
  const weights = [...model.parameters.values()].map((value) => value.dataSync().slice());
  const {numTensors} = tf.memory();
  for (let seed = 0; seed < 10; seed++) {
    await sample(model, {count: 10, seed});
    await sample(model, {count: 10, seed, method: 'naive'});
  }
  assert.equal(tf.memory().numTensors, numTensors);
  assert.deepEqual(
    [...model.parameters.values()].map((value) => value.dataSync().slice()),
    weights,
  );
  model.dispose();
});

for (const [name, config] of [
  ...Object.entries(SMALL_MODELS),
  // Its state begins with its only bias: drawing into that would change the model.
  ['made', {...SMALL_MODELS.made, hidden: []}] as const,
]) {
  test(`drawing leaves the weights as they are: ${name} ${JSON.stringify(config)}`, async () => {
    const model = createModel(name, config, 1);
    randomize(model.parameters, 1, 0.5);
    const read = (): Float32Array[] =>
      [...model.parameters.values()].map((value) => value.dataSync().slice() as Float32Array);
    const before = read();
    const {pixels} = await sample(model, {count: 1, seed: 3});
    for (const count of [1, 5]) await sample(model, {count, seed: 4});
    assert.deepEqual(read(), before);
    assert.deepEqual((await sample(model, {count: 1, seed: 3})).pixels, pixels);
    model.dispose();
  });
}

test('every value is told as it is chosen, with the logits it was chosen by; a promise is waited for', async () => {
  const model = small();
  const mask = new Uint8Array(12).fill(1, 0, 5);
  const known = {images: randomImages(1, image, 2), mask};
  const told: ChosenValue[] = [];
  let waiting = false;
  const {pixels} = await sample(model, {
    ...{count: 3, seed: 4, known},
    onValue: async (value) => {
      assert.ok(!waiting, 'the value before was not waited for');
      waiting = true;
      told.push({...value, logits: value.logits.slice()});
      await new Promise((resolve) => setTimeout(resolve));
      waiting = false;
    },
  });
  assert.deepEqual(
    told.map(({place, index}) => [place, index]),
    [...model.order].map((index, k) => [k, index]),
  );
  const x = tf.tensor4d(Float32Array.from(pixels), [3, 3, 4, 1]);
  const logits = model.logits(x).dataSync();
  for (const {index, logits: own, values} of told) {
    for (let i = 0; i < 3; i++) {
      assert.equal(values[i], pixels[i * 12 + index]);
      assert.ok(Math.abs(own[i] - logits[i * 12 + index]) < 1e-4);
    }
  }
  x.dispose();
  model.dispose();
});

test('progress rises to 1, and sampling stops when asked', async () => {
  const model = small();
  const shares: number[] = [];
  const naive = {count: 1, seed: 0, method: 'naive'} as const;
  await sample(model, {...naive, onProgress: (share) => shares.push(share)});
  assert.deepEqual(
    shares.map((share) => Math.round(share * 12)),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  );
  // A cached sampler may take many values at once.
  const cached: number[] = [];
  await sample(model, {count: 1, seed: 0, onProgress: (share) => cached.push(share)});
  assert.ok(cached.length > 1 && cached.every((share, k) => share > (cached[k - 1] ?? 0)));
  assert.equal(cached[cached.length - 1], 1);
  for (const method of ['naive', 'cached'] as const) {
    const controller = new AbortController();
    const options = {count: 1, seed: 0, method, signal: controller.signal};
    const onProgress = (): void => controller.abort();
    await assert.rejects(sample(model, {...options, onProgress}), {name: 'AbortError'});
  }
  model.dispose();
});

test('a sampler that draws by itself, however slow, is asked for no more than the time allows', async () => {
  const values = 24;
  const ends: number[] = [];
  // 20 ms a value, but the second half takes none.
  const incremental: AutoregressiveModel['incremental'] = () => ({
    next: () => new Float32Array(1),
    draw: ({until}) => {
      const slow = Math.min(until, values / 2) - Math.min(ends.at(-1) ?? 0, values / 2);
      ends.push(until);
      for (const began = performance.now(); performance.now() - began < 20 * slow; );
      return null;
    },
    dispose: () => {},
  });
  await sample({...constant(new Float32Array(values), 2), incremental}, {count: 1, seed: 1});
  const calls = ends.map((end, k) => end - (ends[k - 1] ?? 0));
  assert.ok(
    calls.every((length) => length > 0),
    `${calls}`,
  );
  assert.equal(ends.at(-1), values);
  const slow = calls.filter((_, k) => ends[k] <= values / 2);
  // One value to begin with, then two at the most; one where this machine was busy.
  assert.ok(slow.length >= 6 && slow.every((length) => length <= 2), `${calls}`);
  assert.ok(calls.length < values, `${calls}`);
});

test('options out of range are named', async () => {
  const model = small();
  const images = randomImages(2, image, 1);
  const mask = new Uint8Array(12).fill(1);
  const wrong: [Partial<SampleOptions>, RegExp][] = [
    [{count: 0}, /from 1 to 256, got 0/],
    [{count: 257}, /got 257/],
    [{count: 1.5}, /got 1.5/],
    [{seed: -1}, /seed .* got -1/],
    [{temperature: 0}, /positive number, got 0/],
    [{temperature: Number.NaN}, /got NaN/],
    [{known: {images: randomImages(2, {...image, height: 4}, 1), mask}}, /must be 3 x 4 x 1, got 4 x 4 x 1/],
    [{known: {images: randomImages(3, image, 1), mask}}, /1 known image or 2 of them, got 3/],
    [{known: {images, mask: new Uint8Array(11)}}, /12 entries, got 11/],
    [
      {known: {images: {...images, pixels: images.pixels.map(() => 7)}, mask}},
      /from 0 to 1, got 7 at 0; binarize the images first/,
    ],
    [{known: {images, mask: mask.map(() => 255)}}, /1 where a value is known and 0 elsewhere, got 255/],
    [
      {known: {images: {...images, pixels: new Float32Array(24) as never}, mask}},
      /must be bytes .* got Float32Array/,
    ],
  ];
  for (const [change, message] of wrong) {
    await assert.rejects(sample(model, {count: 2, seed: 0, ...change}), {name: 'RangeError', message});
  }
  model.dispose();
});
