import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {ADAM_PARTS, createAdam} from '../../lib/engine/adam';
import {Random} from '../../lib/random';
import type {AdamState, Parameters} from '../../lib/types';
import {backends, startBackends} from './backends';

startBackends();

const SHAPES = {weights: [3, 4], bias: [4]};
const RATES = [1e-2, 3e-2, 2e-2, 1e-3, 5e-3];
const DECAYS = [0.1, 0.5, 0.9, 0.99, 0.999];

function createParameters(seed: number): Parameters {
  return new Map(
    Object.entries(SHAPES).map(([name, shape]) => {
      const random = new Random(seed, name);
      const values = Array.from({length: tf.util.sizeFromShape(shape)}, () => random.normal());
      return [name, tf.tidy(() => tf.variable(tf.tensor(values, shape)))];
    }),
  );
}

const gradientAt = (name: string, step: number, size: number): Float32Array => {
  const random = new Random(4, 'gradient', name, step);
  // From very small to large, since epsilon matters only for small ones.
  return Float32Array.from({length: size}, (_, i) => random.normal() * 10 ** ((i % 9) - 6));
};

/** Adam (algorithm 1 of Kingma and Ba 2015, with the order of operations of section 2) in plain numbers. */
function reference(first: Float32Array, name: string): Record<(typeof ADAM_PARTS)[number], Float64Array> {
  const weights = Float64Array.from(first);
  const average = Float64Array.from(first);
  const [moment1, moment2] = [new Float64Array(first.length), new Float64Array(first.length)];
  RATES.forEach((rate, k) => {
    const gradient = gradientAt(name, k, first.length);
    const scaled = (rate * Math.sqrt(1 - 0.999 ** (k + 1))) / (1 - 0.9 ** (k + 1));
    gradient.forEach((g, i) => {
      moment1[i] = 0.9 * moment1[i] + 0.1 * g;
      moment2[i] = 0.999 * moment2[i] + 0.001 * g * g;
      weights[i] -= (scaled * moment1[i]) / (Math.sqrt(moment2[i]) + 1e-8);
      average[i] = DECAYS[k] * average[i] + (1 - DECAYS[k]) * weights[i];
    });
  });
  return {weights, average, moment1, moment2};
}

/** Steps from `from` to `to`; returns the state and what the model's parameters hold. */
async function run(
  parameters: Parameters,
  {from = 0, to = RATES.length, state}: {from?: number; to?: number; state?: AdamState} = {},
): Promise<{state: AdamState; seen: Map<string, Float32Array>}> {
  const adam = createAdam(parameters);
  if (state !== undefined) adam.restore(state);
  for (let k = from; k < to; k++) {
    const gradients = new Map<string, tf.Tensor>();
    for (const [name, {shape, size}] of parameters) {
      gradients.set(name, tf.tensor(gradientAt(name, k, size), shape));
    }
    adam.step(gradients, k + 1, RATES[k], DECAYS[k]);
    tf.dispose([...gradients.values()]);
  }
  const seen = new Map(
    [...parameters].map(([name, value]) => [name, value.dataSync().slice() as Float32Array]),
  );
  const result = {state: await adam.state(), seen};
  adam.dispose();
  return result;
}

const disposeAll = (parameters: Parameters): void => tf.dispose([...parameters.values()]);

test('five steps of Adam and the average, native and portable, are those of plain numbers', async () => {
  for (const backend of backends) {
    await tf.setBackend(backend);
    const {numTensors} = tf.memory();
    const parameters = createParameters(1);
    const first = new Map([...parameters].map(([name, value]) => [name, value.dataSync().slice()]));
    const {state, seen} = await run(parameters);
    for (const name of Object.keys(SHAPES)) {
      const expected = reference(first.get(name) as Float32Array, name);
      for (const part of ADAM_PARTS) {
        state[part].get(name)?.forEach((value, i) => {
          const exact = expected[part][i];
          const tolerance = 2e-5 * Math.abs(exact) + (part.startsWith('moment') ? 1e-13 : 1e-6);
          assert.ok(
            Math.abs(value - exact) <= tolerance,
            `${backend}: ${part} of ${name}[${i}]: ${value}, ${exact}`,
          );
        });
      }
      assert.deepEqual(
        seen.get(name),
        state.weights.get(name),
        `${backend}: the model holds the new weights`,
      );
    }
    disposeAll(parameters);
    assert.equal(tf.memory().numTensors, numTensors, `${backend}: tensors are left behind`);
  }
});

