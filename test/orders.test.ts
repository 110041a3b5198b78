import assert from 'node:assert/strict';
import test from 'node:test';
import {transposedOrder} from '../lib/orders';

test('column by column, each from the top; the colours of a pixel stay together', () => {
  assert.deepEqual([...transposedOrder({height: 2, width: 3, channels: 1})], [0, 3, 1, 4, 2, 5]);
  assert.deepEqual(
    [...transposedOrder({height: 2, width: 2, channels: 3})],
    [0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11],
  );
});
