import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import * as fs from 'node:fs';
import * as http from 'node:http';
import type {AddressInfo} from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {gzipSync} from 'node:zlib';
import {BINARIZED_MNIST, type BinarizedLayout, loadBinarizedMnist} from '../../lib/data/binarizedMnist';
import {fromFolder, fromPage, keepBinarizedMnist} from '../../lib/data/binarizedMnistFiles';
import {MissingDataError} from '../../lib/data/cifar10';
import {Random} from '../../lib/random';
import {SPLITS, type Split} from '../../lib/types';

/** Small files of the same form stand in for the published ones. */

const place = fs.mkdtempSync(path.join(os.tmpdir(), 'binarized-'));
test.after(() => fs.rmSync(place, {recursive: true}));

const counts: Record<Split, number> = {train: 5, validation: 2, test: 2};
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const random = new Random(7, 'binarized');
const pixels = Object.fromEntries(
  SPLITS.map((split) => [
    split,
    Uint8Array.from({length: counts[split] * 784}, () => (random.uniform() < 0.3 ? 1 : 0)),
  ]),
) as Record<Split, Uint8Array>;

function textOf(bits: Uint8Array): Buffer {
  const rows = Array.from({length: bits.length / 784}, (_, k) =>
    bits.subarray(784 * k, 784 * (k + 1)).join(' '),
  );
  return Buffer.from(`${rows.join('\n')}\n`);
}

/** Written otherwise than in lib: a string of digits, eight at a time. */
function packed(bits: Uint8Array): Uint8Array {
  const bytes = bits.join('').match(/.{8}/g) as string[];
  return Uint8Array.from(bytes, (eight) => Number.parseInt(eight, 2));
}

const layout = Object.fromEntries(
  SPLITS.map((split) => [
    split,
    {
      ...BINARIZED_MNIST[split],
      images: counts[split],
      sha256: sha256(textOf(pixels[split])),
      keptSha256: sha256(packed(pixels[split])),
    },
  ]),
) as BinarizedLayout;
const texts = new Map(SPLITS.map((split) => [layout[split].name, textOf(pixels[split])]));

/** A folder with the three files, some of them changed; undefined for one that is not there. */
function folderWith(changes: Readonly<Record<string, Uint8Array | string | undefined>> = {}): string {
  const folder = fs.mkdtempSync(path.join(place, 'from-'));
  for (const [name, bytes] of Object.entries({...Object.fromEntries(texts), ...changes})) {
    if (bytes !== undefined) fs.writeFileSync(path.join(folder, name), bytes);
  }
  return folder;
}

const TRAIN = layout.train.name;
const VALID = layout.validation.name;
const TEST = layout.test.name;

async function keep(from: string): Promise<string> {
  const folder = path.join(fs.mkdtempSync(path.join(place, 'kept-')), 'binarized-mnist');
  await keepBinarizedMnist(fromFolder(from), {folder, layout});
  return folder;
}

test('text, gzip and xz give the same images', async () => {
  const xz = execFileSync('xz', ['--stdout'], {input: texts.get(TEST)});
  const from = folderWith({
    [VALID]: undefined,
    [`${VALID}.gz`]: gzipSync(texts.get(VALID) as Buffer),
    [TEST]: undefined,
    [`${TEST}.xz`]: xz,
  });
  const folder = await keep(from);
  for (const split of SPLITS) {
    const images = await loadBinarizedMnist(split, {folder, layout});
    assert.deepEqual(images, {
      pixels: pixels[split],
      count: counts[split],
      height: 28,
      width: 28,
      channels: 1,
    });
  }
  assert.equal(fs.statSync(path.join(folder, 'train.bits')).size, 5 * 98);
});

