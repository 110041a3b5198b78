import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import type {Verdict} from '../../scripts/notebooks/exercises';
import {gradeNotebook} from '../../scripts/notebooks/grading';
import type {Cell, Notebook} from '../../scripts/notebooks/notebook';

/** A lesson so small that its kernel needs nothing of the library. */
const SET_UP = `const checkTwo = (x) => x === undefined ? 'Two: open' : x === 2 ? 'Two: right' : 'Two: not yet: too ' + (x < 2 ? 'small' : 'large');
const checkEven = (x) => x === undefined ? 'Even: open' : x % 2 === 0 ? 'Even: right' : 'Even: not yet: odd';`;
const CHECKS = ['console.log(checkTwo(two));', 'console.log(checkEven(even));'];

function lesson(two: string, even: string, [first, second] = CHECKS): Notebook {
  const words = (source: string): Cell => ({cell_type: 'markdown', metadata: {}, source});
  const code = (source: string, text = ''): Cell => {
    const outputs = text === '' ? [] : [{output_type: 'stream' as const, name: 'stdout', text}];
    return {cell_type: 'code', metadata: {}, source, outputs, execution_count: null};
  };
  const cells = [
    ...[words('# 99 · Numbers'), code(SET_UP), words('## Exercises')],
    ...[code(two), code(first, 'Two: open\n'), code(even), code(second, 'Even: open\n')],
  ];
  return {cells, metadata: {}, nbformat: 4, nbformat_minor: 5};
}

const START = [
  'const two: number | undefined = undefined;',
  'const even: number | undefined = undefined;',
] as const;
const lessons = new Map([['99-numbers.ipynb', lesson(...START)]]);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'grading-'));
test.after(() => fs.rmSync(folder, {recursive: true}));

const grade = (name: string, content: Notebook | string, limit = 200) => {
  const file = path.join(folder, `${name}.ipynb`);
  fs.writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return gradeNotebook(file, {limit, lessons});
};
const told = (exercises: readonly Verdict[]): string[] => {
  return exercises.map(({exercise, verdict, reason}) => `${exercise} ${verdict} ${reason}`.trim());
};

/** In how many seconds a lesson surely ends on this machine, however slow and busy it is. */
let enough = 60;

test('solved, wrong and open answers, in the order of the lesson', async () => {
  const began = performance.now();
  const solved = await grade('solved', lesson('const two = 2;', 'const even = 4;'));
  assert.equal(solved.state, 'graded', solved.note);
  enough = Math.ceil(Math.max(10, (4 * (performance.now() - began)) / 1000));
  assert.equal(solved.lesson, '99-numbers.ipynb');
  assert.deepEqual(told(solved.exercises), ['Two passed', 'Even passed']);
  // A cell of the student's own fails, and the checks after it are run all the same.
  const mixed = await grade('mixed', lesson("const two = 3; throw new Error('mine');", START[1]));
  assert.equal(mixed.state, 'graded', mixed.note);
  assert.deepEqual(told(mixed.exercises).slice(1), ['Even open']);
  assert.equal(mixed.exercises[0].verdict, 'wrong');
});

test('an open exercise that takes for ever costs nothing, unless all cells are to run', async () => {
  const {cells, ...rest} = lesson('const two = 2;', 'const even = 4;');
  const endless: Cell = {...cells[1], source: 'let steps = 1; while (steps > 0) steps += 1;'};
  const before = {...rest, cells: [cells[0], endless, ...cells.slice(1)]};
  const quick = await grade('project', before);
  assert.equal(quick.state, 'graded', quick.note);
  assert.deepEqual(told(quick.exercises), ['Two passed', 'Even passed']);
  const file = path.join(folder, 'project.ipynb');
  const whole = await gradeNotebook(file, {limit: 15, lessons, whole: true});
  assert.equal(whole.state, 'broken');
  assert.match(whole.note, /did not end within 15 s/);
});

test('where an answer fails, every cell is run: it may need one in a way that no name shows', async () => {
  const {cells, ...rest} = lesson('const {two} = (globalThis as any).hidden;', 'const even = 4;');
  const maker: Cell = {...cells[1], source: "eval('globalThis.hidden = {two: 2}');"};
  const made = await grade('hidden', {...rest, cells: [cells[0], maker, ...cells.slice(1)]});
  assert.deepEqual(told(made.exercises), ['Two passed', 'Even passed']);
});

test('a changed check is named, and the committed one is run in its place', async () => {
  const changed = await grade(
    'changed',
    lesson('const two = 3;', 'const even = 4;', ["console.log('Two: right');", CHECKS[1]]),
  );
  assert.equal(changed.state, 'tampered');
  assert.match(changed.note, /the check of "Two" is not the committed one/);
  assert.deepEqual(told(changed.exercises), ['Two wrong too large', 'Even passed']);
});

test('a check that is replaced in another cell is found out without a kernel having to tell', async () => {
  const replaced = await grade(
    'replaced',
    lesson("const two = 3; const checkTwo = () => 'Two: right';", 'const even = 1;'),
  );
  assert.equal(replaced.state, 'tampered');
  assert.match(replaced.note, /something else in the place of checkTwo/);
});

test('what cannot be read, is of no lesson, or does not end is broken, and says why', async () => {
  assert.match((await grade('text', '{"cells": [')).note, /cannot be read as a notebook/);
  const other = {...lesson(...START), cells: lesson(...START).cells.slice(1)};
  assert.match((await grade('other', other)).note, /its first heading is none of the course/);
  const endless = await grade(
    'endless',
    lesson('const two = 2;', 'let even = 4; while (even) even += 2;'),
    enough,
  );
  assert.equal(endless.state, 'broken');
  assert.equal(endless.note, `it did not end within ${enough} s`);
  assert.deepEqual(told(endless.exercises)[0], 'Two passed');
  assert.equal(endless.exercises[1].verdict, 'wrong');
});
