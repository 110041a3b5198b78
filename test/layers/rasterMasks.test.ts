import assert from 'node:assert/strict';
import test from 'node:test';
import {
  channelMask,
  evenGroups,
  horizontalMask,
  liveTaps,
  rasterMask,
  verticalMask,
} from '../../lib/layers/rasterMasks';

/** Masks written out by hand. */
const drawn = (rows: string[]): Float32Array => Float32Array.from(rows.join('').replace(/ /g, ''), Number);

test('raster masks of 3 x 3, 5 x 5 and 7 x 7', () => {
  assert.deepEqual(rasterMask(1, 'A'), drawn(['0']));
  assert.deepEqual(rasterMask(1, 'B'), drawn(['1']));
  assert.deepEqual(rasterMask(3, 'A'), drawn(['111', '100', '000']));
  assert.deepEqual(rasterMask(3, 'B'), drawn(['111', '110', '000']));
  assert.deepEqual(rasterMask(5, 'A'), drawn(['11111', '11111', '11000', '00000', '00000']));
  assert.deepEqual(rasterMask(5, 'B'), drawn(['11111', '11111', '11100', '00000', '00000']));
  const rows = ['1111111', '1111111', '1111111'];
  const below = ['0000000', '0000000', '0000000'];
  assert.deepEqual(rasterMask(7, 'A'), drawn([...rows, '1110000', ...below]));
  assert.deepEqual(rasterMask(7, 'B'), drawn([...rows, '1111000', ...below]));
});

test('masks of the two stacks', () => {
  assert.deepEqual(verticalMask(3, 'A'), drawn(['111', '000', '000']));
  assert.deepEqual(verticalMask(3, 'B'), drawn(['111', '111', '000']));
  assert.deepEqual(horizontalMask(3, 'A'), drawn(['000', '100', '000']));
  assert.deepEqual(horizontalMask(3, 'B'), drawn(['000', '110', '000']));
});

test('together the stacks see what mask A shows: rows above and the left of the row', () => {
  for (const size of [3, 5, 7]) {
    const vertical = verticalMask(size, 'A');
    const both = horizontalMask(size, 'A').map((value, i) => value + vertical[i]);
    assert.deepEqual(both, rasterMask(size, 'A'));
  }
});

test('live taps reach from the outermost live tap to the center', () => {
  assert.deepEqual(liveTaps(rasterMask(3, 'B')), {
    rows: 2,
    columns: 3,
    centerRow: 1,
    centerColumn: 1,
    values: drawn(['111', '110']),
  });
  assert.deepEqual(liveTaps(horizontalMask(5, 'A')), {
    rows: 1,
    columns: 3,
    centerRow: 0,
    centerColumn: 2,
    values: drawn(['110']),
  });
  assert.deepEqual(liveTaps(verticalMask(3, 'A')), {
    rows: 2,
    columns: 3,
    centerRow: 1,
    centerColumn: 1,
    values: drawn(['111', '000']),
  });
});

test('color groups at the center: with A a color sees those before it, with B itself too', () => {
  const point = liveTaps(rasterMask(1, 'B'));
  const rgb = evenGroups(3, 3);
  // One row an input (R, G, B), one column an output.
  assert.deepEqual(channelMask(point, 'A', rgb, rgb), drawn(['011', '001', '000']));
  assert.deepEqual(channelMask(point, 'B', rgb, rgb), drawn(['111', '011', '001']));
  assert.deepEqual(channelMask(point, 'A', rgb, evenGroups(6, 3)), drawn(['001111', '000011', '000000']));
  assert.deepEqual(
    channelMask(point, 'B', evenGroups(6, 3), evenGroups(6, 3)),
    drawn(['111111', '111111', '001111', '001111', '000011', '000011']),
  );
});

test('beside the center every color is seen, or none', () => {
  const rgb = evenGroups(3, 3);
  const mask = channelMask(liveTaps(rasterMask(3, 'A')), 'A', rgb, rgb);
  const tap = (row: number, column: number): Float32Array =>
    mask.slice((row * 3 + column) * 9, (row * 3 + column + 1) * 9);
  assert.equal(mask.length, 2 * 2 * 9 + 2 * 9);
  for (const column of [0, 1, 2]) assert.deepEqual(tap(0, column), new Float32Array(9).fill(1));
  assert.deepEqual(tap(1, 0), new Float32Array(9).fill(1));
  assert.deepEqual(tap(1, 1), drawn(['011', '001', '000']));
});

test('groups are contiguous and equal', () => {
  assert.deepEqual(evenGroups(6, 3), Int32Array.of(0, 0, 1, 1, 2, 2));
  assert.deepEqual(evenGroups(4, 1), new Int32Array(4));
});

test('what cannot be: an even size, no size, features that do not split', () => {
  for (const size of [0, 2, -3, 1.5, Number.NaN]) {
    for (const mask of [rasterMask, verticalMask, horizontalMask]) {
      assert.throws(() => mask(size, 'A'), {
        name: 'RangeError',
        message: new RegExp(`odd integer, got ${size}`),
      });
    }
  }
  assert.throws(() => evenGroups(128, 3), {name: 'RangeError', message: /multiple of the 3 .* got 128/});
  assert.throws(() => evenGroups(0, 1), RangeError);
});
