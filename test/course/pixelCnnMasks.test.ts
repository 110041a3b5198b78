import assert from 'node:assert/strict';
import test from 'node:test';
import {
  blindPixels,
  checkBlindSpot,
  checkColors,
  checkMaskB,
  checkWeightsAlive,
  maskedStack,
  placeOf,
} from '../../lib/course/pixelCnnMasks';
import {startEngine} from '../../lib/engine/index';
import {dependence, orderViolations} from '../../lib/inspect/jacobian';
import {receptiveField, unseenBefore} from '../../lib/inspect/receptiveField';
import {rasterMask} from '../../lib/layers/rasterMasks';

test.before(() => startEngine());

test('weights alive: solved, one mask for both, open', () => {
  assert.match(
    checkWeightsAlive((size, type) => (size * size - (type === 'A' ? 1 : -1)) / 2),
    /: right$/,
  );
  assert.match(
    checkWeightsAlive((size) => (size * size - 1) / 2),
    /mask B of side 1: yours gave 0, which is too small/,
  );
  assert.match(
    checkWeightsAlive(() => undefined),
    /: open$/,
  );
});

test('a broken mask B: mended, without its center row, with a tap too many, open', async () => {
  assert.equal(await checkMaskB([...rasterMask(3, 'B')]), 'A broken mask B: right');
  assert.match(
    await checkMaskB([1, 1, 1, 0, 0, 0, 0, 0, 0]),
    /no leak, but \d+ dependences are missing, such as between the logit/,
  );
  assert.match(
    await checkMaskB([1, 1, 1, 1, 1, 1, 0, 0, 0]),
    /\d+ leaks, such as between the logit at row 0, column 0 and the pixel at row 0, column 0/,
  );
  assert.match(await checkMaskB([1, 1]), /9 numbers, yours has 2/);
  assert.match(await checkMaskB(undefined), /: open$/);
});

test('R, then G, then B: solved, ignoring colors, the wrong way round, open', () => {
  const solved = checkColors((type, from, to) => (type === 'A' ? from < to : from <= to));
  assert.equal(solved, 'R, then G, then B: right');
  assert.match(
    checkColors((type) => type === 'B'),
    /with mask A, G sees R of its own pixel/,
  );
  assert.match(
    checkColors((type, from, to) => (type === 'A' ? from > to : from >= to)),
    /must not see|sees/,
  );
  assert.match(
    checkColors(() => true),
    /with mask A, R must not see R of its own pixel/,
  );
  assert.match(
    checkColors(() => undefined),
    /: open$/,
  );
});

test('the blind spot: counted, and found by gradient in a stack deep enough', async () => {
  const image = {height: 6, width: 9, channels: 1};
  const stack = maskedStack({image, types: ['A', ...new Array<'B'>(9).fill('B')], features: 12, seed: 2});
  const field = await receptiveField((x) => stack.logits(x), image, {row: 5, column: 3, seed: 3});
  assert.equal(unseenBefore(field).length, blindPixels(image, 5, 3));
  assert.ok(blindPixels(image, 5, 3) > 0);
  stack.dispose();
  assert.match(checkBlindSpot(78, 14, 14), /right|well done|correct|solved/i);
  assert.match(checkBlindSpot(77, 14, 14), /77 is not it/);
  assert.match(checkBlindSpot(undefined, 14, 14), /: open$/);
});

test('a masked stack: right in order, B first leaks, A twice is blind, colors too', async () => {
  const image = {height: 3, width: 4, channels: 3};
  const count = async (types: readonly ('A' | 'B')[]) => {
    const stack = maskedStack({image, types, features: 24, seed: 4});
    const {leaks, blind} = orderViolations(await dependence(stack, {seed: 1}), stack.order);
    stack.dispose();
    return {leaks: leaks.length, blind: blind.length};
  };
  const right = await count(['A', 'B', 'B']);
  assert.equal(right.leaks, 0);
  assert.ok((await count(['B', 'B', 'B'])).leaks >= 36, 'every value sees itself');
  assert.ok((await count(['A', 'A', 'A'])).blind > right.blind);
  assert.deepEqual(placeOf(3 * 5 + 1, image), {row: 1, column: 1});
  assert.throws(() => maskedStack({image, types: []}), /types is empty/);
  assert.throws(() => maskedStack({image, types: ['A'], mask: () => new Float32Array(4)}), /9 taps, got 4/);
});
