import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import test from 'node:test';
import {binarize} from '../../lib/data/binarize';
import {startEngine} from '../../lib/engine/index';
import {Random} from '../../lib/random';
import {importWeights} from '../../lib/reproduction/importWeights';
import {loadCheckpoint, type NamedTensors, readSafetensors} from '../../lib/storage/checkpoints';
import {train} from '../../lib/train';
import type {Images} from '../../lib/types';
import {smallJob, sourceFor, temporary} from './jobs';
import {environment, fixture, needsTorch, root, runPython, torch} from './python';
import {SMALL} from './small';

/** pytorch/train.py trains as lib/train.ts does, alone and together, without and with stops. */

test.before(() => startEngine());
test.after(() => fs.rmSync(temporary, {recursive: true}));

const folderOfPython = path.join(root, 'pytorch');
const trainPy = path.join(folderOfPython, 'train.py');
const weightsOf = (folder: string): NamedTensors =>
  loadCheckpoint(path.join(folder, 'weights.safetensors')).tensors;

/** The largest difference of two values of the same name and place. */
function difference(a: NamedTensors, b: NamedTensors): number {
  assert.deepEqual([...a.keys()].sort(), [...b.keys()].sort());
  return Math.max(
    ...[...a].flatMap(([name, {data}]) => {
      const other = b.get(name)?.data as Float32Array;
      assert.equal(other.length, data.length, name);
      return [data.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i])), 0)];
    }),
  );
}

/** Trains in one process. @returns of each folder the exit code, or the sentence with which it was refused */
function outcomes(folders: readonly string[], ...options: string[]): Record<string, number | string> {
  const {status, stdout, stderr} = runPython([
    ...[fixture('train_jobs.py'), folderOfPython],
    ...[...options, ...folders],
  ]);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

function trainHere(folders: readonly string[], ...options: string[]): void {
  const said = outcomes(folders, ...options);
  for (const folder of folders) assert.equal(said[folder], 0);
}

test('draws are those of the library to the bit, long ones too', needsTorch, () => {
  const random = new Random(1, 'gray');
  const pixels = Uint8Array.from({length: 90_000}, () => random.integer(256));
  const file = path.join(temporary, 'gray');
  fs.writeFileSync(file, pixels);
  const {status, stdout, stderr} = runPython([fixture('draws.py'), folderOfPython, file]);
  assert.equal(status, 0, stderr);
  const answer = JSON.parse(stdout);
  assert.deepEqual(answer.same, [true, true, true, true, true, true]);
  assert.deepEqual(answer.lengths, [0, 1, 1023, 1024, 1025, 70000]);
  const gray: Images = {pixels, count: 100, height: 30, width: 30, channels: 1};
  for (const rule of ['static', 'dynamic', 'threshold'] as const) {
    const drawn = binarize(gray, {rule, seed: 6, epoch: 3});
    assert.equal(answer[rule], createHash('sha256').update(drawn.pixels).digest('hex'), rule);
  }
});

test('the same steps give the same weights and the same history as ours', needsTorch, async (t) => {
  const jobs = [];
  for (const [k, name] of Object.keys(SMALL).entries()) {
    const schedule = k % 2 === 0 ? 'cosine' : 'linear';
    jobs.push({name, ...(await smallJob(name, `same-${name}`, {schedule}))});
  }
  trainHere(jobs.map(({folder}) => folder));
  const said: string[] = [];
  for (const {name, folder, model, recipe} of jobs) {
    const source = sourceFor(model, 28);
    const data = {train: await source.load('train'), validation: await source.scored('validation')};
    const {history} = await train(model, data, recipe);
    const {metadata} = loadCheckpoint(path.join(folder, 'weights.safetensors'), {
      ...{model: model.name, config: model.config, recipe: {...recipe}, shapes: model.parameters},
    });
    assert.equal(metadata.step, 6);
    metadata.history.forEach(({nats, ...row}, k) => {
      assert.equal(
        `${row.split} ${row.epoch} ${row.step}`,
        `${history[k].split} ${history[k].epoch} ${history[k].step}`,
      );
      assert.ok(Math.abs(nats - history[k].nats) < 1e-3, `${name}: ${nats}, ours ${history[k].nats}`);
    });
    const ours: NamedTensors = new Map(
      [...model.parameters].map(([key, variable]) => [
        key,
        {shape: variable.shape, data: Float32Array.from(variable.dataSync())},
      ]),
    );
    const off = difference(ours, weightsOf(folder));
    assert.ok(off < 1e-4, `${name}: weights differ by ${off}`);
    said.push(`${name} ${off.toExponential(1)}`);
    model.dispose();
  }
  t.diagnostic(`largest difference of a weight after 6 steps: ${said.join(', ')}`);
});

test('two processes give the weights of one with the double batch', needsTorch, async (t) => {
  const [alone, together] = [await smallJob('diagonal', 'one'), await smallJob('diagonal', 'two')];
  trainHere([alone.folder]);
  const torchrun = ['-m', 'torch.distributed.run', '--standalone', '--nproc-per-node=2'];
  const {status, stderr} = runPython([...torchrun, trainPy, together.folder]);
  assert.equal(status, 0, stderr);
  const off = difference(weightsOf(alone.folder), weightsOf(together.folder));
  assert.ok(off < 1e-5, `weights differ by ${off}`);
  t.diagnostic(`weights of two processes and of one differ by ${off.toExponential(1)}`);
  const {metadata} = loadCheckpoint(path.join(together.folder, 'weights.safetensors'));
  assert.equal(metadata.versions.processes, '2');
});

/**
 * Ends the process by the signal as soon as its state is of that step or later. @returns
 * its exit code, and what it said
 */
function stopAt(
  folder: string,
  step: number,
  by: NodeJS.Signals,
): Promise<{code: number | null; said: string}> {
  const child = spawn(torch as string, [trainPy, folder, '--save-every', '0'], {env: environment});
  const state = path.join(folder, 'state.safetensors');
  let said = '';
  child.stderr.on('data', (piece) => {
    said += piece;
  });
  const watch = setInterval(() => {
    if (!fs.existsSync(state)) return;
    const progress = JSON.parse(readSafetensors(state).metadata.progress);
    if (progress.step < step) return;
    clearInterval(watch);
    child.kill(by);
  }, 5);
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearInterval(watch);
      resolve({code, said});
    });
  });
}

