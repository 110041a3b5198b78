import assert from 'node:assert/strict';
import test from 'node:test';
import {printTable} from '../lib/table';

test('prints every column and value', (t) => {
  const lines: string[] = [];
  for (const method of ['log', 'table'] as const) {
    t.mock.method(console, method, (value: unknown) => void lines.push(JSON.stringify(value)));
  }
  printTable({year: [1, 2], spots: ['a', 'b']});
  for (const word of ['year', 'spots', 'a', 'b'])
    assert.ok(lines.join('\n').includes(word), lines.join('\n'));
});

test('columns of different lengths', () => {
  assert.throws(() => printTable({a: [1], b: []}), /equally long, got 1, 0 values/);
});
