import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {startEngine} from '../../lib/engine/index';
import {loadNativeKernels, native, nativeThreads} from '../../lib/engine/native';
import {yieldToOthers} from '../../lib/engine/yieldToOthers';
import {NotFiniteError} from '../../lib/finite';
import {Made} from '../../lib/models/made';
import type {MadeConfig} from '../../lib/models/madeConfig';
import {Random} from '../../lib/random';
import {sample, sampleUniforms} from '../../lib/sample';
import type {Drawing} from '../../lib/types';
import {randomize} from '../properties/tools';

/**
 * MADE drawn natively, in blocks of degrees: wherever a call ends, the pixels are those of the naive loop.
 */
test.before(() => startEngine());

const PLAIN: MadeConfig = {
  ...{height: 8, width: 11, channels: 1, hidden: [130], masks: 1, orderAgnostic: false, order: 'raster'},
  ...{direct: true, conditioned: false, maskSeed: 0},
};
const CASES: Readonly<Record<string, MadeConfig>> = {
  'one hidden layer': PLAIN,
  'no hidden layer': {...PLAIN, hidden: []},
  'three hidden layers': {...PLAIN, hidden: [50, 200, 91], direct: false},
  'in random order': {...PLAIN, hidden: [60, 70], order: 'random'},
  'with several masks and presence': {
    ...PLAIN,
    ...{hidden: [150, 40], masks: 3, orderAgnostic: true, conditioned: true},
  },
};

for (const [name, config] of Object.entries(CASES)) {
  test(`MADE ${name}: calls of any length, and any number of threads, draw what the naive loop draws`, async (t) => {
    if (native() === null) return t.skip('no native kernels here');
    const made = Made.create(config, 1);
    randomize(made.parameters, 2, 0.5);
    const values = made.order.length;
    const threads = nativeThreads();
    try {
      for (const count of [1, 3, 23]) {
        const {pixels: expected} = await sample(made, {count, seed: 5, method: 'naive'});
        const uniforms = sampleUniforms(5, count, values);
        for (const ends of [[values], [1, 2, 27, 28, 29, 56, 60, 85, values], [28, 56, 84, values]]) {
          const byPlace = (of: (image: number, index: number) => number): number[] =>
            Array.from({length: count * values}, (_, k) =>
              of(Math.floor(k / values), made.order[k % values]),
            );
          const all: Omit<Drawing, 'until'> = {
            ...{
              temperature: 1,
              argmax: false,
              uniforms: Float32Array.from(byPlace((i, k) => uniforms[i][k])),
            },
            ...{given: new Int16Array(count * values).fill(-1), pixels: new Uint8Array(count * values)},
          };
          const sampler = made.incremental(count);
          ends.forEach((until, k) => {
            loadNativeKernels(1 + (k % 3));
            assert.equal(sampler.draw?.({...all, until}), null);
          });
          sampler.dispose();
          assert.deepEqual(
            [...all.pixels],
            byPlace((i, k) => expected[i * values + k]),
            `${count}, ${ends}`,
          );
        }
      }
    } finally {
      loadNativeKernels(threads);
      made.dispose();
    }
  });
}

/** What the kernels are given for a MADE of 6 pixels with 4 hidden units and a direct connection. */
const RIGHT = {
  sizes: Int32Array.of(6, 4, 6),
  degrees: Int32Array.of(2, 1, 3, 6, 5, 4, 1, 2, 4, 5, 2, 1, 3, 6, 5, 4),
  links: Int32Array.of(0, 1, 0, 0, 1, 2, 1, 0, 0, 2, 1, 0),
  weights: [0.2, -0.2, 0.1].map((value, k) => new Float32Array([24, 24, 36][k]).fill(value)),
  biases: new Float32Array(10).fill(0.1),
};
const IMAGES = 2;
const SEED = Number(process.env.FUZZ_SEED ?? 1);

