import assert from 'node:assert/strict';
import test from 'node:test';
import {checkSeed, Random} from '../lib/random';
import {chiSquare} from './properties/tools';

const first = (random: Random, count = 4): number[] => Array.from({length: count}, () => random.uniform());

test('the numbers of a stream never change: checkpoints and published figures depend on them', () => {
  assert.deepEqual(
    first(new Random(0, 'golden'), 3).map((u) => u * 2 ** 24),
    [13102081, 14922786, 11513772],
  );
  assert.deepEqual([...new Random(1, 'order', 2).permutation(6)], [2, 5, 0, 1, 4, 3]);
});

test('a stream depends on the seed and on every part of the key', () => {
  const streams = [
    new Random(0),
    new Random(1),
    new Random(2 ** 32 - 1),
    new Random(0, 'a'),
    new Random(0, 'a', 'b'),
    new Random(0, 'ab'),
    new Random(0, 'b', 'a'),
    new Random(0, 'a', 0),
    new Random(0, 'a', 1),
    new Random(0, 'a', 1, 0),
    new Random(0, 0),
    new Random(0, ''),
    new Random(0, '0'),
  ].map((random) => first(random).join());
  assert.equal(new Set(streams).size, streams.length);
  assert.deepEqual(first(new Random(7, 'x', 3)), first(new Random(7, 'x', 3)));
});

test('neighboring streams do not resemble each other', () => {
  // The first numbers of 4,000 streams, in 16 boxes: one fair generator in 10,000 would exceed 44.3.
  const boxes = new Array<number>(16).fill(0);
  for (let i = 0; i < 4000; i++) boxes[Math.floor(16 * new Random(0, 'sample', i).uniform())]++;
  assert.ok(chiSquare(boxes, new Array<number>(16).fill(250)) < 44.3);
  // The upper halves of the first 8 numbers, as 256 boxes: 255 degrees of freedom, one in 10,000 exceeds 346.
  const patterns = new Array<number>(256).fill(0);
  for (let i = 0; i < 12800; i++) {
    const bits = first(new Random(1, 'sample', i), 8).map((u) => (u < 0.5 ? '0' : '1'));
    patterns[Number.parseInt(bits.join(''), 2)]++;
  }
  assert.ok(chiSquare(patterns, new Array<number>(256).fill(50)) < 346);
});

test('a seed of 0 without a key is as good as any', () => {
  const numbers = first(new Random(0), 1000);
  const mean = numbers.reduce((a, b) => a + b) / numbers.length;
  assert.ok(Math.abs(mean - 0.5) < 0.04 && Math.min(...numbers.slice(0, 8)) < 0.5);
});

test('uniform numbers are multiples of 2^-24 in [0, 1), the same one by one and in an array', () => {
  const filled = new Random(3, 'fill').fillUniform(new Float32Array(20000));
  const oneByOne = first(new Random(3, 'fill'), 20000);
  assert.deepEqual([...filled], oneByOne);
  for (const u of oneByOne) assert.ok(u >= 0 && u < 1 && Number.isInteger(u * 2 ** 24));
  const mean = oneByOne.reduce((a, b) => a + b) / oneByOne.length;
  assert.ok(Math.abs(mean - 0.5) < 4 * Math.sqrt(1 / 12 / oneByOne.length), `mean ${mean}`);
});

test('integers are fair, also where 2^32 is no multiple', () => {
  const random = new Random(5);
  const counts = [0, 0, 0];
  for (let i = 0; i < 30000; i++) counts[random.integer(3)]++;
  // 2 degrees of freedom, one in 10,000
  assert.ok(chiSquare(counts, [10000, 10000, 10000]) < 18.4, counts.join());
  assert.equal(random.integer(1), 0);
  assert.ok(random.integer(2 ** 31) < 2 ** 31);
});

test('normal numbers have mean 0, variance 1 and the tails of a normal distribution', () => {
  const random = new Random(6);
  const numbers = Array.from({length: 40000}, () => random.normal());
  const mean = numbers.reduce((a, b) => a + b) / numbers.length;
  const variance = numbers.reduce((a, b) => a + (b - mean) ** 2, 0) / numbers.length;
  const outside = numbers.filter((x) => Math.abs(x) > 1.96).length / numbers.length;
  assert.ok(Math.abs(mean) < 4 / 200, `mean ${mean}`);
  assert.ok(Math.abs(variance - 1) < 0.03, `variance ${variance}`);
  assert.ok(Math.abs(outside - 0.05) < 0.005, `outside ${outside}`);
});

test('a permutation holds each number once, and all of them are equally likely', () => {
  assert.deepEqual(
    [...new Random(1).permutation(50)].sort((a, b) => a - b),
    Array.from({length: 50}, (_, i) => i),
  );
  const counts = new Map<string, number>();
  const random = new Random(8);
  for (let i = 0; i < 6000; i++) {
    const order = random.permutation(3).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.equal(counts.size, 6);
  // 5 degrees of freedom, one in 10,000
  assert.ok(chiSquare([...counts.values()], new Array<number>(6).fill(1000)) < 25.7);
  assert.equal(new Random(0).permutation(0).length, 0);
});

test('seeds, keys and bounds out of range are named', () => {
  for (const seed of [-1, 0.5, 2 ** 32, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => checkSeed(seed), {name: 'RangeError', message: new RegExp(`got ${seed}$`)});
    assert.throws(() => new Random(seed), RangeError);
    assert.throws(() => new Random(0, 'key', seed), RangeError);
  }
  for (const n of [0, -1, 1.5, 2 ** 31 + 1]) assert.throws(() => new Random(0).integer(n), RangeError);
});
