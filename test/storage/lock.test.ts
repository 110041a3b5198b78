import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {FileWriteError} from '../../lib/storage/files';
import {LockedError, takeLock} from '../../lib/storage/lock';
import {NODE_OPTIONS} from '../node';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'lock-'));
test.after(() => fs.rmSync(folder, {recursive: true}));
const newFile = (name: string): string => path.join(folder, name);
const dead = spawnSync(process.execPath, ['-e', '']).pid;

test('one has it, the other is told who; given back, it is free and nothing is left', () => {
  const file = newFile('one');
  const release = takeLock(file, 'the run');
  assert.throws(
    () => takeLock(file, 'the run'),
    (error: Error) =>
      error instanceof LockedError && error.message.includes(`the run is in use by process ${process.pid}:`),
  );
  release();
  takeLock(file, 'the run')();
  assert.deepEqual(fs.readdirSync(folder), []);
});

test('a lock is stale when its process is gone, or its number was given to another; or when it is none of ours', () => {
  const file = newFile('stale');
  const holder = {id: 'x', host: os.hostname(), pid: process.pid, started: '1'};
  for (const text of [JSON.stringify({...holder, pid: dead}), JSON.stringify(holder), '', '{"id":1}']) {
    fs.writeFileSync(file, text);
    const release = takeLock(file, 'the run');
    assert.throws(() => takeLock(file, 'the run'), LockedError);
    release();
  }
  fs.writeFileSync(file, JSON.stringify({...holder, host: 'elsewhere'}));
  assert.throws(
    () => takeLock(file, 'the run'),
    /process \d+ on elsewhere: wait for it; if it is gone, remove .*stale/,
  );
  fs.rmSync(file);
});

test('a lock that another has taken over is not given back', () => {
  const file = newFile('taken');
  const release = takeLock(file, 'the run');
  const other = JSON.stringify({id: 'other', host: os.hostname(), pid: process.pid, started: null});
  fs.writeFileSync(file, other);
  release();
  assert.equal(fs.readFileSync(file, 'utf8'), other);
  fs.rmSync(file);
});

test('where no file can be written, that is said', () => {
  assert.throws(() => takeLock(path.join(folder, 'no', 'lock'), 'the run'), FileWriteError);
});

test('of eight processes that meet a stale lock at once, one gets it', async () => {
  const file = newFile('race');
  fs.writeFileSync(file, JSON.stringify({id: 'x', host: os.hostname(), pid: dead, started: null}));
  const program = `
    const {takeLock} = require(${JSON.stringify(path.resolve('lib/storage/lock.ts'))});
    process.stdout.write('r');
    process.stdin.once('data', () => {
      try { takeLock(${JSON.stringify(file)}, 'the run'); process.stdout.write('1'); } catch { process.stdout.write('0'); }
    });
    process.stdin.once('end', () => process.exit());`;
  const children = Array.from({length: 8}, () =>
    spawn(process.execPath, [...NODE_OPTIONS, '-e', program], {stdio: ['pipe', 'pipe', 'inherit']}),
  );
  const told = await Promise.all(
    children.map((child) => new Promise((resolve) => child.stdout.once('data', resolve))),
  );
  assert.equal(told.length, 8);
  const answers = children.map(
    (child) => new Promise<string>((resolve) => child.stdout.once('data', (d) => resolve(String(d)))),
  );
  for (const child of children) child.stdin.write('go');
  assert.deepEqual((await Promise.all(answers)).sort(), [...Array(7).fill('0'), '1']);
  for (const child of children) child.stdin.end();
  await Promise.all(children.map((child) => new Promise((resolve) => child.once('exit', resolve))));
});
