import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import test from 'node:test';
import {projectRoot} from '../../lib/storage/paths';
import {exerciseCells} from '../../scripts/notebooks/exercises';
import {type Notebook, textOf} from '../../scripts/notebooks/notebook';
import {neededCells} from '../../scripts/notebooks/slice';

const CHECK = 'console.log(course.check(answer));';
/** The needed cells among these, the last of which is a check. */
const needed = (...cells: string[]): number[] => {
  return [...neededCells([...cells, CHECK], [cells.length])].filter((i) => i < cells.length).sort();
};
const START = "import * as course from './course'; const {train, bar} = await course.start();";

test('what makes the answer is needed, however far back; a training that nobody asks for is not', () => {
  assert.deepEqual(
    needed(
      START,
      'const live = new Model(); await train(live);',
      'const half = (x) => x / 2;',
      'const answer = (x) => half(x) + Math.abs(x);',
      'console.log(answer(3)); const seen = [1].map((x) => Math.max(x));',
    ),
    [0, 2, 3],
  );
});

test('what changes the answer later is needed: by assignment, by a call, by another name', () => {
  assert.deepEqual(needed(START, 'let answer = 1;', 'answer = 2;', 'answer += 1;'), [0, 1, 2, 3]);
  assert.deepEqual(needed(START, 'const answer = [1];', 'answer.push(2);', 'answer[0] = 3;'), [0, 1, 2, 3]);
  assert.deepEqual(needed(START, 'const answer = {};', 'Object.assign(answer, {a: 1});'), [0, 1, 2]);
  assert.deepEqual(needed(START, 'const answer = {};', '(answer as any).a = 1;'), [0, 1, 2]);
  assert.deepEqual(needed(START, 'const answer = {};', 'const same = answer;', 'same.a = 1;'), [0, 1, 2, 3]);
  assert.deepEqual(needed(START, 'const box = {};', 'box.a = 1;', 'const {a: answer} = box;'), [0, 1, 2, 3]);
  assert.deepEqual(needed(START, 'let answer;', '[answer] = [1];', 'let n = 0; n++;'), [0, 1, 2]);
});

test('a name that only a function knows, and the key of an object, are nobody else’s', () => {
  assert.deepEqual(
    needed(
      START,
      'const x = await train(1);',
      'const value = await train(2);',
      'const answer = (x: number, {value}: {value: number}) => { const y = x; return y + value; };',
      'for (const answer of [1]) answer.go();',
    ),
    [0, 3],
  );
  assert.deepEqual(needed(START, 'const a = await train(1);', 'const answer = {a: 1}.a;'), [0, 2]);
});

test('a module is not changed by being called, and a cell that cannot be parsed is no harm', () => {
  assert.deepEqual(needed(START, 'course.draw(1);', 'const answer = 1;', 'const ( = ;'), [0, 2]);
  assert.deepEqual(needed(START, 'course.check = () => 1;', 'const answer = 1;'), [0, 1, 2]);
});

test('the checks of the course need no training, but for two lessons whose answers use a trained model', () => {
  const folder = path.join(projectRoot(), 'notebooks');
  const trains = fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.ipynb'))
    .filter((name) => {
      const notebook = JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8')) as Notebook;
      const checks = exerciseCells(notebook).flatMap(({cell, check}) => (check ? [cell] : []));
      const {cells} = notebook;
      const sources = cells.map(({cell_type, source}) => (cell_type === 'code' ? textOf(source) : ''));
      const goals = cells.flatMap((cell, i) => (checks.includes(cell) ? [i] : []));
      assert.ok(goals.length > 0, name);
      return [...neededCells(sources, goals)].some((i) => /\bawait (train|learn)\(|\bfit\(/.test(sources[i]));
    });
  assert.deepEqual(trains, ['01-autoregression.ipynb', '03-made.ipynb']);
});