test(`the kernels trust neither lengths nor numbers (FUZZ_SEED=${SEED}), and the process lives on`, (t) => {
  const kernels = native();
  if (kernels === null) return t.skip('no native kernels here');
  const random = new Random(SEED, 'made sampler');
  const draw = ({sizes, degrees, links, weights, biases}: typeof RIGHT): number[] => {
    const made = kernels.createMadeWeights(sizes, degrees, links, weights, biases);
    const sampler = kernels.createMadeSampler(made, IMAGES);
    // As long as a changed model may draw.
    const numbers = IMAGES * 1100;
    const [uniforms, given] = [new Float32Array(numbers).fill(0.3), new Int16Array(numbers).fill(-1)];
    const [pixels, finite, places] = [new Uint8Array(numbers), new Uint8Array(2), new Int32Array(2)];
    kernels.drawMade(sampler, 6, 1, 0, uniforms, given, pixels, finite, places);
    return [...pixels.subarray(0, 12), ...finite, ...places];
  };
  const right = draw(RIGHT);
  assert.ok(right.every((value) => value === 0 || value === 1 || value === 6));
  let refused = 0;
  for (let k = 0; k < 600; k++) {
    const name = (['sizes', 'degrees', 'links', 'biases'] as const)[random.integer(4)];
    const changed = RIGHT[name].slice();
    changed[random.integer(changed.length)] = [-1, 0, 3, 7, 1000, 2 ** 30][random.integer(6)];
    const shorter = RIGHT[name].slice(1);
    const ones = RIGHT.weights.map((weights, j) => (j === k % 3 ? weights.subarray(1) : weights));
    const wrong = [{[name]: changed}, {[name]: shorter}, {weights: ones}, {weights: ones.slice(1)}];
    try {
      draw({...RIGHT, ...wrong[random.integer(4)]});
    } catch (error) {
      refused++;
      assert.match((error as Error).message, /^createMadeWeights: .* must /);
    }
  }
  assert.ok(refused > 300, `${refused} refused`);
  assert.deepEqual(draw(RIGHT), right);
});

test('what is drawn with must be what was made, and long enough', (t) => {
  const kernels = native();
  if (kernels === null) return t.skip('no native kernels here');
  const {sizes, degrees, links, weights, biases} = RIGHT;
  const made = kernels.createMadeWeights(sizes, degrees, links, weights, biases);
  const sampler = kernels.createMadeSampler(made, IMAGES);
  const room = {
    ...{uniforms: new Float32Array(12), given: new Int16Array(12), pixels: new Uint8Array(12)},
    ...{finite: new Uint8Array(2), places: new Int32Array(2)},
  };
  const draw = (of: unknown, until: number, temperature: number, other: Partial<typeof room> = {}): void => {
    const {uniforms, given, pixels, finite, places} = {...room, ...other};
    kernels.drawMade(of, until, temperature, 0, uniforms, given, pixels, finite, places);
  };
  assert.throws(
    () => kernels.createMadeSampler({}, 1),
    /^RangeError: createMadeSampler: the weights must be/,
  );
  assert.throws(() => kernels.createMadeSampler(sampler, 1), /the weights must be what this module has made/);
  assert.throws(() => kernels.createMadeSampler(made, 0), /images must be an integer from 1 to 4096/);
  assert.throws(() => kernels.restartMadeSampler(made), /the sampler must be what this module has made/);
  assert.throws(() => draw(made, 6, 1), /^RangeError: drawMade: the sampler must be/);
  assert.throws(() => draw(sampler, 7, 1), /until must be an integer from 0 to 6/);
  assert.throws(() => draw(sampler, 6, 0), /temperature must be positive/);
  for (const name of Object.keys(room) as (keyof typeof room)[]) {
    const shorter = {[name]: room[name].slice(1)};
    assert.throws(() => draw(sampler, 6, 1, shorter), /must be an array of at least \d+ numbers/, name);
  }
  draw(sampler, 6, 1);
  assert.deepEqual([...room.places], [6, 6]);
  const next = (previous: Float32Array | null, out = new Float32Array(2)): void =>
    kernels.madeLogits(sampler, previous, out);
  kernels.restartMadeSampler(sampler);
  assert.throws(() => next(new Float32Array(2)), /pass null for the first value/);
  assert.throws(() => next(null, new Float32Array(1)), /out must be an array of at least 2 numbers/);
  next(null);
  assert.throws(() => next(null), /pass null for the first value/);
  assert.throws(() => draw(sampler, 6, 1), /the sampler must not be waiting for values/);
  for (let k = 1; k < 6; k++) next(new Float32Array(2));
  assert.throws(() => next(new Float32Array(2)), /every value of the images has been given/);
});

