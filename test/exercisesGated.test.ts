import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {startEngine} from '../lib/engine/index';
import {checkLeaks, checkPosterior, checkWiring} from '../lib/exercisesGated';
import {WIRINGS, type Wiring} from '../lib/gatedWiring';

test.before(() => startEngine());

test('what leaks: nothing, its own pixel, or the next one too', async () => {
  assert.match(await checkLeaks('link after the gate', []), /^Right/);
  assert.match(await checkLeaks('residual in the first layer', [[2, 2]]), /^Right/);
  const own = [2, 2] as const;
  const next = [2, 3] as const;
  assert.match(await checkLeaks('horizontal feeds vertical', [own, next]), /^Right/);
  assert.match(await checkLeaks('horizontal feeds vertical', [own]), /^Not yet.*1 more leak/);
  assert.match(
    await checkLeaks('horizontal feeds vertical', [own, [3, 2]]),
    /^Not yet.*row 3, column 2 does not/,
  );
  assert.match(await checkLeaks('link after the gate', [own]), /^Not yet.*row 2, column 2 does not leak/);
  assert.match(await checkLeaks('right', undefined), /^Not yet.*write the list/);
});

test('a wiring: leaks, blindness and other values are told apart', async () => {
  const before = tf.memory().numTensors;
  assert.match(await checkWiring(WIRINGS.right), /^Right/);
  const cases: [Wiring, RegExp][] = [
    [WIRINGS['horizontal feeds vertical'], /sees its own pixel, which does not come before it, and \d+ more/],
    [WIRINGS['residual in the first layer'], /row 0, column 0 sees its own pixel, .* and 29 more leak/],
    [WIRINGS['link after the gate'], /nothing leaks and nothing is hidden.*From where is the link taken/],
    [
      // Without the link nothing is known of the rows above.
      (layer, {vertical, horizontal}) => {
        const blank = tf.zerosLike(vertical);
        const {horizontal: next} = layer.apply({vertical: blank, horizontal}, null);
        return {vertical: layer.apply({vertical, horizontal}, null).vertical, horizontal: next};
      },
      /row 1, column 0 no longer sees row 0, column 0/,
    ],
    [
      () => {
        throw new Error('no such convolution');
      },
      /no such convolution/,
    ],
  ];
  for (const [wiring, message] of cases) {
    const said = await checkWiring(wiring);
    assert.match(said, /^Not yet/);
    assert.match(said, message);
  }
  assert.equal(tf.memory().numTensors, before);
});

test("Bayes' rule: shares of exp(-nats), also where that is too small for a number", async () => {
  const stable = (nats: readonly number[]): number[] => {
    const shares = nats.map((value) => Math.exp(Math.min(...nats) - value));
    return shares.map((share) => share / shares.reduce((a, b) => a + b, 0));
  };
  const naive = (nats: readonly number[]): number[] => {
    const shares = nats.map((value) => Math.exp(-value));
    return shares.map((share) => share / shares.reduce((a, b) => a + b, 0));
  };
  assert.match(await checkPosterior(stable), /^Right/);
  assert.match(
    await checkPosterior(naive),
    /^Not yet.*900, 903 nats class 0 has probability 0.9526, yours gave NaN/,
  );
  assert.match(await checkPosterior((nats) => stable(nats.map((value) => -value))), /^Not yet.*1, 2, 4 nats/);
  assert.match(await checkPosterior(() => [1]), /^Not yet.*3 classes/);
  assert.match(await checkPosterior(() => undefined), /^Not yet.*write your answer/);
});
