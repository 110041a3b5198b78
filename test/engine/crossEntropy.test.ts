import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {
  bernoulliNegativeLogLikelihood,
  categoricalNegativeLogLikelihood,
} from '../../lib/engine/crossEntropy';
import {startEngine} from '../../lib/engine/index';
import {Random} from '../../lib/random';
import {close, onEachBackend, startBackends} from './backends';

/** Native kernels, their portable twins on two backends, and plain loops in 64 bits must all agree. */
startBackends();

const normals = (count: number, key: string): Float32Array => {
  const random = new Random(9, key);
  return Float32Array.from({length: count}, () => random.normal());
};

const [B, I, O] = [7, 5, 6];
const x = normals(B * I, 'x');
const weights = normals(I * O, 'weights');

const EXTREME = [0, -0, 1e-8, -1e-8, 0.5, -3, 17, -17, 50, -50, 89, -89, 1000, -1000, 1e30, -1e30];

/** log(1 + exp(z)) - z x, in 64 bits */
function bernoulli(logit: number, value: number): number {
  const z = value === 1 ? -logit : logit;
  return Math.max(0, z) + Math.log1p(Math.exp(-Math.abs(z)));
}

test('Bernoulli cross-entropy: values and gradients, extreme logits too', async () => {
  const logits = Float32Array.from([...EXTREME, ...EXTREME]);
  const values = Float32Array.from(logits, (_, i) => (i < EXTREME.length ? 0 : 1));
  const expected = Float64Array.from(logits, (logit, i) => bernoulli(logit, values[i]));
  const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
  const gradient = Float64Array.from(logits, (logit, i) => 2 * (sigmoid(logit) - values[i]));
  await onEachBackend((backend) => {
    const column = [logits.length, 1] as [number, number];
    const z = tf.tensor2d(logits, column);
    const nats = bernoulliNegativeLogLikelihood(z, tf.tensor2d(values, column)).dataSync();
    // What a logit of 1000 rounds away is a millionth of a nat.
    close(nats, expected, `${backend}: nats`, 2e-6);
    const dy = tf.fill([logits.length], 2);
    const [dz] = tf.grads((a, b) => bernoulliNegativeLogLikelihood(a as tf.Tensor2D, b as tf.Tensor2D))(
      [z, tf.tensor2d(values, column)],
      dy,
    );
    close(dz.dataSync(), gradient, `${backend}: gradient`, 2e-6);
  });
});

test('Bernoulli cross-entropy: each row is the sum over its values', async () => {
  const [rows, columns] = [5, 9];
  const logits = normals(rows * columns, 'logits').map((z) => 3 * z);
  const values = normals(rows * columns, 'values').map((z) => (z > 0 ? 1 : 0));
  const expected = new Float64Array(rows);
  logits.forEach((logit, i) => {
    expected[Math.floor(i / columns)] += bernoulli(logit, values[i]);
  });
  await onEachBackend((backend) => {
    const nats = bernoulliNegativeLogLikelihood(
      tf.tensor2d(logits, [rows, columns]),
      tf.tensor2d(values, [rows, columns]),
    );
    assert.deepEqual(nats.shape, [rows]);
    close(nats.dataSync(), expected, `${backend}: nats`);
  });
});

test('gradients are the slopes of the values: central differences through both kernels', async () => {
  await onEachBackend((backend) => {
    const values = tf.tensor2d(
      normals(B * O, 'bits').map((z) => (z > 0 ? 1 : 0)),
      [B, O],
    );
    const loss = (w: tf.Tensor): tf.Scalar => {
      const hidden = tf.matMul(tf.tensor2d(x, [B, I]), w as tf.Tensor2D) as tf.Tensor2D;
      return tf.sum(bernoulliNegativeLogLikelihood(hidden, values));
    };
    const slope = tf
      .grad(loss)(tf.tensor2d(weights, [I, O]))
      .dataSync();
    const step = 2 ** -10;
    for (let i = 0; i < weights.length; i++) {
      const at = (change: number): number =>
        loss(
          tf.tensor2d(
            weights.map((w, k) => (k === i ? w + change : w)),
            [I, O],
          ),
        ).dataSync()[0];
      const difference = (at(step) - at(-step)) / (2 * step);
      assert.ok(
        Math.abs(difference - slope[i]) < 0.02 + 0.02 * Math.abs(slope[i]),
        `${backend}: slope of weight ${i} is ${difference}, its gradient ${slope[i]}`,
      );
    }
  });
});

