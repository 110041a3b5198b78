import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import test from 'node:test';
import {HINTS, hintsFor} from '../../lib/course/hints';
import {projectRoot} from '../../lib/storage/paths';
import {type Notebook, textOf} from '../../scripts/notebooks/notebook';

test('the same call gives the three hints in turn, each exercise on its own', () => {
  const said: string[] = [];
  const hint = hintsFor('02-made-masks', (sentence) => said.push(sentence));
  for (const exercise of [1, 1, 2, 1, 1]) hint(exercise);
  assert.deepEqual(
    said.map((sentence) => sentence.split(':')[0]),
    [
      ...['Exercise 1, hint 1 of 3', 'Exercise 1, hint 2 of 3', 'Exercise 2, hint 1 of 3'],
      ...['Exercise 1, hint 3 of 3', 'Exercise 1, hint 1 of 3'],
    ],
  );
});

test('an unknown exercise or notebook is named, with those that there are', () => {
  assert.throws(() => hintsFor('02')(9), /the exercise must be one of 1, 2, 3, got 9/);
  assert.throws(() => hintsFor('99-none'), /the notebook must be one of .*, got '99-none'/);
});

const folder = path.join(projectRoot(), 'notebooks');
for (const [number, hints] of Object.entries(HINTS)) {
  test(`${number}: hints for its exercises, three different ones each`, () => {
    const file = fs.readdirSync(folder).find((name) => name.startsWith(number)) as string;
    const {cells} = JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8')) as Notebook;
    const text = cells.map((cell) => textOf(cell.source)).join('\n');
    const exercises = [...text.matchAll(/^\*\*(\d)\. /gm)].map(([, n]) => Number(n));
    for (const [exercise, texts] of Object.entries(hints)) {
      assert.ok(exercises.includes(Number(exercise)), `no exercise ${exercise}`);
      assert.equal(new Set(texts).size, 3);
    }
    // The last exercise may be open, with a rubric in place of hints.
    for (const exercise of exercises.slice(0, -1)) assert.ok(hints[exercise], `no hints to ${exercise}`);
  });
}
