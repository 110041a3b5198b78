import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {loadResults, withRun, withTables} from '../../bench/results';
import {type BenchRow, bestPytorch, type Results} from '../../bench/row';
import {rowText, table} from '../../bench/table';

const row: BenchRow = {
  model: 'made',
  what: 'train',
  batch: 16,
  oursPerSecond: 200,
  plainPerSecond: 50,
  pytorchPerSecond: 400,
  compiledPerSecond: 500,
  compiling: {seconds: 33.2, outcome: 'done'},
  limitPerSecond: 1000,
  limitedBy: 'memory',
  peakMemoryMb: 100,
  plainPeakMemoryMb: null,
  pytorchPeakMemoryMb: 300,
  compiledPeakMemoryMb: 600,
};
const stopped: BenchRow = {
  ...row,
  compiledPerSecond: null,
  compiling: {seconds: 120, outcome: 'stopped'},
  compiledPeakMemoryMb: null,
};
const speed = {all: {gflops: 263, gigabytes: 21.3}, one: {gflops: 131, gigabytes: 12}};
const run = (machine: string, rows: readonly BenchRow[] = [row], rounds = 5): Results => ({
  ...{machine, speed, importSeconds: 1, compileLimit: 120, rounds, rows},
});

test('a run replaces the whole run before on its kind of machine, and no other', () => {
  const runs = withRun(withRun([run('A')], run('B')), run('A', [row], 7));
  assert.deepEqual(
    runs.map(({machine, rounds}) => [machine, rounds]),
    [
      ['B', 5],
      ['A', 7],
    ],
  );
});

test('the better PyTorch is the faster one that there is', () => {
  const best = (pytorchPerSecond: number | null, compiledPerSecond: number | null) =>
    bestPytorch({pytorchPerSecond, compiledPerSecond});
  assert.deepEqual(best(400, 500), {way: 'compiled', perSecond: 500});
  assert.deepEqual(best(400, 300), {way: 'eager', perSecond: 400});
  assert.deepEqual(best(400, null), {way: 'eager', perSecond: 400});
  assert.equal(best(null, null), null);
});

test('a row in words: images a second, ratios, what was compiled, the limit, memory of each side', () => {
  assert.equal(
    rowText(row),
    'made             train           16: 200 images/s, plain tfjs 50.0 (4.00 x), PyTorch compiled 500 (0.40 x); ' +
      'eager 400; compiled in 33 s; limit 1000 by memory, 20 % of it; 100 / – / 300 / 600 MB',
  );
  assert.equal(
    rowText(stopped),
    'made             train           16: 200 images/s, plain tfjs 50.0 (4.00 x), PyTorch eager 400 (0.50 x); ' +
      'not compiled within 120 s; limit 1000 by memory, 20 % of it; 100 / – / 300 / – MB',
  );
});

test('a table says which PyTorch won, what was not compiled, and the share of the limit', () => {
  const naive: BenchRow = {...stopped, what: 'sample-naive', batch: 10, oursPerSecond: 0.5};
  const failed: BenchRow = {...stopped, what: 'evaluate', compiling: {seconds: 3, outcome: 'failed'}};
  const cached: BenchRow = {
    ...{...row, what: 'sample-cached', batch: 10, oursPerSecond: 31},
    ...{plainPerSecond: null, pytorchPerSecond: null, compiledPerSecond: null, compiling: null},
    peakMemoryMb: null,
  };
  const lines = table(run('A', [row, stopped, failed, naive, cached])).split('\n');
  assert.equal(
    lines[0],
    'A; matrix product 263 GFLOP/s (one core 131); memory read at 21.3 GB/s (one core 12.0); ' +
      'from start to first tensor 1.00 s; medians of 5 rounds; at most 120 s to compile.',
  );
  const cells = (line: number): string[] => lines[line].split(' | ').slice(5, 9);
  assert.deepEqual(cells(4), ['0.40 x (compiled)', '400 / 500', '1000 (memory)', '20 %']);
  assert.deepEqual(cells(5), ['0.50 x (eager)', '400 / over 120 s', '1000 (memory)', '20 %']);
  assert.equal(cells(6)[1], '400 / failed');
  assert.deepEqual(cells(8), ['–', '–', '1000 (memory)', '3.1 %']);
  assert.equal(lines.at(-1), '| made | 62 x (10) |');
});

test('a run that is older than limits and torch.compile can be read: what it has not is a dash', (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'results-'));
  t.after(() => fs.rmSync(folder, {recursive: true}));
  const file = path.join(folder, 'results.json');
  const {compiledPerSecond, compiling, limitPerSecond, limitedBy, compiledPeakMemoryMb, ...old} = row;
  const before = {machine: 'A', peakGflops: 263, importSeconds: 1, rounds: 5, rows: [{...old, gflops: 40}]};
  fs.writeFileSync(file, JSON.stringify([before]));
  const [read] = loadResults(file);
  assert.equal(read.speed, null);
  const lines = table(read).split('\n');
  assert.equal(lines[0], 'A; from start to first tensor 1.00 s; medians of 5 rounds.');
  assert.equal(
    lines[4],
    '| made | train | 16 | 200 | 4.00 x | 0.50 x (eager) | 400 / – | – | – | 100 / – / 300 / – |',
  );
});

test('what is committed can be read, each machine once, and bench/README.md has its tables', () => {
  const runs = loadResults();
  assert.ok(runs.length > 0);
  assert.equal(new Set(runs.map(({machine}) => machine)).size, runs.length);
  for (const {oursPerSecond} of runs.flatMap(({rows}) => rows)) assert.ok(oursPerSecond > 0);
  const readme = fs.readFileSync(path.join(__dirname, '..', '..', 'bench', 'README.md'), 'utf8');
  assert.equal(withTables(readme, runs), readme, 'npm run bench -- --record writes both');
  assert.throws(() => withTables('no table', runs), /bench\/README\.md must hold/);
});
