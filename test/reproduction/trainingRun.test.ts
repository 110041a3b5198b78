import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {firstImages} from '../../lib/data/images';
import {loadMnist} from '../../lib/data/mnist';
import {scoringImages} from '../../lib/data/sources';
import {loadWeights} from '../../lib/reproduction/published';
import {
  openRun,
  type RunHooks,
  type RunRequest,
  type RunResult,
  trainRun,
} from '../../lib/reproduction/trainingRun';
import {
  loadCheckpoint,
  loadTrainingState,
  readSafetensors,
  saveCheckpoint,
} from '../../lib/storage/checkpoints';
import {LockedError} from '../../lib/storage/lock';
import {runFiles} from '../../lib/storage/paths';
import {encodeSafetensors} from '../../lib/storage/safetensors';
import type {Images} from '../../lib/types';

/**
 * A run from its first step to weights, stopped, resumed, lengthened and disturbed: on few
 * digits, in a folder of its own.
 */

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'training-run-'));
process.env.AUTOREGRESSIVE_DATA = folder;
test.after(() => fs.rmSync(folder, {recursive: true}));

let data: {train: Images; validation: Images};
test.before(async () => {
  const [train, validation] = [await loadMnist('train'), await scoringImages('validation')];
  data = {train: firstImages(train, 120), validation: firstImages(validation, 50)};
});

/** Two epochs of six steps. */
const request = (seed: number, more: Partial<RunRequest> = {}): RunRequest => ({
  ...{model: 'made', preset: 'fvsbn', seed, start: 'new'},
  ...more,
  changes: {epochs: 2, batchSize: 20, ...more.changes},
});

interface Done extends RunResult {
  readonly warnings: readonly string[];
}

async function live(what: RunRequest, hooks: Partial<RunHooks> = {}): Promise<Done> {
  const warnings: string[] = [];
  const open = await openRun(what);
  try {
    const result = await trainRun(open, {onWarning: (text) => warnings.push(text), ...hooks}, data);
    return {...result, warnings};
  } finally {
    open.close();
  }
}

/** What has no business with time. */
function endOf(seed: number): unknown {
  const {state, weights} = runFiles('made', 'fvsbn', seed);
  const {tensors, metadata, best, batchesDone} = loadTrainingState(state);
  const history = metadata.history.map(({seconds, ...row}) => row);
  return {tensors, history, best, batchesDone, stored: loadCheckpoint(weights).tensors};
}

function stopAt(step: number): Partial<RunHooks> {
  const stop = new AbortController();
  return {signal: stop.signal, onProgress: (progress) => progress.step === step && stop.abort()};
}

test('a run ends with weights that know their validation score, and nothing of the test set', async () => {
  const {validationNats, outcome, step} = await live(request(1));
  assert.deepEqual([outcome, step], ['finished', 12]);
  const {folder: place, weights} = runFiles('made', 'fvsbn', 1);
  assert.deepEqual(fs.readdirSync(place).sort(), ['state.safetensors', 'weights.safetensors']);
  const {score} = loadCheckpoint(weights).metadata;
  assert.deepEqual(score, {validationNats, validationImages: 10_000});
  for (const {dtype} of readSafetensors(weights).tensors.values()) assert.equal(dtype, 'F16');
});

test('stopped and resumed without a word of its recipe, it ends where one that never stopped ends', async () => {
  await live(request(2));
  const whole = endOf(2);
  fs.rmSync(runFiles('made', 'fvsbn', 2).folder, {recursive: true});
  assert.equal((await live(request(2), stopAt(1))).outcome, 'interrupted');
  for (const step of [6, 8]) {
    const {outcome} = await live(request(2, {start: 'resume'}), stopAt(step));
    assert.equal(outcome, 'interrupted');
  }
  // Not even the size of its batches is repeated.
  const resumed = await live({...request(2, {start: 'resume'}), changes: {}});
  assert.equal(resumed.outcome, 'finished');
  assert.deepEqual(endOf(2), whole);
});

test('a run that has ended goes on for longer, and says by which recipes it was trained', async () => {
  await live(request(3));
  const {weights, state} = runFiles('made', 'fvsbn', 3);
  const before = loadCheckpoint(weights).metadata;
  await live({...request(3, {start: 'resume'}), changes: {epochs: 4, learningRate: 1e-4}}, stopAt(14));
  assert.equal(
    fs.existsSync(weights),
    false,
    'weights of the shorter run are not taken for those of the longer',
  );
  const {metadata} = loadTrainingState(state);
  assert.deepEqual(metadata.changes, [{step: 12, recipe: before.recipe}]);
  assert.deepEqual(metadata.recipe, {...before.recipe, epochs: 4, learningRate: 1e-4});
  const {step} = await live({...request(3, {start: 'resume'}), changes: {}});
  assert.equal(step, 24);
  const scored = loadCheckpoint(weights).metadata.history.filter(({split}) => split === 'validation');
  assert.deepEqual(
    scored.map(({epoch}) => epoch),
    [1, 2, 3, 4],
  );
});

test('with patience a run stops when its validation gets no better; with another one it goes on', async () => {
  const {outcome, step, bestEpoch} = await live(
    request(40, {changes: {epochs: 60, learningRate: 0.2, patience: 2}}),
  );
  assert.equal(outcome, 'stopped early');
  assert.equal(step, 6 * ((bestEpoch ?? 0) + 2));
  const again = {...request(40, {start: 'resume'}), changes: {}};
  assert.equal((await live(again)).step, step);
  const onwards = {...again, changes: {patience: 0}};
  assert.equal((await live(onwards, stopAt(step + 3))).step, step + 3);
  const {metadata} = loadTrainingState(runFiles('made', 'fvsbn', 40).state);
  assert.equal(metadata.recipe.patience, 0);
  assert.deepEqual(
    metadata.changes?.map((change) => [change.step, change.recipe.patience]),
    [[step, 2]],
  );
});

