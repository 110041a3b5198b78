import assert from 'node:assert/strict';
import test from 'node:test';
import {REPORTED} from '../../lib/reproduction/papers';
import {type ResultRow, resultsMarkdown} from '../../lib/reproduction/results';

const row: ResultRow = {
  dataset: 'MNIST',
  unit: 'nats',
  model: 'made one-order',
  paper: 89.59,
  paperSource: 'MADE, table 6: 2 hidden layers, 1 mask',
  papersSet: 85.646,
  ours: 85.606,
  images: 10000,
  binarization: 'static, seed 0',
  parameters: 3271696,
  epochs: 48,
  trainingSeconds: 1116,
  elsewhere: [],
  quickImages: 1000,
  quickRecorded: 85.45,
  quickMeasured: 85.45,
};

test('the table sets like beside like, and says of which model a paper number is', () => {
  const text = resultsMarkdown([row, {...row, model: 'made any-order', paper: null, paperSource: null}]);
  assert.match(text, /\| made one-order +\| 89\.59 +\| 85\.65 +\| −3\.94 +\| 85\.61 /);
  assert.match(text, /\| made any-order +\| – +\| 85\.65 +\| – +\| 85\.61 /);
  assert.ok(text.endsWith('- made one-order: MADE, table 6: 2 hidden layers, 1 mask'), text);
});

test('the papers numbers stand beside the presets that are like them', () => {
  assert.equal(REPORTED['made one-order'].nats, 89.59);
  assert.equal(REPORTED['made small'].nats, 88.4);
  assert.equal(REPORTED['made orders ensemble'].nats, 86.64);
  assert.equal(REPORTED['made orders'], undefined);
  assert.equal(REPORTED.diagonal.nats, 79.2);
  assert.equal(REPORTED['diagonal one-layer'].nats, 80.75);
  assert.match(REPORTED.gated.source, /PixelVAE/);
});

const cells = (changed: Partial<ResultRow>): string[] =>
  resultsMarkdown([{...row, ...changed}])
    .split('\n')[4]
    .split('|')
    .map((cell) => cell.trim())
    .slice(2, 6);

test('the papers are compared on their own test set; where only our draw was scored, that is said', () => {
  assert.deepEqual(cells({}), ['89.59', '85.65', '−3.94', '85.61']);
  assert.deepEqual(cells({papersSet: null}), ['89.59', '–', '−3.98 (our draw)', '85.61']);
  assert.deepEqual(cells({paper: null}), ['–', '85.65', '–', '85.61']);
});

test('color is in bits per dimension, in a table of its own; recorded and measured are told apart', () => {
  const color: ResultRow = {
    ...row,
    dataset: 'CIFAR-10',
    unit: 'bits per dimension',
    model: 'pixelcnn cifar10',
    paper: 3.14,
    paperSource: 'a table',
    papersSet: null,
    ours: 4.177,
    binarization: 'none (256 levels)',
    quickRecorded: 4.1801,
    quickMeasured: null,
  };
  const text = resultsMarkdown([row, color]);
  assert.equal(text.match(/^\|---/gm)?.length, 2);
  assert.match(text, /CIFAR-10, test negative log-likelihood in bits per dimension:\n\n\|/);
  assert.match(text, /\| 3\.14 +\| \+1\.04 +\| 4\.18 +\| 4\.180 \/ not now/);
  assert.match(resultsMarkdown([{...color, quickMeasured: 4.1803}]), /4\.180 \/ 4\.180/);
  assert.match(resultsMarkdown([{...color, paper: null}]), /pixelcnn cifar10 \| – /);
});

test('minutes on another device are told apart', () => {
  const text = resultsMarkdown([{...row, elsewhere: [{device: 'NVIDIA H200', seconds: 130}]}]);
  assert.match(text, /\| 19 min, 2 min of it on NVIDIA H200 +\|/);
  assert.match(resultsMarkdown([row]), /\| 19 min +\|/);
});
