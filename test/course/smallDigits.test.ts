import assert from 'node:assert/strict';
import test from 'node:test';
import {smallDigits} from '../../lib/course/smallDigits';

test('small digits: half the side, black or white, with their classes', async () => {
  const digits = await smallDigits('test', 10);
  assert.deepEqual([digits.count, digits.height, digits.width, digits.channels], [10, 14, 14, 1]);
  assert.deepEqual([...digits.labels], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
  assert.deepEqual(new Set(digits.pixels), new Set([0, 1]));
});
