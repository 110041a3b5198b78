import assert from 'node:assert/strict';
import test from 'node:test';
import {checkColorNats, checkColorPairs, checkUniform, paintedDigits} from '../../lib/course/naturalImages';

test('a model that knows nothing: right, nats, open', () => {
  assert.match(checkUniform(Math.log2), /: right$/);
  assert.match(checkUniform(Math.log), /with 2 levels yours gave 0\.69/);
  assert.match(
    checkUniform(() => undefined),
    /: open$/,
  );
});

test('the nats of a color: right, bits, the mean, something else, open', () => {
  type Mine = Parameters<typeof checkColorNats>[0];
  const right: Mine = (p, x) => -Math.log(p.R[x.R]) - Math.log(p.G[x.G]) - Math.log(p.B[x.B]);
  assert.match(checkColorNats(right), /: right$/);
  assert.match(
    checkColorNats((p, x) => (right(p, x) as number) / Math.LN2),
    /those are bits/,
  );
  assert.match(
    checkColorNats((p, x) => (right(p, x) as number) / 3),
    /the mean of the three/,
  );
  assert.match(
    checkColorNats(() => 1),
    /yours gave 1, which is too small/,
  );
  assert.match(
    checkColorNats(() => undefined),
    /: open$/,
  );
});

test('colors at the center: A, B, one too many, one missing, open', () => {
  type Pairs = NonNullable<Parameters<typeof checkColorPairs>[1]>;
  const a: Pairs = [
    ['R', 'G'],
    ['R', 'B'],
    ['G', 'B'],
  ];
  const b: Pairs = [...a, ['R', 'R'], ['G', 'G'], ['B', 'B']];
  assert.match(checkColorPairs('A', a), /: right$/);
  assert.match(checkColorPairs('B', b), /: right$/);
  assert.match(checkColorPairs('A', b), /R does not see R/);
  assert.match(checkColorPairs('B', a), /R sees R/);
  assert.match(checkColorPairs('A', undefined), /: open$/);
});

test('painted digits: four levels, one ink an image, the same for the same seed', async () => {
  const digits = await paintedDigits('test', 40, 3);
  assert.deepEqual([digits.count, digits.height, digits.width, digits.channels], [40, 14, 14, 3]);
  assert.ok(digits.pixels.every((value) => value <= 3));
  const inks = new Set<string>();
  for (let image = 0; image < 40; image++) {
    const own = digits.pixels.subarray(image * 588, (image + 1) * 588);
    const most = [0, 1, 2].map((color) =>
      own.filter((_, i) => i % 3 === color).reduce((a, b) => Math.max(a, b)),
    );
    // A color of the ink is bright wherever there is ink, or nowhere.
    own.forEach((value, i) => {
      const level = Math.max(...own.subarray(i - (i % 3), i - (i % 3) + 3));
      assert.equal(value, most[i % 3] > 0 ? level : 0);
    });
    inks.add(most.map((level) => Number(level > 0)).join(''));
  }
  assert.equal(inks.size, 6);
  assert.deepEqual((await paintedDigits('test', 40, 3)).pixels, digits.pixels);
});