test('saved after two steps and restored into another model: the same to the bit', async () => {
  for (const backend of backends) {
    await tf.setBackend(backend);
    const parameters = createParameters(1);
    const whole = (await run(parameters)).state;
    disposeAll(parameters);
    const first = createParameters(1);
    const half = (await run(first, {to: 2})).state;
    disposeAll(first);
    const other = createParameters(2);
    assert.deepEqual((await run(other, {from: 2, state: half})).state, whole, backend);
    disposeAll(other);
  }
});

test('the average is lent to the model and taken back, also after an error', async () => {
  for (const backend of backends) {
    await tf.setBackend(backend);
    const parameters = createParameters(1);
    const adam = createAdam(parameters);
    const bias = parameters.get('bias') as tf.Variable;
    const ones = new Map([...parameters].map(([name, {shape}]) => [name, tf.ones(shape) as tf.Tensor]));
    adam.step(ones, 1, 0.1, 0.75);
    const {weights, average} = await adam.state();
    assert.notDeepEqual(average.get('bias'), weights.get('bias'));
    const lent = await adam.withAverage(async () => bias.dataSync().slice());
    assert.deepEqual(lent, average.get('bias'), backend);
    await assert.rejects(
      adam.withAverage(async () => {
        throw new Error('while lent');
      }),
      /while lent/,
    );
    assert.deepEqual(bias.dataSync().slice(), weights.get('bias'), backend);
    adam.dispose();
    tf.dispose([...ones.values()]);
    disposeAll(parameters);
  }
});

test('what never has a gradient stays as it is, and what once had one goes on, block by block', async () => {
  for (const backend of backends) {
    await tf.setBackend(backend);
    const size = 1000; // more than the 256 that the native kernel looks at together
    const parameters: Parameters = new Map([['w', tf.tidy(() => tf.variable(tf.ones([size])))]]);
    const adam = createAdam(parameters);
    const given = (at: readonly number[]): Map<string, tf.Tensor> =>
      new Map([['w', tf.tensor1d(Float32Array.from({length: size}, (_, i) => (at.includes(i) ? 1 : 0)))]]);
    for (const [step, at] of [[3, 700], [700], []].entries()) {
      const gradients = given(at);
      adam.step(gradients, step + 1, 0.1, 0.5);
      tf.dispose([...gradients.values()]);
    }
    const {weights, average} = await adam.state();
    const moved = [...(weights.get('w') as Float32Array)].flatMap((w, i) => (w === 1 ? [] : [i]));
    assert.deepEqual(moved, [3, 700], backend);
    const averaged = [...(average.get('w') as Float32Array)].flatMap((w, i) => (w === 1 ? [] : [i]));
    assert.deepEqual(averaged, [3, 700], backend);
    adam.dispose();
    disposeAll(parameters);
  }
});

test('a parameter that never had a gradient moves after a state with moments is restored', async () => {
  for (const backend of backends) {
    await tf.setBackend(backend);
    const parameters: Parameters = new Map([['w', tf.tidy(() => tf.variable(tf.ones([3])))]]);
    const adam = createAdam(parameters);
    const gradients = new Map([['w', tf.zeros([3])]]);
    adam.step(gradients, 1, 0.1, 0.5);
    const state = await adam.state();
    assert.deepEqual([...(state.weights.get('w') as Float32Array)], [1, 1, 1], backend);
    adam.restore({...state, moment1: new Map([['w', Float32Array.of(0, 1, 0)]])});
    adam.step(gradients, 2, 0.1, 0.5);
    const {weights} = await adam.state();
    assert.ok((weights.get('w') as Float32Array)[1] < 1, backend);
    tf.dispose([...gradients.values()]);
    adam.dispose();
    disposeAll(parameters);
  }
});

test('a step changes neither what the state was made from nor a state that was read before', async () => {
  for (const backend of backends) {
    await tf.setBackend(backend);
    const parameters = createParameters(1);
    const before = new Map([...parameters].map(([name, value]) => [name, tf.clone(value)]));
    const values = new Map([...before].map(([name, value]) => [name, value.dataSync().slice()]));
    const {state} = await run(parameters, {to: 2});
    for (const [name, value] of before) assert.deepEqual(value.dataSync().slice(), values.get(name), backend);
    const kept = new Map(ADAM_PARTS.map((part) => [part, state[part].get('weights')?.slice()]));
    await run(parameters, {from: 2, state});
    for (const part of ADAM_PARTS) assert.deepEqual(state[part].get('weights'), kept.get(part), backend);
    tf.dispose([...before.values()]);
    disposeAll(parameters);
  }
});

test('a state without a part of a parameter is refused', async () => {
  await tf.setBackend(backends[0]);
  const parameters = createParameters(1);
  const {state} = await run(parameters, {to: 1});
  state.moment2.delete('bias');
  await assert.rejects(run(parameters, {state}), /the moment2 of 'bias', got none/);
  disposeAll(parameters);
});
