import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {MESSAGES, troubleshootingPage} from '../../scripts/messages';

/** Each message of the table is provoked, and its remedy followed. */

const project = path.join(__dirname, '..', '..');
const data = fs.mkdtempSync(path.join(os.tmpdir(), 'messages-'));
test.after(() => fs.rmSync(data, {recursive: true}));
const engine = JSON.parse(fs.readFileSync(path.join(project, 'lib/engine/environment.json'), 'utf8'));

/** Runs a command as one who stands in the data folder. */
function run(line: string): {status: number | null; said: string} {
  const [name, ...args] = line.split(' ');
  const options = ['--require', path.join(project, 'lib/engine/compat.cjs'), '--import', 'tsx'];
  const {status, stderr} = spawnSync(process.execPath, [...options, `scripts/${name}.ts`, ...args], {
    cwd: project,
    env: {...process.env, ...engine, AUTOREGRESSIVE_DATA: data, INIT_CWD: data},
    encoding: 'utf8',
  });
  return {status, said: stderr};
}

test.before(() => {
  const {status, said} = run('train made --preset fvsbn --epochs 1 --batch 5000');
  assert.equal(status, 0, said);
});

const followed = new Map<string, ReturnType<typeof run>>();
for (const {wrong, says, from, right} of MESSAGES) {
  test(`npm run ${wrong}`, () => {
    const {status, said} = run(wrong);
    assert.ok(status === 1 || status === 2, said);
    assert.ok(said.includes(says), said);
    assert.ok(fs.existsSync(path.join(project, from)), from);
    const after = followed.get(right) ?? run(right);
    followed.set(right, after);
    assert.equal(after.status, 0, `${right}: ${after.said}`);
  });
}

test('docs/troubleshooting.md is made from the table', () => {
  const page = fs.readFileSync(path.join(project, 'docs', 'troubleshooting.md'), 'utf8');
  assert.equal(page, troubleshootingPage(), 'make it anew: node --import tsx scripts/messages.ts');
});
