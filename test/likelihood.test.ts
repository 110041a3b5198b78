import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {startEngine} from '../lib/engine/index';
import {
  bitsPerDimension,
  ensembleNats,
  meanAndError,
  natsOfValue,
  negativeLogLikelihood,
} from '../lib/likelihood';
import {Made} from '../lib/models/made';
import {Random} from '../lib/random';

test.before(() => startEngine());

const near = (actual: number, expected: number, tolerance = 1e-12): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);

test('bits per dimension: 784 coin throws are 1 bit each', () => {
  near(bitsPerDimension(784 * Math.LN2, {height: 28, width: 28, channels: 1}), 1);
  // Three channels of 8 bits: log 256 nats each.
  near(bitsPerDimension(12 * Math.log(256), {height: 2, width: 2, channels: 3}), 8);
});

test('negative log-likelihood of a model by hand', () => {
  tf.tidy(() => {
    const model = Made.create({
      ...{height: 1, width: 2, channels: 1, hidden: [], direct: true},
      ...{masks: 1, orderAgnostic: false, order: 'raster', conditioned: false, maskSeed: 0},
    });
    const x = tf.tensor4d([1, 0, 1, 1], [2, 1, 2, 1]);
    const logits = tf.tensor4d([Math.log(3), Math.log(4), 0, -Math.log(4)], [2, 1, 2, 1]);
    const nats = negativeLogLikelihood(model, x, logits).dataSync();
    near(nats[0], -Math.log((3 / 4) * (1 / 5)), 1e-6);
    near(nats[1], -Math.log((1 / 2) * (1 / 5)), 1e-6);
    model.dispose();
  });
});

test('nats of one value in plain numbers: -log of its probability, for large logits too', () => {
  near(natsOfValue(Math.log(3), 1), -Math.log(3 / 4));
  near(natsOfValue(Math.log(3), 0), -Math.log(1 / 4));
  near(natsOfValue(800, 0), 800);
  near(natsOfValue(-800, 1), 800);
  near(natsOfValue(800, 1), 0);
});

test('the ensemble averages probabilities of whole images', () => {
  const members = [
    [0.5, 0.01],
    [0.1, 0.03],
  ].map((p) => Float64Array.from(p, (value) => -Math.log(value)));
  const nats = ensembleNats(members);
  near(nats[0], -Math.log(0.3));
  near(nats[1], -Math.log(0.02));
  assert.deepEqual(ensembleNats([members[0]]), members[0]);
});

test('the ensemble of images as improbable as digits does not underflow', () => {
  const [nats] = ensembleNats([Float64Array.of(9000), Float64Array.of(9000 + Math.log(3))]);
  near(nats, 9000 - Math.log((1 + 1 / 3) / 2), 1e-9);
});

test('the ensemble lies between its best member and the mean, and within log K of the best', () => {
  const random = new Random(0, 'ensemble');
  const members = Array.from({length: 8}, () =>
    Float64Array.from({length: 50}, () => 85 + 10 * random.normal()),
  );
  ensembleNats(members).forEach((nats, i) => {
    const each = members.map((member) => member[i]);
    const best = Math.min(...each);
    const mean = each.reduce((a, b) => a + b) / each.length;
    assert.ok(nats >= best && nats <= best + Math.log(8) && nats < mean);
  });
});

test('an ensemble of none, or of members that scored other images, is refused', () => {
  assert.throws(() => ensembleNats([]), /give those of at least one member/);
  assert.throws(() => ensembleNats([new Float64Array(2), new Float64Array(3)]), /same images, got 2 and 3/);
});

test('mean and standard error', () => {
  const {mean, standardError} = meanAndError(Float64Array.of(1, 2, 3, 4));
  assert.equal(mean, 2.5);
  near(standardError, Math.sqrt(5 / 3 / 4));
  assert.deepEqual(meanAndError(Float64Array.of(7)), {mean: 7, standardError: 0});
});
