import assert from 'node:assert/strict';
import test from 'node:test';
import {
  checkDivergence,
  checkPasses,
  checkTransposed,
  differences,
  flipPixel,
  transposedOrder,
} from '../../lib/course/problems';
import {startEngine} from '../../lib/engine/index';
import {Made} from '../../lib/models/made';
import {PIXEL_CNN_PRESETS, PixelCnn} from '../../lib/models/pixelCnn';
import {randomize} from '../properties/tools';

type Divergence = Parameters<typeof checkDivergence>[0];

test('passes: right, once an image, without colors, once a level, open', () => {
  assert.match(
    checkPasses((_, height, width, channels) => height * width * channels),
    /: right$/,
  );
  assert.match(
    checkPasses((count, height, width, channels) => count * height * width * channels),
    /go through together/,
  );
  assert.match(
    checkPasses((_, height, width) => height * width),
    /blue for green/,
  );
  assert.match(
    checkPasses((_, height, width, channels, levels) => height * width * channels * levels),
    /all levels/,
  );
  assert.match(
    checkPasses(() => undefined),
    /: open$/,
  );
});

test('divergence: right, with the flipped pixel, after it in the image, open', () => {
  const right: Divergence = (before, after, order, flipped) =>
    order.slice(order.indexOf(flipped) + 1).filter((i) => before[i] !== after[i]).length;
  assert.match(checkDivergence(right), /: right$/);
  const all: Divergence = (before, after) => before.filter((value, i) => value !== after[i]).length;
  assert.match(checkDivergence(all), /changed by us/);
  const inImage: Divergence = (before, after, _, flipped) =>
    before.filter((value, i) => i > flipped && value !== after[i]).length;
  assert.match(checkDivergence(inImage), /meant in the order/);
  assert.match(
    checkDivergence(() => undefined),
    /: open$/,
  );
});

test('column by column: right, raster, sides mixed up, open', () => {
  assert.match(
    checkTransposed((k, height, width) => (k % height) * width + Math.floor(k / height)),
    /: right$/,
  );
  assert.match(
    checkTransposed((k) => k),
    /pixel 1 of 3 rows/,
  );
  assert.match(
    checkTransposed((k, height, width) => (k % width) * height + Math.floor(k / width)),
    /which side divides/,
  );
  assert.match(
    checkTransposed(() => undefined),
    /: open$/,
  );
});

test.before(() => startEngine());

test('all before the flipped pixel stays, it alone is turned, and what differs is counted', async () => {
  const model = Made.create({
    height: 3,
    width: 4,
    channels: 1,
    hidden: [20],
    direct: true,
    masks: 1,
    orderAgnostic: false,
    order: 'random',
    conditioned: false,
    maskSeed: 1,
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
  await assert.rejects(
    flipPixel(model, {count: 1, seed: 0, index: 0}),
    /must have 2 levels, got 4 \(pixelcnn\)/,
  );
  model.dispose();
  const one = {pixels: new Uint8Array(4), count: 1, height: 2, width: 2, channels: 1};
  assert.throws(() => differences(one, {...one, height: 1, width: 4}), /must be alike/);
});

test('column by column, each from the top; the colors of a pixel stay together', () => {
  assert.deepEqual([...transposedOrder({height: 2, width: 3, channels: 1})], [0, 3, 1, 4, 2, 5]);
  assert.deepEqual(
    [...transposedOrder({height: 2, width: 2, channels: 3})],
    [0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11],
  );
});
