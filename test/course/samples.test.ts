import assert from 'node:assert/strict';
import test from 'node:test';
import {checkNearest, checkOwnNats, checkTemperature} from '../../lib/course/samples';

type Own = Parameters<typeof checkOwnNats>[0];
type Nearest = Parameters<typeof checkNearest>[0];

test('own nats: right, in bits, averaged probability, the wrong way round, open', () => {
  const cost = (from: readonly number[], paid: readonly number[]): number =>
    from.reduce((sum, p, i) => (p === 0 ? sum : sum - p * Math.log(paid[i])), 0);
  assert.match(
    checkOwnNats((model, data) => ({own: cost(model, model), test: cost(data, model)})),
    /: right$/,
  );
  const bits: Own = (model, data) => ({
    own: cost(model, model) / Math.LN2,
    test: cost(data, model) / Math.LN2,
  });
  assert.match(checkOwnNats(bits), /yours is in bits/);
  const mean: Own = (model, data) => ({
    own: -Math.log(model.reduce((sum, p) => sum + p * p, 0)),
    test: cost(data, model),
  });
  assert.match(checkOwnNats(mean), /not yet: with model \[0\.7, .* own is/);
  assert.match(
    checkOwnNats((model, data) => ({own: cost(model, model), test: cost(model, data)})),
    /test is .*the images come from the data/,
  );
  assert.match(
    checkOwnNats(() => undefined),
    /: open$/,
  );
});

test('the nearest digit: right, by ink alone, by white pixels missed, the last of the nearest, open', () => {
  const by =
    (distance: (a: readonly number[], b: readonly number[]) => number, last = false): Nearest =>
    (query, training) => {
      const all = training.map((one) => distance(query, one));
      const least = Math.min(...all);
      return {index: last ? all.lastIndexOf(least) : all.indexOf(least), distance: least};
    };
  const hamming = (a: readonly number[], b: readonly number[]): number =>
    a.filter((value, i) => value !== b[i]).length;
  const sum = (a: readonly number[]): number => a.reduce((x, y) => x + y, 0);
  assert.match(checkNearest(by(hamming)), /: right$/);
  assert.match(checkNearest(by((a, b) => Math.abs(sum(a) - sum(b)))), /both count/);
  assert.match(checkNearest(by((a, b) => a.filter((value, i) => value > b[i]).length)), /both count/);
  assert.match(checkNearest(by(hamming, true)), /take the first/);
  assert.match(
    checkNearest(() => undefined),
    /: open$/,
  );
});

test('temperature: right, not normalized, probability divided, multiplied, open', () => {
  const right = (p: number, t: number): number => {
    const [white, black] = [p ** (1 / t), (1 - p) ** (1 / t)];
    return white / (white + black);
  };
  assert.match(checkTemperature(right), /: right$/);
  assert.match(
    checkTemperature((p, t) => p ** (1 / t)),
    /must still sum to 1/,
  );
  assert.match(
    checkTemperature((p, t) => p / t),
    /not yet/,
  );
  assert.match(
    checkTemperature((p, t) => right(p, 1 / t)),
    /not yet/,
  );
  assert.match(
    checkTemperature(() => undefined),
    /: open$/,
  );
});
