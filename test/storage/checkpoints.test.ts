import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {
  assignParameters,
  type Checkpoint,
  CheckpointError,
  type CheckpointMetadata,
  loadCheckpoint,
  loadTrainingState,
  type NamedTensors,
  readParameters,
  readSafetensors,
  type StoredState,
  saveCheckpoint,
  saveTrainingState,
  writeSafetensors,
} from '../../lib/storage/checkpoints';
import {FileWriteError, writeFileAtomically} from '../../lib/storage/files';
import {secondsElsewhere, totalTraining, trainingsOf} from '../../lib/storage/metadata';
import {NODE_OPTIONS} from '../node';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'checkpoints-'));
test.after(() => fs.rmSync(folder, {recursive: true}));
const fileOf = (name: string): string => path.join(folder, name);

const metadata: CheckpointMetadata = {
  model: 'made',
  config: {hidden: [8, 8], order: 'natural', direct: true, dropout: 0.1},
  recipe: {batchSize: 100},
  binarization: 'static',
  seed: 3,
  epoch: 2,
  step: 1500,
  trainingSeconds: 12.345678901234567,
  history: [
    {step: 0, epoch: 0, split: 'validation', nats: 543.4, seconds: 0},
    {step: 1500, epoch: 2, split: 'train', nats: 90.1, seconds: 12.3},
  ],
  ancestors: [
    {
      recipe: {batchSize: 50},
      seed: 1,
      epoch: 3,
      step: 700,
      trainingSeconds: 5.5,
      history: [{step: 700, epoch: 3, split: 'validation', nats: 99, seconds: 5}],
    },
    {recipe: {batchSize: 9}, seed: 2, epoch: 1, step: 3, trainingSeconds: 1, history: [], device: 'a GPU'},
  ],
  versions: {node: 'v20', 'a "quoted" name': '2.21'},
  score: {testNats: 88.4},
};

const tensors: NamedTensors = new Map([
  ['hidden/kernel', {shape: [2, 3], data: Float32Array.of(1, -0, 1e-40, 0.1, -3e38, 7)}],
  ['hidden/bias', {shape: [3], data: Float32Array.of(0.25, -1, 2 ** -24)}],
]);
const scaled = (factor: number): NamedTensors =>
  new Map([...tensors].map(([name, {shape, data}]) => [name, {shape, data: data.map((v) => v * factor)}]));

const state: StoredState = {
  tensors: {
    weights: tensors,
    average: scaled(0.5),
    firstMoment: scaled(0.1),
    secondMoment: scaled(0),
    best: new Map(),
  },
  metadata,
  batchesDone: 17,
  epochNats: 0.1 + 0.2,
  best: {nats: 88.12345678901235, epoch: 1, step: 1000},
};

/** A good file, then its strings or tensors changed. */
function alteredFile(
  change: (metadata: Record<string, string>, all: Map<string, object>) => void,
  resumable = false,
): string {
  const file = fileOf('altered.safetensors');
  if (resumable) saveTrainingState(file, state);
  else saveCheckpoint(file, {tensors, metadata});
  const read = readSafetensors(file);
  const strings = {...read.metadata};
  const all = new Map(read.tensors);
  change(strings, all);
  writeSafetensors(file, all, strings);
  return file;
}

/** Every error names the file, and says what to do. */
function assertRefused(action: () => unknown, message: RegExp): void {
  assert.throws(action, (error: unknown) => {
    assert.ok(error instanceof CheckpointError, String(error));
    assert.match(error.message, message);
    assert.ok(
      error.message.includes(error.file) &&
        error.message.endsWith(error.remedy) &&
        error.remedy.endsWith('.'),
    );
    return true;
  });
}

test('weights as F32 return to the bit, with their metadata', () => {
  const file = fileOf('f32.safetensors');
  saveCheckpoint(file, {tensors, metadata});
  assert.deepEqual(loadCheckpoint(file, {model: 'made', config: metadata.config, shapes: tensors}), {
    tensors,
    metadata,
  });
});

