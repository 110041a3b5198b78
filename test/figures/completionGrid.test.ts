import assert from 'node:assert/strict';
import test from 'node:test';
import {completionGrid} from '../../lib/figures/completionGrid';

const text = {title: 'A title', description: 'What is seen.', notebook: '03-made', scale: 4};
const images = (count: number, value: number) => ({
  pixels: new Uint8Array(count * 4).fill(value),
  count,
  height: 2,
  width: 2,
  channels: 1,
});
const row = {
  original: images(1, 1),
  mask: Uint8Array.from([1, 1, 0, 0]),
  completions: images(2, 1),
};

test('original, what is given, completions: covered and chosen pixels have tones of their own', () => {
  const {pixels, width} = completionGrid([row], text);
  /** The color in the middle of a pixel of the k-th image: 4 pixels of gap, then 2 x 2 squares of 4. */
  const tone = (k: number, x: number, y: number): string => {
    const at = ((4 + y * 4 + 2) * width + 4 + k * 12 + x * 4 + 2) * 3;
    return pixels.subarray(at, at + 3).join();
  };
  assert.equal(tone(0, 0, 1), '255,255,255');
  assert.equal(tone(1, 0, 0), '255,255,255');
  assert.equal(tone(2, 0, 0), '255,255,255');
  const [covered, chosen] = [tone(1, 0, 1), tone(2, 0, 1)];
  assert.equal(new Set([covered, chosen, '255,255,255']).size, 3);
  assert.equal(tone(3, 1, 1), chosen);
});

test('a photograph keeps its colors: what was chosen has no tint', () => {
  const color = (count: number) => ({
    ...images(count, 200),
    pixels: new Uint8Array(count * 12).fill(200),
    channels: 3,
  });
  const photograph = {original: color(1), mask: new Uint8Array(12), completions: color(1)};
  const {pixels, width} = completionGrid([photograph], text);
  const at = (6 * width + 4 + 2 * 12 + 2) * 3;
  assert.deepEqual([...pixels.subarray(at, at + 3)], [200, 200, 200]);
});

test('labels are nothing to draw: an original may have one', () => {
  const labeled = {...row, original: {...images(1, 1), labels: Uint8Array.of(7)}};
  assert.deepEqual(completionGrid([labeled], text).pixels, completionGrid([row], text).pixels);
});

test('what does not fit is named', () => {
  assert.throws(() => completionGrid([], text), /rows is empty/);
  assert.throws(() => completionGrid([{...row, original: images(2, 1)}], text), /1 image, got 2/);
  assert.throws(() => completionGrid([{...row, mask: new Uint8Array(3)}], text), /4 values, got 3/);
  const wide = {...images(1, 1), height: 1, width: 4};
  assert.throws(
    () => completionGrid([{...row, completions: wide}], text),
    /completions must be 2 x 2 x 1, got 1 x 4 x 1/,
  );
});
