import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {gzipSync} from 'node:zlib';
import {encodeIdx, parseIdx, readIdx} from '../../lib/data/idx';

/** Two images of 1 x 3. */
const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 10, 20, 30, 40, 50, 60);
const labels = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 9);

test('an IDX file by hand', () => {
  assert.deepEqual(parseIdx(images, 'file', [2, 1, 3]), {
    shape: [2, 1, 3],
    values: Uint8Array.of(10, 20, 30, 40, 50, 60),
  });
  assert.deepEqual(parseIdx(labels, 'file'), {shape: [2], values: Uint8Array.of(7, 9)});
});

test('every cut is noticed', () => {
  for (let length = 0; length < images.length; length++) {
    assert.throws(
      () => parseIdx(images.subarray(0, length), 'digits'),
      /digits .*cut short/,
      `${length} bytes`,
    );
  }
  assert.throws(() => parseIdx(Uint8Array.of(...images, 0), 'digits'), /23 bytes, its header announces 22/);
});

test('labels for images, other shapes and other formats are refused', () => {
  assert.throws(
    () => parseIdx(labels, 'f', [2, 1, 3]),
    /magic number is 2049 \(a list of labels\), expected 2051/,
  );
  assert.throws(() => parseIdx(images, 'f', [2]), /2051 \(images\), expected 2049/);
  assert.throws(() => parseIdx(images, 'f', [2, 3, 1]), /shape is 2 x 1 x 3, expected 2 x 3 x 1/);
  assert.throws(() => parseIdx(Uint8Array.of(0x1f, 0x8b, 8, 0), 'f'), /gzip/);
});

test('a file is read as it is or gzipped, and written as it was', (t) => {
  const place = fs.mkdtempSync(path.join(os.tmpdir(), 'idx-test-'));
  t.after(() => fs.rmSync(place, {recursive: true}));
  const [plain, zipped, cut] = ['images', 'images.gz', 'cut.gz'].map((name) => path.join(place, name));
  fs.writeFileSync(plain, images);
  fs.writeFileSync(zipped, gzipSync(images));
  fs.writeFileSync(cut, gzipSync(images).subarray(0, 25));
  const expected = {shape: [2, 1, 3], values: Uint8Array.of(10, 20, 30, 40, 50, 60)};
  assert.deepEqual(readIdx(plain), expected);
  assert.deepEqual(readIdx(zipped), expected);
  assert.deepEqual(encodeIdx(expected), images);
  assert.throws(() => readIdx(cut), /cut\.gz is a gzip file that was cut short or altered .*; get it again/);
  assert.throws(() => readIdx(path.join(place, 'none')), /none cannot be read \(ENOENT\); check the path/);
});