/**
 * The formula as it is written, in 64 bits. @returns nats of each row, and the
 * gradient of their sum weighted with dy
 */
function categorical(
  logits: ArrayLike<number>,
  x: ArrayLike<number>,
  [B, D, L]: number[],
  dy: ArrayLike<number>,
) {
  const nats = new Float64Array(B);
  const gradient = new Float64Array(B * D * L);
  for (let i = 0; i < B * D; i++) {
    const row = Array.from({length: L}, (_, level) => logits[i * L + level]);
    const largest = Math.max(...row);
    const sum = row.reduce((total, logit) => total + Math.exp(logit - largest), 0);
    const image = Math.floor(i / D);
    nats[image] += Math.log(sum) + largest - row[x[i]];
    row.forEach((logit, level) => {
      const chosen = level === x[i] ? 1 : 0;
      gradient[i * L + level] = dy[image] * (Math.exp(logit - largest) / sum - chosen);
    });
  }
  return {nats, gradient};
}

// Fewer levels than a vector has lanes, as many, some more, and as many as a byte has.
for (const levels of [3, 4, 16, 21, 256]) {
  test(`cross-entropy of ${levels} levels: values and gradients, extreme logits too`, async () => {
    const shape: [number, number, number] = [3, 7, levels];
    const logits = normals(3 * 7 * levels, 'categorical').map((z) => 4 * z);
    // A few rows in which one logit towers over the others, or lies far below them.
    [1000, -1000, 1e30, -1e30, 89, -89].forEach((extreme, row) => {
      logits[row * levels + (row % levels)] = extreme;
    });
    const random = new Random(9, 'levels', levels);
    const x = Int32Array.from({length: 21}, () => random.integer(levels));
    const dy = [1, -0.5, 2];
    const expected = categorical(logits, x, shape, dy);
    await onEachBackend((backend) => {
      const z = tf.tensor3d(logits, shape);
      const chosen = tf.tensor2d(x, [3, 7], 'int32');
      close(categoricalNegativeLogLikelihood(z, chosen).dataSync(), expected.nats, `${backend}: nats`);
      const [dz] = tf.grads((a) => categoricalNegativeLogLikelihood(a as tf.Tensor3D, chosen))(
        [z],
        tf.tensor1d(dy),
      );
      close(dz.dataSync(), expected.gradient, `${backend}: gradient`, 3e-6);
    });
  });
}

test('cross-entropy: the formula of several operations that it replaces', async () => {
  const logits = normals(4 * 30 * 256, 'formula').map((z) => 3 * z);
  const levels = Int32Array.from({length: 120}, (_, i) => (37 * i) % 256);
  await onEachBackend((backend) => {
    const z = tf.tensor3d(logits, [4, 30, 256]);
    const x = tf.tensor2d(levels, [4, 30], 'int32');
    const formula = (a: tf.Tensor): tf.Tensor => {
      return tf.neg(tf.sum(tf.mul(tf.logSoftmax(a), tf.oneHot(x, 256)), [1, 2]));
    };
    const dy = tf.tensor1d([1, 2, 3, 4]);
    const run = (nats: (a: tf.Tensor) => tf.Tensor) => tf.valueAndGrads((a) => nats(a))([z], dy);
    const [own, plain] = [run((a) => categoricalNegativeLogLikelihood(a as tf.Tensor3D, x)), run(formula)];
    close(own.value.dataSync(), plain.value.dataSync(), `${backend}: nats`);
    close(own.grads[0].dataSync(), plain.grads[0].dataSync(), `${backend}: gradient`, 1e-5);
  });
});

test('cross-entropy: levels that there are not give no number, and touch no memory', async (t) => {
  const {name} = await startEngine();
  if (name !== 'tensorflow') return t.skip('the portable twin looks no level up in memory');
  await tf.setBackend('tensorflow');
  tf.tidy(() => {
    const z = tf.zeros([3, 1, 5]) as tf.Tensor3D;
    const x = tf.tensor2d([4, 5, -1], [3, 1], 'int32');
    const [good, above, below] = categoricalNegativeLogLikelihood(z, x).dataSync();
    close([good], [Math.log(5)], 'nats');
    assert.ok(Number.isNaN(above) && Number.isNaN(below));
  });
});
