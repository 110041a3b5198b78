import assert from 'node:assert/strict';
import test from 'node:test';
import {OCCLUSIONS, occlude} from '../../lib/data/occlude';

const shape = {height: 4, width: 5, channels: 1};

/** Rows of # (known) and . (hidden). */
function drawn(mask: Uint8Array, width: number): string[] {
  const text = Array.from(mask, (known) => (known ? '#' : '.')).join('');
  return text.match(new RegExp(`.{${width}}`, 'g')) ?? [];
}

test('what each kind hides', () => {
  assert.deepEqual(drawn(occlude(shape, 'bottom'), 5), ['#####', '#####', '.....', '.....']);
  assert.deepEqual(drawn(occlude(shape, 'top'), 5), ['.....', '.....', '#####', '#####']);
  assert.deepEqual(drawn(occlude(shape, 'right'), 5), ['###..', '###..', '###..', '###..']);
  assert.deepEqual(drawn(occlude(shape, 'left'), 5), ['..###', '..###', '..###', '..###']);
  assert.deepEqual(drawn(occlude(shape, 'center'), 5), ['#####', '##.##', '##.##', '#####']);
  assert.deepEqual(drawn(occlude(shape, 'stripes'), 5), ['#.#.#', '#.#.#', '#.#.#', '#.#.#']);
  const digit = {height: 28, width: 28, channels: 1};
  const hidden = OCCLUSIONS.map((kind) => occlude(digit, kind).filter((known) => known === 0).length);
  assert.deepEqual(hidden, [392, 392, 392, 392, 196, 336]);
});

test('channels of a pixel are hidden together; a mask of values keeps them apart', () => {
  const color = {height: 1, width: 2, channels: 3};
  assert.deepEqual([...occlude(color, 'right')], [1, 1, 1, 0, 0, 0]);
  assert.deepEqual([...occlude(color, [0, 1])], [0, 0, 0, 1, 1, 1]);
  assert.deepEqual([...occlude(color, [1, 0, 1, 0, 1, 0])], [1, 0, 1, 0, 1, 0]);
});

test('bad input', () => {
  assert.throws(
    // @ts-expect-error: no such kind
    () => occlude(shape, 'upper'),
    /bottom, top, right, left, center, stripes or a mask, got upper/,
  );
  assert.throws(() => occlude(shape, [1, 0]), /20 values \(one a pixel\).*got 2/);
  assert.throws(
    () => occlude({height: 1, width: 2, channels: 1}, [1, 2]),
    /1 \(known\) and 0 \(hidden\), got 2/,
  );
  assert.throws(() => occlude({...shape, width: 0}, 'right'), /width must be a positive integer, got 0/);
  assert.throws(
    () => occlude({...shape, height: 1}, 'bottom'),
    /for 'bottom' an image must be large enough.*got 1 x 5/,
  );
});
