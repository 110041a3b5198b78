import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {keepOwnData, ownDataFolder} from '../../lib/data/ownData';
import {loadWeights, scorePublished, trainedOn} from '../../lib/reproduction/published';
import {openRun, type RunRequest, trainRun} from '../../lib/reproduction/trainingRun';
import {runFiles} from '../../lib/storage/paths';
import type {Images} from '../../lib/types';

/**
 * A training on images of one's own: the preset takes their form, and the weights
 * know what they were trained on.
 */

const before = process.env.AUTOREGRESSIVE_DATA;
const place = fs.mkdtempSync(path.join(os.tmpdir(), 'own-run-'));
process.env.AUTOREGRESSIVE_DATA = place;
test.after(() => {
  if (before === undefined) delete process.env.AUTOREGRESSIVE_DATA;
  else process.env.AUTOREGRESSIVE_DATA = before;
  fs.rmSync(place, {recursive: true});
});

/** Bars of 4 x 5 pixels: the class is the column. */
function bars(count: number): Images {
  const labels = Uint8Array.from({length: count}, (_, i) => i % 5);
  const pixels = Uint8Array.from({length: count * 20}, (_, i) =>
    i % 5 === labels[Math.floor(i / 20)] ? 255 : 9,
  );
  return {pixels, labels, count, height: 4, width: 5, channels: 1};
}

const part = (count: number) => ({images: bars(count), sources: []});
function keep(name: string, notes: string[] = []): void {
  keepOwnData(name, {
    ...{height: 4, width: 5, channels: 1, levels: 4, binarization: null, classes: ['a', 'b', 'c', 'd', 'e']},
    ...{notes, sources: [], parts: {train: part(64), validation: part(10), test: part(7)}},
  });
}

const request: RunRequest = {
  ...{model: 'gated', preset: 'labeled', seed: 0, data: 'bars'},
  start: 'new',
  changes: {epochs: 1, batchSize: 32},
};
const hooks = {onWarning: (sentence: string) => assert.fail(sentence)};

test('trained, stored in its own place, scored on its own images, resumed', async () => {
  keep('bars');
  const open = await openRun(request);
  const {height, width, levels, classes} = open.model.config;
  assert.deepEqual({height, width, levels, classes}, {height: 4, width: 5, levels: 4, classes: 5});
  const {validationNats} = await trainRun(open, hooks);
  open.close();
  const {weights} = runFiles('gated', 'labeled', 0, 'bars');
  assert.ok(weights.startsWith(path.join(place, 'runs', 'bars', 'gated-labeled-0')));
  const published = loadWeights(weights);
  assert.deepEqual(published.checkpoint.metadata.data, open.data);
  assert.equal(published.checkpoint.metadata.binarization, null);
  assert.equal(trainedOn(published).name, 'bars');
  const seen: number[] = [];
  const onNats = (nats: Float64Array): void => void seen.push(...nats);
  const score = await scorePublished(published, '', 'validation', {onNats});
  published.dispose();
  assert.deepEqual([score.dataset, score.binarization, score.images], ['bars', 'none (4 levels)', 10]);
  assert.equal(score.nats, validationNats);
  assert.ok(Math.abs(seen.reduce((a, b) => a + b, 0) / 10 - score.nats) < 1e-9);
  const again = await openRun({...request, start: 'resume', changes: {epochs: 2}});
  assert.equal((await trainRun(again, hooks)).step, 4);
  again.close();
});

test('another data set of that name is noticed', async () => {
  fs.rmSync(ownDataFolder('bars'), {recursive: true});
  await assert.rejects(openRun({...request, start: 'resume', changes: {}}), /there is no data set bars/);
  keep('bars', ['taken again']);
  const resumed = openRun({...request, start: 'resume', changes: {}});
  await assert.rejects(resumed, /the data set bars must be the one that these weights were trained on/);
  const published = loadWeights(runFiles('gated', 'labeled', 0, 'bars').weights);
  await assert.rejects(
    scorePublished(published, '', 'test'),
    /must be the one that these weights were trained on/,
  );
  published.dispose();
});

test('a model that cannot take the images is refused before anything is kept', async () => {
  await assert.rejects(
    openRun({...request, model: 'made', preset: 'small'}),
    /for this model the images must have 2 levels/,
  );
  assert.ok(!fs.existsSync(runFiles('made', 'small', 0, 'bars').state));
  await assert.rejects(openRun({...request, data: 'none'}), /there is no data set none; there are bars/);
  await assert.rejects(openRun({...request, data: 'mnist'}), /'mnist' is a data set that everybody has/);
});
