import assert from 'node:assert/strict';
import test from 'node:test';
import {startEngine} from '../lib/engine/index';
import {differences, flipPixel} from '../lib/flippedPixel';
import {Made} from '../lib/models/made';
import {PIXEL_CNN_PRESETS, PixelCnn} from '../lib/models/pixelCnn';
import {randomize} from './properties/tools';

test.before(() => startEngine());

test('all before the flipped pixel stays, it alone is turned, and what differs is counted', async () => {
  const model = Made.create({
    ...{height: 3, width: 4, channels: 1, hidden: [20], direct: true},
    ...{masks: 1, orderAgnostic: false, order: 'random', conditioned: false, maskSeed: 1},
  });
  randomize(model.parameters, 3, 2);
  const index = model.order[4];
  const {before, after, perRow, perImage} = await flipPixel(model, {count: 5, seed: 2, index});
  let later = 0;
  for (let i = 0; i < 5; i++) {
    model.order.forEach((pixel, k) => {
      const same = before.pixels[12 * i + pixel] === after.pixels[12 * i + pixel];
      if (k !== 4 && !same) later++;
      if (k < 4) assert.ok(same);
      if (k === 4) assert.ok(!same);
    });
  }
  assert.ok(later > 0);
  assert.equal(
    perImage.reduce((a, b) => a + b, 0),
    later,
  );
  assert.ok(Math.abs(perRow.reduce((a, b) => a + b, 0) - later / 5) < 1e-9);
  await assert.rejects(
    flipPixel(model, {count: 1, seed: 0, index: 12}),
    /index must be from 0 to 11, got 12/,
  );
  model.dispose();
});

test('black and white only; images must be alike', async () => {
  const model = PixelCnn.create({...PIXEL_CNN_PRESETS.small, height: 3, width: 3, levels: 4});
  await assert.rejects(flipPixel(model, {count: 1, seed: 0, index: 0}), /must have 2 levels, pixelcnn has 4/);
  model.dispose();
  const one = {pixels: new Uint8Array(4), count: 1, height: 2, width: 2, channels: 1};
  assert.throws(() => differences(one, {...one, height: 1, width: 4}), /must be alike/);
});