test('what contradicts the saved run is refused, and the run stays as it is', async () => {
  await live(request(4), stopAt(3));
  const {state, lock} = runFiles('made', 'fvsbn', 4);
  const bytes = fs.readFileSync(state);
  const cases: [Partial<RunRequest>, RegExp][] = [
    [{start: 'new'}, /holds a run already: --resume goes on with it, --restart throws it away/],
    [
      {start: 'resume', changes: {epochs: 1}},
      /has epochs = 2, and 1 is asked for: it can go on for more, not for fewer/,
    ],
    [
      {start: 'resume', changes: {learningRate: 1}},
      /with a lower one, not with a higher; leave it out, or begin anew/,
    ],
    [{start: 'resume', changes: {batchSize: 10}}, /has batchSize = 20, and 10 is asked for: it stays/],
    [{start: 'resume', changes: {warmup: 0.5}}, /warmup/],
    [{start: 'resume', changes: {schedule: 'linear'}}, /schedule = cosine, and linear is asked for/],
    [{start: 'resume', from: 'x'}, /--from is for a run that begins/],
    [{start: 'resume', seed: 99}, /nothing to resume: there is no .*made-fvsbn-99/],
  ];
  for (const [more, message] of cases) await assert.rejects(openRun(request(4, more)), message);
  assert.deepEqual(fs.readFileSync(state), bytes);
  assert.equal(fs.existsSync(lock), false);
});

test('a run in use is refused to a second training, new, resumed or restarted', async () => {
  const open = await openRun(request(5));
  for (const start of ['new', 'resume', 'restart'] as const) {
    await trainRun(open, {...stopAt(1), onWarning: () => {}}, data);
    await assert.rejects(openRun(request(5, {start})), LockedError);
  }
  open.close();
  await live(request(5, {start: 'restart'}));
});

test('a disk that fails for a while costs nothing; one that fails at the end sends the state elsewhere', async () => {
  const {state} = runFiles('made', 'fvsbn', 6);
  const [aside, saved] = [`${state}.aside`, () => loadTrainingState(state).metadata.step];
  /** A folder of that name takes no file. */
  const block = (): void => {
    fs.renameSync(state, aside);
    fs.mkdirSync(state);
  };
  const unblock = (): void => {
    fs.rmdirSync(state);
    fs.renameSync(aside, state);
  };
  // The end of the first epoch, step 6, is saved.
  const {warnings} = await live(request(6), {
    onProgress: ({step}) => (step === 2 ? block() : step === 7 ? unblock() : undefined),
  });
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0],
    /Could not write .*state\.safetensors .*Training goes on, and tries again with the next state/,
  );
  assert.equal(saved(), 12);

  await assert.rejects(
    live(request(6, {start: 'resume', changes: {epochs: 3}}), {
      onProgress: ({step}) => step === 13 && block(),
    }),
    (error: Error) => {
      const place =
        /The run is kept in (\S+): move it to \S+state\.safetensors, then go on with --resume/.exec(
          error.message,
        );
      assert.ok(place, error.message);
      assert.equal(loadTrainingState(place[1]).metadata.step, 18);
      // As it says: move it there, and go on.
      fs.rmdirSync(state);
      fs.renameSync(place[1], state);
      return true;
    },
  );
  assert.equal((await live({...request(6, {start: 'resume'}), changes: {}})).step, 18);
});

test('states and weights without a checksum, of earlier versions, are taken; altered ones are not', async () => {
  await live(request(7), stopAt(8));
  const {state} = runFiles('made', 'fvsbn', 7);
  const {tensors, metadata} = readSafetensors(state);
  const {sha256: _, ...old} = metadata;
  fs.writeFileSync(state, encodeSafetensors({tensors, metadata: old}));
  await live({...request(7, {start: 'resume'}), changes: {}}, stopAt(9));
  const bytes = fs.readFileSync(state);
  bytes[bytes.length - 3] ^= 1;
  fs.writeFileSync(state, bytes);
  await assert.rejects(
    openRun(request(7, {start: 'resume'})),
    /its sha256 is .*: a byte of it was altered\. Copy it again/,
  );
});

test('the weights of a run that goes on are those of its best score so far', async () => {
  await live(request(8), stopAt(3));
  const {state} = runFiles('made', 'fvsbn', 8);
  const early = loadWeights(state);
  assert.deepEqual(early.checkpoint.tensors, loadTrainingState(state).tensors.average);
  early.dispose();
  await live({...request(8, {start: 'resume'}), changes: {}}, stopAt(9));
  const later = loadWeights(state, 'made');
  assert.deepEqual(later.checkpoint.tensors, loadTrainingState(state).tensors.best);
  later.dispose();
  assert.throws(() => loadWeights(state, 'pixelcnn'), /holds the model made, but pixelcnn is expected/);
});

test('a run that begins with weights from elsewhere keeps where they were trained', async () => {
  await live(request(11));
  const {weights} = runFiles('made', 'fvsbn', 11);
  const {tensors, metadata} = loadCheckpoint(weights);
  const from = path.join(folder, 'elsewhere.safetensors');
  const versions = {...metadata.versions, device: 'a GPU'};
  saveCheckpoint(from, {tensors, metadata: {...metadata, versions}});
  await live(request(12, {from}));
  const after = loadCheckpoint(runFiles('made', 'fvsbn', 12).weights).metadata;
  assert.deepEqual(
    after.ancestors.map(({seed, device}) => [seed, device]),
    [[11, 'a GPU']],
  );
  assert.equal(after.versions.device, undefined);
});
