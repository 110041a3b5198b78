import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {maskedDense} from '../../lib/engine/maskedDense';
import {Random} from '../../lib/random';
import {backends, close, onEachBackend, startBackends} from './backends';

/**
 * Native kernels, their portable twins and plain loops in 64 bits must agree, whatever the sizes and degrees.
 */
startBackends();

interface Case {
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly sorted: boolean;
  readonly strict: boolean;
  readonly relu: boolean;
  /** What is added: a bias for all images, or numbers for each. */
  readonly each: boolean;
}

/**
 * Sizes below, at and beyond the blocks in which the native kernels work: 4 images, 8
 * inputs, 16, 32 and 128 outputs.
 */
const CASES: Case[] = [
  {batch: 1, inputs: 1, outputs: 1, sorted: true, strict: false, relu: false, each: false},
  {batch: 7, inputs: 5, outputs: 6, sorted: true, strict: true, relu: true, each: false},
  {batch: 4, inputs: 8, outputs: 32, sorted: true, strict: false, relu: true, each: true},
  {batch: 5, inputs: 21, outputs: 49, sorted: false, strict: true, relu: false, each: true},
  {batch: 9, inputs: 40, outputs: 150, sorted: true, strict: true, relu: true, each: false},
  {batch: 3, inputs: 130, outputs: 300, sorted: false, strict: false, relu: true, each: false},
  {batch: 6, inputs: 64, outputs: 257, sorted: true, strict: false, relu: false, each: true},
];

function numbers(count: number, key: string): Float32Array {
  const random = new Random(3, key);
  return Float32Array.from({length: count}, () => random.normal());
}

function degrees(count: number, most: number, sorted: boolean, key: string): Int32Array {
  const random = new Random(5, key);
  const drawn = Int32Array.from({length: count}, () => random.integer(most));
  return sorted ? drawn.sort() : drawn;
}

for (const given of CASES) {
  const {batch: B, inputs: I, outputs: O, sorted, strict, relu, each} = given;
  test(`maskedDense ${JSON.stringify(given)}`, async () => {
    const most = Math.max(2, Math.min(I, O));
    const [below, above] = [degrees(I, most, sorted, 'below'), degrees(O, most, sorted, 'above')];
    const [x, weights, dy] = [numbers(B * I, 'x'), numbers(I * O, 'weights'), numbers(B * O, 'dy')];
    const added = numbers(each ? B * O : O, 'added');
    const live = (i: number, o: number): boolean => (strict ? above[o] > below[i] : above[o] >= below[i]);
    const [y, dx] = [new Float64Array(B * O), new Float64Array(B * I)];
    const [dWeights, dAdded] = [new Float64Array(I * O), new Float64Array(added.length)];
    for (let b = 0; b < B; b++) {
      for (let o = 0; o < O; o++) {
        let z = added[each ? b * O + o : o];
        for (let i = 0; i < I; i++) if (live(i, o)) z += x[b * I + i] * weights[i * O + o];
        if (relu && z <= 0) continue;
        y[b * O + o] = z;
        dAdded[each ? b * O + o : o] += dy[b * O + o];
        for (let i = 0; i < I; i++) {
          if (!live(i, o)) continue;
          dx[b * I + i] += dy[b * O + o] * weights[i * O + o];
          dWeights[i * O + o] += dy[b * O + o] * x[b * I + i];
        }
      }
    }
    await onEachBackend((backend) => {
      const mask = {below: tf.tensor1d(below, 'int32'), above: tf.tensor1d(above, 'int32'), strict};
      const inputs = [tf.tensor2d(x, [B, I]), tf.tensor2d(weights, [I, O])] as const;
      const sum = each ? tf.tensor2d(added, [B, O]) : tf.tensor1d(added);
      const run = (...all: tf.Tensor[]): tf.Tensor2D =>
        maskedDense(
          all[0] as tf.Tensor2D,
          all[1] as tf.Tensor2D,
          all[2] as tf.Tensor1D,
          mask,
          relu ? 'relu' : 'none',
        );
      close(run(...inputs, sum).dataSync(), y, `${backend}: y`);
      const gradients = tf.grads(run)([...inputs, sum], tf.tensor2d(dy, [B, O]));
      close(gradients[0].dataSync(), dx, `${backend}: gradient of x`);
      close(gradients[1].dataSync(), dWeights, `${backend}: gradient of the weights`);
      close(gradients[2].dataSync(), dAdded, `${backend}: gradient of what is added`);
    });
  });
}

test('a dead weight may be anything, even not a number, and its gradient is exactly 0', async (t) => {
  if (!backends.includes('tensorflow')) return t.skip('the portable twin multiplies by 0, which keeps NaN');
  await onEachBackend((backend) => {
    if (backend !== 'tensorflow') return;
    const mask = {below: tf.tensor1d([1, 2], 'int32'), above: tf.tensor1d([1, 2], 'int32'), strict: false};
    const [x, bias] = [tf.ones<tf.Rank.R2>([1, 2]), tf.zeros<tf.Rank.R1>([2])];
    const weights = tf.tensor2d([1, 1, Number.NaN, 1], [2, 2]);
    const [value, gradient] = [
      maskedDense(x, weights, bias, mask, 'none'),
      tf.grad((w) => maskedDense(x, w as tf.Tensor2D, bias, mask, 'none'))(weights),
    ];
    assert.deepEqual([...value.dataSync()], [1, 2]);
    assert.deepEqual([...gradient.dataSync()], [1, 1, 0, 1]);
  });
});

test('shapes that do not fit are named, before any kernel runs', async () => {
  await onEachBackend(() => {
    const mask = {below: tf.tensor1d([1, 2], 'int32'), above: tf.tensor1d([1, 2, 3], 'int32'), strict: false};
    const [x, weights, bias] = [tf.zeros([1, 2]), tf.zeros([2, 3]), tf.zeros([3])];
    const run =
      (...all: tf.Tensor[]) =>
      () =>
        void maskedDense(all[0] as tf.Tensor2D, all[1] as tf.Tensor2D, all[2] as tf.Tensor1D, mask, 'none');
    const name = /^RangeError: maskedDense: /;
    assert.throws(
      run(tf.zeros([1, 3]), weights, bias),
      /weights must be .*\[inputs = 3, outputs\], got float32 \[2, 3\]/,
    );
    assert.throws(
      run(x, tf.zeros([3, 2]), bias),
      /weights must be .*\[inputs = 2, outputs\], got float32 \[3, 2\]/,
    );
    assert.throws(run(x, weights, tf.zeros([2])), /added must be .*\[outputs = 3\] or .*, got float32 \[2\]/);
    assert.throws(
      run(x, weights, tf.zeros([2, 3])),
      /added must be .*\[B = 1, outputs = 3\], got float32 \[2, 3\]/,
    );
    assert.throws(run(x, weights, tf.zeros([3], 'int32')), name);
  });
});
