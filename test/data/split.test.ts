import assert from 'node:assert/strict';
import test from 'node:test';
import {countCopies, splitIndices} from '../../lib/data/split';

const shares = {train: 80, validation: 10, test: 10};

test('every image is in one part, the parts are as large as they should be, and always the same', () => {
  const {train, validation, test} = splitIndices(1007, shares, 0);
  assert.deepEqual([train.length, validation.length, test.length], [807, 100, 100]);
  assert.deepEqual(
    [...train, ...validation, ...test].sort((a, b) => a - b),
    Array.from({length: 1007}, (_, i) => i),
  );
  assert.deepEqual(splitIndices(1007, shares, 0), {train, validation, test});
  assert.notDeepEqual(splitIndices(1007, shares, 1).test, test);
  // Folders are sorted by class: not even the first images of a part are beside each other.
  for (const part of [train, validation, test]) {
    assert.ok(Math.max(...part.subarray(0, 20)) - Math.min(...part.subarray(0, 20)) > 600);
  }
  assert.equal(splitIndices(4, {train: 2, validation: 1, test: 1}, 0).train.length, 2);
});

test('a part without an image and shares that are none are refused', () => {
  assert.throws(() => splitIndices(9, shares, 0), {
    name: 'RangeError',
    message: /9 images leave none for training, validation or test at 80\/10\/10; give more images/,
  });
  assert.throws(
    () => splitIndices(100, {train: 90, validation: 10, test: 0}, 0),
    /positive numbers, got 90\/10\/0/,
  );
});

test('copies are counted', () => {
  const shape = {height: 1, width: 2, channels: 1};
  const images = {...shape, count: 3, pixels: Uint8Array.of(1, 2, 3, 4, 1, 2)};
  assert.equal(countCopies(images, {...shape, count: 2, pixels: Uint8Array.of(1, 2, 4, 3)}), 2);
});
