import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import test from 'node:test';
import {epochOrder} from '../../lib/data/dataset';
import {startEngine} from '../../lib/engine/index';
import {Random} from '../../lib/random';
import {readSafetensors, writeSafetensors} from '../../lib/storage/checkpoints';
import type {StoredTensor} from '../../lib/storage/safetensors';
import {learningRateAt} from '../../lib/train';
import {malformed} from '../storage/malformed';
import {RECIPE, smallJob, temporary} from './jobs';
import {anyPython, environment, fixture, needsPython, root} from './python';

/** What pytorch/ needs no package for: files, random streams, schedule. Held to what lib does. */

test.before(() => startEngine());
test.after(() => fs.rmSync(temporary, {recursive: true}));

const STREAMS: readonly (readonly [number, readonly (string | number)[]])[] = [
  [0, []],
  [0, ['order', 0]],
  [2 ** 32 - 1, ['binarize', 'dynamic', 2 ** 32 - 1]],
  [7, ['made fresh order', 12345]],
];
const STEPS = 23;
const RECIPES = [
  RECIPE,
  {...RECIPE, warmup: 0, schedule: 'linear'},
  {...RECIPE, warmup: 1},
  {...RECIPE, warmup: 0.37, schedule: 'linear'},
] as const;

/** A copy of a job with one thing changed, and what must be said of it. */
function changedJobs(folder: string): [string, RegExp][] {
  const copy = (name: string): string => {
    const place = path.join(temporary, name);
    fs.cpSync(folder, place, {recursive: true});
    return place;
  };
  const edit = (place: string, file: string, change: (text: string) => string): void => {
    const name = path.join(place, file);
    const text = change(fs.readFileSync(name, 'utf8'));
    fs.writeFileSync(name, text);
    if (file === 'manifest.json') return;
    // The manifest agrees: what the file says is what is wrong.
    const manifest = path.join(place, 'manifest.json');
    const content = JSON.parse(fs.readFileSync(manifest, 'utf8'));
    const sha256 = createHash('sha256').update(text).digest('hex');
    content.files[file] = {sha256, bytes: Buffer.byteLength(text)};
    fs.writeFileSync(manifest, JSON.stringify(content));
  };
  const cases: [string, RegExp][] = [[path.join(temporary, 'nothing here'), /manifest.json cannot be read/]];
  const of = (name: string, rule: RegExp, change: (place: string) => void): void => {
    const place = copy(name);
    change(place);
    cases.push([place, rule]);
  };
  of('cut', /data.safetensors has \d+ bytes, but \d+ were exported: copy it again/, (place) => {
    const file = path.join(place, 'data.safetensors');
    fs.truncateSync(file, fs.statSync(file).size - 1);
  });
  of('altered', /start.safetensors was changed: its sha256 is/, (place) => {
    const file = path.join(place, 'start.safetensors');
    const bytes = fs.readFileSync(file);
    bytes[bytes.length - 1] ^= 1;
    fs.writeFileSync(file, bytes);
  });
  of('without', /start.safetensors is missing; copy the whole folder/, (place) =>
    fs.rmSync(path.join(place, 'start.safetensors')),
  );
  of('later', /has format 2, but this train.py knows 1/, (place) =>
    edit(place, 'manifest.json', (text) => text.replace('"format": 1', '"format": 2')),
  );
  of('no JSON', /job.json is no valid JSON/, (place) =>
    edit(place, 'job.json', (text) => text.replace('{', '')),
  );
  of('one split', /job.json has no validation images; export the job again with both/, (place) =>
    edit(place, 'job.json', (text) => text.replace(/"validation": 6/, '"validation": 0')),
  );
  of('batch', /batchSize is 29, but there are only 28 training images/, (place) =>
    edit(place, 'job.json', (text) => text.replace('"batchSize": 8', '"batchSize": 29')),
  );
  of('schedule', /schedule must be cosine or linear, got steps/, (place) =>
    edit(place, 'job.json', (text) => text.replace('"cosine"', '"steps"')),
  );
  return cases;
}

