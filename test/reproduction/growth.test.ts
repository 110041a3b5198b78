import assert from 'node:assert/strict';
import test from 'node:test';
import {GROWTH_SIDES, pixelCost} from '../../bench/growth';
import {growthPower, loadGrowth} from '../../lib/reproduction/growth';

test('the power of a curve, by hand', () => {
  const sides = [8, 12, 16, 48];
  assert.ok(
    Math.abs(
      growthPower(
        sides,
        sides.map((side) => 3 * side ** 4),
      ) - 4,
    ) < 1e-12,
  );
  // Through (1, 1), (2, 8), (4, 16) in logarithms of base 2: (0, 0), (1, 3), (2, 4) has the slope 2.
  assert.ok(Math.abs(growthPower([1, 2, 4], [1, 8, 16]) - 2) < 1e-12);
});

test('numbers that have no slope are named', () => {
  assert.throws(() => growthPower([2, 2], [1, 3]), /two different x/);
  assert.throws(() => growthPower([1, 2], [1]), /2 x and 1 y/);
  assert.throws(() => growthPower([1, 2], [1, 0]), /above 0, got 0/);
});

test('the committed times: the same sides for every model, and cached sampling below naive', () => {
  const {rows} = loadGrowth();
  const sides = (model: string): number[] => rows.filter((row) => row.model === model).map(({side}) => side);
  for (const model of ['made', 'pixelcnn', 'gated', 'rowlstm', 'diagonal']) {
    assert.deepEqual(sides(model), [...GROWTH_SIDES], model);
    const {spread, proportional} = pixelCost(rows.filter((row) => row.model === model));
    // MADE has as many hidden units however small the image is.
    if (model !== 'made') assert.ok(proportional, `${model}: a pixel costs up to ${spread} more at one side`);
  }
  for (const row of rows) assert.ok(row.cachedSeconds < row.naiveSeconds, JSON.stringify(row));
  assert.throws(() => loadGrowth('/nowhere/growth.json'), /npm run bench -- --growth/);
});
