import assert from 'node:assert/strict';
import test from 'node:test';
import {drawnSoFar} from '../lib/drawnSoFar';

test('the first values of the order are drawn, in whichever place they lie', () => {
  const order = Int32Array.of(3, 0, 2, 1);
  assert.deepEqual([...drawnSoFar(order, 0)], [0, 0, 0, 0]);
  assert.deepEqual([...drawnSoFar(order, 0.25)], [0, 0, 0, 1]);
  assert.deepEqual([...drawnSoFar(order, 0.7)], [1, 0, 1, 1]);
  assert.deepEqual([...drawnSoFar(order, 1)], [1, 1, 1, 1]);
});

test('a share outside 0 to 1 is refused', () => {
  for (const share of [-0.1, 25, Number.NaN]) {
    assert.throws(() => drawnSoFar(Int32Array.of(0), share), {
      name: 'RangeError',
      message: /share must be from 0 to 1, got/,
    });
  }
});
