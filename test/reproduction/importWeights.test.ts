import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {startEngine} from '../../lib/engine/index';
import {findPreset} from '../../lib/models/index';
import {importWeights, trainedBy} from '../../lib/reproduction/importWeights';
import {
  type CheckpointMetadata,
  readParameters,
  saveCheckpoint,
  writeSafetensors,
} from '../../lib/storage/checkpoints';
import {readMappingFile} from '../../lib/storage/foreignWeights';
import type {StoredTensor} from '../../lib/storage/safetensors';

test.before(() => startEngine());
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'import-'));
test.after(() => fs.rmSync(folder, {recursive: true}));

/** As train.py writes it: weights of `rowlstm small`, and who trained them where. */
function trained(name: string, changes: Partial<CheckpointMetadata> = {}): string {
  const {config, recipe, create} = findPreset('rowlstm', 'small');
  const model = create(3);
  const metadata: CheckpointMetadata = {
    ...{model: 'rowlstm', config, recipe: {...recipe}, binarization: 'dynamic', seed: 0},
    ...{epoch: 2, step: 50, trainingSeconds: 90, history: [], ancestors: [], score: {}},
    versions: {trainer: 'pytorch/train.py', torch: '2.15.0', device: 'NVIDIA H100', processes: '8'},
  };
  const file = path.join(folder, name);
  const tensors = readParameters(model.parameters);
  saveCheckpoint(file, {tensors, metadata: {...metadata, ...changes}});
  model.dispose();
  return file;
}

test('weights that say what they are need no more, and keep who trained them where', () => {
  const {model, preset, metadata} = importWeights(trained('own'), {});
  assert.equal(`${model.name} ${preset}`, 'rowlstm small');
  assert.equal(
    trainedBy(metadata),
    '2 epochs, 50 steps, 1600 images, 1.5 minutes on NVIDIA H100 (trainer pytorch/train.py, torch 2.15.0, processes 8)',
  );
  model.dispose();
});

test('another model, another config, and a file cut short are refused', () => {
  const file = trained('whole');
  assert.throws(
    () => importWeights(file, {model: 'diagonal'}),
    /it holds the model rowlstm, but diagonal is/,
  );
  assert.throws(
    () => importWeights(file, {preset: 'digits'}),
    /its config is not that of rowlstm digits: firstSize is 7, there 15. It is that of --preset small/,
  );
  const {config} = findPreset('rowlstm', 'small');
  const larger = trained('larger', {config: {...config, features: 18}});
  assert.throws(
    () => importWeights(larger, {}),
    /its config is that of no preset of rowlstm: .*"features":18/,
  );
  const cut = path.join(folder, 'cut');
  fs.writeFileSync(cut, fs.readFileSync(file).subarray(0, -4));
  assert.throws(() => importWeights(cut, {}), /cut: tensor \S+ ends at \d+, but .*: it is cut short/);
  assert.throws(() => importWeights(path.join(folder, 'none'), {}), /none: it cannot be read \(ENOENT\)/);
});

test('weights of another program are told what they are', () => {
  const {create} = findPreset('rowlstm', 'small');
  const source = create(4);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of readParameters(source.parameters)) {
    tensors.set(`module.${name}`, {...tensor, dtype: 'F32'});
  }
  const file = path.join(folder, 'foreign.safetensors');
  writeSafetensors(file, tensors, {format: 'pt'});
  assert.throws(() => importWeights(file, {}), /does not say of which model it is. Name it with --model M/);
  const {model, metadata} = importWeights(file, {model: 'rowlstm', preset: 'small'});
  assert.deepEqual(readParameters(model.parameters), readParameters(source.parameters));
  assert.deepEqual(metadata.versions, {origin: 'foreign.safetensors'});
  model.dispose();
  source.dispose();
  const mapping = path.join(folder, 'map.json');
  fs.writeFileSync(mapping, '{"ignore": [], "ignore": []}');
  assert.throws(
    () => readMappingFile(mapping),
    /map.json cannot be read: a key may be given once, got "ignore" twice/,
  );
  assert.throws(() => readMappingFile(`${mapping}x`), /map.jsonx cannot be read: ENOENT/);
});
