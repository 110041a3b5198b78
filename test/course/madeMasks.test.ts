import assert from 'node:assert/strict';
import test from 'node:test';
import {checkBits, checkThirdBit, checkTwoAhead} from '../../lib/course/autoregression';
import {checkDegrees, checkDirectMask, checkOwnPixels} from '../../lib/course/madeMasks';

const model = {intercept: 10, coefficients: [1.3, -0.6], std: 15};
const series = Float64Array.of(20, 30, 50);

test('solved exercises are right', () => {
  const right = [
    checkBits((nats) => nats / 784 / Math.log(2)),
    checkTwoAhead(
      ({intercept: c, coefficients: [a, b]}, past) =>
        c + a * (c + a * past[past.length - 1] + b * past[past.length - 2]) + b * past[past.length - 1],
      model,
      series,
    ),
    checkThirdBit([0.25, 0, 0, 0.25, 0, 0.25, 0.25, 0]),
    checkDirectMask((pixel, output) => pixel < output),
    checkDegrees([2, 0, 3, 1], [1, 2, 3]),
    checkOwnPixels(8, 9, 64),
  ];
  for (const sentence of right) assert.match(sentence, /: right$/);
});

test('unsolved ones are "open" and never an error', () => {
  const open = [
    checkBits(() => undefined),
    checkTwoAhead(() => undefined, model, series),
    checkThirdBit(undefined),
    checkDirectMask(() => undefined),
    checkDegrees([2, 0, 3, 1], undefined),
    checkOwnPixels(undefined, 9, 64),
  ];
  for (const sentence of open) assert.match(sentence, /: open$/);
});

test('wrong answers are told what is wrong', () => {
  assert.match(
    checkBits((nats) => nats / 784),
    /yours gave 0\.69.*too small/,
  );
  assert.match(checkThirdBit(new Array(8).fill(1 / 8)), /must be certain, yours is 1 with probability 0\.5/);
  assert.match(checkThirdBit([0.5, 0, 0, 0.5, 0, 0, 0, 0]), /: not yet/);
  assert.match(checkThirdBit(new Array(8).fill(1)), /sum to 8/);
  assert.match(
    checkDirectMask((pixel, output) => pixel <= output),
    /from pixel 1 to output 1 yours lets through/,
  );
  assert.match(checkDegrees([2, 0, 3, 1], [1, 3]), /degree 3 does not see the input of degree 2/);
  assert.match(checkDegrees([2, 0, 3, 1], [1, 2, 3, 3]), /fewer than your 4 units are enough/);
  assert.match(checkOwnPixels(9, 9, 64), /not all/);
  assert.match(checkDegrees([0, 1], [0]), /at least 1, yours has 0/);
  assert.match(
    checkBits(() => {
      throw new Error('oh');
    }),
    /Nats to bits: not yet: oh/,
  );
});