test('weights as F16 return rounded, in half the space', () => {
  const file = fileOf('f16.safetensors');
  const small = new Map([['w', {shape: [4], data: Float32Array.of(1 / 3, -0, 2 ** -24, 65504)}]]);
  saveCheckpoint(file, {tensors: small, metadata: {...metadata, binarization: null}}, {dtype: 'F16'});
  const loaded = loadCheckpoint(file);
  assert.deepEqual(loaded.tensors.get('w')?.data, Float32Array.of(0.333251953125, -0, 2 ** -24, 65504));
  assert.equal(loaded.metadata.binarization, null);
  assert.equal(readSafetensors(file).tensors.get('w')?.dtype, 'F16');
});

test('a training state returns to the bit', () => {
  const file = fileOf('state.safetensors');
  saveTrainingState(file, state);
  assert.deepEqual(loadTrainingState(file, {model: 'made', recipe: metadata.recipe, shapes: tensors}), state);
  saveTrainingState(file, {...state, best: null, tensors: {...state.tensors, best: tensors}});
  assert.equal(loadTrainingState(file).best, null);
});

test('the order of the keys of a config does not matter', () => {
  const file = fileOf('f32.safetensors');
  saveCheckpoint(file, {tensors, metadata});
  loadCheckpoint(file, {config: Object.fromEntries(Object.entries(metadata.config).reverse())});
});

test('a file of something else is refused', () => {
  const file = fileOf('other.safetensors');
  saveCheckpoint(file, {tensors, metadata});
  const shapes = (changes: [string, number[]][]) =>
    new Map<string, {shape: readonly number[]}>([
      ...tensors,
      ...changes.map(([n, shape]) => [n, {shape}] as const),
    ]);
  assertRefused(() => loadCheckpoint(file, {model: 'gated'}), /holds the model made, but gated is expected/);
  assertRefused(
    () => loadCheckpoint(file, {config: {...metadata.config, hidden: [8, 9]}}),
    /config has hidden = \[8,8\], but \[8,9\] is expected/,
  );
  assertRefused(
    () => loadCheckpoint(file, {config: {...metadata.config, extra: 1}}),
    /extra = undefined, but 1/,
  );
  assertRefused(() => loadCheckpoint(file, {recipe: {}}), /recipe has batchSize = 100, but undefined/);
  assertRefused(
    () => loadCheckpoint(file, {shapes: shapes([['hidden/kernel', [3, 2]]])}),
    /hidden\/kernel has shape \[2,3\], but the model needs \[3,2\]/,
  );
  assertRefused(
    () => loadCheckpoint(file, {shapes: shapes([['out', [1]]])}),
    /tensor out of shape \[1\] is missing/,
  );
  assertRefused(() => loadCheckpoint(file, {shapes: new Map()}), /no parameter of this name/);
  assertRefused(() => loadTrainingState(file), /kind is weights, but must be state/);
  assertRefused(() => loadCheckpoint(fileOf('none')), /cannot be read \(ENOENT\)/);
  assertRefused(() => loadCheckpoint(folder), /cannot be read \(EISDIR\)/);
});

const alteredMetadata: readonly (readonly [string, string | undefined, RegExp])[] = [
  ['formatVersion', '2', /formatVersion is 2, but must be 1/],
  ['formatVersion', undefined, /formatVersion is missing/],
  ['kind', 'state', /kind is state, but must be weights/],
  ['model', '', /model is , but must be a name/],
  ['config', '[]', /config is \[\], but must be an object/],
  ['config', '{"a":null}', /config is/],
  ['config', '{"a":1,"a":2}', /got "a" twice/],
  ['config', '{', /not valid JSON/],
  ['recipe', undefined, /recipe is missing/],
  ['binarization', 'gray', /binarization is gray/],
  ['seed', '-1', /seed is -1/],
  ['epoch', '1.5', /epoch is 1.5/],
  ['step', '"3"', /step is "3"/],
  ['trainingSeconds', '-1', /trainingSeconds is -1/],
  ['trainingSeconds', '1e999', /trainingSeconds is 1e999/],
  ['history', '{}', /history is \{\}/],
  ['history', '[{"step":1}]', /history is/],
  ['history', '[{"step":1,"epoch":0,"split":"exam","nats":1,"seconds":1}]', /history is/],
  ['versions', '{"node":20}', /versions is/],
  ['score', '{"testNats":"88"}', /score is/],
  ['surplus', 'x', /surplus is x, but must be left out/],
];

