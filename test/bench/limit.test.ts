import assert from 'node:assert/strict';
import test from 'node:test';
import {limitOf, type Work, workOf} from '../../bench/limit';
import {benchNetworks} from '../../bench/networks';
import {startEngine} from '../../lib/engine/index';
import {createModel} from '../../lib/models/index';
import type {ModelConfig} from '../../lib/types';

test.before(() => startEngine());

/** The work of a network of the bench with some of its config changed. */
function work(name: string, changes: object): Work {
  const network = benchNetworks().find((one) => one.name === name);
  assert.ok(network !== undefined, name);
  const model = createModel(network.model, {...network.config, ...changes} as ModelConfig);
  const counted = workOf(model);
  model.dispose();
  return counted;
}

test('MADE by hand: what its masks leave', () => {
  // Inputs 1, 2, 3, 4 in raster order; two hidden units of degrees 1 and 2: they see 1 and 2 inputs, are
  // seen by outputs 2, 3, 4 and 3, 4; and each output sees the inputs before it.
  const made = work('made', {height: 2, width: 2, hidden: [2]});
  const [hidden, output, direct] = [3, 5, 6];
  assert.equal(made.forward, hidden + output + direct);
  // Of the image itself nobody needs the gradient.
  assert.equal(made.train, 3 * made.forward - hidden - direct);
  assert.equal(made.numbers, made.forward + 2 + 4);
  assert.equal(made.values, 4);
});

test('PixelCNN by hand: live taps at each pixel', () => {
  const [h, head] = [5, 6];
  const pixelCnn = work('pixelcnn', {height: 6, width: 6, features: h, dilations: [1, 1], head});
  // 7 x 7 with mask A has 24, 3 x 3 with mask B has 5.
  const first = 24 * 2 * h;
  const weights = first + 2 * (2 * h * h + 5 * h * h + h * 2 * h) + (2 * h * head + head * head + head);
  assert.equal(pixelCnn.forward, 36 * weights);
  assert.equal(pixelCnn.train, 36 * (3 * weights - first));
  assert.equal(pixelCnn.numbers, weights + 2 * h + 2 * (h + h + 2 * h) + 2 * head + 1);
});

test('color by hand: a feature sees those of its color and of the colors before', () => {
  const color = work('pixelcnn-cifar10', {
    ...{height: 4, width: 4, levels: 5},
    ...{firstSize: 3, features: 3, dilations: [], head: 3},
  });
  // Mask A of 3 x 3: 4 taps from all colors to all 6 features, and the center from R to G, from R and G to B.
  const first = 4 * 3 * 6 + (1 + 2) * 2;
  // 1 x 1 layers: R from R, G from 2 groups, B from 3.
  const shares = 1 + 2 + 3;
  const weights = first + shares * 2 * 1 + shares * 1 * 1 + shares * 1 * 5;
  assert.equal(color.forward, 16 * weights);
  assert.equal(color.values, 48);
});

test('the first layers of the others: no gradient of the image', () => {
  // Of layer 1 what sees the image: above it 3 rows of 7, beside it 3 taps, both to 2 · 2 features.
  const gated = work('gated', {height: 5, width: 5, features: 2, dilations: [], head: 2});
  assert.equal(3 * gated.forward - gated.train, 25 * (21 + 3) * 4);
  for (const name of ['rowlstm', 'diagonal']) {
    const recurrent = work(name, {firstSize: 7, height: 5, width: 5, features: 2, layers: 1, head: 2});
    assert.equal(3 * recurrent.forward - recurrent.train, 25 * 24 * 4);
  }
});

const machine = {all: {gflops: 200, gigabytes: 10}, one: {gflops: 100, gigabytes: 5}};
const small: Work = {forward: 1e6, train: 3e6, numbers: 1e6, values: 50};

test('limits by hand: arithmetic or memory, whichever takes longer', () => {
  const near = (got: {seconds: number; by: string}, seconds: number, by: string): void => {
    assert.equal(got.by, by);
    assert.ok(Math.abs(got.seconds / seconds - 1) < 1e-12, `${got.seconds}, expected ${seconds}`);
  };
  // 4 MB at 10 GB/s are 0.4 ms; 2 million operations at 200 GFLOP/s 0.01 ms.
  near(limitOf(small, 'evaluate', 1, machine), 0.4e-3, 'memory');
  near(limitOf(small, 'evaluate', 100, machine), 1e-3, 'arithmetic');
  // Each pass of the naive sampler reads all weights.
  near(limitOf(small, 'sample-naive', 1, machine), 50 * 0.4e-3, 'memory');
  near(limitOf(small, 'sample-naive', 100, machine), 50 * 1e-3, 'arithmetic');
  // One image is drawn by one core; more by all.
  near(limitOf(small, 'sample-cached', 1, machine), 0.8e-3, 'memory');
  near(limitOf(small, 'sample-cached', 100, machine), 1e-3, 'arithmetic');
  // Ten accesses of 4 MB; 16 times 6 million operations.
  near(limitOf(small, 'train', 16, machine), 4e-3, 'memory');
  near(limitOf(small, 'train', 1000, machine), 30e-3, 'arithmetic');
});
