import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {startEngine} from '../../lib/engine/index';
import {skew, unskew} from '../../lib/engine/skew';

test.before(() => startEngine());

test('each row begins one place further to the right: figure 3 written out', () => {
  tf.tidy(() => {
    const x = tf.tensor4d([1, 2, 3, 4, 5, 6], [1, 2, 3, 1]);
    assert.deepEqual([...skew(x).dataSync()], [1, 2, 3, 0, 0, 4, 5, 6]);
    const square = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]);
    assert.deepEqual([...skew(square).dataSync()], [1, 2, 3, 0, 0, 0, 4, 5, 6, 0, 0, 0, 7, 8, 9]);
  });
});

test('unskew undoes skew for any size, and its gradient too', () => {
  for (const shape of [
    [1, 1, 1, 1],
    [2, 1, 5, 3],
    [2, 5, 1, 3],
    [3, 4, 7, 2],
    [1, 7, 4, 2],
  ] as [number, number, number, number][]) {
    tf.tidy(() => {
      const x = tf.randomNormal(shape, 0, 1, 'float32', 1) as tf.Tensor4D;
      const weights = tf.randomNormal(shape, 0, 1, 'float32', 2);
      assert.deepEqual(skew(x).shape, [shape[0], shape[1], shape[1] + shape[2] - 1, shape[3]]);
      assert.deepEqual([...unskew(skew(x)).dataSync()], [...x.dataSync()]);
      const gradient = tf.grad((y) => tf.sum(tf.mul(unskew(skew(y as tf.Tensor4D)), weights)))(x);
      assert.deepEqual([...gradient.dataSync()], [...weights.dataSync()]);
    });
  }
});

test('a map with fewer columns than rows was not skewed', () => {
  assert.throws(() => unskew(tf.zeros([1, 4, 3, 1])), /as many columns as rows, got 4 x 3/);
});
