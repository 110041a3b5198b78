import assert from 'node:assert/strict';
import test from 'node:test';
import {type BenchRow, loadResults, type Results, rowText, withRun} from '../../bench/results';

const row: BenchRow = {
  model: 'made',
  what: 'train',
  batch: 16,
  oursPerSecond: 200,
  plainPerSecond: 50,
  pytorchPerSecond: 400,
  gflops: 40,
  peakMemoryMb: 100,
  plainPeakMemoryMb: null,
  pytorchPeakMemoryMb: 300,
};
const run = (machine: string, peakGflops: number): Results => ({
  machine,
  peakGflops,
  importSeconds: 1,
  rounds: 5,
  rows: [row],
});

test('a run replaces the whole run before on its kind of machine, and no other', () => {
  const runs = withRun(withRun([run('A', 100)], run('B', 50)), run('A', 80));
  assert.deepEqual(
    runs.map(({machine, peakGflops}) => [machine, peakGflops]),
    [
      ['B', 50],
      ['A', 80],
    ],
  );
});

test('a row in words: images a second, ratios, share of the peak, memory of each side', () => {
  assert.equal(
    rowText(row, 80),
    'made     train           16: 200 images/s, plain tfjs 50.0 (4.00 x), PyTorch 400 (0.50 x); 40 GFLOP/s, 50 % of the peak; ' +
      '100 / – / 300 MB',
  );
});

test('what is committed can be read, each machine once', () => {
  const runs = loadResults();
  assert.ok(runs.length > 0);
  assert.equal(new Set(runs.map(({machine}) => machine)).size, runs.length);
  for (const {peakGflops, rows} of runs) {
    for (const {gflops, oursPerSecond} of rows) {
      assert.ok(oursPerSecond > 0 && (gflops === null || gflops < peakGflops), `${gflops} of ${peakGflops}`);
    }
  }
});
