import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';

test("a student's notebook survives every update of the course; one that was not touched follows it", async () => {
  const {updateWorkCopies} = await import('../../scripts/setup/workCopies.mjs' as string);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'copies-'));
  try {
    const [notebooks, work] = ['notebooks', 'work'].map((name) => path.join(folder, name));
    fs.mkdirSync(notebooks);
    const write = (...parts: [...string[], string]): void =>
      fs.writeFileSync(path.join(folder, ...parts.slice(0, -1)), parts[parts.length - 1]);
    const read = (name: string): string => fs.readFileSync(path.join(work, name), 'utf8');
    write('notebooks', '01-a.ipynb', 'first');
    write('notebooks', '02-b.ipynb', 'second');
    assert.deepEqual(updateWorkCopies(notebooks, work), []);
    assert.deepEqual([read('01-a.ipynb'), read('02-b.ipynb')], ['first', 'second']);

    write('work', '01-a.ipynb', 'first, solved');
    assert.deepEqual(updateWorkCopies(notebooks, work), [], 'no update: nothing is done');
    write('notebooks', '01-a.ipynb', 'first, edition 2');
    write('notebooks', '02-b.ipynb', 'second, edition 2');
    write('notebooks', '03-c.ipynb', 'third');
    assert.deepEqual(updateWorkCopies(notebooks, work), [
      '01-a.ipynb has changed, and so has your copy: yours stays, the new one is 01-a.updated.ipynb.',
      '02-b.ipynb was updated: you had not changed it.',
    ]);
    assert.deepEqual(['01-a.ipynb', '01-a.updated.ipynb', '02-b.ipynb', '03-c.ipynb'].map(read), [
      'first, solved',
      'first, edition 2',
      'second, edition 2',
      'third',
    ]);
    assert.deepEqual(updateWorkCopies(notebooks, work), [], 'said once');
  } finally {
    fs.rmSync(folder, {recursive: true});
  }
});
