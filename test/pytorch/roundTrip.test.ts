import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {keepOwnData} from '../../lib/data/ownData';
import {loadCheckpoint} from '../../lib/storage/checkpoints';
import type {Images} from '../../lib/types';
import {NODE_OPTIONS} from '../node';
import {needsTorch, root, runPython} from './python';

/** Export, 20 steps elsewhere, import, evaluate: the commands as a user runs them. */

const data = fs.mkdtempSync(path.join(os.tmpdir(), 'round-trip-'));
test.after(() => fs.rmSync(data, {recursive: true}));

function command(name: string, ...args: string[]) {
  const engine = JSON.parse(fs.readFileSync(path.join(root, 'lib/engine/environment.json'), 'utf8'));
  const env: NodeJS.ProcessEnv = {...process.env, ...engine, AUTOREGRESSIVE_DATA: data, INIT_CWD: data};
  delete env.NODE_TEST_CONTEXT;
  return spawnSync(process.execPath, [...NODE_OPTIONS, `scripts/${name}.ts`, ...args], {
    ...{cwd: root, env, encoding: 'utf8'},
  });
}

test('what cannot be exported or imported is said', () => {
  const where = command('export', 'made');
  assert.equal(where.status, 2);
  assert.match(where.stderr, /which folder\? --out DIR names it/);
  const nothing = command('import', 'none.safetensors');
  assert.equal(nothing.status, 1);
  assert.match(nothing.stderr, /none.safetensors: it cannot be read \(ENOENT\)/);
});

test('export, 20 steps, import, evaluate', needsTorch, () => {
  const images = ['--images', '200', '--batch', '20', '--epochs', '2'];
  const exported = command('export', 'made', '--preset', 'fvsbn', '--out', 'job', ...images);
  assert.equal(exported.status, 0, exported.stderr);
  assert.match(exported.stdout, /made fvsbn: 615440 parameters, 2 epochs of 200 images in batches of 20, 40/);
  const job = path.join(data, 'job');
  const all = ['data.safetensors', 'job.json', 'manifest.json', 'start.safetensors'];
  assert.deepEqual(fs.readdirSync(job).sort(), all);
  const trained = runPython([path.join(root, 'pytorch', 'train.py'), job]);
  assert.equal(trained.status, 0, trained.stderr);
  assert.match(trained.stderr, /finished: best validation \d+\.\d+ nats, epoch 2/);
  const imported = command('import', 'job/weights.safetensors', '--publish');
  assert.equal(imported.status, 0, imported.stderr);
  assert.match(imported.stdout, /made fvsbn: 615440 parameters; 2 epochs, 20 steps, 400 images, /);
  const evaluated = command('evaluate', 'made', '--preset', 'fvsbn', '--json');
  assert.equal(evaluated.status, 0, evaluated.stderr);
  const score = JSON.parse(evaluated.stdout.trim().split('\n').at(-1) as string) as {nats: number};
  const {metadata} = loadCheckpoint(path.join(data, 'checkpoints', 'made', 'fvsbn.safetensors'));
  assert.ok(Math.abs(score.nats - metadata.score.testNats) < 1e-3);
  assert.ok(score.nats > 100 && score.nats < 543, `${score.nats} nats`);
  assert.equal(metadata.versions.trainer, 'pytorch/train.py');
});

/** Images of 6 x 5 pixels in four levels, the class a column that is white. */
function bars(count: number): Images {
  const labels = Uint8Array.from({length: count}, (_, i) => i % 5);
  const pixels = Uint8Array.from({length: count * 30}, (_, i) =>
    i % 5 === labels[Math.floor(i / 30)] ? 255 : 9,
  );
  return {pixels, labels, count, height: 6, width: 5, channels: 1};
}

test('the same with images of your own: export, train, import, evaluate', needsTorch, () => {
  const part = (count: number) => ({images: bars(count), sources: []});
  const parts = {train: part(60), validation: part(10), test: part(10)};
  const before = process.env.AUTOREGRESSIVE_DATA;
  process.env.AUTOREGRESSIVE_DATA = data;
  const form = {height: 6, width: 5, channels: 1, levels: 4, binarization: null};
  keepOwnData('bars', {...form, classes: ['a', 'b', 'c', 'd', 'e'], notes: [], sources: [], parts});
  if (before === undefined) delete process.env.AUTOREGRESSIVE_DATA;
  else process.env.AUTOREGRESSIVE_DATA = before;

  const recipe = ['--data', 'bars', '--batch', '20', '--epochs', '4', '--rate', '0.01'];
  const exported = command('export', 'gated', '--preset', 'labeled', '--out', 'bars-job', ...recipe);
  assert.equal(exported.status, 0, exported.stderr);
  assert.match(exported.stdout, /4 epochs of 60 images in batches of 20, 10 for validation/);
  const trained = runPython([path.join(root, 'pytorch', 'train.py'), path.join(data, 'bars-job')]);
  assert.equal(trained.status, 0, trained.stderr);
  const imported = command('import', 'bars-job/weights.safetensors');
  assert.equal(imported.status, 0, imported.stderr);
  const weights = path.join(data, 'runs', 'bars', 'gated-labeled-imported-0', 'weights.safetensors');
  const {metadata} = loadCheckpoint(weights);
  assert.equal(metadata.data?.name, 'bars');
  const evaluated = command('evaluate', 'gated', '--data', 'bars', '--json');
  assert.equal(evaluated.status, 0, evaluated.stderr);
  const score = JSON.parse(evaluated.stdout.trim().split('\n').at(-1) as string) as Record<string, unknown>;
  assert.equal(score.dataset, 'bars');
  assert.equal(score.images, 10);

  const published = command('import', 'bars-job/weights.safetensors', '--publish');
  assert.equal(published.status, 2);
  assert.match(published.stderr, /trained on bars; --publish is for the data sets that everybody has/);
  const none = command('export', 'gated', '--out', 'none', '--data', 'none');
  assert.equal(none.status, 1);
  assert.match(none.stderr, /there is no data set none; there are bars/);
  assert.ok(!fs.existsSync(path.join(data, 'none')));
});
