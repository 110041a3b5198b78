import assert from 'node:assert/strict';
import test from 'node:test';
import {decodeImageFile} from '../../lib/data/imageFile';
import {exifOrientation, upright} from '../../lib/data/orientation';
import {grayPng, JPEG, png} from './fixtures';

const decoded = (bytes: Uint8Array) => {
  const {data, channels, notes} = decodeImageFile(bytes);
  return {data: [...data], channels, notes};
};

test('PNG: gray of every depth, 0 black and the largest white', () => {
  const upright = {channels: 1, notes: []};
  const cases: [Parameters<typeof png>[0], number[]][] = [
    [{width: 3, depth: 1, type: 0, rows: [[0b10100000], [0b01000000]]}, [255, 0, 255, 0, 255, 0]],
    [{width: 3, depth: 2, type: 0, rows: [[0b00011100]]}, [0, 85, 255]],
    [{width: 3, depth: 4, type: 0, rows: [[0x0f, 0x30]]}, [0, 255, 51]],
    [{width: 3, depth: 8, type: 0, rows: [[0, 7, 255]]}, [0, 7, 255]],
  ];
  for (const [spec, expected] of cases) assert.deepEqual(decoded(png(spec)), {data: expected, ...upright});
  const deep = png({width: 3, depth: 16, type: 0, rows: [[0, 0, 0x80, 0x80, 0xff, 0xff]]});
  assert.deepEqual(decoded(deep), {
    data: [0, 128, 255],
    channels: 1,
    notes: ['16 bits a value rounded to 8'],
  });
});

test('PNG: color, palette, and transparency put on white', () => {
  const onWhite = ['transparent pixels put on white'];
  assert.deepEqual(decoded(png({width: 1, depth: 8, type: 2, rows: [[9, 8, 7]]})), {
    data: [9, 8, 7],
    channels: 3,
    notes: [],
  });
  const palette = [255, 0, 0, 0, 0, 200];
  const indexed = png({width: 5, depth: 2, type: 3, rows: [[0b00010001, 0b01000000]], palette});
  assert.deepEqual(decoded(indexed).data, [255, 0, 0, 0, 0, 200, 255, 0, 0, 0, 0, 200, 0, 0, 200]);
  const clear = {width: 2, depth: 8, type: 3, rows: [[0, 1]], palette, transparency: [0]} as const;
  assert.deepEqual(decoded(png(clear)), {data: [255, 255, 255, 0, 0, 200], channels: 3, notes: onWhite});
  // Half seen: half of the value and half of white.
  assert.deepEqual(decoded(png({width: 2, depth: 8, type: 4, rows: [[0, 0, 100, 255]]})), {
    data: [255, 100],
    channels: 1,
    notes: onWhite,
  });
  const half = decoded(png({width: 1, depth: 8, type: 6, rows: [[255, 0, 0, 51]]}));
  assert.deepEqual(half, {data: [255, 204, 204], channels: 3, notes: onWhite});
  const opaque = decoded(png({width: 1, depth: 8, type: 6, rows: [[1, 2, 3, 255]]}));
  assert.deepEqual(opaque, {data: [1, 2, 3], channels: 3, notes: []});
  // A gray or color that stands for transparent, of 8 bits and of fewer.
  const key = {width: 2, depth: 8, type: 0, rows: [[5, 6]], transparency: [0, 5]} as const;
  assert.deepEqual(decoded(png(key)).data, [255, 6]);
  const few = {width: 2, depth: 4, type: 0, rows: [[0x56]], transparency: [0, 5]} as const;
  assert.deepEqual(decoded(png(few)).data, [255, 102]);
});

