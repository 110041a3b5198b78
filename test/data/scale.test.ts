import assert from 'node:assert/strict';
import test from 'node:test';
import {averageArea, fitToSquare, withChannels} from '../../lib/data/scale';

const gray = (width: number, height: number, data: readonly number[]) => ({
  width,
  height,
  channels: 1,
  data: Uint8Array.from(data),
});

test('each pixel is the mean of the area that it covers, parts of pixels in parts', () => {
  const four = gray(4, 4, [0, 4, 10, 10, 8, 12, 10, 10, 200, 200, 1, 2, 200, 200, 3, 4]);
  assert.deepEqual([...averageArea(four, 2, 2).data], [6, 10, 200, 3]);
  // Three pixels to two: the middle one is shared.
  assert.deepEqual([...averageArea(gray(3, 1, [0, 90, 255]), 2, 1).data], [30, 200]);
  assert.deepEqual([...averageArea(gray(1, 3, [0, 90, 255]), 1, 2).data], [30, 200]);
  const color = {width: 2, height: 1, channels: 3, data: Uint8Array.of(0, 100, 255, 10, 200, 255)};
  assert.deepEqual([...averageArea(color, 1, 1).data], [5, 150, 255]);
  // What is even stays so, at whatever ratio.
  for (const side of [1, 7, 28, 29, 37]) {
    const even = averageArea(gray(37, 41, Array(37 * 41).fill(255)), side, side);
    assert.ok(even.data.every((value) => value === 255));
  }
});

test('an image is kept, scaled, cropped or refused', () => {
  const kept = gray(2, 2, [1, 2, 3, 4]);
  assert.deepEqual(fitToSquare(kept, 2), {image: kept, fit: 'kept'});
  assert.deepEqual(fitToSquare(kept, 1), {image: gray(1, 1, [3]), fit: 'scaled'});
  const wide = gray(5, 2, [9, 1, 2, 9, 9, 9, 3, 4, 9, 9]);
  assert.deepEqual(fitToSquare(wide, 2), {image: gray(2, 2, [1, 2, 3, 4]), fit: 'cropped'});
  assert.throws(() => fitToSquare(gray(2, 1, [0, 0]), 2), {
    name: 'RangeError',
    message: 'it must have at least 2 x 2 pixels, got 2 x 1; choose a --size of at most 1',
  });
});

test('gray from color by the usual weights, color from gray', () => {
  const color = {width: 3, height: 1, channels: 3, data: Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0, 255)};
  assert.deepEqual([...withChannels(color, 1).data], [255, 76, 29]);
  assert.deepEqual([...withChannels(gray(2, 1, [7, 9]), 3).data], [7, 7, 7, 9, 9, 9]);
});
