import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {complete, completeInAnyOrder, knownFirst, knownTooLate} from '../lib/complete';
import {startEngine} from '../lib/engine/index';
import {evaluate} from '../lib/evaluate';
import {Made} from '../lib/models/made';
import type {Images} from '../lib/types';
import {allImages, chiSquare, imageNumber, randomImages, randomize} from './properties/tools';

test.before(() => startEngine());

function made(height: number, width: number): Made {
  const model = Made.create({
    ...{height, width, channels: 1, hidden: [30], direct: true},
    ...{masks: 2, orderAgnostic: true, order: 'raster', conditioned: false, maskSeed: 1},
  });
  randomize(model.parameters, 3, 2);
  return model;
}

const order = Int32Array.of(2, 0, 3, 1);

test('known values go first, each group in the order that it had', () => {
  assert.deepEqual(knownFirst(order, Uint8Array.of(0, 1, 0, 1)), Int32Array.of(3, 1, 2, 0));
  assert.deepEqual(knownFirst(order, new Uint8Array(4)), order);
});

test('known too late: after the first value that has to be drawn', () => {
  assert.equal(knownTooLate(order, Uint8Array.of(0, 1, 0, 1)), 2);
  assert.equal(knownTooLate(order, Uint8Array.of(0, 1, 1, 0)), 1);
  assert.equal(knownTooLate(order, Uint8Array.of(1, 0, 1, 0)), 0);
  assert.equal(knownTooLate(order, Uint8Array.of(1, 1, 1, 1)), 0);
  assert.equal(knownTooLate(order, new Uint8Array(4)), 0);
  for (const mask of [Uint8Array.of(0, 1, 0, 1), Uint8Array.of(1, 0, 0, 0)]) {
    assert.equal(knownTooLate(knownFirst(order, mask), mask), 0);
  }
});

test('known pixels are kept; the result says whether all of them were used', async () => {
  const model = made(3, 3);
  const images = randomImages(5, model.image, 1);
  const upper = Uint8Array.of(1, 1, 1, 1, 0, 0, 0, 0, 0);
  const lower = Uint8Array.of(0, 0, 0, 0, 0, 1, 1, 1, 1);
  const {numTensors} = tf.memory();
  for (const [mask, expected] of [
    [upper, [true, true]],
    [lower, [false, true]],
  ] as const) {
    const options = {count: 5, seed: 2};
    const fixed = await complete(model, images, mask, options);
    const any = await completeInAnyOrder(model, images, mask, options);
    assert.deepEqual([fixed.conditionedOnAll, any.conditionedOnAll], expected);
    for (const {pixels} of [fixed.images, any.images]) {
      pixels.forEach((value, i) => {
        if (mask[i % 9] === 1) assert.equal(value, images.pixels[i]);
      });
    }
  }
  assert.equal(tf.memory().numTensors, numTensors);
  model.dispose();
});

test('in any order, completions follow p(unknown | known) of the model in that order', async () => {
  const model = made(2, 2);
  // Pixels 1 and 2 are known: in raster order pixel 0 would be drawn without them.
  const mask = Uint8Array.of(0, 1, 1, 0);
  const known: Images = {pixels: Uint8Array.of(0, 1, 0, 0), count: 1, height: 2, width: 2, channels: 1};
  const all = allImages(model.image);
  const fits = (n: number): boolean => ((n >> 1) & 1) === 1 && ((n >> 2) & 1) === 0;
  const view = model.withOrder(knownFirst(model.order, mask));
  const joint = Array.from((await evaluate(view, all)).perImage, (nats, n) =>
    fits(n) ? Math.exp(-nats) : 0,
  );
  view.dispose();
  const total = joint.reduce((a, b) => a + b);
  const observed = new Array<number>(16).fill(0);
  for (let seed = 0; seed < 20; seed++) {
    const {images} = await completeInAnyOrder(model, known, mask, {count: 250, seed});
    for (let i = 0; i < 250; i++) observed[imageNumber(images.pixels.subarray(4 * i, 4 * i + 4))]++;
  }
  const possible = [...joint.keys()].filter(fits);
  assert.equal(possible.length, 4);
  const distance = chiSquare(
    possible.map((n) => observed[n]),
    possible.map((n) => (5000 * joint[n]) / total),
  );
  // 3 degrees of freedom, one in 10,000
  assert.ok(distance < 21.1, `chi-square ${distance}`);
  model.dispose();
});

test('a mask of another size is named', async () => {
  const model = made(2, 2);
  const images = randomImages(1, model.image, 1);
  for (const run of [complete, completeInAnyOrder]) {
    await assert.rejects(run(model as Made, images, new Uint8Array(3), {count: 1, seed: 0}), {
      name: 'RangeError',
      message: /4 entries, got 3/,
    });
  }
  model.dispose();
});
