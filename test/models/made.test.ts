import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {startEngine} from '../../lib/engine/index';
import {withPortableTwins} from '../../lib/engine/native';
import {hiddenMask, outputMask} from '../../lib/layers/madeMasks';
import {Made, madeDegrees, madeMasks, madeParameters} from '../../lib/models/made';
import {checkMadeConfig, type MadeConfig} from '../../lib/models/madeConfig';
import {MADE_PRESETS} from '../../lib/models/madePresets';
import {randomImages, randomize} from '../properties/tools';

test.before(() => startEngine());

const SMALL: MadeConfig = {
  height: 2,
  width: 3,
  channels: 1,
  hidden: [7, 5],
  direct: true,
  masks: 3,
  orderAgnostic: true,
  order: 'raster',
  conditioned: false,
  maskSeed: 4,
};

/**
 * Logits of one image by plain loops in 64 bits: equations 8 and 9 of the paper with
 * the degrees in place of masks.
 */
function plainLogits(made: Made, image: ArrayLike<number>): number[] {
  const numbers = (name: string): Float32Array => made.parameters.get(name)?.dataSync() as Float32Array;
  const [inputs] = made.degrees;
  let below = Array.from(image);
  let degrees = inputs;
  for (const [k, above] of made.degrees.slice(1).entries()) {
    const [weights, bias] = [numbers(`hidden${k + 1}.weights`), numbers(`hidden${k + 1}.bias`)];
    const [from, values] = [degrees, below];
    below = Array.from(above, (degree, j) =>
      values.reduce(
        (sum, value, i) => sum + (degree >= from[i] ? value * weights[i * above.length + j] : 0),
        bias[j],
      ),
    ).map((z) => Math.max(0, z));
    degrees = above;
  }
  const last = made.config.hidden.length > 0 ? numbers('output.weights') : null;
  const direct = made.config.direct ? numbers('direct.weights') : null;
  return Array.from(inputs, (degree, j) => {
    let logit = numbers('output.bias')[j];
    below.forEach((value, i) => {
      if (last !== null && degree > degrees[i]) logit += value * last[i * inputs.length + j];
    });
    inputs.forEach((from, i) => {
      if (direct !== null && degree > from) logit += image[i] * direct[i * inputs.length + j];
    });
    return logit;
  });
}

test("logits are those of plain loops, for every set of masks and for orders of one's choice", () => {
  const configs = [
    SMALL,
    {...SMALL, hidden: []},
    {...SMALL, direct: false},
    {...SMALL, hidden: [9], masks: 1, order: 'random'},
  ];
  for (const config of configs as MadeConfig[]) {
    const made = Made.create(config, 1);
    randomize(made.parameters, 2);
    const reversed = made.withOrder(Int32Array.of(5, 4, 3, 2, 1, 0));
    const images = randomImages(4, made.image, 3);
    for (const view of [...made.ensemble(), reversed]) {
      const logits = tf.tidy(() =>
        view.logits(tf.tensor4d(Float32Array.from(images.pixels), [4, 2, 3, 1])).dataSync(),
      );
      for (let b = 0; b < 4; b++) {
        plainLogits(view, images.pixels.subarray(6 * b, 6 * b + 6)).forEach((logit, d) => {
          assert.ok(Math.abs(logits[6 * b + d] - logit) < 1e-5);
        });
      }
    }
    reversed.dispose();
    made.dispose();
  }
});

test('orders: the first is raster, the others are drawn; one for all when not order-agnostic', () => {
  const orders = (config: MadeConfig): string[] =>
    [0, 1, 2].map((set) => madeDegrees(config, set).order.join());
  const [first, second, third] = orders(SMALL);
  assert.equal(first, '0,1,2,3,4,5');
  assert.equal(new Set([first, second, third]).size, 3);
  assert.deepEqual(orders({...SMALL, orderAgnostic: false}), [first, first, first]);
  const random = orders({...SMALL, orderAgnostic: false, order: 'random'});
  assert.ok(random[0] !== first && new Set(random).size === 1);
  assert.notDeepEqual(
    madeDegrees({...SMALL, orderAgnostic: false}, 0).degrees[1],
    madeDegrees(SMALL, 1).degrees[1],
  );
  // Drawn again from the seed alone, since checkpoints do not store them.
  assert.deepEqual(madeDegrees(SMALL, 2), madeDegrees({...SMALL}, 2));
  assert.notDeepEqual(madeDegrees(SMALL, 2), madeDegrees({...SMALL, conditioned: false, maskSeed: 5}, 2));
});

test('masks follow from the degrees, layer by layer', () => {
  const {degrees} = madeDegrees(SMALL, 1);
  const {layers, direct} = madeMasks(SMALL, degrees);
  assert.deepEqual(layers, [
    hiddenMask(degrees[0], degrees[1]),
    hiddenMask(degrees[1], degrees[2]),
    outputMask(degrees[2], degrees[0]),
  ]);
  assert.deepEqual(direct, outputMask(degrees[0], degrees[0]));
  assert.equal(madeMasks({...SMALL, direct: false}, degrees).direct, null);
});

