import assert from 'node:assert/strict';
import test from 'node:test';
import {quantize} from '../../lib/data/quantize';

const bytes = {
  pixels: Uint8Array.from({length: 256}, (_, i) => i),
  count: 1,
  height: 16,
  width: 16,
  channels: 1,
  labels: Uint8Array.of(7),
};

test('levels are equal parts of the bytes, and 255 goes to the last', () => {
  for (const levels of [2, 4, 16, 256]) {
    const {pixels, labels} = quantize(bytes, levels);
    for (let level = 0; level < levels; level++) {
      assert.equal(pixels.filter((value) => value === level).length, 256 / levels);
    }
    assert.equal(pixels[255], levels - 1);
    assert.deepEqual(
      [...pixels],
      [...pixels].sort((a, b) => a - b),
    );
    assert.deepEqual(labels, bytes.labels);
  }
  // A number of levels that does not divide 256 uses all of them too.
  const three = quantize(bytes, 3).pixels;
  assert.deepEqual([three[0], three[85], three[86], three[171], three[255]], [0, 0, 1, 2, 2]);
  assert.equal(bytes.pixels[255], 255);
});

test('levels out of range are refused', () => {
  for (const levels of [1, 257, 2.5]) {
    assert.throws(() => quantize(bytes, levels), {
      name: 'RangeError',
      message: `quantize: levels must be an integer from 2 to 256, got ${levels}`,
    });
  }
});

test('bits, and values of another scale than bytes, are refused: all would become 0', () => {
  const of = (largest: number): (() => unknown) => {
    const images = {...bytes, pixels: bytes.pixels.map((value) => value % (largest + 1))};
    return () => quantize(images, 4);
  };
  assert.throws(
    of(1),
    /quantize: the values must reach from 0 to 255, got none larger than 1; .* leave it out/,
  );
  assert.throws(of(16), /got none larger than 16; leave it out if 0 to 16 are all .* 255 \/ 16 and round/);
  assert.doesNotThrow(of(17));
});
