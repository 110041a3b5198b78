import assert from 'node:assert/strict';
import test from 'node:test';
import {checkColourNats, checkColourPairs, checkUniform} from '../../lib/course/naturalImages';

test('a model that knows nothing: right, nats, open', () => {
  assert.match(checkUniform(Math.log2), /: right$/);
  assert.match(checkUniform(Math.log), /with 2 levels yours gave 0\.69/);
  assert.match(
    checkUniform(() => undefined),
    /: open$/,
  );
});

test('the nats of a colour: right, bits, the mean, something else, open', () => {
  type Mine = Parameters<typeof checkColourNats>[0];
  const right: Mine = (p, x) => -Math.log(p.R[x.R]) - Math.log(p.G[x.G]) - Math.log(p.B[x.B]);
  assert.match(checkColourNats(right), /: right$/);
  assert.match(
    checkColourNats((p, x) => (right(p, x) as number) / Math.LN2),
    /those are bits/,
  );
  assert.match(
    checkColourNats((p, x) => (right(p, x) as number) / 3),
    /the mean of the three/,
  );
  assert.match(
    checkColourNats(() => 1),
    /yours gave 1, which is too small/,
  );
  assert.match(
    checkColourNats(() => undefined),
    /: open$/,
  );
});

test('colours at the centre: A, B, one too many, one missing, open', () => {
  type Pairs = NonNullable<Parameters<typeof checkColourPairs>[1]>;
  const a: Pairs = [
    ['R', 'G'],
    ['R', 'B'],
    ['G', 'B'],
  ];
  const b: Pairs = [...a, ['R', 'R'], ['G', 'G'], ['B', 'B']];
  assert.match(checkColourPairs('A', a), /: right$/);
  assert.match(checkColourPairs('B', b), /: right$/);
  assert.match(checkColourPairs('A', b), /R does not see R/);
  assert.match(checkColourPairs('B', a), /R sees R/);
  assert.match(checkColourPairs('A', undefined), /: open$/);
});
