import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {Worker} from '../../bench/process';
import {conditionOf} from '../../lib/condition';
import {toTensor} from '../../lib/data/dataset';
import {startEngine} from '../../lib/engine/index';
import {negativeLogLikelihood} from '../../lib/likelihood';
import {createModel, findPreset, type ModelName} from '../../lib/models/index';
import {SCAN_ORDERS} from '../../lib/models/scanOrder';
import {Random} from '../../lib/random';
import {writeSafetensors} from '../../lib/storage/checkpoints';
import type {StoredTensor} from '../../lib/storage/safetensors';
import type {AutoregressiveModel, Images, ModelConfig} from '../../lib/types';
import {randomize} from '../properties/tools';
import {fixture, needsTorch, root, torch} from './python';

/** The networks of pytorch/networks.py and those of lib give each image the same nats. */

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'networks-'));
test.after(() => fs.rmSync(folder, {recursive: true}));
test.before(() => startEngine());

const preset = (model: ModelName, name: string): ModelConfig => findPreset(model, name).config;
const digits = {height: 9, width: 8};
const color = {height: 6, width: 7, channels: 3, levels: 5};
const rnn = {...preset('rowlstm', 'digits'), features: 6, layers: 2, head: 9};
const gated = {...preset('gated', 'digits'), features: 6, dilations: [2, 1], head: 9};
const pixelcnn = {...preset('pixelcnn', 'digits'), features: 6, dilations: [1, 3], head: 9};
const made = {...preset('made', 'one-order'), hidden: [11, 13]};

interface Case {
  readonly what: string;
  readonly model: ModelName;
  readonly config: ModelConfig;
  readonly step?: number;
}

const CASES: readonly Case[] = [
  {what: 'one order', model: 'made', config: {...made, ...digits}},
  {what: 'a random order', model: 'made', config: {...made, ...digits, order: 'random', maskSeed: 1}},
  {what: 'no hidden layer', model: 'made', config: {...made, ...digits, hidden: []}},
  {what: 'no direct connection', model: 'made', config: {...made, ...digits, direct: false}},
  ...[undefined, 0, 3, 14].map((step): Case => {
    const config = {...made, ...digits, masks: 4, orderAgnostic: true};
    return {what: `four orders in turn, at step ${step}`, model: 'made', config, step};
  }),
  ...[undefined, 0, 7].map((step): Case => {
    const config = {...preset('made', 'any-order'), ...digits, hidden: [11, 13]};
    return {what: `fresh orders, at step ${step}`, model: 'made', config, step};
  }),
  {what: 'digits', model: 'pixelcnn', config: {...pixelcnn, ...digits}},
  {what: 'color', model: 'pixelcnn', config: {...pixelcnn, ...color}},
  {what: 'kernels of 5', model: 'pixelcnn', config: {...pixelcnn, ...color, firstSize: 3, size: 5}},
  {what: 'digits', model: 'gated', config: {...gated, ...digits}},
  {what: 'color', model: 'gated', config: {...gated, ...color, size: 5}},
  {what: 'digits by class', model: 'gated', config: {...gated, ...digits, classes: 10}},
  ...SCAN_ORDERS.map(
    (order): Case => ({what: order, model: 'pixelcnn', config: {...pixelcnn, ...color, order}}),
  ),
  {what: 'turned', model: 'gated', config: {...gated, ...color, order: 'turned'}},
  {what: 'digits', model: 'rowlstm', config: {...rnn, ...digits}},
  {what: 'color', model: 'rowlstm', config: {...rnn, ...color}},
  {
    what: 'skip connections alone',
    model: 'rowlstm',
    config: {...rnn, ...digits, skip: true, residual: false},
  },
  {what: 'digits', model: 'diagonal', config: {...rnn, ...digits}},
  {what: 'color', model: 'diagonal', config: {...rnn, ...color}},
  {what: 'taller than wide', model: 'diagonal', config: {...rnn, height: 7, width: 3, skip: true}},
];