for (const [key, value, message] of alteredMetadata) {
  test(`metadata ${key} = ${value} is refused`, () => {
    const file = alteredFile((strings) => {
      if (value === undefined) delete strings[key];
      else strings[key] = value;
    });
    assertRefused(() => loadCheckpoint(file), message);
  });
}

test('altered tensors are refused', () => {
  const put = (name: string, tensor: object) => alteredFile((_, all) => all.set(name, tensor));
  const bias = {dtype: 'F32', shape: [3], data: Float32Array.of(0, Number.NaN, 0)};
  assertRefused(() => loadCheckpoint(put('hidden/bias', bias)), /value 1 of tensor hidden\/bias is NaN/);
  const infinite = {...bias, dtype: 'F16', data: Float32Array.of(0, 0, 1e9)};
  assertRefused(() => loadCheckpoint(put('hidden/bias', infinite)), /value 2 .* is Infinity/);
  const integers = {...bias, dtype: 'I32', data: new Int32Array(3)};
  assertRefused(
    () => loadCheckpoint(put('hidden/bias', integers)),
    /dtype I32, but weights are F32 or F16. Use a checkpoint that this project wrote/,
  );
});

test('an altered training state is refused', () => {
  const refuse = (change: Parameters<typeof alteredFile>[0], message: RegExp) =>
    assertRefused(() => loadTrainingState(alteredFile(change, true)), message);
  refuse((strings) => Object.assign(strings, {batchesDone: '-2'}), /batchesDone is -2/);
  refuse((strings) => Object.assign(strings, {best: '{"nats":1}'}), /best is/);
  refuse((_, all) => all.delete('average/hidden/bias'), /average\/hidden\/bias of shape \[3\] is missing/);
  const tensor = {dtype: 'F32', shape: [1], data: new Float32Array(1)};
  refuse((_, all) => all.set('velocity/w', tensor), /velocity\/w belongs to no part/);
  refuse((_, all) => all.set('best/w', tensor), /best\/hidden\/kernel of shape \[2,3\] is missing/);
});

test('every shorter file is refused by name', () => {
  const file = fileOf('short.safetensors');
  saveCheckpoint(file, {tensors, metadata});
  const bytes = fs.readFileSync(file);
  for (const length of [0, 7, 8, 100, bytes.length - 1]) {
    fs.writeFileSync(file, bytes.subarray(0, length));
    assertRefused(() => loadCheckpoint(file), /Copy it again/);
  }
});

test('what could not be loaded is not saved, and the older file stays', () => {
  const file = fileOf('kept.safetensors');
  saveCheckpoint(file, {tensors, metadata});
  const before = fs.readFileSync(file);
  const refuse = (checkpoint: Checkpoint, message: RegExp, dtype?: 'F16') =>
    assertRefused(() => saveCheckpoint(file, checkpoint, {dtype}), message);
  refuse({tensors, metadata}, /value 4 of tensor hidden\/kernel is -Infinity/, 'F16');
  refuse({tensors: scaled(Number.NaN), metadata}, /is NaN/);
  refuse({tensors, metadata: {...metadata, score: {testNats: Number.NaN}}}, /score is/);
  refuse({tensors, metadata: {...metadata, step: 0.5}}, /step is 0.5/);
  const wrong = new Map([['w', {shape: [4], data: new Float32Array(3)}]]);
  refuse({tensors: wrong, metadata}, /must have 4 values, got 3/);
  assertRefused(() => saveTrainingState(file, {...state, batchesDone: -1}), /batchesDone is -1/);
  assert.deepEqual(fs.readFileSync(file), before);
});

test('parameters are all assigned, or none; no tensor is left behind', () => {
  const parameters = new Map(
    [...tensors].map(([name, {shape}]) => [name, tf.variable(tf.zeros([...shape]))] as const),
  );
  const count = tf.memory().numTensors;
  assignParameters(parameters, tensors);
  assert.deepEqual(readParameters(parameters), tensors);
  const wrong = new Map([...scaled(2), ['hidden/bias', {shape: [2], data: new Float32Array(2)}] as const]);
  assertRefused(() => assignParameters(parameters, wrong), /hidden\/bias has shape \[2\]/);
  assertRefused(
    () => assignParameters(parameters, scaled(Number.NaN), 'x.safetensors'),
    /x.safetensors: value 0/,
  );
  assert.deepEqual(readParameters(parameters), tensors);
  assert.equal(tf.memory().numTensors, count);
});

