import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {NODE_OPTIONS} from '../node';
import type {Try} from './fixtures/fullDisk';

/** A full disk at every write: of 1 MB, which only the child sees. Not every container allows it. */

const project = path.join(__dirname, '..', '..');
const root = fs.mkdtempSync(path.join(os.tmpdir(), 'full-disk-'));
test.after(() => fs.rmSync(root, {recursive: true}));
const [disk, given] = ['disk', 'given'].map((name) => path.join(root, name));
for (const folder of [disk, given]) fs.mkdirSync(folder);

const unshare = ['--mount', ...(process.getuid?.() === 0 ? [] : ['--map-root-user']), 'sh', '-c'];
const mount = 'mount -t tmpfs -o size=1m tmpfs "$DISK"';
const env = {...process.env, DISK: disk, GIVEN: given, NODE: process.execPath, TMPDIR: given};
const canMount =
  process.platform === 'linux' && spawnSync('unshare', [...unshare, mount], {env}).status === 0;

test('a full disk at every write: one sentence, what was there is whole, and nothing is left behind', {
  skip: !canMount && 'no right to mount',
}, (t) => {
  const line = `${mount} && exec "$NODE" ${NODE_OPTIONS.join(' ')} test/scripts/fixtures/fullDisk.ts "$DISK" "$GIVEN"`;
  const {status, stdout, stderr} = spawnSync('unshare', [...unshare, line], {
    env,
    cwd: project,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  const tries: Try[] = JSON.parse(stdout);
  for (const {what, free, error, changed} of tries) {
    if (error === null) continue;
    const where = `${what} with ${free} bytes left: ${error}`;
    assert.match(
      error,
      /the disk is full; free some space|needs \d+ MB in .* but only \d+ MB are free/,
      where,
    );
    assert.doesNotMatch(error, /\n/, where);
    assert.deepEqual(changed, [], where);
  }
  const writers = [...new Set(tries.map(({what}) => what))];
  for (const what of writers) {
    const own = tries.filter((one) => one.what === what);
    assert.ok(own[0].error !== null, `${what}: written to a full disk`);
    if (what.startsWith('MNIST')) assert.ok(own.every(({error}) => error !== null));
    else assert.equal(own.at(-1)?.error, null, `${what}: no space was ever enough`);
  }
  t.diagnostic(
    `${writers.length} writers, ${tries.filter(({error}) => error !== null).length} writes refused`,
  );
});
