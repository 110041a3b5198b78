import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {binarize} from '../../lib/data/binarize';
import {Dataset, type EpochOptions, epochOrder, toTensor} from '../../lib/data/dataset';
import type {Images} from '../../lib/types';

/** Image i holds the number i, one bit a pixel. */
const images: Images = {
  pixels: Uint8Array.from({length: 10 * 4}, (_, k) => (Math.floor(k / 4) >> (k % 4)) & 1),
  count: 10,
  height: 1,
  width: 4,
  channels: 1,
};

const dataset = new Dataset(images);

/** The numbers of the images of each batch. */
function contents(all: Iterable<{index: number; x: tf.Tensor4D}>): [number, number[]][] {
  return Array.from(all, ({index, x}) => {
    const rows = x.reshape([-1, 4]).arraySync() as number[][];
    x.dispose();
    return [index, rows.map((row) => row.reduce((sum, bit, k) => sum + bit * 2 ** k, 0))];
  });
}

test('an epoch shows each image at most once, in whole batches, in the order of seed and epoch', () => {
  const order = epochOrder(10, 1, 2);
  assert.deepEqual([...order].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual([...order], [4, 6, 2, 3, 1, 7, 8, 5, 0, 9]);
  assert.deepEqual(contents(dataset.epoch({batchSize: 4, seed: 1, epoch: 2})), [
    [0, [...order.subarray(0, 4)]],
    [1, [...order.subarray(4, 8)]],
  ]);
  assert.notDeepEqual(epochOrder(10, 1, 3), order);
  assert.notDeepEqual(epochOrder(10, 2, 2), order);
});

test('from any batch on an epoch goes on as if it had not been interrupted', () => {
  const whole = contents(dataset.epoch({batchSize: 3, seed: 5, epoch: 0}));
  assert.equal(whole.length, 3);
  for (let from = 0; from <= 3; from++) {
    assert.deepEqual(contents(dataset.epoch({batchSize: 3, seed: 5, epoch: 0, from})), whole.slice(from));
  }
});

test('gray images are drawn anew for each epoch, or once; each is itself in its batch', () => {
  const gray = {...images, pixels: new Uint8Array(40).fill(128)};
  const bits = (binarization: 'dynamic' | 'static', epoch: number): number[][] => {
    const drawn: number[][] = [];
    for (const {x, indices} of new Dataset(gray, {binarization}).epoch({batchSize: 5, seed: 1, epoch})) {
      const rows = x.reshape([-1, 4]).arraySync() as number[][];
      x.dispose();
      rows.forEach((row, i) => {
        drawn[indices[i]] = row;
      });
    }
    return drawn;
  };
  assert.deepEqual(bits('static', 0), bits('static', 1));
  assert.notDeepEqual(bits('dynamic', 0), bits('dynamic', 1));
  const {pixels} = binarize(gray, {rule: 'dynamic', seed: 1, epoch: 1});
  assert.deepEqual(bits('dynamic', 1).flat(), [...pixels]);
});

test('evaluation sees all images in their order, the last batch smaller', () => {
  assert.deepEqual(contents(dataset.inOrder(4)), [
    [0, [0, 1, 2, 3]],
    [1, [4, 5, 6, 7]],
    [2, [8, 9]],
  ]);
});

test('values are scaled to [0, 1] by their levels', () => {
  tf.tidy(() => {
    const bytes = {...images, pixels: Uint8Array.of(0, 51, 102, 255), count: 1};
    const x = toTensor(bytes, undefined, 256);
    assert.deepEqual(x.shape, [1, 1, 4, 1]);
    assert.deepEqual([...x.dataSync()], [...Float32Array.of(0, 0.2, 0.4, 1)]);
    assert.deepEqual([...toTensor(images, [3, 8]).dataSync()], [1, 1, 0, 0, 0, 0, 0, 1]);
    const four = {...images, pixels: Uint8Array.of(0, 1, 2, 3), count: 1};
    assert.deepEqual([...toTensor(four, [0], 4).dataSync()], [...Float32Array.of(0, 1 / 3, 2 / 3, 1)]);
  });
});

test('no tensor but the batch itself is made', () => {
  const before = tf.memory().numTensors;
  for (const {x} of dataset.epoch({batchSize: 2, seed: 0, epoch: 0})) {
    assert.equal(tf.memory().numTensors, before + 1);
    x.dispose();
  }
  assert.equal(tf.memory().numTensors, before);
});

test('bad input', () => {
  const run = (options: Partial<EpochOptions>) => () =>
    contents(dataset.epoch({batchSize: 2, seed: 0, epoch: 0, ...options}));
  for (const batchSize of [0, -1, 1.5]) {
    assert.throws(run({batchSize}), new RegExp(`batchSize must be a positive integer, got ${batchSize}`));
  }
  assert.throws(run({batchSize: 11}), /batchSize must be at most the 10 images, got 11/);
  assert.throws(run({from: 6}), /from must be an integer from 0 to 5, got 6/);
  assert.throws(run({from: -1}), /got -1/);
  assert.throws(run({seed: -1}), /seed/);
  assert.throws(run({epoch: -1}), /-1/);
  assert.throws(
    () => contents(new Dataset(images, {levels: 1}).inOrder(2)),
    /levels must be an integer from 2 to 256, got 1/,
  );
  assert.throws(
    () => new Dataset(images, {levels: 4, binarization: 'static'}),
    /the levels must be 2, got 4/,
  );
  assert.throws(() => new Dataset({...images, count: 9}), /need 36 bytes, got 40/);
  assert.throws(
    () => toTensor({...images, pixels: new Uint8Array(40).fill(2)}),
    /0 to 1, got 2; use binarize/,
  );
  assert.throws(() => toTensor(images, [10]), /index must be an integer from 0 to 9, got 10/);
  assert.throws(() => dataset.batchesPerEpoch(0), /batchSize/);
});
