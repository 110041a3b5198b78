import assert from 'node:assert/strict';
import test from 'node:test';
import {joinImages, transposeImages} from '../../lib/data/rearrange';

const two = {pixels: Uint8Array.of(1, 2, 3, 4, 5, 6), count: 2, height: 1, width: 3, channels: 1};

test('joined in their order; sizes must agree', () => {
  const joined = joinImages([two, {...two, count: 1, pixels: Uint8Array.of(7, 8, 9)}]);
  assert.deepEqual(joined, {...two, count: 3, pixels: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9)});
  assert.throws(() => joinImages([]), /at least one/);
  assert.throws(() => joinImages([two, {...two, height: 3, width: 1}]), /1 x 3 x 1 and 3 x 1 x 1/);
});

test('transposed: rows become columns, colors stay together, twice is none', () => {
  const images = {pixels: Uint8Array.of(1, 2, 3, 4, 5, 6), count: 1, height: 2, width: 3, channels: 1};
  const turned = transposeImages({...images, labels: Uint8Array.of(7)});
  assert.deepEqual([...turned.pixels], [1, 4, 2, 5, 3, 6]);
  assert.deepEqual([turned.height, turned.width, turned.labels[0]], [3, 2, 7]);
  assert.deepEqual(transposeImages(transposeImages(images)), images);
  const color = {pixels: Uint8Array.of(1, 2, 3, 4, 5, 6), count: 1, height: 1, width: 2, channels: 3};
  assert.deepEqual([...transposeImages(color).pixels], [1, 2, 3, 4, 5, 6]);
  assert.throws(() => transposeImages({...images, count: 2}), /need 12 bytes, got 6/);
});
