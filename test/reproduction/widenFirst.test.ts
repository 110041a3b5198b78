import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {startEngine} from '../../lib/engine/index';
import {createModel, findPreset} from '../../lib/models/index';
import {beginWith} from '../../lib/reproduction/trainingRun';
import {widenFirst} from '../../lib/reproduction/widenFirst';
import {readParameters, saveCheckpoint} from '../../lib/storage/checkpoints';
import type {ModelConfig} from '../../lib/types';
import {randomize} from '../properties/tools';

test.before(() => startEngine());

const small: ModelConfig = {
  ...findPreset('rowlstm', 'small').config,
  ...{height: 9, width: 8, features: 4, layers: 1, head: 4, firstSize: 3},
};

test('a wider first kernel gives the same logits, and a checkpoint with a smaller one begins a training, in another order, too', () => {
  const [narrow, wide] = [createModel('rowlstm', small), createModel('rowlstm', {...small, firstSize: 9})];
  randomize(narrow.parameters, 5);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'widen-'));
  const file = path.join(folder, 'narrow.safetensors');
  const metadata = {
    ...{model: 'rowlstm', config: small, recipe: {}, binarization: 'dynamic' as const, seed: 7, epoch: 2},
    ...{step: 5, trainingSeconds: 3, history: [], ancestors: [], versions: {}, score: {}},
  };
  saveCheckpoint(file, {tensors: readParameters(narrow.parameters), metadata});
  const [ancestor] = beginWith(file, wide);
  assert.equal(ancestor.seed, 7);
  const x = tf.cast(
    tf.greater(tf.randomUniform([3, 9, 8, 1], 0, 1, 'float32', 2), 0.5),
    'float32',
  ) as tf.Tensor4D;
  const difference = tf.tidy(() => tf.max(tf.abs(tf.sub(narrow.logits(x), wide.logits(x)))).dataSync()[0]);
  assert.ok(difference < 1e-5, `${difference}`);

  const [narrowFile, others] = [path.join(folder, 'wide.safetensors'), {...small, firstSize: 9, layers: 2}];
  saveCheckpoint(narrowFile, {
    tensors: readParameters(wide.parameters),
    metadata: {...metadata, config: {...small, firstSize: 9}},
  });
  assert.throws(() => beginWith(narrowFile, narrow), /its config has firstSize = 9, but 3 is expected/);
  const deeper = createModel('rowlstm', others);
  assert.throws(() => beginWith(file, deeper), /its config has (firstSize|layers) = /);
  const turned = createModel('rowlstm', {...small, firstSize: 9, order: 'turned'});
  beginWith(file, turned);
  const same = tf.tidy(() => {
    const logits = turned.logits(tf.reverse(x, [1, 2])) as tf.Tensor4D;
    return tf.max(tf.abs(tf.sub(narrow.logits(x), tf.reverse(logits, [1, 2])))).dataSync()[0];
  });
  assert.ok(same < 1e-5, `the weights of raster order, in another order: ${same}`);
  turned.dispose();
  for (const model of [narrow, wide, deeper]) model.dispose();
  x.dispose();
  fs.rmSync(folder, {recursive: true});
});

test('only what differs in the size of the first kernel alone, and is smaller, is widened', () => {
  const model = createModel('rowlstm', small);
  const tensors = readParameters(model.parameters);
  assert.equal(widenFirst(tensors, small, small), null);
  assert.equal(widenFirst(tensors, {...small, firstSize: 9}, small), null);
  assert.equal(widenFirst(tensors, small, {...small, firstSize: 5, head: 8}), null);
  const kernel = widenFirst(tensors, small, {...small, firstSize: 5})?.get('first.weights');
  assert.deepEqual(kernel?.shape, [3, 5, 1, 8]);
  // The first tap of the old kernel lies one row lower and one column further to the right.
  const old = tensors.get('first.weights');
  assert.equal(kernel?.data[(1 * 5 + 1) * 8], old?.data[0]);
  assert.equal(kernel?.data[0], 0);
  model.dispose();
});
