import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {checkJoin, checkSkew, checkUnseen} from '../../lib/course/diagonalBiLstm';
import {checkNeighbors, checkStep, checkTriangle, type LstmStep} from '../../lib/course/rowLstm';
import {startEngine} from '../../lib/engine/index';
import {shiftDown} from '../../lib/engine/lstmLayer';
import {receptiveField} from '../../lib/inspect/receptiveField';
import {createParameters} from '../../lib/layers/parameters';
import {RowLstm} from '../../lib/layers/rowLstm';
import {randomize} from '../properties/tools';

test.before(() => startEngine());

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const step =
  (candidate: (x: number) => number): LstmStep =>
  ({o, f, i, g}, before) => {
    const cell = sigmoid(f) * before + sigmoid(i) * candidate(g);
    return {cell, hidden: sigmoid(o) * Math.tanh(cell)};
  };

test('an LSTM step: right, a sigmoid on the candidate, something else, open', () => {
  assert.match(checkStep(step(Math.tanh)), /: right$/);
  assert.match(checkStep(step(sigmoid)), /goes through tanh, not through a sigmoid/);
  assert.match(
    checkStep(() => ({cell: 0, hidden: 0})),
    /your new cell is 0/,
  );
  assert.match(
    checkStep(() => undefined),
    /: open$/,
  );
});

test('neighbors: right in any order, the row below, one too many, one missing, open', () => {
  assert.match(
    checkNeighbors('rows', [
      [-1, 1],
      [-1, 0],
      [-1, -1],
    ]),
    /: right$/,
  );
  assert.match(
    checkNeighbors('left-to-right', [
      [0, -1],
      [-1, 0],
    ]),
    /: right$/,
  );
  assert.match(
    checkNeighbors('rows', [
      [-1, 0],
      [0, 0],
      [1, 0],
    ]),
    /\[1, 0\] lies in the row below/,
  );
  assert.match(
    checkNeighbors('rows', [
      [-1, 0],
      [0, -1],
    ]),
    /\[0, -1\] is none of them/,
  );
  assert.match(checkNeighbors('right-to-left', [[0, 1]]), /one is missing, 1 of 2/);
  assert.match(checkNeighbors('rows', undefined), /: open$/);
});

test('the width of the triangle is that of the layer by gradient', async () => {
  const spec = {name: 'layer', inputs: 8, hidden: 12, groups: 1};
  const parameters = createParameters(RowLstm.parameters(spec), 1);
  randomize(parameters, 5, 1);
  const layer = new RowLstm(spec, parameters);
  const image = {height: 6, width: 14, channels: 8};
  const {values} = await receptiveField((x) => layer.states(x), image, {row: 5, column: 7, seed: 1});
  const width = (n: number): number => {
    const row = Array.from({length: 14}, (_, x) =>
      values.subarray(((5 - n) * 14 + x) * 8, ((5 - n) * 14 + x + 1) * 8),
    );
    return row.filter((features) => features.some((value) => value > 0)).length;
  };
  assert.match(checkTriangle(width), /: right$/);
  assert.match(
    checkTriangle((n) => 2 * n + 1),
    /0 rows up it is not 1 wide/,
  );
  assert.match(
    checkTriangle(() => undefined),
    /: open$/,
  );
  layer.dispose();
  for (const value of parameters.values()) value.dispose();
});

test('skewing and the unseen pixel: right, wrong, open', () => {
  assert.match(
    checkSkew((row, column) => [row, column + row]),
    /: right$/,
  );
  assert.match(
    checkSkew((row, column) => [row + column, column]),
    /pixel \(0, 1\) does not go to \(1,1\)/,
  );
  assert.match(
    checkSkew(() => undefined),
    /: open$/,
  );
  assert.match(
    checkUnseen((row, _, width) => [row - 1, width - 1]),
    /: right$/,
  );
  assert.match(
    checkUnseen((row, column) => [row - 1, column + 1]),
    /does reach/,
  );
  assert.match(
    checkUnseen(() => undefined),
    /: open$/,
  );
});

test('joining the directions: shifted, unshifted, one alone, the wrong one shifted, an error, open', async () => {
  assert.match(await checkJoin((left, right) => tf.add<tf.Tensor4D>(left, shiftDown(right))), /: right$/);
  assert.match(
    await checkJoin((left, right) => tf.add<tf.Tensor4D>(left, right)),
    /leaks, such as the pixel at row \d/,
  );
  assert.match(await checkJoin((left) => tf.clone(left)), /no leak, but \d+ dependences are missing/);
  assert.match(await checkJoin((left, right) => tf.add<tf.Tensor4D>(shiftDown(left), right)), /leaks/);
  assert.match(
    await checkJoin(() => {
      throw new Error('my mistake');
    }),
    /not yet: my mistake/,
  );
  assert.match(await checkJoin(() => undefined), /: open$/);
});
