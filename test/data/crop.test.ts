import assert from 'node:assert/strict';
import test from 'node:test';
import {cropImages} from '../../lib/data/crop';

const images = {
  pixels: Uint8Array.from({length: 24}, (_, i) => i),
  count: 2,
  height: 3,
  width: 4,
  channels: 1,
};

test('a rectangle of every image', () => {
  const crop = cropImages(images, {top: 1, left: 2, height: 2, width: 2});
  assert.deepEqual([...crop.pixels], [6, 7, 10, 11, 18, 19, 22, 23]);
  assert.deepEqual([crop.count, crop.height, crop.width], [2, 2, 2]);
});

test('channels stay together', () => {
  const color = {...images, width: 2, channels: 2};
  assert.deepEqual([...cropImages(color, {top: 0, left: 1, height: 1, width: 1}).pixels], [2, 3, 14, 15]);
});

test('a rectangle outside the images is named', () => {
  assert.throws(
    () => cropImages(images, {top: 2, left: 0, height: 2, width: 2}),
    /inside 3 x 4, got .*row 2/,
  );
  assert.throws(() => cropImages(images, {top: 0, left: -1, height: 1, width: 1}), RangeError);
  assert.throws(() => cropImages(images, {top: 0, left: 0, height: 0, width: 1}), RangeError);
});
