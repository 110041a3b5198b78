import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {startEngine} from '../lib/engine/index';
import {residualExample} from '../lib/residualExample';

test.before(() => startEngine());

test('the block of figure 5 gives the numbers that a hand gets, stage by stage', () => {
  const before = tf.memory().numTensors;
  const {block, x, golden, dispose} = residualExample();
  const stages = tf.tidy(() => {
    const down = block.down.apply(tf.relu(x), 'relu');
    const middle = block.middle.apply(down, 'relu');
    return [down, middle, block.apply(x)].map((stage) => [...stage.dataSync()]);
  });
  const [down, middle, out] = stages;
  assert.deepEqual(down, [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, ...new Array(10).fill(0)]);
  assert.deepEqual(middle, [0, 0, 0, 0, 0, 0, 0, 5, 4, 0, 0, 3, 2, 1, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(out, [...golden]);
  assert.deepEqual(golden.slice(10, 20), [0, -1, 0, -1, 6, -6, 4, -5, 0, -1]);
  dispose();
  assert.equal(tf.memory().numTensors, before);
});
