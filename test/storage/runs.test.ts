import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {startEngine} from '../../lib/engine/index';
import {Made} from '../../lib/models/made';
import type {MadeConfig} from '../../lib/models/madeConfig';
import {Random} from '../../lib/random';
import {CheckpointError, loadTrainingState} from '../../lib/storage/checkpoints';
import {type Run, runMetadata, saveRun, trainingState} from '../../lib/storage/runs';
import {TRAIN_DEFAULTS, type TrainingState} from '../../lib/types';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'runs-'));
test.after(() => fs.rmSync(folder, {recursive: true}));
test.before(() => startEngine());

const config: MadeConfig = {
  height: 2,
  width: 3,
  channels: 1,
  hidden: [5],
  masks: 1,
  orderAgnostic: false,
  order: 'raster',
  direct: true,
  conditioned: false,
  maskSeed: 0,
};
const runOf = (stepsPerEpoch = 10): Run => ({
  recipe: {...TRAIN_DEFAULTS, epochs: 4, seed: 9},
  stepsPerEpoch,
  versions: {node: 'v20'},
});

/** A state of 23 steps, its numbers without any pattern. */
function stateOf(model: Made): TrainingState {
  const values = (part: string): Map<string, Float32Array> =>
    new Map(
      [...model.parameters].map(([name, {size}]) => {
        const random = new Random(1, part, name);
        return [name, Float32Array.from({length: size}, () => random.normal() * 1e-3)];
      }),
    );
  return {
    step: 23,
    seconds: 1.0000000000000002,
    epochNats: 0.1 + 0.2,
    history: [{step: 20, epoch: 2, split: 'validation', nats: 88.12345678901235, seconds: 0.9}],
    adam: {
      weights: values('weights'),
      average: values('average'),
      moment1: values('moment1'),
      moment2: values('moment2'),
    },
    best: {nats: 88.12345678901235, epoch: 2, weights: values('best')},
  };
}

test('a state comes back to the bit, with and without a best validation', () => {
  const model = Made.create(config);
  const file = path.join(folder, 'state.safetensors');
  const state = stateOf(model);
  for (const saved of [state, {...state, best: null}]) {
    saveRun(file, model, runOf(), saved);
    assert.deepEqual(trainingState(loadTrainingState(file)), saved);
  }
  model.dispose();
});

test('the file says where in the epoch the run is', () => {
  const model = Made.create(config);
  const file = path.join(folder, 'place.safetensors');
  saveRun(file, model, runOf(), stateOf(model));
  const {metadata, batchesDone, best} = loadTrainingState(file);
  assert.deepEqual([metadata.epoch, metadata.step, batchesDone], [2, 23, 3]);
  assert.deepEqual(best, {nats: 88.12345678901235, epoch: 2, step: 20});
  assert.deepEqual(metadata.config, {...config});
  assert.equal(metadata.seed, 9);
  model.dispose();
});

test('a run of another recipe, another config or a cut file is refused, and the file is left alone', () => {
  const model = Made.create(config);
  const other = Made.create({...config, hidden: [6]});
  const file = path.join(folder, 'refused.safetensors');
  saveRun(file, model, runOf(), stateOf(model));
  const bytes = fs.readFileSync(file);
  const longer = {...runOf(), recipe: {...runOf().recipe, epochs: 5}};
  assert.throws(() => loadTrainingState(file, {recipe: {...longer.recipe}}), /epochs = 4, but 5 is expected/);
  assert.throws(
    () => loadTrainingState(file, {config: other.config}),
    /hidden = \[5\], but \[6\] is expected/,
  );
  assert.deepEqual(fs.readFileSync(file), bytes);
  fs.truncateSync(file, bytes.length - 1);
  assert.throws(() => loadTrainingState(file), CheckpointError);
  model.dispose();
  other.dispose();
});

test('a state with a tensor that the model has not is not written', () => {
  const model = Made.create(config);
  const file = path.join(folder, 'unknown.safetensors');
  const state = stateOf(model);
  const weights = new Map([...state.adam.weights, ['nobody', new Float32Array(1)]]);
  assert.throws(
    () => saveRun(file, model, runOf(), {...state, adam: {...state.adam, weights}}),
    /the parameter must be one of made \(.*\), got 'nobody'/,
  );
  assert.equal(fs.existsSync(file), false);
  model.dispose();
});

test('weights that are not finite are not written over good ones', () => {
  const model = Made.create(config);
  const file = path.join(folder, 'finite.safetensors');
  const state = stateOf(model);
  saveRun(file, model, runOf(), state);
  const bytes = fs.readFileSync(file);
  const weights = new Map([...state.adam.weights].map(([name, data]) => [name, data.map(() => Number.NaN)]));
  assert.throws(
    () => saveRun(file, model, runOf(), {...state, adam: {...state.adam, weights}}),
    /NaN, but every value must be finite. Use the last good checkpoint/,
  );
  assert.deepEqual(fs.readFileSync(file), bytes);
  model.dispose();
});

test('metadata of a color model name no binarization', () => {
  const model = Made.create(config);
  const state = stateOf(model);
  assert.equal(runMetadata(model, runOf(), state).binarization, 'dynamic');
  const color = {name: 'color', config, levels: 256} as unknown as Made;
  assert.equal(runMetadata(color, runOf(), state).binarization, null);
  assert.deepEqual(runMetadata(model, runOf(), state, {testNats: 1}).score, {testNats: 1});
  model.dispose();
});
