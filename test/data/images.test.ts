import assert from 'node:assert/strict';
import test from 'node:test';
import {checkImages, firstImages, pickImages, selectImages} from '../../lib/data/images';

const images = {
  pixels: Uint8Array.of(10, 11, 20, 21, 30, 31),
  count: 3,
  height: 1,
  width: 2,
  channels: 1,
  labels: Uint8Array.of(1, 2, 3),
};

test('a part of the images, with its labels', () => {
  const part = selectImages(images, 1, 3);
  assert.deepEqual(part, {
    ...images,
    count: 2,
    pixels: Uint8Array.of(20, 21, 30, 31),
    labels: Uint8Array.of(2, 3),
  });
  assert.deepEqual(firstImages(images, 1), selectImages(images, 0, 1));
  assert.equal(firstImages(images, 0).count, 0);
  const picked = pickImages(images, [2, 0]);
  assert.deepEqual(picked, {
    ...images,
    count: 2,
    pixels: Uint8Array.of(30, 31, 10, 11),
    labels: Uint8Array.of(3, 1),
  });
  const {labels: _, ...unlabeled} = images;
  assert.ok(!('labels' in pickImages(unlabeled, [1])));
});

test('bad input', () => {
  for (const [start, end] of [
    [-1, 1],
    [2, 1],
    [0, 4],
    [0.5, 1],
  ]) {
    assert.throws(() => selectImages(images, start, end), /0 <= start <= end <= 3/);
  }
  assert.throws(() => pickImages(images, [3]), /from 0 to 2, got 3/);
  assert.throws(() => checkImages({...images, count: 4}), /need 8 bytes, got 6/);
  assert.throws(() => checkImages({...images, width: 0}), /width must be a positive integer, got 0/);
  assert.throws(() => checkImages({...images, count: -1}), /count must be a non-negative integer, got -1/);
});
