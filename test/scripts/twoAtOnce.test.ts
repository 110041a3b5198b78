import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {loadBinarizedMnist} from '../../lib/data/binarizedMnist';
import {decodeImageFile} from '../../lib/data/imageFile';
import {loadCheckpoint, loadTrainingState, saveCheckpoint} from '../../lib/storage/checkpoints';
import {TRAIN_DEFAULTS} from '../../lib/types';
import {grayPng} from '../data/fixtures';
import {NODE_OPTIONS} from '../node';
import {smallBinarizedMnist, writeSmallBinarizedMnist} from './fixtures/smallBinarizedMnist';

/**
 * Two of everything at once: what is written is whole, what cannot be done is said in a sentence, and
 * nothing is left behind. Two set-ups: test/scripts/setup.test.ts.
 */

const project = path.join(__dirname, '..', '..');
const root = fs.mkdtempSync(path.join(os.tmpdir(), 'two-'));
test.after(() => fs.rmSync(root, {recursive: true}));
const newFolder = (name: string): string => {
  const folder = path.join(root, name);
  fs.mkdirSync(folder);
  return folder;
};
const engine = JSON.parse(fs.readFileSync(path.join(project, 'lib/engine/environment.json'), 'utf8'));

interface Outcome {
  readonly status: number | null;
  readonly said: string;
}

/** Starts a program with the folder as its data; `begin` is called when it has told that it is ready. */
function start(
  args: readonly string[],
  data: string,
  onReady?: (begin: () => void) => void,
): Promise<Outcome> {
  const child = spawn(process.execPath, [...NODE_OPTIONS, ...args], {
    cwd: project,
    env: {...process.env, ...engine, AUTOREGRESSIVE_DATA: data, INIT_CWD: data},
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      said += text;
      if (said.startsWith('ready\n')) onReady?.(() => child.stdin.end('go'));
    });
  }
  return new Promise((resolve) => child.on('close', (status) => resolve({status, said})));
}

const command = (line: string, data: string): Promise<Outcome> => {
  const [name, ...args] = line.split(' ');
  return start([`scripts/${name}.ts`, ...args], data);
};

/** The same work of fixtures/atOnce.ts in two processes that begin together. @returns what was refused */
async function twice(what: string, data: string): Promise<string[]> {
  const begins = new Map<number, () => void>();
  const lives = [0, 1].map((k) =>
    start([path.join(__dirname, 'fixtures', 'atOnce.ts'), what, data], data, (begin) => {
      begins.set(k, begin);
      if (begins.size === 2) for (const each of begins.values()) each();
    }),
  );
  const outcomes = await Promise.all(lives);
  for (const {status, said} of outcomes) assert.equal(status, 0, said);
  return outcomes.flatMap(({said}) => said.trim().split('\n').slice(1)).filter((line) => line !== '');
}

/** Files that a write has not tidied away. */
function leftIn(folder: string): string[] {
  return fs
    .readdirSync(folder, {recursive: true, encoding: 'utf8'})
    .filter((name) => /\.tmp$|\/\.|^\./.test(name));
}

test('two trainings of one run: one trains, the other names it', async () => {
  const data = newFolder('train');
  const line = 'train made --preset fvsbn --epochs 1 --batch 5000';
  const outcomes = await Promise.all([command(line, data), command(line, data)]);
  assert.deepEqual(outcomes.map(({status}) => status === 0).sort(), [false, true], JSON.stringify(outcomes));
  const refused = outcomes.find(({status}) => status !== 0)?.said ?? '';
  assert.match(refused, /in use by process \d+: wait for it|holds a run already/);
  const run = path.join(data, 'runs', 'made-fvsbn-0');
  assert.ok(loadTrainingState(path.join(run, 'state.safetensors')).metadata.step > 0);
  loadCheckpoint(path.join(run, 'weights.safetensors'));
  assert.deepEqual(fs.readdirSync(run).sort(), ['state.safetensors', 'weights.safetensors']);

  // Two samples into one file, from the weights that are there now.
  const draw = 'sample made --weights runs/made-fvsbn-0 --count 4 --out a.png';
  for (const {status, said} of await Promise.all([command(draw, data), command(`${draw} --seed 1`, data)])) {
    assert.equal(status, 0, said);
  }
  decodeImageFile(fs.readFileSync(path.join(data, 'a.png')));
  assert.deepEqual(leftIn(data), []);
});

test('two data sets of one name: one is kept, the other is told of it', async () => {
  const data = newFolder('data');
  fs.mkdirSync(path.join(data, 'pictures'));
  for (let k = 0; k < 10; k++) fs.writeFileSync(path.join(data, 'pictures', `${k}.png`), grayPng(8, 20 * k));
  const line = 'data folder pictures --name shapes --size 8';
  const outcomes = await Promise.all([command(line, data), command(line, data)]);
  assert.deepEqual(outcomes.map(({status}) => status === 0).sort(), [false, true], JSON.stringify(outcomes));
  assert.match(outcomes.map(({said}) => said).join(), /there is a data set shapes already/);
  assert.deepEqual(leftIn(data), []);
});

test('one file written by two, over and over: it is always of one of them', async () => {
  const data = newFolder('file');
  assert.deepEqual(await twice('one file', data), []);
  const text = fs.readFileSync(path.join(data, 'a.png'), 'utf8');
  assert.equal(text.length, 100_000);
  const [own] = /^\d+ \d+ /.exec(text) ?? [''];
  assert.equal(text, own.repeat(100_000 / own.length + 1).slice(0, 100_000), 'all of it by one process');
  assert.deepEqual(fs.readdirSync(data), ['a.png']);
});

test('a score recorded by two: the weights stay whole', async () => {
  const data = newFolder('score');
  const file = path.join(data, 'weights.safetensors');
  const weights = Float32Array.from({length: 5000}, (_, i) => i / 5000);
  saveCheckpoint(file, {
    tensors: new Map([['w', {shape: [50, 100], data: weights}]]),
    metadata: {
      ...{model: 'made', config: {hidden: [8]}, recipe: {...TRAIN_DEFAULTS}, binarization: 'static'},
      ...{seed: 0, epoch: 1, step: 5, trainingSeconds: 2, history: [], ancestors: []},
      ...{versions: {}, score: {}},
    },
  });
  assert.deepEqual(await twice('a score', data), []);
  const {tensors, metadata} = loadCheckpoint(file);
  assert.equal(metadata.score.papersNats, 84);
  assert.deepEqual(tensors.get('w')?.data, weights);
  assert.deepEqual(fs.readdirSync(data), ['weights.safetensors']);
});

test('binarized MNIST got by two: it is there in the end, whole', async () => {
  const data = newFolder('binarized');
  writeSmallBinarizedMnist(path.join(data, 'given'));
  const {layout} = smallBinarizedMnist();
  for (const sentence of await twice('binarized MNIST', data)) {
    // One looks at the very moment at which the other puts its own, which is the same, in the place.
    assert.match(sentence, /is needed, but there is no .*get it with/);
  }
  for (const split of ['train', 'validation', 'test'] as const) {
    await loadBinarizedMnist(split, {folder: path.join(data, 'kept'), layout});
  }
  assert.deepEqual(fs.readdirSync(data).sort(), ['given', 'kept']);
});

test('thirty data sets kept by two: each once, whole, and each refusal says which is there', async () => {
  const data = newFolder('own');
  const refused = await twice('a data set', data);
  assert.equal(refused.length, 30, refused.join('\n'));
  for (const sentence of refused) assert.match(sentence, /there is a data set shapes-\d+ already/);
  assert.equal(fs.readdirSync(path.join(data, 'own')).length, 30);
});
