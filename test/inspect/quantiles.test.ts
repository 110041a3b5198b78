import assert from 'node:assert/strict';
import test from 'node:test';
import {quantile, sharesUpTo} from '../../lib/inspect/quantiles';

test('quantiles: the median of both parities, the ends; bad input', () => {
  assert.equal(quantile([3, 1, 2], 0.5), 2);
  assert.equal(quantile([4, 3, 1, 2], 0.5), 2);
  assert.equal(quantile([10, 9], 0), 9);
  assert.equal(quantile([10, 9], 1), 10);
  assert.throws(() => quantile([], 0.5), /at least one/);
  assert.throws(() => quantile([1], 1.5), /from 0 to 1, got 1.5/);
});

test('shares up to a limit rise from 0 to 1', () => {
  assert.deepEqual(sharesUpTo([1, 2, 2, 9], [0, 1, 2, 9]), [0, 0.25, 0.75, 1]);
  assert.throws(() => sharesUpTo([], [1]), /at least one/);
});