test('JPEG: progressive, gray, and turned as the camera noted', () => {
  const near = (actual: ArrayLike<number>, expected: number[]): void =>
    expected.forEach(
      (value, i) => void assert.ok(Math.abs(actual[i] - value) <= 3, `${actual[i]}, not ${value}`),
    );
  const {width, height, data, channels} = decodeImageFile(JPEG.progressive);
  assert.deepEqual({width, height, channels}, {width: 16, height: 12, channels: 3});
  near(data.subarray(0, 3), [200, 30, 30]);
  near(data.subarray(-3), [20, 40, 180]);
  const gray = decodeImageFile(JPEG.gray);
  near(gray.data.subarray(0, 3), [81, 81, 81]);
  near(gray.data.subarray(-3), [50, 50, 50]);
  // Its left half is what is above when it is turned.
  const turned = decodeImageFile(JPEG.onItsSide);
  assert.deepEqual([turned.width, turned.height], [12, 16]);
  assert.deepEqual(turned.notes, ['turned upright as the camera noted']);
  near(turned.data.subarray(0, 3), [200, 30, 30]);
  near(turned.data.subarray(-3), [20, 40, 180]);
});

test('the eight orientations of Exif turn a corner to where it belongs', () => {
  // The first row and column of what is stored are, in this order: top left, top
  // right, bottom right, bottom left, …
  const stored = {width: 3, height: 2, channels: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6)};
  const seen: Record<number, number[]> = {
    1: [1, 2, 3, 4, 5, 6],
    2: [3, 2, 1, 6, 5, 4],
    3: [6, 5, 4, 3, 2, 1],
    4: [4, 5, 6, 1, 2, 3],
    5: [1, 4, 2, 5, 3, 6],
    6: [4, 1, 5, 2, 6, 3],
    7: [6, 3, 5, 2, 4, 1],
    8: [3, 6, 2, 5, 1, 4],
  };
  for (const [orientation, data] of Object.entries(seen)) {
    const image = upright(stored, Number(orientation));
    assert.deepEqual([...image.data], data, orientation);
    assert.equal(image.width, Number(orientation) < 5 ? 3 : 2);
  }
  const exif = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 8, 0, 0];
  assert.equal(exifOrientation(Uint8Array.from([0, ...exif])), 8);
  for (let length = 0; length < exif.length - 2; length++) {
    assert.equal(exifOrientation(Uint8Array.from(exif.slice(0, length))), 1, `cut to ${length} bytes`);
  }
});

test('what is no image, or no whole one, is named', () => {
  const whole = grayPng(8, (x, y) => 16 * x + y);
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(0), /^Error: it must be a PNG or JPEG, got an empty file$/],
    [Buffer.from('GIF89a…'), /it must be a PNG or JPEG, got a GIF/],
    [Buffer.from('RIFF\0\0\0\0WEBP'), /got a WebP/],
    [Buffer.from('<svg/>'), /it is no PNG or JPEG/],
    [whole.subarray(0, 20), /it was cut short: a PNG must have at least 33 bytes, got 20/],
    [whole.subarray(0, whole.length - 20), /it is damaged or cut short/],
    [
      Buffer.from(whole).fill(1, whole.length - 13, whole.length - 12),
      /it is damaged or cut short \(CRC mismatch/,
    ],
    [Buffer.from(whole).fill(0xff, 16, 18), /at most 100 million pixels, got 4294901768 x 8/],
    [
      png({width: 3, depth: 2, type: 0, rows: [[0]], interlaced: true}),
      /an interlaced PNG must have 8 or 16 bits a value, got 2/,
    ],
    [JPEG.progressive.subarray(0, 300), /it is damaged or cut short/],
  ];
  for (const [bytes, message] of cases) assert.throws(() => decodeImageFile(bytes), message);
});

test('a damaged file gives an error or an image, never a crash of another kind (seed 7)', () => {
  const files = [grayPng(9, (x, y) => 28 * x + y), JPEG.progressive, JPEG.onItsSide, JPEG.gray];
  let state = 7;
  const random = (below: number): number => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
  let refused = 0;
  for (let round = 0; round < 400; round++) {
    const bytes = Buffer.from(files[round % files.length]);
    for (let k = 0; k < 3; k++) bytes[random(bytes.length)] = random(256);
    try {
      const {width, height, channels, data} = decodeImageFile(bytes);
      assert.equal(data.length, width * height * channels);
    } catch (error) {
      assert.match(String(error), /^Error: it /, `round ${round}`);
      refused++;
    }
  }
  assert.ok(refused > 100, `${refused} of 400 refused`);
});
