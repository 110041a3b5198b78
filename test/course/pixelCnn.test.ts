import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {
  checkChoice,
  checkPixelNats,
  checkResidual,
  drawnSoFar,
  residualExample,
} from '../../lib/course/pixelCnn';
import {startEngine} from '../../lib/engine/index';
import type {ResidualBlock} from '../../lib/layers/residual';

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

test.before(() => startEngine());

test('nats of a pixel: softplus is right, the logarithm of a sigmoid runs out of numbers', () => {
  const softplus = (z: number): number => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
  assert.match(
    checkPixelNats((logit, pixel) => softplus(logit) - pixel * logit),
    /: right$/,
  );
  const naive = (logit: number, pixel: number): number => {
    const p = 1 / (1 + Math.exp(-logit));
    return -Math.log(pixel === 1 ? p : 1 - p);
  };
  assert.match(checkPixelNats(naive), /: not yet: .*logit 800: yours gave Infinity/);
  assert.match(
    checkPixelNats((logit) => softplus(logit)),
    /: not yet: .*pixel 1 of logit 2: yours/,
  );
  assert.match(
    checkPixelNats(() => undefined),
    /: open$/,
  );
});

test('the residual block: the skip once, and the ReLU in front', () => {
  const before = tf.memory().numTensors;
  const added = ({down, middle, up}: ResidualBlock, x: tf.Tensor4D): tf.Tensor4D => {
    return up.apply(middle.apply(down.apply(x, 'relu'), 'relu'), 'none');
  };
  const once = (block: ResidualBlock, x: tf.Tensor4D): tf.Tensor => tf.add(x, added(block, tf.relu(x)));
  assert.match(checkResidual(once), /: right$/);
  assert.match(
    checkResidual((block, x) => block.apply(x)),
    /: right$/,
  );
  assert.match(
    checkResidual((block, x) => tf.add(x, once(block, x))),
    /: not yet: .*feature 1 in row 0, column 0: yours is -2/,
  );
  assert.match(
    checkResidual((block, x) => added(block, tf.relu(x))),
    /: not yet: .*which is too/,
  );
  assert.match(
    checkResidual((block, x) => tf.add(x, added(block, x))),
    /: not yet: .*row 1, column 2: yours is 1/,
  );
  assert.match(
    checkResidual((block, x) => block.down.apply(x, 'none')),
    /: not yet: .*must be \[1,4,5,2\]/,
  );
  assert.match(
    checkResidual(() => undefined),
    /: open$/,
  );
  assert.equal(tf.memory().numTensors, before);
});

test('choosing a pixel: by chance, and each image by its own', () => {
  const own = (p: readonly number[], uniform: () => number): number[] => {
    return p.map((white) => (uniform() < white ? 1 : 0));
  };
  assert.match(checkChoice(own), /: right$/);
  // lib's own rule takes the other end of the uniform number: as good.
  assert.match(
    checkChoice((p, uniform) => p.map((white) => (uniform() >= 1 - white ? 1 : 0))),
    /: right$/,
  );
  assert.match(
    checkChoice((p) => p.map((white) => (white > 0.5 ? 1 : 0))),
    /: not yet: .*probability 0.5 a pixel was white in 0 %/,
  );
  const shared = (p: readonly number[], uniform: () => number): number[] => {
    const u = uniform();
    return p.map((white) => (u < white ? 1 : 0));
  };
  assert.match(
    checkChoice(shared),
    /: not yet: .*images 0 and 1 go together: both white in \d+ % of 4000 draws/,
  );
  assert.match(
    checkChoice((p, uniform) => p.map(() => uniform())),
    /: not yet: .*0 or 1/,
  );
  assert.match(
    checkChoice(() => undefined),
    /: open$/,
  );
});

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
