import assert from 'node:assert/strict';
import test from 'node:test';
import {Progress} from '../../bench/progress';

test('progress by weights, and the time to go that follows', () => {
  let now = 100;
  const progress = new Progress([1, 3], () => now);
  assert.equal(progress.share(), 0);
  assert.equal(progress.left(), null, 'nothing is known yet');
  assert.equal(progress.share(0.5), 0.125);
  now = 110;
  assert.equal(progress.left(0.5), 70);
  progress.next();
  assert.equal(progress.share(), 0.25);
  assert.equal(progress.left(), 30);
  progress.next();
  assert.equal(progress.share(), 1);
  assert.equal(progress.left(), 0);
});
