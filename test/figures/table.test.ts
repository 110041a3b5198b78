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

test('columns of different lengths', () => {
  assert.throws(() => printTable({a: [1], b: []}), /equally long, got 1, 0 values/);
});
