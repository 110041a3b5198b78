import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {type KeepRequest, keepOwnData, ownDataFolder, ownDataNames} from '../../lib/data/ownData';
import {ownSource} from '../../lib/data/ownSource';
import type {Images} from '../../lib/types';

const before = process.env.AUTOREGRESSIVE_DATA;
const place = fs.mkdtempSync(path.join(os.tmpdir(), 'own-data-'));
process.env.AUTOREGRESSIVE_DATA = place;
test.after(() => {
  if (before === undefined) delete process.env.AUTOREGRESSIVE_DATA;
  else process.env.AUTOREGRESSIVE_DATA = before;
  fs.rmSync(place, {recursive: true});
});

const images = (pixels: readonly number[], labels?: readonly number[]): Images => ({
  pixels: Uint8Array.from(pixels),
  count: pixels.length / 4,
  ...{height: 2, width: 2, channels: 1},
  ...(labels && {labels: Uint8Array.from(labels)}),
});
const request: KeepRequest = {
  ...{height: 2, width: 2, channels: 1, levels: 2, binarization: 'dynamic', classes: ['cat', 'dog']},
  notes: ['three images'],
  sources: [],
  parts: {
    train: {images: images([0, 255, 128, 127], [1]), sources: [{file: 'a.png', sha256: '00'}]},
    validation: {images: images([255, 255, 0, 0], [0]), sources: []},
    test: {images: images([0, 0, 0, 255, 9, 9, 9, 9], [0, 1]), sources: []},
  },
};

test('what is kept is what is read, and a copy of the manifest says what it is', async () => {
  const {manifest, folder} = keepOwnData('pets', {...request, extra: {'x.txt': Uint8Array.of(65)}});
  assert.deepEqual(fs.readdirSync(path.join(place, 'own')), ['pets']);
  assert.equal(fs.readFileSync(path.join(folder, 'x.txt'), 'utf8'), 'A');
  assert.deepEqual(ownDataNames(), ['pets']);
  const source = ownSource('pets');
  assert.deepEqual(source.manifest, manifest);
  assert.deepEqual(source.manifest.parts.train.sources, [{file: 'a.png', sha256: '00'}]);
  assert.match(source.sha256, /^[0-9a-f]{64}$/);
  assert.equal(source.binarization, 'static, seed 0');
  assert.deepEqual(await source.load('train'), request.parts.train.images);
  const scored = await source.scored('test');
  assert.ok(scored.pixels.every((value) => value <= 1));
  assert.deepEqual([...scored.pixels.subarray(0, 4)], [0, 0, 0, 1]);
  assert.deepEqual([...(scored.labels ?? [])], [0, 1]);
});

test('levels and rules are those that were asked for', async () => {
  keepOwnData('four', {...request, levels: 4, binarization: null, classes: []});
  const four = ownSource('four');
  assert.equal(four.binarization, 'none (4 levels)');
  assert.deepEqual([...(await four.load('train')).pixels], [0, 3, 2, 1]);
  assert.deepEqual(await four.scored('train'), await four.load('train'));
  assert.equal((await four.scored('train')).labels, undefined);
  keepOwnData('sharp', {...request, binarization: 'threshold'});
  const sharp = ownSource('sharp');
  assert.equal(sharp.binarization, 'threshold');
  assert.deepEqual([...(await sharp.scored('train')).pixels], [0, 1, 1, 0]);
});

test('a name that is taken, reserved or no name', () => {
  assert.throws(
    () => keepOwnData('pets', request),
    /there is a data set pets already, .* choose another name/,
  );
  assert.throws(() => keepOwnData('mnist', request), /a data set that everybody has: choose another/);
  for (const name of ['', '../pets', 'Pets', '.x', 'a b']) {
    assert.throws(() => ownSource(name), {name: 'RangeError', message: /must be lower case letters, digits/});
  }
  assert.throws(() => ownSource('cats'), {
    name: 'MissingDataError',
    message: /there is no data set cats; there are four, pets, sharp\. Make one with: npm run data/,
  });
});

test('nothing half kept: neither when it fails nor when a process was killed', () => {
  const bad = {...request, parts: {...request.parts, test: {images: {...images([]), count: 5}, sources: []}}};
  assert.throws(() => keepOwnData('half', bad), /5 images of 2 x 2 x 1 need 20 bytes/);
  // Of a process that cannot be there any more, and of one that is at work.
  const [left, busy] = ['.half.999999999.0a', `.half.${process.ppid}.0b`].map((name) =>
    path.join(place, 'own', name),
  );
  for (const folder of [left, busy]) fs.mkdirSync(folder);
  keepOwnData('half', request);
  assert.ok(!fs.existsSync(left));
  assert.ok(fs.existsSync(busy));
  fs.rmdirSync(busy);
  assert.deepEqual(
    fs.readdirSync(path.join(place, 'own')).filter((name) => name.startsWith('.')),
    [],
  );
});

test('what was altered afterwards is noticed', async () => {
  const folder = ownDataFolder('pets');
  const source = ownSource('pets');
  const file = path.join(folder, 'test-images.idx');
  const bytes = fs.readFileSync(file);
  fs.writeFileSync(file, Buffer.from(bytes).fill(7, bytes.length - 1));
  await assert.rejects(
    source.load('test'),
    /test-images\.idx was cut short or altered: its sha256 .* take the images again/,
  );
  fs.rmSync(file);
  await assert.rejects(source.load('test'), /test-images\.idx is missing/);
  await assert.rejects(source.load('all' as 'test'), /split must be train, validation or test, got all/);
  const manifest = path.join(folder, 'manifest.json');
  const text = fs.readFileSync(manifest, 'utf8');
  const changes: [string, string, RegExp][] = [
    ['"format": 1', '"format": 2', /format 2, expected 1/],
    ['"levels": 2', '"levels": 4', /binarization of 4 levels must be .*got dynamic/],
    ['"levels": 2', '"levels": 1', /levels must be an integer from 2 to 256, got 1/],
    ['"height": 2', '"height": 0', /a size must be a positive integer, got 0/],
    ['"name": "pets"', '"name": "cats"', /its name must be 'pets', got 'cats'/],
    ['}', '', /JSON/],
  ];
  for (const [from, to, message] of changes) {
    assert.ok(text.includes(from));
    fs.writeFileSync(manifest, text.replace(from, to));
    assert.throws(() => ownSource('pets'), message);
  }
});