test('an array that changes what has been looked at, while it is looked at, ends in an error', (t) => {
  const kernels = native();
  if (kernels === null) return t.skip('no native kernels here');
  const {sizes, links, weights, biases} = RIGHT;
  const degrees = RIGHT.degrees.slice();
  const matrices = [...weights];
  Object.defineProperty(matrices, 2, {
    get: () => {
      structuredClone(degrees, {transfer: [degrees.buffer]});
      return weights[2];
    },
  });
  assert.throws(
    () => kernels.createMadeWeights(sizes, degrees, links, matrices, biases),
    /the degrees must be an array of at least/,
  );
  assert.throws(
    () => kernels.createMadeWeights(sizes, RIGHT.degrees, new Int32Array(), 3 as never, biases),
    /the weights must be an array/,
  );
});

test('views of the same masks share what is made of the weights, until the model is gone', async () => {
  const made = Made.create(CASES['with several masks and presence'], 1);
  const {pixels} = await sample(made.withMasks(1), {count: 2, seed: 3});
  const [view, other] = [made.withMasks(1), made.withMasks(1)];
  const weights = made.parameters.get('hidden1.weights') as tf.Variable;
  let readings = 0;
  const dataSync = weights.dataSync.bind(weights) as typeof weights.dataSync;
  weights.dataSync = (() => {
    readings++;
    return dataSync();
  }) as typeof weights.dataSync;
  for (const same of [view, other]) {
    assert.deepEqual((await sample(same, {count: 2, seed: 3})).pixels, pixels);
  }
  assert.equal(readings, 0, 'a view reads the weights again');
  await sample(made.withMasks(2), {count: 2, seed: 3});
  assert.equal(readings, 1, 'other masks have a copy of their own');
  made.dispose();
  await assert.rejects(sample(view, {count: 2, seed: 3}), /disposed/);
});

test('views that are drawn from and disposed of leave no memory behind', async (t) => {
  const kernels = native();
  if (kernels === null) return t.skip('no native kernels here');
  const sizes = Int32Array.of(400, 2000, 400);
  const degrees = Int32Array.from({length: 2800}, (_, k) => 1 + (k % 400));
  const links = Int32Array.of(0, 1, 0, 0, 1, 2, 1, 0);
  const weights = [new Float32Array(800_000), new Float32Array(800_000)];
  const biases = new Float32Array(2400);
  const before = process.memoryUsage().rss;
  // Each has 3 MB, of which V8 knows only by what it is told.
  for (let k = 0; k < 400; k++) {
    kernels.createMadeSampler(kernels.createMadeWeights(sizes, degrees, links, weights, biases), 4);
    await yieldToOthers();
  }
  const grown = (process.memoryUsage().rss - before) / 1e6;
  assert.ok(grown < 400, `${grown.toFixed()} MB more`);
});

test('a weight that is not finite is met where it is seen, and what masks hide is not looked at', async () => {
  const made = Made.create({...CASES['in random order'], order: 'random'}, 1);
  randomize(made.parameters, 2, 0.5);
  const {pixels} = await sample(made, {count: 3, seed: 4});
  const [inputs, hidden] = made.degrees;
  const weights = made.parameters.get('hidden1.weights') as tf.Variable;
  const numbers = weights.dataSync<'float32'>().slice();
  const columns = hidden.length;
  const change = async (isHidden: boolean): Promise<void> => {
    const at = [...inputs.keys()].findIndex((i) => inputs[i] === 40);
    const to = [...hidden.keys()].find((j) => (isHidden ? hidden[j] < 40 : hidden[j] >= 60)) as number;
    const changed = numbers.slice();
    changed[at * columns + to] = Number.NaN;
    weights.assign(tf.tensor2d(changed, weights.shape as [number, number]));
  };
  await change(true);
  assert.deepEqual((await sample(made, {count: 3, seed: 4})).pixels, pixels, 'under a zero of the mask');
  await change(false);
  await assert.rejects(sample(made, {count: 3, seed: 4}), NotFiniteError);
  weights.assign(tf.tensor2d(numbers, weights.shape as [number, number]));
  assert.deepEqual((await sample(made, {count: 3, seed: 4})).pixels, pixels, 'the weights again');
  made.dispose();
});
