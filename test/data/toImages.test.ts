import assert from 'node:assert/strict';
import test from 'node:test';
import {toTensor} from '../../lib/data/dataset';
import {checkImages} from '../../lib/data/images';
import {toImages} from '../../lib/data/toImages';
import type {Images} from '../../lib/types';

const shape = {height: 2, width: 2, channels: 1};

test('numbers of any kind become bytes, the labels too', () => {
  const images = toImages([0, 1, 1, 0, 1, 1, 1, 1], shape, {levels: 2, labels: [3, 0], classes: 4});
  assert.deepEqual(images, {
    ...shape,
    count: 2,
    pixels: Uint8Array.of(0, 1, 1, 0, 1, 1, 1, 1),
    labels: Uint8Array.of(3, 0),
  });
  const bytes = toImages(Float32Array.of(0, 255, 17, 0), shape, {levels: 256});
  assert.deepEqual(bytes, {...shape, count: 1, pixels: Uint8Array.of(0, 255, 17, 0)});
  // All black is an image, and four levels may be no more than four.
  assert.equal(toImages([0, 0, 0, 0], shape, {levels: 256}).count, 1);
  assert.equal(toImages([0, 3, 2, 1], shape, {levels: 4}).count, 1);
});

test('what is no level is refused with its value, its place, the rule and what to do', () => {
  const cases: [ArrayLike<number>, number, RegExp][] = [
    [
      [0, 0, 0.5, 0],
      2,
      /integers from 0 to 1, got 0\.5 in image 0, row 1, column 0; this looks like gray .* then binarize/,
    ],
    [[0, 0, 0, 0, 0, 0.5, 0, 0], 256, /got 0\.5 in image 1, row 0, column 1; .* multiply by 255 and round/],
    [[0, 255, 0, 0], 2, /got 255 .*say levels: 256, then binarize/],
    [[0, 255, 0, 0], 4, /got 255 .*say levels: 256, then quantize to 4 levels/],
    [[0, 1, 0, 1], 256, /bytes must reach from 0 to 255, got no value of 4 larger than 1; say levels: 2/],
    [[0, 16, 3, 1], 256, /no value of 4 larger than 16.* levels: 17 .* 255 \/ 16/],
    [[0, -1, 0, 0], 256, /got -1/],
    [[0, Number.NaN, 0, 0], 256, /got NaN/],
    [[0, 256, 0, 0], 256, /got 256 .*scale and round/],
    [[0, 1, 2], 256, /a whole number of images of 2 x 2 x 1 = 4 values, got 3 values/],
    [[0, 1, 1, 0], 1, /levels must be an integer from 2 to 256, got 1/],
  ];
  for (const [values, levels, message] of cases) {
    assert.throws(() => toImages(values, shape, {levels}), {name: 'RangeError', message});
  }
  const color = {height: 1, width: 2, channels: 3};
  assert.throws(() => toImages([0, 0, 0, 0, 9, 0], color, {levels: 4}), /row 0, column 1, channel 1;/);
});

test('labels out of range, too few or no integers are refused', () => {
  const values = [0, 1, 1, 0];
  assert.throws(() => toImages(values, shape, {levels: 2, labels: [10], classes: 10}), {
    name: 'RangeError',
    message: /labels must be integers from 0 to 9, got 10 at image 0; count classes from 0/,
  });
  assert.throws(() => toImages(values, shape, {levels: 2, labels: [0.5]}), /from 0 to 255, got 0\.5/);
  assert.throws(() => toImages(values, shape, {levels: 2, labels: []}), /1 images need 1 labels, got 0/);
});

test('floats that call themselves images reach no model', () => {
  const floats = {...shape, count: 1, pixels: Float32Array.of(0, 0.5, 1, 0)} as unknown as Images;
  for (const use of [checkImages, (images: Images) => toTensor(images)]) {
    assert.throws(() => use(floats), {
      name: 'RangeError',
      message: 'images: pixels must be bytes (a Uint8Array), got Float32Array; make images with toImages',
    });
  }
  const labels = [1] as unknown as Uint8Array;
  const pixels = new Uint8Array(4);
  assert.throws(() => checkImages({...shape, count: 1, pixels, labels}), /labels must be bytes .* got Array/);
  assert.throws(
    () => checkImages({...shape, count: 1, pixels, labels: new Uint8Array(2)}),
    /1 images need 1 labels, got 2/,
  );
});
