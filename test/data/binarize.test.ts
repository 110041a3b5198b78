import assert from 'node:assert/strict';
import test from 'node:test';
import {binarize} from '../../lib/data/binarize';
import {firstImages} from '../../lib/data/images';
import type {Binarization, Images} from '../../lib/types';

function gray(pixels: Uint8Array): Images {
  return {pixels, count: pixels.length / 4, height: 2, width: 2, channels: 1};
}

/** Every intensity from 0 to 255, each 4,000 times. */
const ramp = gray(Uint8Array.from({length: 256 * 4000}, (_, i) => i % 256));

test('threshold: white from 128 on', () => {
  const images = gray(Uint8Array.of(0, 127, 128, 255));
  assert.deepEqual([...binarize(images, {rule: 'threshold', seed: 0}).pixels], [0, 0, 1, 1]);
  assert.deepEqual([...images.pixels], [0, 127, 128, 255]);
});

test('static: the same draw for a seed, another for another seed', () => {
  const images = gray(new Uint8Array(24).fill(128));
  const golden = [...binarize(images, {rule: 'static', seed: 7}).pixels].join('');
  assert.equal(golden, '100011110111000110011100');
  assert.equal([...binarize(images, {rule: 'static', seed: 7, epoch: 3}).pixels].join(''), golden);
  assert.notEqual([...binarize(images, {rule: 'static', seed: 8}).pixels].join(''), golden);
});

test('dynamic: another draw each epoch, the same when an epoch comes again', () => {
  const draw = (epoch: number) => binarize(ramp, {rule: 'dynamic', seed: 1, epoch}).pixels;
  assert.deepEqual(draw(4), draw(4));
  const differing =
    draw(0).reduce((count, bit, i) => count + Number(bit !== draw1[i]), 0) / ramp.pixels.length;
  // Two independent draws differ with probability 2 p (1 - p), 1/3 on average over the intensities.
  assert.ok(Math.abs(differing - 1 / 3) < 0.005, `${differing}`);
});
const draw1 = binarize(ramp, {rule: 'dynamic', seed: 1, epoch: 1}).pixels;

test('a pixel is white as often as its intensity says', () => {
  for (const rule of ['static', 'dynamic'] as const) {
    const {pixels} = binarize(ramp, {rule, seed: 3, epoch: 0});
    const white = new Float64Array(256);
    for (let i = 0; i < pixels.length; i++) white[ramp.pixels[i]] += pixels[i];
    assert.equal(white[0], 0);
    assert.equal(white[255], 4000);
    let chiSquare = 0;
    for (let p = 1; p < 255; p++)
      chiSquare += (white[p] - (4000 * p) / 255) ** 2 / ((4000 * p * (255 - p)) / 255 ** 2);
    // 254 degrees of freedom: mean 254, deviation 22.5; five deviations either way.
    assert.ok(chiSquare > 141 && chiSquare < 367, `${rule}: ${chiSquare}`);
  }
});

test('the draw of the first images is the start of the whole draw', () => {
  const whole = binarize(ramp, {rule: 'static', seed: 5});
  assert.deepEqual(
    binarize(firstImages(ramp, 100), {rule: 'static', seed: 5}).pixels,
    whole.pixels.subarray(0, 400),
  );
});

test('labels stay with their images', () => {
  const images = {...gray(Uint8Array.of(0, 9, 200, 255)), labels: Uint8Array.of(6)};
  assert.deepEqual(binarize(images, {rule: 'static', seed: 0}).labels, Uint8Array.of(6));
});

test('bad input', () => {
  const images = gray(Uint8Array.of(0, 50, 100, 200));
  for (const seed of [-1, 0.5, Number.NaN, 2 ** 32]) {
    assert.throws(() => binarize(images, {rule: 'threshold', seed}), /seed must be an integer/);
  }
  assert.throws(() => binarize(images, {rule: 'dynamic', seed: 0}), /needs the epoch.*got undefined/);
  assert.throws(() => binarize(images, {rule: 'dynamic', seed: 0, epoch: -1}), /got -1/);
  const unknown: string = 'random';
  const rule = unknown as Binarization;
  assert.throws(() => binarize(images, {rule, seed: 0}), /static, dynamic or threshold, got random/);
  assert.throws(
    () => binarize(gray(Uint8Array.of(0, 1, 1, 0)), {rule: 'static', seed: 0}),
    /black and white already/,
  );
  // The small digits of scikit-learn as they come: a draw of them is nearly black.
  assert.throws(
    () => binarize(gray(Uint8Array.of(0, 16, 7, 0)), {rule: 'dynamic', seed: 0, epoch: 0}),
    /reach from 0 to 255, got none larger than 16; .* multiply by 255 \/ 16 and round/,
  );
  assert.equal(binarize(gray(new Uint8Array(4)), {rule: 'static', seed: 0}).count, 1);
  assert.throws(() => binarize({...images, count: 2}, {rule: 'static', seed: 0}), /need 8 bytes, got 4/);
});
