import assert from 'node:assert/strict';
import test from 'node:test';
import {shrinkImages} from '../../lib/data/shrink';

test('each value is the mean of a square; labels stay', () => {
  const images = {
    count: 2,
    height: 2,
    width: 4,
    channels: 1,
    labels: Uint8Array.of(3, 1),
    pixels: Uint8Array.of(0, 4, 255, 255, 8, 12, 255, 255, 1, 0, 0, 0, 0, 1, 0, 2),
  };
  const small = shrinkImages(images, 2);
  assert.deepEqual([...small.pixels], [6, 255, 1, 1]);
  assert.deepEqual([small.count, small.height, small.width], [2, 1, 2]);
  assert.equal(small.labels, images.labels);
  assert.deepEqual(shrinkImages(images, 1), images);
});

test('colors are kept apart', () => {
  const images = {
    count: 1,
    height: 2,
    width: 2,
    channels: 2,
    pixels: Uint8Array.of(1, 10, 3, 20, 5, 30, 7, 40),
  };
  assert.deepEqual([...shrinkImages(images, 2).pixels], [4, 25]);
});

test('a factor that does not divide the sides is refused', () => {
  const images = {count: 1, height: 4, width: 6, channels: 1, pixels: new Uint8Array(24)};
  for (const factor of [0, -1, 1.5, 4, Number.NaN]) {
    assert.throws(() => shrinkImages(images, factor), {
      name: 'RangeError',
      message: `shrinkImages: factor must be a positive integer that divides 4 and 6, got ${factor}`,
    });
  }
});
