import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {type DrawingTarget, MNIST_INK_BOX, readDrawing} from '../../lib/data/drawing';
import {grayPng, png} from './fixtures';

const place = fs.mkdtempSync(path.join(os.tmpdir(), 'drawing-test-'));
test.after(() => fs.rmSync(place, {recursive: true}));

function file(bytes: Uint8Array): string {
  const name = path.join(fs.mkdtempSync(path.join(place, 'd-')), 'drawing.png');
  fs.writeFileSync(name, bytes);
  return name;
}

const digits: DrawingTarget = {
  name: 'MNIST',
  image: {height: 28, width: 28, channels: 1},
  levels: 2,
  binarization: 'static',
  background: 'dark',
  inkBox: MNIST_INK_BOX,
};
const four: DrawingTarget = {
  name: 'own',
  image: {height: 4, width: 4, channels: 1},
  levels: 4,
  binarization: null,
  background: 'dark',
  inkBox: 0,
};

test('an image of the right size and kind is kept as it is', () => {
  const at = (x: number, y: number): number => (x === 3 && y > 5 && y < 20 ? 255 : 0);
  const {images, notes} = readDrawing(file(grayPng(28, at)), digits);
  const expected = Uint8Array.from({length: 784}, (_, i) => at(i % 28, Math.floor(i / 28)) / 255);
  assert.deepEqual(images, {pixels: expected, count: 1, height: 28, width: 28, channels: 1});
  assert.deepEqual(notes, []);
});

test('black ink on white paper, far too large and in a corner, becomes a digit like those of MNIST', () => {
  // A bar of 40 x 120 pixels, black on white.
  const bar = grayPng(200, (x, y) => (x >= 10 && x < 50 && y >= 5 && y < 125 ? 0 : 255));
  const {images, notes} = readDrawing(file(bar), digits);
  assert.deepEqual(notes.slice(0, 2), [
    "inverted, because the edge of MNIST's images is dark",
    "200 x 200 pixels made 28 x 28, its ink put into a box of 20 pixels in the middle, as MNIST's",
  ]);
  const white = [...images.pixels.keys()].filter((i) => images.pixels[i] === 1);
  const [columns, rows] = [white.map((i) => i % 28), white.map((i) => Math.floor(i / 28))];
  assert.deepEqual([Math.min(...rows), Math.max(...rows)], [4, 23]);
  // 40 of 120 pixels of width are 6.7 of 20.
  assert.ok(Math.min(...columns) >= 10 && Math.max(...columns) <= 17, `${columns}`);
});

test('of another data set the middle is taken, and the levels are its own', () => {
  const wide = Array.from({length: 8}, (_, y) =>
    Array.from({length: 16}, (_, x) => (x < 8 ? 0 : y < 4 ? 255 : 128)),
  );
  const drawn = png({width: 16, depth: 8, type: 0, rows: wide});
  const {images, notes} = readDrawing(file(drawn), four);
  assert.deepEqual([...images.pixels.subarray(0, 4)], [0, 0, 3, 3]);
  assert.deepEqual([...images.pixels.subarray(12)], [0, 0, 2, 2]);
  assert.deepEqual(notes, ['16 x 8 pixels made 4 x 4, its middle square scaled', 'quantized to 4 levels']);
  const color = png({
    width: 2,
    depth: 8,
    type: 2,
    rows: [
      [255, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 9],
    ],
  });
  const rgb = {...four, image: {height: 2, width: 2, channels: 3}, levels: 256};
  assert.deepEqual([...readDrawing(file(color), rgb).images.pixels], [255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]);
  assert.match(
    readDrawing(file(color), {...four, image: {...rgb.image, channels: 1}}).notes[0],
    /color made gray/,
  );
});

test('gray is drawn as the data set is, and that is said', () => {
  const gray = file(grayPng(28, (x, y) => (x > 10 && y > 10 && x < 16 && y < 16 ? 200 : 0)));
  const {images, notes} = readDrawing(gray, digits);
  assert.deepEqual(notes, ['25 gray pixels made black or white (static, seed 0)']);
  const white = images.pixels.filter((value) => value === 1).length;
  assert.ok(white > 10 && white < 25, `${white}`);
  const sharp = readDrawing(gray, {...digits, binarization: 'threshold'});
  assert.equal(sharp.images.pixels.filter((value) => value === 1).length, 25);
});

test('what cannot be used is named', () => {
  const cases: [Uint8Array, DrawingTarget, RegExp][] = [
    [Buffer.from('GIF89a'), digits, /drawing\.png: it must be a PNG or JPEG, got a GIF/],
    [grayPng(28, 0), digits, /drawing\.png: all its pixels are alike, so there is nothing drawn on it/],
    [grayPng(40, 255), digits, /drawing\.png: there must be ink on it/],
    [grayPng(3, (x) => 99 * x), four, /drawing\.png: it must have at least 4 x 4 pixels, got 3 x 3/],
    [
      grayPng(9, (x) => 9 * x),
      {...four, image: {height: 4, width: 5, channels: 1}},
      /must have 5 x 4 pixels, got 9 x 9/,
    ],
  ];
  for (const [bytes, target, message] of cases)
    assert.throws(() => readDrawing(file(bytes), target), message);
  assert.throws(() => readDrawing(path.join(place, 'none.png'), digits), /none\.png: there is no such file/);
});