test("files, random streams and schedule are the library's", needsPython, async () => {
  const {folder, model} = await smallJob('made', 'whole');
  model.dispose();
  const jobs = changedJobs(folder);
  const wrong = malformed.map(([, bytes], k) => {
    const file = path.join(temporary, `wrong-${k}`);
    fs.writeFileSync(file, bytes);
    return file;
  });
  const tensors = new Map<string, StoredTensor>([
    ['bytes', {dtype: 'U8', shape: [3], data: Uint8Array.of(0, 128, 255)}],
    ['halves', {dtype: 'F16', shape: [1, 2], data: Float32Array.of(0.5, -65504)}],
    ['weights', {dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, -0, 1e-40, 3.5)}],
    ['empty', {dtype: 'F32', shape: [0, 5], data: new Float32Array(0)}],
  ]);
  const metadata = {model: 'made', 'schlüssel "☃"': 'line\nbreak'};
  const file = path.join(temporary, 'file.safetensors');
  writeSafetensors(file, tensors, metadata);
  const input = {
    ...{malformed: wrong, file, jobs: [folder, ...jobs.map(([place]) => place)]},
    ...{streams: STREAMS, count: 300, steps: STEPS, recipes: RECIPES},
  };
  const {status, stdout, stderr} = spawnSync(
    anyPython as string,
    [fixture('answers.py'), path.join(root, 'pytorch')],
    {env: environment, input: JSON.stringify(input), encoding: 'utf8'},
  );
  assert.equal(status, 0, stderr);
  const answers = JSON.parse(stdout);

  malformed.forEach(([what], k) => {
    assert.notEqual(answers.refused[k], null, `${what} is not refused`);
  });
  assert.deepEqual(answers.copied.halves, ['F16', [1, 2]]);
  // What Python wrote, lib reads: the same tensors, the same metadata.
  const [whole, copied] = [readSafetensors(file), readSafetensors(`${file}.copy`)];
  assert.deepEqual(copied.metadata, whole.metadata);
  for (const [name, tensor] of tensors) assert.deepEqual(copied.tensors.get(name), tensor);
  assert.match(answers.wrong[0], /tensor w has 4 bytes, but shape \[2\] of F32 needs another number/);
  assert.equal(answers.wrong[1], false);

  assert.equal(answers.jobs[0], null);
  jobs.forEach(([, rule], k) => {
    assert.match(answers.jobs[k + 1], rule);
  });

  STREAMS.forEach(([seed, key], k) => {
    const random = new Random(seed, ...key);
    const uniform = Array.from({length: 5}, () => random.uniform());
    const integer = [1, 7, 3 * 2 ** 29].map((n) => random.integer(n));
    assert.deepEqual(answers.streams[k].uniform, uniform);
    assert.deepEqual(answers.streams[k].integer, integer);
    assert.equal(answers.streams[k].next >>> 8, random.uniform() * 2 ** 24);
  });
  assert.deepEqual(answers.order, [...epochOrder(300, 3, 2)]);
  RECIPES.forEach((recipe, k) => {
    const rates = Array.from({length: STEPS}, (_, step) => learningRateAt(step, STEPS, recipe));
    rates.forEach((rate, step) => {
      assert.ok(Math.abs(answers.rates[k][step] - rate) < 1e-15, `step ${step}: ${rate}`);
    });
  });
  assert.deepEqual(answers.decays, [0.1, 0.5, 0.5]);
});

test('a folder that is not empty is not exported into', async () => {
  fs.mkdirSync(path.join(temporary, 'full'));
  fs.writeFileSync(path.join(temporary, 'full', 'mine'), '');
  await assert.rejects(
    smallJob('made', 'full'),
    /full must be empty, or not there yet, but it has mine in it/,
  );
});