test('killed, stopped, and gone on with: the same weights to the bit', needsTorch, async () => {
  const recipe = {epochs: 40};
  const [whole, cut] = [await smallJob('gated', 'never', recipe), await smallJob('gated', 'cut', recipe)];
  trainHere([whole.folder]);
  const killed = await stopAt(cut.folder, 5, 'SIGKILL');
  assert.equal(killed.code, null);
  const stopped = await stopAt(cut.folder, 40, 'SIGTERM');
  assert.equal(stopped.code, 130, stopped.said);
  assert.match(stopped.said, /going on at step \d+ of 120[\s\S]*stopped at step \d+, the run is saved/);
  trainHere([cut.folder]);
  assert.equal(difference(weightsOf(whole.folder), weightsOf(cut.folder)), 0);
  const nats = (folder: string): number[] =>
    loadCheckpoint(path.join(folder, 'weights.safetensors')).metadata.history.map((row) => row.nats);
  assert.deepEqual(nats(cut.folder), nats(whole.folder));
  const log = fs.readFileSync(path.join(cut.folder, 'log.jsonl'), 'utf8').trim().split('\n');
  const events = log.map((line) => JSON.parse(line).event);
  assert.equal(events.filter((event) => event === 'start').length, 3);
  assert.equal(events.at(-1), 'end');
});

