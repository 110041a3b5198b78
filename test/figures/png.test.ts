import assert from 'node:assert/strict';
import test from 'node:test';
import {decode} from 'fast-png';
import {indexColors} from '../../lib/figures/palette';
import {pictureChart} from '../../lib/figures/pictureChart';
import {encodePng, imageGrid, type Picture, sizeOf, wordsIn} from '../../lib/figures/png';

const text = {title: 'Bits', description: 'Two “images”.', notebook: '01-autoregression'};
const bits = {pixels: Uint8Array.of(0, 1, 1, 0, 1, 0, 0, 1), count: 2, height: 2, width: 2, channels: 1};

function pixel({pixels, width}: Picture, x: number, y: number): number[] {
  return Array.from(pixels.subarray(3 * (y * width + x), 3 * (y * width + x) + 3));
}

test('every pixel is an exact square, with the background between the images', () => {
  const grid = imageGrid({...text, images: bits, scale: 3, gap: 2, columns: 2});
  assert.deepEqual([grid.width, grid.height], [2 + 2 * 8, 2 + 8]);
  assert.deepEqual(pixel(grid, 0, 0), [252, 252, 252]);
  for (const [dx, dy] of [
    [0, 0],
    [2, 2],
  ]) {
    assert.deepEqual(pixel(grid, 2 + dx, 2 + dy), [0, 0, 0]);
    assert.deepEqual(pixel(grid, 5 + dx, 2 + dy), [255, 255, 255]);
    assert.deepEqual(pixel(grid, 10 + dx, 2 + dy), [255, 255, 255], 'second image');
  }
});

test('every image has an edge; bits are as white beside bytes as alone', () => {
  const bytes = {...bits, pixels: bits.pixels.map((bit) => 255 * bit)};
  const grid = imageGrid({...text, images: [bits, bytes], scale: 3, gap: 2});
  assert.deepEqual(pixel(grid, 1, 1), [0xb0, 0xb0, 0xb0]);
  for (const y of [2, 10]) assert.deepEqual(pixel(grid, 5, y), [255, 255, 255]);
});

test('gray and color', () => {
  const gray = {pixels: Uint8Array.of(0, 128, 255, 64), count: 1, height: 2, width: 2, channels: 1};
  assert.deepEqual(pixel(imageGrid({...text, images: gray, scale: 1, gap: 0}), 1, 0), [128, 128, 128]);
  const color = {pixels: Uint8Array.of(10, 20, 30), count: 1, height: 1, width: 1, channels: 3};
  assert.deepEqual(pixel(imageGrid({...text, images: color, scale: 1, gap: 0}), 0, 0), [10, 20, 30]);
});

test('what the model chose is tinted, what is covered is flat, and what is marked is outlined', () => {
  const options = {...text, images: bits, scale: 4, gap: 4, columns: 2};
  const known = Uint8Array.of(1, 1, 0, 0);
  const plain = imageGrid(options);
  const tinted = imageGrid({...options, known});
  assert.deepEqual(pixel(tinted, 4, 4), pixel(plain, 4, 4));
  assert.notDeepEqual(pixel(tinted, 4, 8), pixel(plain, 4, 8));
  const covered = imageGrid({...options, covered: known});
  assert.deepEqual(pixel(covered, 4, 4), pixel(covered, 8, 4));
  const marked = imageGrid({...options, marked: [0]});
  assert.deepEqual(pixel(marked, 3, 3), [0xd5, 0x5e, 0x00]);
  assert.deepEqual(pixel(marked, 4, 4), [0, 0, 0], 'the pixel itself keeps its color');
});

test('rows of different length leave the rest empty', () => {
  const one = {...bits, pixels: bits.pixels.slice(0, 4), count: 1};
  const grid = imageGrid({...text, images: [bits, one], scale: 1, gap: 1});
  assert.deepEqual([grid.width, grid.height], [7, 7]);
  assert.deepEqual(pixel(grid, 4, 4), [252, 252, 252]);
});

test('a PNG gives back its pixels and its words, whatever letters they have', () => {
  const grid = imageGrid({...text, images: bits});
  const png = encodePng(grid, {minutes: 2});
  const {data, palette = []} = decode(png);
  assert.deepEqual(
    Array.from(data).flatMap((index) => palette[index]),
    Array.from(grid.pixels),
  );
  assert.deepEqual(wordsIn(png), {...text, minutes: 2});
  assert.deepEqual(sizeOf(png), {width: grid.width, height: grid.height});
});