test('writing: replaces, leaves no temporary file, and clears those of killed processes', () => {
  const inside = fileOf('atomic');
  fs.mkdirSync(inside);
  const file = path.join(inside, 'a.txt');
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  const bystanders = [
    `.a.txt.${process.ppid}.00000000.tmp`,
    `.b.txt.${dead}.00000000.tmp`,
    `.a.txt.${dead}.tmp`,
  ];
  for (const name of [`.a.txt.${dead}.0123abcd.tmp`, ...bystanders])
    fs.writeFileSync(path.join(inside, name), '');
  writeFileAtomically(file, 'old');
  writeFileAtomically(file, new TextEncoder().encode('new'));
  assert.equal(fs.readFileSync(file, 'utf8'), 'new');
  assert.deepEqual(fs.readdirSync(inside).sort(), [...bystanders, 'a.txt'].sort());
});

test('writing where it is not possible: one sentence with file, cause and remedy', () => {
  const plain = fileOf('plain');
  fs.writeFileSync(plain, 'untouched');
  const cases: [string, RegExp][] = [
    [path.join(folder, 'no', 'such', 'folder'), /\(ENOENT\): its folder does not exist; create the folder/],
    [path.join(plain, 'x'), /\(ENOTDIR\): a part of the path before the last is not a folder/],
    ['/proc/x.safetensors', /(ENOENT|EACCES|EPERM|EROFS)/],
    [fileOf('n'.repeat(240)), /\(ENAMETOOLONG\): the name is too long/],
  ];
  const isFolder = fileOf('folder');
  fs.mkdirSync(isFolder);
  cases.push([isFolder, /\(EISDIR\): there is a folder of this name/]);
  const names = fs.readdirSync(folder);
  for (const [file, message] of cases) {
    assert.throws(
      () => writeFileAtomically(file, 'x'),
      (error: unknown) => {
        assert.ok(error instanceof FileWriteError && error.message.includes(file));
        assert.match(error.message, message);
        return true;
      },
    );
  }
  assert.deepEqual(fs.readdirSync(folder), names);
  assert.equal(fs.readFileSync(plain, 'utf8'), 'untouched');
});

/**
 * Runs a shell line around `node SCRIPT FOLDER`, where `$NODE` stands for the
 * first two; returns what it printed.
 */
function runInShell(command: string, args: string[], script: string, inside: string) {
  const program = `const {writeFileAtomically} = require(${JSON.stringify(path.resolve('lib/storage/files.ts'))});
    const file = ${JSON.stringify(path.join(inside, 'a.bin'))}; ${script}`;
  const env = {...process.env, PROGRAM: program, NODE: process.execPath, INSIDE: inside};
  return spawnSync(command, args, {env, encoding: 'utf8'});
}

const fillUp = `
  writeFileAtomically(file, 'old');
  try { writeFileAtomically(file, new Uint8Array(1 << 20)); } catch (error) { console.log(error.message); }
  console.log(require('node:fs').readFileSync(file, 'utf8'), require('node:fs').readdirSync(require('node:path').dirname(file)).join());`;
const execute = `exec "$NODE" ${NODE_OPTIONS.join(' ')} -e "$PROGRAM"`;

test('a file beyond the size limit: the older one stays, nothing half written', () => {
  const inside = fileOf('limited');
  fs.mkdirSync(inside);
  const run = runInShell('sh', ['-c', `ulimit -f 64; ${execute}`], fillUp, inside);
  assert.equal(run.status, 0, run.stderr);
  assert.match(run.stdout, /a\.bin \(EFBIG\): .*unchanged\.\nold a\.bin\n/);
});

// A disk of 64 KB that only the child sees. Not every container allows it.
const unshare = ['--mount', ...(process.getuid?.() === 0 ? [] : ['--map-root-user']), 'sh', '-c'];
const mount = 'mount -t tmpfs -o size=64k tmpfs "$INSIDE"';
const canMount =
  process.platform === 'linux' &&
  spawnSync('unshare', [...unshare, mount], {env: {...process.env, INSIDE: folder}}).status === 0;

