import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import test from 'node:test';
import {promisify} from 'node:util';
import {projectRoot} from '../../lib/storage/paths';

const root = projectRoot();
const python = path.join(root, '.venv', 'bin', 'python');

test('the kernel: a changed lib is told, {q} is found, the stop button stops the work, what was shown can be shown again', {
  skip: fs.existsSync(python) ? false : 'no .venv; `npm test` sets it up',
  timeout: 300_000,
}, async () => {
  const driver = path.join(__dirname, 'fixtures', 'kernel.py');
  const env = {...process.env, JUPYTER_PREFER_ENV_PATH: '1'};
  const {stdout} = await promisify(execFile)(python, [driver, root], {env});
  const said = JSON.parse(stdout) as Record<string, string>;
  assert.equal(said.shorthand, '{"q":3}\n');
  assert.equal(said.pattern, '5\n');
  assert.equal(said.renamed, '1 2\n6 1 1 2\n');
  assert.equal(said.import, '');
  assert.match(said.changed, /^lib has changed since .*random\.ts.*: restart the kernel.*\nstill here\n$/);
  assert.match(said.changed, /kernelTest\.ts/);
  assert.equal(said['told once'], 'still here\n');
  assert.equal(said.stopped, 'twenty\ninterrupted true\n');
  assert.equal(said.still, '0\n', 'no step is done after the cell has ended');
  assert.equal(said.evaluation, 'go\nStopped.\n');
  assert.equal(said.again, said.shown);
  assert.equal(said.after, '42\n');
});