function imagesFor({config, image, levels}: AutoregressiveModel): Images {
  const random = new Random(7, 'images');
  const count = 5;
  const pixels = Uint8Array.from({length: count * image.height * image.width * image.channels}, () =>
    random.integer(levels),
  );
  const labels = Number(config.classes ?? 0) > 0 ? Uint8Array.of(3, 0, 9, 9, 1) : undefined;
  return {...image, count, pixels, ...(labels === undefined ? {} : {labels})};
}

/** @param scaled images from 0 to 1, as the bench has them, in the place of levels */
function write(model: AutoregressiveModel, images: Images, scaled = false): string {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, variable] of model.parameters) {
    tensors.set(name, {dtype: 'F32', shape: variable.shape, data: variable.dataSync() as Float32Array});
  }
  const {count, height, width, channels, pixels, labels} = images;
  const shape = [count, height, width, channels];
  const values = Float32Array.from(pixels, (level) => level / (model.levels - 1));
  tensors.set('images', scaled ? {dtype: 'F32', shape, data: values} : {dtype: 'U8', shape, data: pixels});
  if (labels !== undefined) tensors.set('labels', {dtype: 'U8', shape: [count], data: labels});
  const file = path.join(folder, 'case.safetensors');
  writeSafetensors(file, tensors);
  return file;
}

function ours(model: AutoregressiveModel, images: Images, step: number | undefined): number[] {
  const seen = step === undefined ? model : (model.atStep?.(step) ?? model);
  const nats = tf.tidy(() => {
    const x = toTensor(images, undefined, model.levels);
    return [...negativeLogLikelihood(model, x, seen.logits(x, conditionOf(model, images))).dataSync()];
  });
  if (seen !== model) seen.dispose();
  return nats;
}

test('all five networks give the nats of ours, digits and color', needsTorch, async (t) => {
  const worker = new Worker('PyTorch', torch as string, [fixture('nats.py'), path.join(root, 'pytorch')]);
  try {
    let largest = 0;
    for (const {what, model: name, config, step} of CASES) {
      const model = createModel(name, config);
      randomize(model.parameters, 3);
      const images = imagesFor(model);
      const expected = ours(model, images, step);
      const command = {model: name, config, weights: write(model, images), step};
      const {ways} = await worker.ask<{ways: number[][]}>(command);
      assert.equal(ways.length, 2);
      for (const nats of ways) {
        const off = Math.max(...nats.map((value, i) => Math.abs(value - expected[i])));
        assert.ok(off < 1e-3, `${name}, ${what}: ${nats}, ours ${expected}`);
        largest = Math.max(largest, off);
      }
      model.dispose();
    }
    t.diagnostic(`${CASES.length} networks, largest difference ${largest.toExponential(1)} nats`);
  } finally {
    worker.stop();
  }
});

test('the bench times the same networks, eager and compiled', needsTorch, async () => {
  const file = path.join(root, 'bench', 'pytorch.py');
  for (const args of [[], ['compiled']]) {
    const worker = new Worker('PyTorch', torch as string, [file, '1', ...args]);
    // Compiling takes long: the smallest network. One of color, since its images are levels.
    const some = args.length === 0 ? ['one order', 'digits', 'color'] : ['one order'];
    const cases = CASES.filter(({what}) => some.includes(what));
    assert.ok(cases.length > 0);
    try {
      for (const {model: name, config} of cases) {
        const model = createModel(name, config);
        randomize(model.parameters, 3);
        const images = imagesFor(model);
        const mean = ours(model, images, undefined).reduce((a, b) => a + b) / images.count;
        const weights = write(model, images, true);
        const what = ['train', 'evaluate'];
        const {nats} = await worker.ask<{nats: number}>({do: 'load', model: name, config, weights, what});
        // Loading has trained in order to choose a way: the weights must be the given ones again.
        assert.ok(Math.abs(nats - mean) < 1e-3, `${name} ${args}: ${nats}, ours ${mean}`);
        for (const each of what) {
          const {seconds} = await worker.ask<{seconds: number[]}>({do: each, times: 2});
          assert.equal(seconds.length, 2);
        }
        model.dispose();
      }
    } finally {
      worker.stop();
    }
  }
});
