import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import test from 'node:test';
import {startEngine} from '../../lib/engine/index';
import {loadCheckpoint, readSafetensors} from '../../lib/storage/checkpoints';
import {smallJob, temporary} from './jobs';
import {fixture, needsTorch, root, runPython, torch} from './python';

/** What pytorch/ has for GPUs, as far as a processor can check it. */

test.before(() => startEngine());
test.after(() => fs.rmSync(temporary, {recursive: true}));

const folderOfPython = path.join(root, 'pytorch');
const trainPy = path.join(folderOfPython, 'train.py');
const hasTriton = torch !== null && spawnSync(torch, ['-c', 'import triton']).status === 0;

test('the kernel of a whole recurrence gives the nats and gradients of the loop', {
  skip: !hasTriton && 'Triton is not here; it comes with PyTorch for Linux',
}, (t) => {
  const {status, stdout, stderr} = runPython([fixture('scan.py'), folderOfPython]);
  assert.equal(status, 0, stderr);
  const {changed, ...off} = JSON.parse(stdout) as Record<string, number>;
  assert.equal(Object.keys(off).length, 4);
  for (const [name, value] of Object.entries(off)) assert.ok(value < 1e-5, `${name}: ${value}`);
  assert.ok(changed > 1e-3, `gradients that are wrong by a hundredth differ by ${changed} only`);
  t.diagnostic(`largest relative difference ${Math.max(...Object.values(off)).toExponential(1)}`);
});

test('epochs that helpers make ahead are the same', needsTorch, async () => {
  const {folder} = await smallJob('made', 'ahead', {epochs: 6});
  const {status, stdout, stderr} = runPython([fixture('ahead.py'), folderOfPython, folder]);
  assert.equal(status, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), [true, true, true, true]);
});

test('--minutes chooses the epochs, and the weights say how many', needsTorch, async () => {
  const {folder, recipe} = await smallJob('pixelcnn', 'minutes');
  const run = runPython([trainPy, folder, '--minutes', '0.05', '--measure', '0.3']);
  assert.equal(run.status, 0, run.stderr);
  const said = Number(/: (\d+) epochs in 0.05 min/.exec(run.stderr)?.[1]);
  assert.ok(said > recipe.epochs, run.stderr);
  const {metadata} = loadCheckpoint(path.join(folder, 'weights.safetensors'));
  assert.equal(metadata.recipe.epochs, said);
  assert.equal(metadata.step, said * Math.floor(28 / recipe.batchSize));
  // What was measured has left no trace: the first epoch's loss is that of a run without it.
  const {folder: plain} = await smallJob('pixelcnn', 'plain', {epochs: said});
  assert.equal(runPython([trainPy, plain]).status, 0);
  const history = loadCheckpoint(path.join(plain, 'weights.safetensors')).metadata.history;
  assert.deepEqual(
    metadata.history.map(({nats}) => nats),
    history.map(({nats}) => nats),
  );
  // The same command goes on with that schedule: here there is nothing left to do.
  const again = runPython([trainPy, folder, '--minutes', '0.05']);
  assert.equal(again.status, 0, again.stderr);
  assert.doesNotMatch(again.stderr, /epochs in/);
  const progress = JSON.parse(readSafetensors(path.join(folder, 'state.safetensors')).metadata.progress);
  assert.equal(progress.epochs, said);
});

test('two processes agree on the epochs that fit into the minutes', needsTorch, async () => {
  const {folder} = await smallJob('diagonal', 'agree');
  const torchrun = ['-m', 'torch.distributed.run', '--standalone', '--nproc-per-node=2'];
  const run = runPython([...torchrun, trainPy, folder, '--minutes', '0.03', '--measure', '0.5']);
  assert.equal(run.status, 0, run.stderr);
  const said = Number(/: (\d+) epochs in 0.03 min/.exec(run.stderr)?.[1]);
  const {metadata} = loadCheckpoint(path.join(folder, 'weights.safetensors'));
  assert.deepEqual([metadata.recipe.epochs, metadata.versions.processes], [said, '2']);
});

test('several folders side by side need a GPU', needsTorch, async () => {
  const folders = [
    (await smallJob('pixelcnn', 'first')).folder,
    (await smallJob('rowlstm', 'second')).folder,
  ];
  const {status, stderr} = runPython([trainPy, ...folders]);
  assert.equal(status, 1);
  assert.match(stderr, /^train.py: 2 folders side by side need one process with a GPU; name one folder\n$/);
});
