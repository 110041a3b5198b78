import assert from 'node:assert/strict';
import test from 'node:test';
import {checkColorNats, checkColorPairs, checkUniform} from '../../lib/course/naturalImages';

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