test('what cannot be trained is refused in one sentence', needsTorch, async () => {
  const none = runPython([trainPy, path.join(temporary, 'none')]);
  assert.equal(none.status, 1);
  assert.match(
    none.stderr,
    /^train.py: .*manifest.json cannot be read .*; name a folder that npm run export wrote\n$/,
  );
  const fresh = (await smallJob('rowlstm', 'fresh')).folder;
  const cases: [string, RegExp, (job: Job, folder: string) => void][] = [
    // Another network, order or draw would give other nats.
    [
      'nats',
      /^train.py: the nats of the first batch differ by 0.01 from the exported ones, and may by 0.001: /,
      (job) => {
        job.firstBatch.nats[3] += 0.01;
      },
    ],
    [
      'order',
      /the order of the first epoch is not the exported one/,
      (job) => {
        job.firstBatch.indices.reverse();
      },
    ],
    [
      'config',
      /weights do not fit: layer3\S+ of shape \[.*\] is missing; /,
      (job) => {
        job.config.layers = 3;
      },
    ],
    [
      'diverges',
      /(the loss is (nan|inf) at step \d+|values that are not finite).*export with a lower --rate/,
      (job) => {
        job.recipe.learningRate = 1e30;
      },
    ],
    [
      'labels',
      /data.safetensors has no train.labels; it must hold the splits/,
      (job) => {
        job.classes = 10;
      },
    ],
    [
      'levels',
      /validation must have values from 0 to 0, got 1/,
      (job) => {
        job.levels = 1;
      },
    ],
    // The state of another recipe is not gone on with.
    [
      'state',
      /state.safetensors is of another job than the one in .*--restart/,
      (job, folder) => {
        job.recipe.learningRate = 1e-3;
        fs.copyFileSync(path.join(fresh, 'state.safetensors'), path.join(folder, 'state.safetensors'));
      },
    ],
    [
      'torn',
      /state.safetensors: .* it is cut short; begin again with --restart/,
      (_, folder) => {
        const bytes = fs.readFileSync(path.join(fresh, 'state.safetensors'));
        fs.writeFileSync(path.join(folder, 'state.safetensors'), bytes.subarray(0, 500));
      },
    ],
  ];
  trainHere([fresh]);
  const folders: string[] = [];
  for (const [name, , change] of cases) {
    const {folder} = await smallJob('rowlstm', `refused-${name}`);
    edit(folder, (job) => change(job, folder));
    folders.push(folder);
  }
  const said = outcomes(folders);
  for (const [k, [name, rule]] of cases.entries()) {
    assert.match(String(said[folders[k]]), rule, name);
    assert.ok(!fs.existsSync(path.join(folders[k], 'weights.safetensors')), name);
  }
  assert.deepEqual(outcomes([folders[6]], '--restart'), {[folders[6]]: 0});
  // Shared by two processes, which are not waited for.
  const odd = (await smallJob('made', 'odd', {batchSize: 7})).folder;
  const {status, stderr} = runPython([trainPy, odd], {WORLD_SIZE: '2'});
  assert.equal(status, 1);
  assert.match(stderr, /batch of 7 images cannot be shared evenly by 2 processes/);
});

test('products in 16 bits learn as well', needsTorch, async () => {
  const jobs = [await smallJob('pixelcnn', 'half'), await smallJob('rowlstm', 'half rnn')];
  trainHere(
    jobs.map(({folder}) => folder),
    '--precision=bf16',
  );
  for (const {folder} of jobs) {
    const {metadata} = loadCheckpoint(path.join(folder, 'weights.safetensors'));
    assert.equal(metadata.versions.precision, 'bf16');
    const [first, , last] = metadata.history.map(({nats}) => nats);
    assert.ok(last < first, `${first} nats, then ${last}`);
  }
});

test('what was trained there is taken here by the preset of its config, and by no other', needsTorch, () => {
  const file = path.join(temporary, 'same-made', 'weights.safetensors');
  assert.throws(() => importWeights(file, {}), /its config is that of no preset of made/);
  assert.throws(
    () => importWeights(file, {preset: 'small'}),
    /its config is not that of made small: height is 7, there 28/,
  );
});

interface Job {
  readonly firstBatch: {readonly nats: number[]; readonly indices: number[]};
  readonly config: {layers: number};
  readonly recipe: {learningRate: number};
  classes: number;
  levels: number;
}

/** Changes job.json, and the manifest with it. */
function edit(folder: string, change: (job: Job) => void): void {
  const file = path.join(folder, 'job.json');
  const job = JSON.parse(fs.readFileSync(file, 'utf8')) as Job;
  change(job);
  const text = JSON.stringify(job);
  fs.writeFileSync(file, text);
  const manifest = path.join(folder, 'manifest.json');
  const content = JSON.parse(fs.readFileSync(manifest, 'utf8'));
  content.files['job.json'] = {
    sha256: createHash('sha256').update(text).digest('hex'),
    bytes: Buffer.byteLength(text),
  };
  fs.writeFileSync(manifest, JSON.stringify(content));
}
