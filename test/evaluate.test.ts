import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {startEngine} from '../lib/engine/index';
import {evaluate, evaluateEnsemble} from '../lib/evaluate';
import {ensembleNats} from '../lib/likelihood';
import {GatedPixelCnn} from '../lib/models/gatedPixelCnn';
import {Made} from '../lib/models/made';
import {allImages, randomImages, randomize} from './properties/tools';

test.before(() => startEngine());

const image = {height: 3, width: 3, channels: 1};

function small(): Made {
  const made = Made.create({
    ...{...image, hidden: [20], direct: true},
    ...{masks: 3, orderAgnostic: true, order: 'raster', conditioned: false, maskSeed: 0},
  });
  randomize(made.parameters, 1);
  return made;
}

test('the mean over images does not depend on the size of the batches', async () => {
  const model = small();
  const images = randomImages(23, image, 1);
  const whole = await evaluate(model, images, {batchSize: 23});
  for (const batchSize of [1, 5, 22, 500]) {
    const {perImage, nats} = await evaluate(model, images, {batchSize});
    perImage.forEach((value, i) => {
      assert.ok(Math.abs(value - whole.perImage[i]) < 1e-5);
    });
    assert.ok(Math.abs(nats - whole.nats) < 1e-5);
  }
  assert.ok(Math.abs(whole.bitsPerDimension - whole.nats / 9 / Math.LN2) < 1e-12);
  model.dispose();
});

test('a new model finds all images about equally likely: D log 2', async () => {
  const model = Made.create({...small().config, hidden: []});
  const {nats, standardError} = await evaluate(model, randomImages(50, image, 2));
  assert.ok(Math.abs(nats - 9 * Math.LN2) < 1e-5);
  assert.ok(standardError < 1e-5);
  model.dispose();
});

test("the ensemble's probabilities sum to one, and are the mean of the members'", async () => {
  const model = small();
  const images = allImages(image);
  const members = model.ensemble();
  const {perImage} = await evaluateEnsemble(members, images);
  const sum = perImage.reduce((total, nats) => total + Math.exp(-nats), 0);
  assert.ok(Math.abs(sum - 1) < 1e-5, `${sum}`);
  const each: Float64Array[] = [];
  for (const member of members) each.push((await evaluate(member, images)).perImage);
  assert.deepEqual(perImage, ensembleNats(each));
  model.dispose();
});

test('neither weights nor images change, and no tensor is left behind', async () => {
  const model = small();
  const images = randomImages(12, image, 3);
  const pixels = images.pixels.slice();
  const weights = [...model.parameters.values()].map((value) => value.dataSync().slice());
  await evaluateEnsemble(model.ensemble(), images);
  const {numTensors} = tf.memory();
  for (let i = 0; i < 10; i++) await evaluateEnsemble(model.ensemble(), images, {batchSize: 5});
  assert.equal(tf.memory().numTensors, numTensors);
  assert.deepEqual(images.pixels, pixels);
  assert.deepEqual(
    [...model.parameters.values()].map((value) => value.dataSync().slice()),
    weights,
  );
  model.dispose();
});

test('progress rises to 1, over all members together', async () => {
  const model = small();
  const shares: number[] = [];
  const onProgress = (share: number): number => shares.push(share);
  await evaluateEnsemble(model.ensemble(), randomImages(10, image, 4), {batchSize: 5, onProgress});
  assert.deepEqual(
    shares.map((share) => Math.round(6 * share)),
    [1, 2, 3, 4, 5, 6],
  );
  model.dispose();
});

test('stops when asked', async () => {
  const model = small();
  const controller = new AbortController();
  const onProgress = (): void => controller.abort();
  await assert.rejects(
    evaluate(model, randomImages(10, image, 5), {batchSize: 5, signal: controller.signal, onProgress}),
    {name: 'AbortError'},
  );
  model.dispose();
});

test('a model with classes is conditioned on the label of each image, in batches of any size', async () => {
  const model = GatedPixelCnn.create({
    ...{...image, levels: 2, features: 6, dilations: [1], firstSize: 3, size: 3},
    ...{head: 6, classes: 3},
  });
  randomize(model.parameters, 2);
  const images = randomImages(10, image, 7);
  const labels = Uint8Array.from({length: 10}, (_, i) => (i * i) % 3);
  const one: Float64Array[] = [];
  for (const label of [0, 1, 2]) one.push((await evaluate(model, images, {condition: label})).perImage);
  assert.ok(Math.abs(one[0][1] - one[1][1]) > 1e-3, 'the label matters');
  for (const batchSize of [3, 10]) {
    const {perImage} = await evaluate(model, {...images, labels}, {batchSize});
    perImage.forEach((nats, i) => {
      assert.ok(Math.abs(nats - one[labels[i]][i]) < 1e-5, `image ${i}, batches of ${batchSize}`);
    });
  }
  // A condition that is given counts, whatever the labels say; also one for each image, in batches.
  const {perImage} = await evaluate(model, {...images, labels}, {condition: 2});
  assert.deepEqual(perImage, one[2]);
  const each = await evaluate(model, images, {condition: labels, batchSize: 3});
  each.perImage.forEach((nats, i) => {
    assert.ok(Math.abs(nats - one[labels[i]][i]) < 1e-5, `image ${i}`);
  });
  await assert.rejects(evaluate(model, images), {name: 'RangeError', message: /images have no labels/});
  await assert.rejects(evaluate(model, {...images, labels: labels.map((label) => 3 * label)}), /from 0 to 2/);
  model.dispose();
});

test('what does not fit the model is named', async () => {
  const model = small();
  const images = randomImages(4, image, 6);
  const wrong: [Parameters<typeof evaluate>[1], RegExp][] = [
    [{...images, count: 0, pixels: new Uint8Array(0)}, /at least one image, got 0/],
    [randomImages(4, {height: 3, width: 4, channels: 1}, 6), /must be 3 x 3 x 1, got 3 x 4 x 1/],
    [
      {...images, pixels: images.pixels.map((value, i) => (i === 7 ? 2 : value))},
      /from 0 to 1, got 2 at 7; binarize/,
    ],
  ];
  for (const [bad, message] of wrong) {
    await assert.rejects(evaluate(model, bad), {name: 'RangeError', message});
  }
  for (const batchSize of [0, -1, 1.5, Number.NaN]) {
    await assert.rejects(evaluate(model, images, {batchSize}), {
      name: 'RangeError',
      message: `dataset: batchSize must be a positive integer, got ${batchSize}`,
    });
  }
  await assert.rejects(evaluateEnsemble([], images), /at least one member/);
  model.dispose();
});
