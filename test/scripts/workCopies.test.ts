import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {projectRoot} from '../../lib/storage/paths';

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

test('git pulls a new edition without a conflict: an answer stays, and nothing of it is tracked', async () => {
  const {updateWorkCopies} = await import('../../scripts/setup/workCopies.mjs' as string);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'pull-'));
  const [course, student] = ['course', 'student'].map((name) => path.join(folder, name));
  const git = (at: string, ...words: string[]): string => {
    const who = ['-c', 'user.name=test', '-c', 'user.email=test@localhost', '-c', 'commit.gpgsign=false'];
    return execFileSync('git', ['-C', at, ...who, ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  };
  const publish = (text: string): void => {
    fs.writeFileSync(path.join(course, 'notebooks', '01-a.ipynb'), text);
    git(course, 'add', '.');
    git(course, 'commit', '-q', '-m', text);
  };
  try {
    fs.mkdirSync(path.join(course, 'notebooks'), {recursive: true});
    git(course, 'init', '-q');
    fs.copyFileSync(path.join(projectRoot(), '.gitignore'), path.join(course, '.gitignore'));
    publish('first');
    git(folder, 'clone', '-q', course, student);
    const copies = (): string[] =>
      updateWorkCopies(path.join(student, 'notebooks'), path.join(student, 'work'));
    copies();
    const answer = path.join(student, 'work', '01-a.ipynb');
    fs.writeFileSync(answer, 'first, solved');
    // What npm start makes is not tracked either.
    fs.mkdirSync(path.join(student, 'build'));
    fs.writeFileSync(path.join(student, 'build', '01-a.ipynb'), 'first, executed');
    assert.equal(git(student, 'status', '--porcelain'), '');

    publish('first, edition 2');
    git(student, 'pull', '-q', '--ff-only');
    assert.equal(fs.readFileSync(path.join(student, 'notebooks', '01-a.ipynb'), 'utf8'), 'first, edition 2');
    assert.equal(copies().length, 1);
    assert.equal(fs.readFileSync(answer, 'utf8'), 'first, solved');
    assert.equal(git(student, 'status', '--porcelain'), '');
  } finally {
    fs.rmSync(folder, {recursive: true});
  }
});
