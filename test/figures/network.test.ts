import assert from 'node:assert/strict';
import test from 'node:test';
import {networkChart} from '../../lib/figures/network';

const text = {title: 'A net', description: 'A net.', notebook: '02-made-masks'};
const layers = [
  {name: 'inputs', units: [1, 2]},
  {name: 'hidden', units: [1]},
  {name: 'outputs', units: [1, 2]},
];

test('a line for each connection, strong ones where the chosen output looks', () => {
  const connections = [{values: [1, 0]}, {values: [0, 1]}];
  const chart = networkChart({...text, layers, connections, output: 1});
  const [weak, strong] = chart.data.map(({x}) => (x as number[]).length / 3);
  assert.deepEqual([weak, strong], [0, 2]);
  assert.equal(chart.data.length, 5);
});

test('connections that do not fit', () => {
  assert.throws(() => networkChart({...text, layers, connections: []}), /need 2 sets of connections, got 0/);
  assert.throws(
    () => networkChart({...text, layers, connections: [{values: [1]}, {values: [1, 1]}]}),
    /must have 2 values/,
  );
});
