import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {binarize} from '../../lib/data/binarize';
import {hasBinarizedMnist} from '../../lib/data/binarizedMnist';
import {firstImages} from '../../lib/data/images';
import {loadMnist} from '../../lib/data/mnist';
import {scoringImages} from '../../lib/data/sources';
import {startEngine} from '../../lib/engine/index';
import {evaluate} from '../../lib/evaluate';
import {createModel} from '../../lib/models/index';
import {
  isPaperSize,
  loadPublished,
  publish,
  QUICK_IMAGES,
  recordPapersScore,
  scorePublished,
  storeWeights,
} from '../../lib/reproduction/published';
import {
  CheckpointError,
  loadCheckpoint,
  readSafetensors,
  writeSafetensors,
} from '../../lib/storage/checkpoints';
import {checkpointFile} from '../../lib/storage/paths';
import {TRAIN_DEFAULTS} from '../../lib/types';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'published-'));
test.after(() => fs.rmSync(folder, {recursive: true}));
test.before(() => startEngine());

const config = {
  height: 28,
  width: 28,
  channels: 1,
  hidden: [8],
  masks: 2,
  orderAgnostic: true,
  order: 'raster',
  direct: false,
  conditioned: false,
  maskSeed: 0,
};
const metadata = {
  model: 'made',
  config,
  recipe: {...TRAIN_DEFAULTS},
  binarization: 'dynamic' as const,
  seed: 0,
  epoch: 1,
  step: 500,
  trainingSeconds: 2,
  history: [],
  ancestors: [],
  versions: {},
  score: {},
};
const file = path.join(folder, 'two-orders.safetensors');

test('what is published is scored as it is stored, and records the scores', async () => {
  const model = createModel('made', config, 3);
  const tensors = tf.memory().numTensors;
  const weights = path.join(folder, 'weights.safetensors');
  const validation = await storeWeights(model, metadata, weights);
  assert.deepEqual(loadCheckpoint(weights).metadata.score, {
    validationNats: validation,
    validationImages: 10_000,
  });
  const test = await publish('made', 'two-orders', weights, file);
  assert.equal(tf.memory().numTensors, tensors, 'no tensor is left behind');
  const {tensors: stored} = readSafetensors(file);
  for (const [name, {dtype}] of stored) assert.equal(dtype, 'F16', name);
  const published = loadPublished('made', 'two-orders', file);
  const {score} = published.checkpoint.metadata;
  assert.equal(score.testNats, test.nats);
  assert.equal(score.ensembleNats, test.ensembleNats);
  assert.deepEqual(
    [score.testImages, score.quickImages, score.validationImages, score.ensembleSize],
    [10_000, QUICK_IMAGES, 10_000, 2],
  );
  const quick = await scorePublished(published, 'two-orders', 'test', {images: QUICK_IMAGES});
  assert.equal(quick.nats, score.quickNats);
  assert.equal(quick.ensembleNats, score.ensembleQuickNats);
  assert.equal(quick.bitsPerDimension, quick.nats / 784 / Math.LN2);
  // The weights in memory were not rounded to 16 bits: they score a little differently.
  const images = firstImages(await scoringImages('test'), QUICK_IMAGES);
  assert.notEqual((await evaluate(model, images)).nats, quick.nats);
  // The papers' own test set is scored where its files are; else what was scored there can be recorded later.
  assert.equal(score.papersTestNats !== undefined, hasBinarizedMnist());
  recordPapersScore(published, {...quick, nats: 81.5, ensembleNats: 80.5});
  const recorded = loadPublished('made', 'two-orders', file);
  assert.deepEqual(recorded.checkpoint.metadata.score, {
    ...score,
    papersTestNats: 81.5,
    papersEnsembleNats: 80.5,
  });
  assert.deepEqual(recorded.checkpoint.tensors, published.checkpoint.tensors);
  recorded.dispose();
  const shares: number[] = [];
  const alone = await scorePublished(published, 'two-orders', 'test', {
    images: 600,
    ensemble: false,
    onProgress: (share) => shares.push(share),
  });
  assert.equal(alone.ensembleNats, undefined);
  assert.deepEqual(shares, [500 / 600, 1]);
  published.dispose();
  model.dispose();
});

