import assert from 'node:assert/strict';
import test from 'node:test';
import {
  evenHiddenDegrees,
  hiddenMask,
  inputDegrees,
  outputMask,
  pathCounts,
  randomHiddenDegrees,
} from '../../lib/layers/madeMasks';
import {Random} from '../../lib/random';

/**
 * A net small enough to do by hand: four pixels generated in the order 2, 0, 3, 1; three hidden units of
 * degrees 1, 2, 3, then two of degrees 2 and 3.
 */
const order = Int32Array.of(2, 0, 3, 1);
const inputs = Int32Array.of(2, 4, 1, 3);
const first = Int32Array.of(1, 2, 3);
const second = Int32Array.of(2, 3);

test('degrees of the inputs are their places in the order, from 1', () => {
  assert.deepEqual(inputDegrees(order), inputs);
  assert.deepEqual(inputDegrees(Int32Array.of(0, 1, 2)), Int32Array.of(1, 2, 3));
});

test('masks of the small net (equations 10 and 11)', () => {
  assert.deepEqual(hiddenMask(inputs, first), {
    inputs: 4,
    outputs: 3,
    // one row an input
    values: Float32Array.from(
      [
        [0, 1, 1],
        [0, 0, 0],
        [1, 1, 1],
        [0, 0, 1],
      ].flat(),
    ),
  });
  assert.deepEqual(
    hiddenMask(first, second).values,
    Float32Array.from(
      [
        [1, 1],
        [1, 1],
        [0, 1],
      ].flat(),
    ),
  );
  assert.deepEqual(
    outputMask(second, inputs).values,
    Float32Array.from(
      [
        [0, 1, 0, 1],
        [0, 1, 0, 0],
      ].flat(),
    ),
  );
});

test('the direct connection sees strictly earlier inputs', () => {
  assert.deepEqual(
    outputMask(inputs, inputs).values,
    Float32Array.from(
      [
        [0, 1, 0, 1],
        [0, 0, 0, 0],
        [1, 1, 0, 1],
        [0, 1, 0, 0],
      ].flat(),
    ),
  );
});

test('path counts of the small net: the product of its masks', () => {
  const paths = pathCounts([
    hiddenMask(inputs, first),
    hiddenMask(first, second),
    outputMask(second, inputs),
  ]);
  assert.deepEqual(
    paths.values,
    Float32Array.from(
      [
        // pixel 0: units 2 and 3; to output 1 by (2 -> 2), (2 -> 3), (3 -> 3); to output 3 by (2 -> 2)
        [0, 3, 0, 1],
        [0, 0, 0, 0],
        [0, 5, 0, 2],
        [0, 1, 0, 0],
      ].flat(),
    ),
  );
  // Output 0 comes second and should see pixel 2, but no unit of the second layer has a degree below 2.
  assert.equal(paths.values[2 * 4 + 0], 0);
});

test('no product of masks leads to an output from an input that is not before it', () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = new Random(seed, 'paths');
    const degrees = [inputDegrees(random.permutation(7))];
    for (const units of [11, 5, 8]) {
      degrees.push(randomHiddenDegrees(units, degrees[degrees.length - 1], 7, random));
    }
    const masks = degrees.slice(1).map((above, k) => hiddenMask(degrees[k], above));
    const {values} = pathCounts([...masks, outputMask(degrees[3], degrees[0])]);
    values.forEach((count, i) => {
      const from = degrees[0][Math.floor(i / 7)];
      const to = degrees[0][i % 7];
      if (from >= to) assert.equal(count, 0);
    });
  }
});

test('even degrees rise from 1 to D - 1 and leave none out when there are units enough', () => {
  assert.deepEqual(evenHiddenDegrees(5, 4), Int32Array.of(1, 1, 2, 2, 3));
  assert.deepEqual(evenHiddenDegrees(3, 4), Int32Array.of(1, 2, 3));
  assert.deepEqual(evenHiddenDegrees(2, 1), Int32Array.of(1, 1));
  const degrees = evenHiddenDegrees(1024, 784);
  assert.deepEqual(new Set(degrees), new Set(Array.from({length: 783}, (_, k) => k + 1)));
});

test('random degrees lie between the least below and D - 1, and reach both', () => {
  const degrees = randomHiddenDegrees(400, Int32Array.of(3, 5), 8, new Random(1));
  assert.deepEqual([...new Set(degrees)].sort(), [3, 4, 5, 6, 7]);
  assert.deepEqual(randomHiddenDegrees(400, Int32Array.of(3, 5), 8, new Random(1)), degrees);
});

test('wrong orders, degrees and masks are named', () => {
  assert.throws(() => inputDegrees(Int32Array.of(0, 0)), /each of 0 … 1 once, got 0 at place 1/);
  assert.throws(() => inputDegrees(Int32Array.of(0, 2)), /got 2 at place 1/);
  assert.throws(() => inputDegrees(Int32Array.of(-1)), /got -1 at place 0/);
  assert.throws(() => randomHiddenDegrees(2, Int32Array.of(4), 4, new Random(0)), /at most 3, got 4/);
  assert.throws(() => hiddenMask(Int32Array.of(1, 0), first), /at least 1, got 0 for unit 1/);
  assert.throws(
    () => pathCounts([hiddenMask(inputs, first), hiddenMask(inputs, first)]),
    /as many outputs as the next has inputs, 4, got 3/,
  );
});
