import assert from 'node:assert/strict';
import test from 'node:test';
import {checkCompletionNats, checkKnownFirst, checkWeights} from '../../lib/course/completions';

type Nats = Parameters<typeof checkCompletionNats>[0];
type Order = Parameters<typeof checkKnownFirst>[0];

test('nats of a completion: right, the whole image, always a number, late by index and not by order, open', () => {
  const sum: Nats = (nats, _, known) => nats.reduce((a, b, i) => a + (known[i] ? 0 : b), 0);
  const right: Nats = (nats, order, known) => {
    const first = order.findIndex((i) => !known[i]);
    return order.slice(first).some((i) => known[i]) ? null : sum(nats, order, known);
  };
  assert.match(checkCompletionNats(right), /: right$/);
  assert.match(
    checkCompletionNats((nats) => nats.reduce((a, b) => a + b)),
    /known part is paid already/,
  );
  assert.match(checkCompletionNats(sum), /comes after a hidden one/);
  assert.match(
    checkCompletionNats((nats, _, known) => right(nats, [0, 1, 2, 3], known)),
    /order 3, 2, 1, 0/,
  );
  assert.match(
    checkCompletionNats(() => null),
    /the order gives it/,
  );
  assert.match(
    checkCompletionNats(() => undefined),
    /: open$/,
  );
});

test('known first: right, hidden first, sorted by index, only the known, open', () => {
  const right: Order = (order, known) => [
    ...order.filter((i) => known[i]),
    ...order.filter((i) => !known[i]),
  ];
  assert.match(checkKnownFirst(right), /: right$/);
  assert.match(
    checkKnownFirst((order, known) =>
      right(
        order,
        known.map((bit) => 1 - bit),
      ),
    ),
    /still come late/,
  );
  assert.match(
    checkKnownFirst((order, known) =>
      right(
        [...order].sort((a, b) => a - b),
        known,
      ),
    ),
    /keep the order that was given/,
  );
  assert.match(
    checkKnownFirst((order, known) => order.filter((i) => known[i])),
    /must be there once/,
  );
  assert.match(
    checkKnownFirst(() => undefined),
    /: open$/,
  );
});

test('weights: right, underflow, the sign turned, not normalized, open', () => {
  const share = (weights: readonly number[]): number[] => {
    const total = weights.reduce((a, b) => a + b, 0);
    return weights.map((weight) => weight / total);
  };
  assert.match(
    checkWeights((nats) => share(nats.map((value) => Math.exp(Math.min(...nats) - value)))),
    /: right$/,
  );
  assert.match(
    checkWeights((nats) => share(nats.map((value) => Math.exp(-value)))),
    /subtract the least/,
  );
  assert.match(
    checkWeights((nats) => share(nats.map((value) => Math.exp(value - Math.max(...nats))))),
    /fewer nats must weigh more/,
  );
  assert.match(
    checkWeights((nats) => nats.map((value) => Math.exp(-value))),
    /must sum to 1/,
  );
  assert.match(
    checkWeights(() => undefined),
    /: open$/,
  );
});
