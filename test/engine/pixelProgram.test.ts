import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {startEngine} from '../../lib/engine/index';
import {type NativeKernels, native, withPortableTwins} from '../../lib/engine/native';
import {firstNotFinite, startNatively} from '../../lib/engine/nativeSampler';
import {PixelProgram} from '../../lib/engine/pixelProgram';
import {createModel} from '../../lib/models/index';
import {Random} from '../../lib/random';
import {sample} from '../../lib/sample';
import {fromHalf, toHalf} from '../../lib/storage/half';
import type {AutoregressiveModel, ModelConfig} from '../../lib/types';
import {close} from './backends';
import {SHAPE, SMALL_MODELS} from './smallModels';

/**
 * Samplers, native and in loops: the logits of the whole model, and the same pixels
 * drawn one by one as many at a call.
 */
test.before(() => startEngine());

const COLOR = {...SMALL_MODELS.pixelcnn, channels: 3, levels: 4, features: 6, head: 9};
const CASES: Readonly<Record<string, readonly [string, ModelConfig, number?]>> = {
  ...Object.fromEntries(Object.entries(SMALL_MODELS).map(([name, config]) => [name, [name, config]])),
  'pixelcnn in color': ['pixelcnn', COLOR],
  'gated in color': ['gated', {...COLOR, classes: 0}],
  'diagonal in color': ['diagonal', {...SMALL_MODELS.diagonal, channels: 3, levels: 4, features: 6, head: 9}],
  'gated with classes': ['gated', {...SMALL_MODELS.gated, classes: 3}, 2],
  'rowlstm with skips': ['rowlstm', {...SMALL_MODELS.rowlstm, skip: true, features: 20}],
  'wide pixelcnn': ['pixelcnn', {...SMALL_MODELS.pixelcnn, features: 40, head: 70}],
  'made in another order': ['made', {...SMALL_MODELS.made, order: 'random', hidden: [20, 30]}],
  'made of many masks': ['made', {...SMALL_MODELS.made, masks: 3, orderAgnostic: true, hidden: [20, 30]}],
  'made conditioned': ['made', {...SMALL_MODELS.made, masks: 3, conditioned: true, hidden: [20]}],
  'made without hidden layers': ['made', {...SMALL_MODELS.made, hidden: []}],
};

/** Weights become 16-bit floats, and one image reads them as such. */
function roundToStored(model: AutoregressiveModel): void {
  for (const value of model.parameters.values()) {
    value.assign(tf.tensor(fromHalf(toHalf(value.dataSync() as Float32Array)), value.shape));
  }
}

/** Zeros where a third of a kernel's outputs, a channel in color, sees the second half of its inputs. */
function prune(model: AutoregressiveModel): void {
  for (const parameter of model.parameters.values()) {
    const [inputs, outputs] = parameter.shape.slice(-2);
    if (parameter.rank < 3) continue;
    const values = parameter.dataSync().map((value, k) => {
      const [input, output] = [Math.floor(k / outputs) % inputs, k % outputs];
      return output < outputs / 3 && input >= inputs / 2 ? 0 : value;
    });
    parameter.assign(tf.tensor(values, parameter.shape));
  }
}