test('a full disk: the older file stays, nothing half written', {
  skip: !canMount && 'no right to mount',
}, () => {
  const inside = fileOf('full');
  fs.mkdirSync(inside);
  const run = runInShell('unshare', [...unshare, `${mount} && ${execute}`], fillUp, inside);
  assert.equal(run.status, 0, run.stderr);
  assert.match(run.stdout, /a\.bin \(ENOSPC\): the disk is full; free some space.*\nold a\.bin\n/);
});

test('a folder that may not be written: one sentence', {skip: !canMount && 'no right to mount'}, () => {
  const inside = fileOf('readonly');
  fs.mkdirSync(inside);
  const script = `try { writeFileAtomically(file, 'new'); } catch (error) { console.log(error.message); }`;
  const line = `${mount} && mount -o remount,ro "$INSIDE" && ${execute}`;
  const run = runInShell('unshare', [...unshare, line], script, inside);
  assert.equal(run.status, 0, run.stderr);
  assert.match(run.stdout, /a\.bin \(EROFS\): the disk is read-only/);
});

/**
 * Starts a process that saves without end, kills it `delay` ms after its first save, and returns the signal.
 */
function saveUntilKilled(file: string, delay: number): Promise<NodeJS.Signals | null> {
  const program = `
    const {saveTrainingState} = require(${JSON.stringify(path.resolve('lib/storage/checkpoints.ts'))});
    const state = JSON.parse(process.env.STATE);
    for (let step = 1; ; step++) {
      const weights = new Map([['w', {shape: [1000, 1000], data: new Float32Array(1e6).fill(step)}]]);
      const empty = new Map();
      const tensors = {weights, average: empty, firstMoment: empty, secondMoment: empty, best: weights};
      saveTrainingState(process.env.FILE, {...state, tensors, metadata: {...state.metadata, step}});
      if (step === 1) console.log('saved');
    }`;
  const env = {...process.env, FILE: file, STATE: JSON.stringify({...state, tensors: {}})};
  const child = spawn(process.execPath, [...NODE_OPTIONS, '-e', program], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), delay));
  return new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
}

test('killed at 20 random moments while saving: the file is always whole', {timeout: 300_000}, async (t) => {
  const inside = fileOf('killed');
  fs.mkdirSync(inside);
  let leftOver = 0;
  for (let round = 0; round < 5; round++) {
    const files = [0, 1, 2, 3].map((i) => path.join(inside, `${i}.safetensors`));
    const signals = await Promise.all(files.map((file) => saveUntilKilled(file, Math.random() * 200)));
    assert.deepEqual(signals, Array(4).fill('SIGKILL'));
    leftOver += fs.readdirSync(inside).length - files.length;
    for (const file of files) {
      const loaded = loadTrainingState(file, {model: 'made'});
      const {data} = loaded.tensors.weights.get('w') ?? assert.fail('no weights');
      assert.ok(data.every((value) => value === loaded.metadata.step));
      writeFileAtomically(file, ''); // clears what the killed process left
    }
    assert.equal(fs.readdirSync(inside).length, files.length);
  }
  t.diagnostic(`${leftOver} of 20 processes were killed in the middle of a write`);
});

test('trainings that follow each other count as one', () => {
  const total = totalTraining(metadata);
  assert.deepEqual([total.epoch, total.step, total.trainingSeconds], [6, 2203, 18.845678901234567]);
  assert.deepEqual(
    total.history.map(({step, epoch, nats}) => [step, epoch, nats]),
    [
      [700, 3, 99],
      [703, 4, 543.4],
      [2203, 6, 90.1],
    ],
  );
  assert.deepEqual([...secondsElsewhere(trainingsOf([metadata]))], [['a GPU', 1]]);
  // Another that began with the same: what they share counts once.
  const sibling = {...metadata, seed: metadata.seed + 1};
  const both = trainingsOf([metadata, sibling]);
  assert.equal(both.length, metadata.ancestors.length + 2);
  assert.deepEqual([...secondsElsewhere(both)], [['a GPU', 1]]);
  const first = {...metadata, ancestors: []};
  const file = fileOf('first.safetensors');
  saveCheckpoint(file, {tensors, metadata: first});
  assert.deepEqual(loadCheckpoint(file).metadata.ancestors, []);
});
