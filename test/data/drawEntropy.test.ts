import assert from 'node:assert/strict';
import test from 'node:test';
import {drawEntropy} from '../../lib/data/drawEntropy';

const image = (...pixels: number[]) => ({
  pixels: Uint8Array.from(pixels),
  count: 1,
  height: 1,
  width: pixels.length,
  channels: 1,
});

test('black and white pixels leave nothing to chance', () => {
  assert.equal(drawEntropy(image(0, 255, 0, 255)), 0);
});

test('a gray pixel has the entropy of its coin', () => {
  const q = 51 / 255;
  const expected = -q * Math.log(q) - (1 - q) * Math.log(1 - q);
  assert.ok(Math.abs(drawEntropy(image(51, 204, 0)) - 2 * expected) < 1e-12);
  assert.ok(Math.abs(drawEntropy(image(128)) - Math.LN2) < 1e-4);
});

test('no image is an error', () => {
  assert.throws(() => drawEntropy({...image(), width: 1, count: 0}), /at least one image/);
});