/** The published file with other words, or without a tensor. */
function altered(words: Readonly<Record<string, string>>, without?: string): string {
  const {tensors, metadata: stored} = readSafetensors(file);
  const strings = {...stored, ...words};
  const changed = new Map([...tensors].filter(([tensor]) => tensor !== without));
  const name = path.join(fs.mkdtempSync(path.join(folder, 'altered-')), 'altered.safetensors');
  writeSafetensors(name, changed, strings);
  return name;
}

test('what was scored before is not scored again: the members of an ensemble', async () => {
  const scored = new Map();
  const score = async (preset: string) => {
    const published = loadPublished('made', preset);
    try {
      return await scorePublished(published, preset, 'test', {images: 5, scored});
    } finally {
      published.dispose();
    }
  };
  const {ensembleNats} = await score('other-order');
  assert.equal(scored.size, 2);
  const [, oneOrder] = [...scored.values()];
  const alone = await score('one-order');
  assert.equal(alone.nats, oneOrder.nats);
  assert.equal(scored.size, 2);
  // A mark that no model would give: it is taken, and so nothing was computed.
  for (const [key, value] of scored) scored.set(key, {...value, perImage: new Float64Array(5).fill(7)});
  assert.ok(Math.abs(((await score('other-order')).ensembleNats ?? 0) - 7) < 1e-12);
  assert.ok((ensembleNats ?? 0) > 40);
  // The orders of one set of weights have no file of their own.
  await score('orders');
  assert.equal(scored.size, 3);
});

test('a checkpoint that does not fit is refused by name, and leaves no tensor behind', () => {
  const tensors = tf.memory().numTensors;
  const cases: [string, RegExp][] = [
    [altered({model: 'pixelcnn'}), /holds the model pixelcnn, but made is expected/],
    [altered({formatVersion: '99'}), /formatVersion is 99, but must be 1/],
    [altered({config: '{}'}), /altered\.safetensors: .*\. Copy it again/],
    [
      altered({config: JSON.stringify({...config, hidden: [-2]})}),
      /the units of a hidden layer must be a positive integer, got -2/,
    ],
    [
      altered({config: JSON.stringify({...config, hidden: [9]})}),
      /hidden1\.weights has shape \[784,8\], but the model needs \[784,9\]/,
    ],
    [altered({}, 'output.bias'), /output\.bias of shape \[784\] is missing/],
    [path.join(folder, 'nowhere.safetensors'), /cannot be read \(ENOENT\)/],
  ];
  for (const [name, message] of cases) {
    assert.throws(
      () => loadPublished('made', 'two-orders', name),
      (error) => error instanceof CheckpointError && message.test(error.message),
      String(message),
    );
  }
  assert.equal(tf.memory().numTensors, tensors);
});

test('the one static draw of the test images never changes', async () => {
  const images = await scoringImages('test');
  assert.equal(images.count, 10_000);
  const white = images.pixels.reduce((sum, bit) => sum + bit, 0);
  assert.deepEqual(binarize(await loadMnist('test'), {rule: 'static', seed: 0}).pixels, images.pixels);
  assert.ok(
    Math.abs(white / images.pixels.length - 0.1325) < 0.001,
    `${white / images.pixels.length} are white`,
  );
});

test('data/checkpoints/README.md tells Python what the first test digit costs, and it is so', async () => {
  const readme = fs.readFileSync(path.join(__dirname, '../../data/checkpoints/README.md'), 'utf8');
  const told = Number(/# prints (\d+\.\d+)/.exec(readme)?.[1]);
  const published = loadPublished('made', 'one-order', checkpointFile('made', 'one-order'));
  const digit = binarize(firstImages(await loadMnist('test'), 1), {rule: 'threshold', seed: 0});
  const {nats} = await evaluate(published.model, digit);
  assert.ok(Math.abs(nats - told) < 0.005, `README.md says ${told} nats, it is ${nats}`);
  published.dispose();
});

test("presets of a paper's size are told by their name", () => {
  assert.ok(isPaperSize('cifar10-paper'));
  for (const preset of ['cifar10', 'paper', 'digits']) assert.equal(isPaperSize(preset), false, preset);
});
