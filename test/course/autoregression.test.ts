import assert from 'node:assert/strict';
import test from 'node:test';
import {arNats, fitAr, gaussianEntropy, predictAr, simulateAr} from '../../lib/course/autoregression';

const yule = {intercept: 10, coefficients: [1.34, -0.65], std: 15};

test('least squares finds the coefficients of a series without noise exactly', () => {
  const exact = {intercept: 1, coefficients: [0.5, -0.25], std: 0};
  const fit = fitAr(simulateAr(exact, {count: 12, seed: 0, after: [3, 7]}), 2);
  assert.ok(Math.abs(fit.intercept - 1) < 1e-6);
  assert.ok(Math.abs(fit.coefficients[0] - 0.5) < 1e-6);
  assert.ok(Math.abs(fit.coefficients[1] + 0.25) < 1e-6);
});

test('and those of a long noisy one nearly', () => {
  const fit = fitAr(simulateAr(yule, {count: 20_000, seed: 1}), 2);
  assert.ok(Math.abs(fit.coefficients[0] - 1.34) < 0.02);
  assert.ok(Math.abs(fit.coefficients[1] + 0.65) < 0.02);
  assert.ok(Math.abs(fit.std - 15) < 0.3);
});

test('a hand-made prediction, and what it costs', () => {
  const model = {intercept: 1, coefficients: [2, 3], std: 2};
  const series = Float64Array.of(1, 2, 8, 25);
  assert.deepEqual(Array.from(predictAr(model, series)), [Number.NaN, Number.NaN, 8, 23]);
  // -log N(0; 0, 4) and -log N(2; 0, 4)
  const expected = Math.log(2) + 0.5 * Math.log(2 * Math.PI) + (0 + 0.5) / 2;
  assert.ok(Math.abs(arNats(model, series, 2) - expected) < 1e-12);
});

test('the true model costs the entropy of its noise', () => {
  const nats = arNats(yule, simulateAr(yule, {count: 50_000, seed: 2}), 2);
  assert.ok(Math.abs(nats - gaussianEntropy(15)) < 0.02);
});

test('same seed, same series; it continues what it is given', () => {
  assert.deepEqual(simulateAr(yule, {count: 5, seed: 3}), simulateAr(yule, {count: 5, seed: 3}));
  const after = [40, 50];
  const forecast = simulateAr({...yule, std: 0}, {count: 1, seed: 0, after});
  assert.ok(Math.abs(forecast[0] - (10 + 1.34 * 50 - 0.65 * 40)) < 1e-12);
});

test('bad input', () => {
  assert.throws(() => fitAr(new Float64Array(50).fill(3), 1), /determine the 2 coefficients/);
  assert.throws(() => fitAr(Float64Array.of(1, 2), 1), /at least 3 values, got 2/);
  assert.throws(() => fitAr(Float64Array.of(1, 2), -1), /non-negative integer, got -1/);
  assert.throws(() => simulateAr(yule, {count: 0, seed: 0}), /positive integer, got 0/);
  assert.throws(() => simulateAr(yule, {count: 1, seed: 0, after: [1]}), /at least the 2 values/);
  assert.throws(() => arNats(yule, new Float64Array(9), 1), /from 2 to 8, got 1/);
});
