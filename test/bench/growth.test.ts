import assert from 'node:assert/strict';
import test from 'node:test';
import {GROWTH_SIDES, pixelCost, pixelCostText} from '../../bench/growth';

const rows = (costs: readonly number[]): {side: number; cachedSeconds: number}[] =>
  costs.map((cost, k) => ({side: GROWTH_SIDES[k], cachedSeconds: cost * GROWTH_SIDES[k] ** 2}));

test('cost that grows with the pixels is the same a pixel; a start that costs something shows', () => {
  const even = pixelCost(rows([1e-5, 1.1e-5, 0.9e-5]));
  assert.ok(Math.abs(even.median - 1e-5) < 1e-12);
  assert.ok(Math.abs(even.spread - 0.1) < 1e-9);
  assert.ok(even.proportional);
  assert.equal(
    pixelCostText(even),
    'a pixel costs 10.0 µs (at these sides 1.00, 1.10, 0.90 of that): within 10 %, proportional to the pixels',
  );
  const started = pixelCost(rows([3e-5, 1.1e-5, 0.9e-5, 1e-5]));
  assert.ok(Math.abs(started.median - 1.05e-5) < 1e-12, 'between the two in the middle');
  assert.ok(!started.proportional && started.spread > 1.8);
  assert.match(pixelCostText(started), /not proportional to the pixels$/);
});

test('sides go from 8 to 64', () => {
  assert.equal(GROWTH_SIDES[0], 8);
  assert.equal(GROWTH_SIDES.at(-1), 64);
});
