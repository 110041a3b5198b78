import assert from 'node:assert/strict';
import test from 'node:test';
import {colorImages} from '../../bench/colorImages';
import {checkImages} from '../../lib/data/images';

const shape = {height: 32, width: 32, channels: 3};

test('color images: the same from the same seed, each by its number, bytes of the right size', () => {
  const images = colorImages(3, shape, 0);
  checkImages(images);
  assert.equal(images.count, 3);
  assert.deepEqual(colorImages(3, shape, 0).pixels, images.pixels);
  assert.deepEqual(colorImages(1, shape, 0).pixels, images.pixels.slice(0, 32 * 32 * 3));
  assert.notDeepEqual(colorImages(3, shape, 1).pixels, images.pixels);
});

test('color images: many levels, and neighbors of nearly the same', () => {
  const {pixels} = colorImages(16, shape, 0);
  assert.ok(new Set(pixels).size > 200, `${new Set(pixels).size} levels`);
  // A field has 32 / 3 pixels, over which a corner's whole range can lie.
  const step = (3 * 256) / 32;
  for (let i = 0; i < 16 * 32; i++) {
    for (let x = 3; x < 96; x++) {
      const [value, before] = [pixels[96 * i + x], pixels[96 * i + x - 3]];
      assert.ok(Math.abs(value - before) <= step + 1, `${before} beside ${value}`);
    }
  }
});