test('what is not the published file is refused in one sentence, and nothing is written', async () => {
  const text = texts.get(TEST) as Buffer;
  const altered = Buffer.from(text);
  altered[100] ^= 1;
  const xz = execFileSync('xz', ['--stdout'], {input: text});
  const cases: [Readonly<Record<string, Uint8Array | string | undefined>>, RegExp][] = [
    [{[TEST]: altered}, /test\.amat was altered: its sha256 is [0-9a-f]{64}, expected/],
    [{[TEST]: text.subarray(0, 1000)}, /test\.amat was cut short: it has 1000 bytes, expected 3136/],
    [{[TEST]: ''}, /test\.amat was cut short: it has 0 bytes/],
    [{[TEST]: Buffer.concat([text, text])}, /test\.amat is too long: it has 6272 bytes, expected 3136/],
    [{[TEST]: '<!DOCTYPE html><title>404</title>'}, /is an HTML page in place of binarized_mnist_test\.amat/],
    [
      {[TEST]: texts.get(VALID)},
      /holds binarized_mnist_valid\.amat, not binarized_mnist_test\.amat: .*the files were swapped; rename them/,
    ],
    [
      {[TEST]: undefined},
      /there is no binarized_mnist_test\.amat, .*\.gz or .*\.xz in .*; copy all three parts there/,
    ],
    [{[TEST]: undefined, [`${TEST}.gz`]: gzipSync(text).subarray(0, 50)}, /is no whole gzip file/],
    [{[TEST]: undefined, [`${TEST}.xz`]: xz.subarray(0, 50)}, /is no whole xz file/],
  ];
  for (const [changes, message] of cases) {
    const folder = path.join(fs.mkdtempSync(path.join(place, 'kept-')), 'binarized-mnist');
    await assert.rejects(keepBinarizedMnist(fromFolder(folderWith(changes)), {folder, layout}), message);
    assert.deepEqual(fs.readdirSync(path.dirname(folder)), []);
  }
});

test('without the program xz the message says so', async () => {
  const from = folderWith({[TRAIN]: undefined, [`${TRAIN}.xz`]: 'not looked at'});
  const before = process.env.PATH;
  process.env.PATH = place;
  try {
    await assert.rejects(keep(from), /packed with xz, but there is no program xz here; install it/);
  } finally {
    process.env.PATH = before;
  }
});

test('from a page: the files, a page that is not there, no network', async () => {
  const server = http.createServer((request, response) => {
    const text = texts.get((request.url ?? '').slice('/data/'.length));
    response.writeHead(text === undefined ? 404 : 200, {connection: 'close'}).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = path.join(place, 'fetched');
  await assert.rejects(
    keepBinarizedMnist(fromPage(`${base}/elsewhere`), {folder, layout}),
    /could not fetch http.*train\.amat \(the server answered 404\); .*--from FOLDER/,
  );
  await keepBinarizedMnist(fromPage(`${base}/data`), {folder, layout});
  assert.deepEqual((await loadBinarizedMnist('test', {folder, layout})).pixels, pixels.test);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const nowhere = path.join(place, 'nowhere');
  await assert.rejects(
    keepBinarizedMnist(fromPage(`${base}/data`), {folder: nowhere, layout}),
    /could not fetch .*\(ECONNREFUSED\); try again when the network is there/,
  );
  assert.equal(fs.existsSync(nowhere), false);
});

test('kept files are checked whenever they are read; a new start replaces them', async () => {
  const folder = await keep(folderWith());
  const file = path.join(folder, 'test.bits');
  fs.writeFileSync(file, fs.readFileSync(file).subarray(1));
  await assert.rejects(
    loadBinarizedMnist('test', {folder, layout}),
    /test\.bits was cut short or altered: .*npm run data -- binarized-mnist/,
  );
  await keepBinarizedMnist(fromFolder(folderWith()), {folder, layout});
  assert.equal((await loadBinarizedMnist('test', {folder, layout})).count, 2);
  fs.rmSync(file);
  await assert.rejects(loadBinarizedMnist('test', {folder, layout}), (error: Error) => {
    assert.ok(error instanceof MissingDataError);
    assert.match(
      error.message,
      /the binarized MNIST of the papers is needed, .*: npm run data -- binarized-mnist$/,
    );
    return true;
  });
  await assert.rejects(loadBinarizedMnist('all' as Split, {folder, layout}), /split must be train/);
});
