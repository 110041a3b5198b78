import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {startEngine} from '../../lib/engine/index';
import {attribute, loadNativeKernels, native, nativeThreads, outputs} from '../../lib/engine/native';
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

/** Inputs of the operation for 2 images of 6 pixels, 4 hidden units and a direct connection. */
const RIGHT: readonly (readonly [number[], number[], 'float32' | 'int32'])[] = [
  [[6, 1, 0, 2], [4], 'float32'],
  [[0, 0], [2], 'int32'],
  [new Array(20).fill(0.1), [2, 10], 'float32'],
  [new Array(12).fill(0.3), [2, 6], 'float32'],
  [new Array(12).fill(-1), [2, 6], 'float32'],
  [new Array(12).fill(0), [2, 6], 'float32'],
  [[2, 1, 3, 6, 5, 4, 1, 2, 4, 5], [10], 'int32'],
  [new Array(24).fill(0.2), [6, 4], 'float32'],
  [new Array(24).fill(-0.2), [4, 6], 'float32'],
  [new Array(36).fill(0.1), [6, 6], 'float32'],
];
const SEED = Number(process.env.FUZZ_SEED ?? 1);

test(`the operation trusts neither shapes nor numbers (FUZZ_SEED=${SEED}), and the process lives on`, (t) => {
  if (native() === null) return t.skip('no native kernels here');
  const random = new Random(SEED, 'made draw');
  const draw = (inputs: typeof RIGHT): number[] =>
    tf.tidy(() => {
      const settings = [attribute.int('N', 3), attribute.int('hidden', 1)];
      const flags = [attribute.bool('conditioned', false), attribute.bool('direct', true)];
      const tensors = inputs.map(([values, shape, type]) => tf.tensor(values, shape, type));
      const [pixels] = outputs('RasterMadeDraw', [...settings, ...flags], tensors, 3);
      return [...pixels.dataSync()];
    });
  const right = draw(RIGHT);
  assert.ok(right.every((value) => value === 0 || value === 1));
  let refused = 0;
  for (let k = 0; k < 400; k++) {
    const at = random.integer(RIGHT.length);
    const [values, shape, type] = RIGHT[at];
    const wrong = random.integer(2) === 0;
    const other = [-1, 0, 3, 7, 1000, type === 'int32' ? 2 ** 30 : Number.NaN][random.integer(6)];
    const place = random.integer(values.length);
    const [rows, ...columns] = shape;
    const length = values.length / rows;
    const changed: (typeof RIGHT)[number] = wrong
      ? [[...values, ...values.slice(0, length)], [rows + 1, ...columns], type]
      : [values.map((value, j) => (j === place ? other : value)), shape, type];
    try {
      draw(RIGHT.map((input, j) => (j === at ? changed : input)));
    } catch (error) {
      refused++;
      assert.match((error as Error).message, /RasterMadeDraw: .* must /);
    }
  }
  assert.ok(refused > 200, `${refused} refused`);
  assert.deepEqual(draw(RIGHT), right);
});