test('more than 256 colors are kept exactly in pictures', () => {
  const pixels = new Uint8Array(3 * 400);
  for (let i = 0; i < 400; i++) pixels.set([12 * (i % 20), 12 * Math.floor(i / 20), 7], 3 * i);
  const images = {pixels, count: 1, height: 20, width: 20, channels: 3};
  const grid = imageGrid({...text, images, scale: 1, gap: 0});
  assert.ok(!indexColors(grid.pixels).exact);
  assert.deepEqual(Array.from(decode(encodePng(grid)).data), Array.from(grid.pixels));
});

test('a picture of very many colors is written in no time: a paper has such', () => {
  const pixels = Uint8Array.from({length: 3 * 400 * 400}, (_, i) => (i * 7919) >> (i % 3 === 0 ? 0 : 6));
  const started = performance.now();
  encodePng({pixels, width: 400, height: 400, text});
  assert.ok(performance.now() - started < 5000);
});

test('a picture in a frame names its rows and columns', () => {
  const chart = pictureChart(imageGrid({...text, images: bits, columns: 2}), {
    rows: ['samples'],
    columns: ['0', '1'],
  });
  assert.match(String(chart.data[0].source), /^data:image\/png;base64,iVBORw0KGgo/);
  assert.equal((chart.layout.annotations as unknown[]).length, 4);
});

test('errors name what does not fit', () => {
  const other = {...bits, pixels: new Uint8Array(1), count: 1, height: 1, width: 1};
  assert.throws(
    () => imageGrid({...text, images: [bits, other]}),
    /must be 2 x 2 x 1 like the first, got 1 x 1 x 1/,
  );
  assert.throws(() => imageGrid({...text, images: []}), /images is empty/);
  const floats = {...bits, pixels: Float32Array.from(bits.pixels)} as unknown as typeof bits;
  assert.throws(() => imageGrid({...text, images: floats}), /must be bytes .* got Float32Array; make images/);
  assert.throws(
    () => imageGrid({...text, images: {...bits, count: 3}}),
    /3 images of 2 x 2 x 1 need 12 bytes, got 8/,
  );
  assert.throws(
    () => imageGrid({...text, images: bits, marked: [4]}),
    /marked must be pixels from 0 to 3, got 4/,
  );
  assert.throws(
    () => imageGrid({...text, images: bits, gap: -1}),
    /gap must be a non-negative integer, got -1/,
  );
  assert.throws(
    () => imageGrid({...text, images: bits, white: 0}),
    /white must be a positive integer, got 0/,
  );
  assert.throws(
    () => imageGrid({...text, images: [bits], columns: 1}),
    /columns must be at least 2, .* got 1/,
  );
  for (const channels of [2, 4]) {
    const images = {...bits, pixels: new Uint8Array(4 * channels), count: 1, channels};
    assert.throws(
      () => imageGrid({...text, images}),
      /1 channel \(gray\) or 3 .*, got [24]; draw them one channel/,
    );
  }
  assert.throws(
    () => imageGrid({...text, images: bits, scale: 1.5}),
    /scale must be a positive integer, got 1.5/,
  );
  assert.throws(
    () => imageGrid({...text, images: bits, known: new Uint8Array(3)}),
    /known must have 4 values .* or 8 .*got 3/,
  );
});

test('a picture of more than 256 colors keeps every color, however rare, within a few levels', () => {
  // A gray ramp that fills the picture, and a color scale of which each color occurs once.
  const gray = Array.from({length: 5000}, (_, i) => [i % 256, i % 256, i % 256]).flat();
  const scale = Array.from({length: 200}, (_, i) => [213, 55 + i, i]).flat();
  const pixels = Uint8Array.from([...gray, ...scale]);
  const {indices, palette, exact} = indexColors(pixels);
  assert.equal(exact, false);
  assert.ok(palette.length <= 256);
  const worst = Math.max(
    ...Array.from(pixels, (part, i) => Math.abs(part - palette[indices[Math.floor(i / 3)]][i % 3])),
  );
  assert.ok(worst <= 8, `a color is off by ${worst}`);
});