for (const [name, [kind, config, condition]] of Object.entries(CASES)) {
  test(`${name}: logits one by one are those of the whole model, in both forms`, () => {
    const model = createModel(kind, config, 3);
    const random = new Random(1, 'values', name);
    for (const count of [1, 13]) {
      const size = model.order.length;
      const numbers = model.levels === 2 ? 1 : model.levels;
      const values = Array.from(
        {length: count * size},
        () => random.integer(model.levels) / (model.levels - 1),
      );
      const {height, width, channels} = model.image;
      const whole = tf.tidy(() => {
        const x = tf.tensor4d(Float32Array.from(values), [count, height, width, channels]);
        return model.logits(x, condition).dataSync();
      });
      const run = (form: string): void => {
        const sampler = model.incremental?.(count, condition);
        let previous: Float32Array | null = null;
        for (const index of model.order) {
          const logits = sampler?.next(previous) as Float32Array;
          const expected = Array.from({length: count * numbers}, (_, k) => {
            const image = Math.floor(k / numbers);
            return whole[(image * size + index) * numbers + (k % numbers)];
          });
          close(logits, expected, `${form}, ${count} images, value ${index}`, 2e-5);
          previous = Float32Array.from({length: count}, (_, image) => values[image * size + index]);
        }
        sampler?.dispose();
      };
      if (native() !== null) run('native');
      withPortableTwins(() => run('twin'));
    }
    model.dispose();
  });

  test(`${name}: an image is drawn alike to the bit, however many others there are`, (t) => {
    if (native() === null) return t.skip('no native kernels here');
    const model = createModel(kind, config, 3);
    const values = model.order.length;
    const logits = (count: number): Float32Array[] => {
      const sampler = model.incremental?.(count, condition);
      let previous: Float32Array | null = null;
      const all = Array.from({length: values}, (_, k) => {
        const next = sampler?.next(previous) as Float32Array;
        previous = new Float32Array(count).fill(((k * k) % model.levels) / (model.levels - 1));
        return next;
      });
      sampler?.dispose();
      return all;
    };
    for (const weights of ['as they begin', 'as they are stored', 'pruned']) {
      if (weights === 'as they are stored') roundToStored(model);
      if (weights === 'pruned') prune(model);
      const alone = logits(1);
      // Thirty-nine are more than are put side by side at a time, with some left over.
      for (const count of [2, 7, 39]) {
        const expected = alone.map((own) =>
          Float32Array.from({length: count * own.length}, (_, k) => own[k % own.length]),
        );
        assert.deepEqual(logits(count), expected, `weights ${weights}, ${count} images`);
      }
    }
    model.dispose();
  });

  test(`${name}: many values at a call are those drawn one by one and by the whole model, at any temperature`, async () => {
    const model = createModel(kind, config, 3);
    const {numTensors} = tf.memory();
    const known = {
      images: {...SHAPE, ...model.image, count: 1, pixels: new Uint8Array(model.order.length).fill(1)},
      mask: Uint8Array.from({length: model.order.length}, (_, k) => (k % 5 === 0 ? 1 : 0)),
    };
    const more = condition === undefined ? {} : {condition};
    for (const [count, options] of [
      [1, {}],
      [21, {}],
      [3, {known}],
      [3, {argmax: true}],
      [9, {temperature: 1e-3}],
      [9, {temperature: 1e-4}],
      [9, {temperature: 1e-6}],
      [3, {temperature: 30}],
    ] as const) {
      const all = {count, seed: 4, ...more, ...options};
      const {pixels} = await sample(model, all);
      const text = `${count} images, ${JSON.stringify({...options, known: undefined})}`;
      const twin = await withPortableTwins(() => sample(model, all));
      assert.deepEqual(twin.pixels, pixels, `${text}: twin`);
      const naive = await sample(model, {...all, method: 'naive'});
      assert.deepEqual(naive.pixels, pixels, `${text}: naive`);
    }
    assert.equal(tf.memory().numTensors, numTensors, 'tensors are left behind');
    model.dispose();
  });
}

/** A small program, and what is given to the native kernels for it. */
function calls(kernels: NativeKernels): {code: Int32Array; numbers: Float32Array; sampler: unknown} {
  const made: {code?: Int32Array; numbers?: Float32Array; sampler?: unknown} = {};
  const spy = {
    ...kernels,
    createPixelSampler: (code: Int32Array, numbers: Float32Array): unknown => {
      made.code = code;
      made.numbers = numbers;
      made.sampler = kernels.createPixelSampler(code, numbers);
      return made.sampler;
    },
  };
  const program = new PixelProgram({height: 3, width: 4, channels: 1}, 2);
  const kernel = Float32Array.from({length: 6 * 8}, (_, k) => Math.sin(k));
  const place = {rows: 2, columns: 3, centerRow: 1, centerColumn: 1, dilation: 1, inputs: 1, outputs: 8};
  const input = {...place, kernel, bias: new Float32Array(8)};
  const recurrence = {state: kernel.subarray(0, 48), hidden: new Float32Array(2), cell: new Float32Array(2)};
  const rows = {...recurrence, direction: 'rows'} as const;
  const states = program.recur(program.image, input, rows, 'row before');
  const both = program.convolve(program.image, input);
  const gated = program.gate(both);
  const [half] = [program.gate(gated)];
  const point = {rows: 1, columns: 1, centerRow: 0, centerColumn: 0, dilation: 1, inputs: 2, outputs: 1};
  program.convolve(program.add(half, states, true), {
    ...{...point, kernel: Float32Array.of(1, -1), bias: new Float32Array(1)},
  });
  startNatively(spy as NativeKernels, program, 1);
  return made as {code: Int32Array; numbers: Float32Array; sampler: unknown};
}

