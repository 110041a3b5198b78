import assert from 'node:assert/strict';
import test from 'node:test';
import {startEngine} from '../../lib/engine/index';
import {
  allBinaryImages,
  allImages,
  allOrders,
  bitsOf,
  conditionals,
  crossEntropy,
  entropy,
  frequencies,
  tabulate,
} from '../../lib/inspect/joint';
import {Made} from '../../lib/models/made';
import {MADE_PRESETS} from '../../lib/models/madePresets';
import {PIXEL_CNN_PRESETS, PixelCnn} from '../../lib/models/pixelCnn';

// p(0, 0, 0), p(0, 0, 1), p(0, 1, 0), …
const joint = [0.02, 0.08, 0.1, 0.2, 0.05, 0.15, 0.1, 0.3];

test('conditionals, by hand', () => {
  // x = 1, 0, 1: p(x1 = 1) = 0.6, p(x2 = 0 | 1) = 0.2 / 0.6, p(x3 = 1 | 1, 0) = 0.15 / 0.2
  const factors = conditionals(joint, [0, 1, 2], [1, 0, 1]);
  [0.6, 1 / 3, 0.75].forEach((p, k) => void assert.ok(Math.abs(factors[k] - p) < 1e-12));
});

test('every order gives the same p(x), for every x', () => {
  assert.equal(allOrders(3).length, 6);
  for (let k = 0; k < 8; k++) {
    for (const order of allOrders(3)) {
      const product = conditionals(joint, order, bitsOf(k, 3)).reduce((a, b) => a * b, 1);
      assert.ok(Math.abs(product - joint[k]) < 1e-12);
    }
  }
});

test('entropy and cross-entropy', () => {
  const even = new Array(8).fill(1 / 8);
  assert.ok(Math.abs(entropy(even) - 3 * Math.LN2) < 1e-12);
  assert.ok(Math.abs(crossEntropy(joint, even) - 3 * Math.LN2) < 1e-12);
  assert.ok(entropy(joint) < crossEntropy(joint, even));
  assert.equal(entropy([1, 0]), 0);
  assert.equal(crossEntropy([0.5, 0.5], [1, 0]), Number.POSITIVE_INFINITY);
});

test('all images once, and their frequencies', () => {
  const images = allBinaryImages({height: 1, width: 3, channels: 1});
  assert.deepEqual(Array.from(images.pixels.subarray(18, 21)), [1, 1, 0]);
  assert.deepEqual(Array.from(frequencies(images)), new Array(8).fill(1 / 8));
  const first = {...images, count: 1, pixels: Uint8Array.of(1, 1, 0)};
  assert.equal(frequencies(first)[6], 1);
});

test('all images of three levels, in the order of counting', () => {
  const {count, pixels} = allImages({height: 1, width: 2, channels: 1}, 3);
  assert.equal(count, 9);
  assert.deepEqual(Array.from(pixels.subarray(2 * 5, 2 * 6)), [1, 2]); // 5 = 1 * 3 + 2
});

test('the table of a color model with four levels has all 4^3 images, and sums to 1', async () => {
  await startEngine();
  const config = {
    ...PIXEL_CNN_PRESETS.cifar10,
    height: 1,
    width: 1,
    levels: 4,
    features: 6,
    dilations: [1],
    head: 6,
  };
  const model = PixelCnn.create(config, 1);
  const table = await tabulate(model);
  model.dispose();
  assert.equal(table.length, 64);
  assert.ok(Math.abs(table.reduce((a, b) => a + b, 0) - 1) < 1e-5);
});

test('the table of a MADE sums to 1', async () => {
  await startEngine();
  const model = Made.create({...MADE_PRESETS.small, height: 3, width: 3, hidden: [20]}, 1);
  const sum = (await tabulate(model)).reduce((a, b) => a + b, 0);
  model.dispose();
  assert.ok(Math.abs(sum - 1) < 1e-5, String(sum));
});

test('bad input', () => {
  assert.throws(
    () => allBinaryImages({height: 5, width: 5, channels: 1}),
    /at most 65536 images, got 2 levels to the power of 25/,
  );
  const large = {pixels: new Uint8Array(25), count: 1, height: 5, width: 5, channels: 1};
  assert.throws(() => frequencies(large), /at most 16 values, got 1 of 25/);
  assert.throws(() => conditionals(joint, [0, 0, 1], [1, 0, 1]), /order 0, 0, 1/);
  assert.throws(() => conditionals([0, 0, 0.5, 0.5], [0, 1], [0, 1]), /a probability above 0, got 0/);
  assert.throws(() => crossEntropy([1], [0.5, 0.5]), /got 1 and 2/);
  assert.throws(() => allOrders(9), /from 1 to 8, got 9/);
});
