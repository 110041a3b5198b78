import assert from 'node:assert/strict';
import test, {before} from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {startEngine} from '../../lib/engine/index';
import {
  dependence,
  inOrder,
  jacobian,
  type LogitModel,
  orderViolations,
  perturbationJacobian,
} from '../../lib/inspect/jacobian';
import {Made} from '../../lib/models/made';
import {MADE_PRESETS} from '../../lib/models/madePresets';

before(startEngine);

const image = {height: 1, width: 3, channels: 1};

/** logits = x A, of which the Jacobian is A transposed. */
function linear(matrix: readonly (readonly number[])[], levels = 2): LogitModel {
  return {
    image,
    levels,
    logits: (x) =>
      tf.tidy(() => tf.matMul(tf.reshape(x, [-1, 3]) as tf.Tensor2D, tf.tensor2d(matrix as number[][]))),
  };
}

const lower = linear([
  [0, 2, 3],
  [0, 0, 5],
  [0, 0, 0],
]);

test('a linear model, by hand, both ways', async () => {
  const expected = [0, 0, 0, 2, 0, 0, 3, 5, 0];
  assert.deepEqual(Array.from((await jacobian(lower, [0, 1, 0])).values), expected);
  assert.deepEqual(Array.from((await perturbationJacobian(lower, [0, 1, 0])).values), expected);
});

test('both ways agree where pixels do not interact, and rows of several levels stay apart', async () => {
  const wide = linear(
    [0, 1, 2].map((i) => Array.from({length: 12}, (_, j) => i + j / 8)),
    4,
  );
  const a = await jacobian(wide, [0.25, 1, 0]);
  const b = await perturbationJacobian(wide, [0.25, 1, 0]);
  assert.equal(a.rows, 12);
  for (let k = 0; k < a.values.length; k++) assert.ok(Math.abs(a.values[k] - b.values[k]) < 1e-5);
});

test('orderViolations finds leaks and what is not seen', () => {
  const J = {rows: 3, columns: 3, values: Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0)};
  assert.deepEqual(orderViolations(J, [0, 1, 2]), {leaks: [], blind: [{logit: 2, pixel: 0}]});
  assert.deepEqual(orderViolations(J, [2, 1, 0]).leaks, [
    {logit: 1, pixel: 0},
    {logit: 2, pixel: 1},
  ]);
});

for (const method of ['gradient', 'perturbation'] as const) {
  test(`MADE in a random order leaks nothing and sees all it may, by ${method}`, async () => {
    const model = Made.create(
      {
        ...MADE_PRESETS.small,
        height: 4,
        width: 4,
        hidden: [60, 60],
        order: 'random',
        conditioned: false,
        maskSeed: 3,
      },
      1,
    );
    const J = await dependence(model, {seed: 0, images: 6, method});
    assert.deepEqual(orderViolations(J, model.order), {leaks: [], blind: []});
    const sorted = inOrder(J, model.order);
    for (let i = 0; i < 16; i++) {
      for (let j = i; j < 16; j++) assert.equal(sorted.values[i * 16 + j], 0);
    }
    model.dispose();
  });

  test(`control: one weight that looks at its own pixel is caught, by ${method}`, async () => {
    const broken = linear([
      [0, 2, 3],
      [0, 1e-3, 5],
      [0, 0, 0],
    ]);
    const {leaks} = orderViolations(await dependence(broken, {seed: 0, images: 1, method}), [0, 1, 2]);
    assert.deepEqual(leaks, [{logit: 1, pixel: 1}]);
  });
}

test('more pixels than go into one batch', async () => {
  const model = Made.create({...MADE_PRESETS.small, height: 12, width: 12, hidden: [200]}, 1);
  const x = new Float32Array(144).map((_, i) => i % 2);
  const [a, b] = [await jacobian(model, x), await perturbationJacobian(model, x)];
  assert.deepEqual(orderViolations(a, model.order).leaks, []);
  assert.deepEqual(orderViolations(b, model.order).leaks, []);
  // Rows 128 … 143 come from the second batch.
  for (const {values} of [a, b]) {
    assert.ok(values.subarray(130 * 144).filter((value) => value !== 0).length > 14 * 100);
  }
  model.dispose();
});

test('no tensor is left behind', async () => {
  const before = tf.memory().numTensors;
  await jacobian(lower, [0, 1, 0]);
  await perturbationJacobian(lower, [0, 1, 0]);
  assert.equal(tf.memory().numTensors, before);
});

test('bad input', async () => {
  await assert.rejects(jacobian(lower, [0, 1]), /the 3 values of an image, got 2/);
  await assert.rejects(dependence(lower, {seed: 0, images: 0}), /positive integer, got 0/);
  const J = await jacobian(lower, [0, 1, 0]);
  assert.throws(() => orderViolations(J, [0, 1]), /the order must have 3 pixels/);
  assert.throws(() => inOrder(J, [0, 1]), /got 3 x 3 and 2/);
});