test('programs with wrong numbers are refused or harmless, short buffers are refused (FUZZ_SEED)', (t) => {
  const kernels = native();
  if (kernels === null) {
    t.skip('the native kernels are absent');
    return;
  }
  const seed = Number(process.env.FUZZ_SEED ?? 1);
  const {code, numbers, sampler} = calls(kernels);
  const random = new Random(seed, 'programs');
  let refused = 0;
  for (let k = 0; k < 1000; k++) {
    const wrong = k % 10 === 0 ? code.slice(0, random.integer(code.length)) : code.slice();
    for (let changes = 0; changes <= random.integer(2) && wrong.length > 0; changes++) {
      const values = [-1, 0, 1, 2, 3, 7, 64, 1000, 2 ** 31 - 1, -(2 ** 31)];
      wrong[random.integer(wrong.length)] = values[random.integer(values.length)];
    }
    try {
      const made = kernels.createPixelSampler(wrong, numbers);
      const out = new Float32Array(2 * 256);
      kernels.pixelLogits(made, null, out);
      for (let step = 0; step < 8; step++) kernels.pixelLogits(made, new Float32Array(4096), out);
    } catch (error) {
      assert.match(
        (error as Error).message,
        /^(createPixelSampler|pixelLogits): /,
        `FUZZ_SEED=${seed}, try ${k}`,
      );
      refused++;
    }
  }
  assert.ok(refused > 500, `${refused} of 1000 refused`);
  assert.throws(() => kernels.createPixelSampler(code, numbers.subarray(0, 20)), /missing/);
  assert.throws(
    () => kernels.pixelLogits(sampler, null, new Float32Array(0)),
    /out must be an array of at least 1/,
  );
  assert.throws(
    () => kernels.pixelLogits(sampler, new Float32Array(1), new Float32Array(1)),
    /null for the first/,
  );
  assert.throws(() => kernels.pixelLogits({}, null, new Float32Array(2)), /what this module has made/);
  const right = () => ({
    uniforms: new Float32Array(12),
    given: new Int16Array(12).fill(-1),
    pixels: new Uint8Array(12),
    outcomes: new Uint8Array(1),
    places: new Int32Array(1),
  });
  const draw = (change: object, until = 12, temperature = 1): void => {
    const {uniforms, given, pixels, outcomes, places} = {...right(), ...change};
    kernels.drawPixels([sampler], until, 2, temperature, 0, uniforms, given, pixels, outcomes, places);
  };
  assert.throws(() => draw({uniforms: new Float32Array(11)}), /uniforms must be an array of at least 12/);
  assert.throws(() => draw({given: new Int32Array(12)}), /given must be/);
  assert.throws(() => draw({pixels: new Uint8Array(5)}), /pixels must be/);
  assert.throws(() => draw({outcomes: new Uint8Array(0)}), /finite must be/);
  assert.throws(() => draw({}, 13), /until must be an integer from 0 to 12/);
  assert.throws(() => draw({}, 12, 0), /temperature must be positive/);
  const {uniforms, given, pixels, outcomes, places} = right();
  const together = (...samplers: unknown[]): void =>
    kernels.drawPixels(samplers, 0, 2, 1, 0, uniforms, given, pixels, outcomes, places);
  assert.throws(() => together(sampler, sampler), /no sampler must be given twice/);
  assert.throws(() => together(sampler, oneConvolution(kernels, 1, 1, 1)), /must be of one model/);
});

/** One pixel; its logit is a convolution of a buffer of so many numbers, of so many equal taps. */
function oneConvolution(kernels: NativeKernels, inputs: number, given: number, taps: number): unknown {
  const sizes = [1, 1, 1, 1, 1, 3, 0, 1, 0, 2];
  const buffers = [1, 1, -1, inputs, 0, -1, 1, 0, -1];
  const step = [0, 1, 2, -1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, inputs, given, taps];
  const places = new Array<number>(3 * taps).fill(0);
  const code = Int32Array.from([...sizes, ...buffers, ...step, ...places]);
  return kernels.createPixelSampler(code, new Float32Array(inputs + 1).fill(1));
}

test('more taps than are given, or more numbers than can be counted, are refused', (t) => {
  const kernels = native();
  if (kernels === null) return t.skip('the native kernels are absent');
  assert.ok(oneConvolution(kernels, 5, 1, 1));
  const rule = /taps must be some of those given, and see at most 2\^22 numbers/;
  assert.throws(() => oneConvolution(kernels, 5, 0, 1), rule);
  assert.throws(() => oneConvolution(kernels, 5, 1, 2), rule);
  for (const taps of [2048, 4096])
    assert.throws(() => oneConvolution(kernels, 2 ** 20, taps, taps), /missing|taps must/);
});

test('the value that is named is the first in the order, whatever the threads', () => {
  const places = [20, 20, 5, 5];
  const found = (...areFinite: number[]) => firstNotFinite(areFinite, (image) => places[image]);
  assert.equal(found(1, 1, 1, 1), null);
  assert.deepEqual(found(0, 1, 1, 1), {image: 0, place: 20});
  assert.deepEqual(found(0, 0, 1, 0), {image: 3, place: 5});
  assert.deepEqual(found(1, 1, 0, 0), {image: 2, place: 5});
});