test('training cycles through the sets of masks; the ensemble holds each once', () => {
  const made = Made.create(SMALL);
  const orders = made.ensemble().map(({order}) => order.join());
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((step) => made.atStep(step).order.join()),
    [0, 1, 2, 0, 1].map((set) => orders[set]),
  );
  for (const view of made.ensemble()) assert.equal(view.parameters, made.parameters);
  made.dispose();
});

test('with an order for each step, a step always has the same one', () => {
  const made = Made.create({...SMALL, masks: 0});
  const orderOf = (step: number): string => {
    const view = made.atStep(step);
    const order = view.order.join();
    view.dispose();
    return order;
  };
  const orders = [0, 1, 2, 3, 4, 5].map(orderOf);
  assert.equal(new Set(orders).size, 6);
  assert.equal(orderOf(3), orders[3]);
  made.dispose();
});

test('first weights depend on the seed alone', () => {
  const values = (seed: number): string => {
    const made = Made.create(SMALL, seed);
    const text = [...made.parameters].map(
      ([name, value]) => `${name} ${value.shape} ${value.dataSync().join()}`,
    );
    made.dispose();
    return text.join('\n');
  };
  assert.equal(values(1), values(1));
  assert.notEqual(values(1), values(2));
});

test('parameters have the names, shapes and number that checkpoints document', () => {
  assert.deepEqual(
    madeParameters(SMALL).map(({name, shape}) => `${name} ${shape.join(' x ')}`),
    [
      'hidden1.weights 6 x 7',
      'hidden1.bias 7',
      'hidden2.weights 7 x 5',
      'hidden2.bias 5',
      'output.weights 5 x 6',
      'output.bias 6',
      'direct.weights 6 x 6',
    ],
  );
  const count = (config: MadeConfig): number =>
    madeParameters(config).reduce((sum, {shape}) => sum + shape.reduce((a, b) => a * b), 0);
  assert.equal(count(MADE_PRESETS.fvsbn), 784 * 784 + 784);
  assert.equal(count(MADE_PRESETS.small), 784 * 500 + 500 + 500 * 784 + 784 + 784 * 784);
  for (const config of Object.values(MADE_PRESETS)) {
    checkMadeConfig(config);
    // 24 MB of 16-bit numbers for all of MADE that the repository holds
    assert.ok(count(config) < 10e6);
  }
});

test('disposing gives back every tensor; disposing a view takes nothing from the model', () => {
  const {numTensors} = tf.memory();
  const made = Made.create(SMALL);
  // Masks that are first made inside a tidy must outlive it.
  tf.tidy(() => {
    made.withMasks(1);
  });
  for (const view of made.ensemble()) view.dispose();
  made.withOrder(Int32Array.of(5, 4, 3, 2, 1, 0)).dispose();
  const logits = made.withMasks(1).logits(tf.zeros([1, 2, 3, 1]));
  assert.equal(logits.size, 6);
  logits.dispose();
  made.dispose();
  // The zeros above.
  assert.equal(tf.memory().numTensors, numTensors + 1);
});

test('the sampler is called in turn', () => {
  const made = Made.create(SMALL);
  const check = (): void => {
    assert.throws(() => made.incremental(2).next(new Float32Array(2)), /null for the first (pixel|value)/);
    const incremental = made.incremental(2);
    assert.equal(incremental.next(null).length, 2);
    assert.throws(() => incremental.next(null), /(pixels|values) just chosen/);
  };
  check();
  withPortableTwins(check);
  made.dispose();
});

test('numbers out of range are named, with the rule', () => {
  const wrong: [Partial<Record<keyof MadeConfig, unknown>>, RegExp][] = [
    [{height: 0}, /height must be a positive integer, got 0/],
    [{width: 2.5}, /width .* got 2.5/],
    [{channels: -1}, /channels .* got -1/],
    [{masks: 1.5}, /masks .* got 1.5/],
    [{masks: -1}, /masks .* got -1/],
    [{hidden: [5, 0]}, /hidden layer .* got 0/],
    [{order: 'natural'}, /'raster' or 'random', got 'natural'/],
    [{hidden: [], direct: false}, /direct must be true.*got false/],
    [{maskSeed: -1}, /seed .* got -1/],
  ];
  for (const [change, message] of wrong) {
    assert.throws(() => Made.create({...SMALL, ...change} as MadeConfig), {name: 'RangeError', message});
  }
});

test('images, sets of masks and orders that do not fit are named', () => {
  const made = Made.create(SMALL);
  tf.tidy(() => {
    assert.throws(() => made.logits(tf.zeros([5, 3, 2, 1])), /must be \[B, 2, 3, 1\], got \[5, 3, 2, 1\]/);
  });
  for (const set of [3, -1, 0.5]) assert.throws(() => made.withMasks(set), /from 0 to 2, got/);
  assert.throws(() => made.withOrder(Int32Array.of(0, 1)), /must hold 6 pixels, got 2/);
  assert.throws(
    () => made.withOrder(Int32Array.of(0, 1, 2, 3, 4, 4)),
    /each of 0 … 5 once, got 4 at place 5/,
  );
  made.dispose();
});
