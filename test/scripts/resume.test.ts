import assert from 'node:assert/strict';
import {type ChildProcess, type ChildProcessByStdio, spawn} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type {Readable, Writable} from 'node:stream';
import test from 'node:test';
import {Random} from '../../lib/random';
import {loadTrainingState} from '../../lib/storage/checkpoints';
import {NODE_OPTIONS} from '../node';

/**
 * Design test 8: a run that is stopped or killed, and resumed, ends to the bit
 * where one that never stopped ends.
 */

const KILLS = 20;
const STEPS = 128;
const root = fs.mkdtempSync(path.join(os.tmpdir(), 'resume-'));
test.after(() => fs.rmSync(root, {recursive: true}));
const newFolder = (name: string): string => {
  const folder = path.join(root, name);
  fs.mkdirSync(folder);
  return folder;
};

interface Life {
  /** What the child told, byte by byte. */
  readonly told: string;
  readonly errors: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that has loaded everything and waits for its work: the next starts while this one works. */
function start(): ChildProcessByStdio<Writable, Readable, Readable> {
  return spawn(process.execPath, [...NODE_OPTIONS, path.join(__dirname, 'fixtures', 'tinyRun.ts')], {
    cwd: path.join(__dirname, '..', '..'),
    env: {...process.env, TF_CPP_MIN_LOG_LEVEL: '2'},
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}
let next = start();
test.after(() => void next.kill());

/** Runs the fixture to its end; `onTold` sees all that it told so far, after every piece of it. */
function live(
  folder: string,
  stops: readonly number[] = [],
  onTold?: (told: string, child: ChildProcess) => void,
): Promise<Life> {
  const child = next;
  next = start();
  return new Promise((resolve, reject) => {
    let told = '';
    let errors = '';
    child.stdout.on('data', (piece) => {
      told += piece;
      onTold?.(told, child);
    });
    child.stderr.on('data', (piece) => {
      errors += piece;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({told, errors, code, signal}));
    child.stdin.end(JSON.stringify({folder, stops}));
  });
}

interface End {
  /** The bytes of the weights that the trained model has. */
  readonly weights: string;
  /** All of the last state but its times, numbers by their bits. */
  readonly state: unknown;
}

function endOf(folder: string): End {
  const {tensors, metadata, ...rest} = loadTrainingState(path.join(folder, 'state.safetensors'));
  const bits = Object.entries(tensors).map(([part, named]) => [
    part,
    [...named].map(([name, {shape, data}]) => [
      name,
      shape,
      Buffer.from(data.slice().buffer).toString('hex'),
    ]),
  ]);
  const history = metadata.history.map(({seconds, ...row}) => row);
  const {trainingSeconds, ...words} = metadata;
  const weights = fs.readFileSync(path.join(folder, 'final')).toString('hex');
  return {weights, state: {...rest, bits, metadata: {...words, history}}};
}

let reference: Promise<End> | undefined;
/** A run of one life. */
function neverStopped(): Promise<End> {
  reference ??= (async () => {
    const folder = newFolder('never-stopped');
    const {code, errors, told} = await live(folder);
    assert.equal(code, 0, errors);
    assert.equal(told.match(/e/g)?.length, 16, 'eight epochs, each scored on both parts');
    return endOf(folder);
  })();
  return reference;
}

test('control: the run that is compared with learns, so that its weights are not those it began with', async () => {
  const {state} = await neverStopped();
  const {metadata} = state as {metadata: {step: number; history: {nats: number}[]}};
  assert.equal(metadata.step, STEPS);
  const [first, last] = [metadata.history[1].nats, metadata.history[15].nats];
  assert.ok(last < first - 0.1, `validation went from ${first} to ${last} nats`);
});

test('a run stopped by SIGINT at its start, in mid-epoch and at the ends of epochs resumes to the bit', async () => {
  const folder = newFolder('interrupted');
  // Sixteen steps an epoch: after the first step, in the middle, at the last step of an
  // epoch, after the first of the next.
  const {code, errors, told} = await live(folder, [1, 7, 16, 17, 32, 40]);
  assert.equal(code, 0, errors);
  assert.equal(told.match(/r/g)?.length, 7);
  assert.deepEqual(endOf(folder), await neverStopped());
});

test(`a run killed ${KILLS} times, while training and while saving, resumes to the bit`, async (t) => {
  const folder = newFolder('killed');
  const seed = Date.now() % 2 ** 32;
  t.diagnostic(`moments of seed ${seed}`);
  const random = new Random(seed, 'moments');
  let whileSaving = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    // So many saves begun or done, at most five of the 128 steps a life, and then
    // a while that no event decides.
    const events = random.integer(11);
    const milliseconds = random.uniform() * 4;
    let armed = false;
    const {told, errors, signal} = await live(folder, [], (soFar, child) => {
      if (armed || !soFar.includes('r') || (soFar.match(/[sd]/g) ?? []).length < events) return;
      armed = true;
      const until = performance.now() + milliseconds;
      while (performance.now() < until);
      child.kill('SIGKILL');
    });
    assert.equal(signal, 'SIGKILL', `kill ${kill + 1} of ${KILLS}: the run has ended before, with ${errors}`);
    if (told.endsWith('s')) whileSaving++;
  }
  const {code, errors} = await live(folder);
  assert.equal(code, 0, errors);
  assert.deepEqual(endOf(folder), await neverStopped());
  assert.deepEqual(
    fs.readdirSync(folder).sort(),
    ['final', 'state.safetensors'],
    'temporary files of killed saves are cleared away',
  );
  t.diagnostic(`${KILLS} kills, ${whileSaving} of them while saving, ${KILLS - whileSaving} while training`);
  assert.ok(whileSaving > 0 && whileSaving < KILLS, `${whileSaving} of ${KILLS} kills hit a save`);
});
