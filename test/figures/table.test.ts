import assert from 'node:assert/strict';
import test, {type TestContext} from 'node:test';
import {startEngine} from '../../lib/engine/index';
import {printTable} from '../../lib/figures/table';

/** What is printed, as one string. */
function printed(t: TestContext): string {
  const lines: string[] = [];
  for (const method of ['log', 'table'] as const) {
    t.mock.method(console, method, (value: unknown) => void lines.push(JSON.stringify(value)));
  }
  printTable({year: [1, 2], spots: ['a', 'b']});
  return lines.join('\n');
}

test('every column and value, without the native engine and with it', async (t) => {
  const plain = printed(t);
  await startEngine();
  for (const text of [plain, printed(t)]) {
    for (const word of ['year', 'spots', 'a', 'b']) assert.ok(text.includes(word), text);
  }
});

test('no row and no word is cut, however many and however long', async (t) => {
  await startEngine();
  const lines: string[] = [];
  t.mock.method(console, 'log', (value: unknown) => void lines.push(String(value)));
  const names = Array.from({length: 14}, (_, k) => `a model with a long name, number ${k}`);
  const columns = Array.from({length: 12}, (_, k) => [`column ${k} with a long heading`, names] as const);
  printTable(Object.fromEntries(columns));
  const text = lines.join('\n');
  for (const word of [...names, ...columns.map(([name]) => name)]) assert.ok(text.includes(word), word);
  assert.ok(!text.includes('…') && !text.includes('...'), text);
});

test('columns of different lengths', () => {
  assert.throws(() => printTable({a: [1], b: []}), /equally long, got 1, 0 values/);
});
