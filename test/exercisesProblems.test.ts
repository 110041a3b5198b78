import assert from 'node:assert/strict';
import test from 'node:test';
import {checkDivergence, checkPasses, checkTransposed} from '../lib/exercisesProblems';

type Divergence = Parameters<typeof checkDivergence>[0];

test('passes: right, once an image, without colours, once a level, open', () => {
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
    /not yet/,
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
    /not yet/,
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
    /not yet/,
  );
});
