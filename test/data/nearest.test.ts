import assert from 'node:assert/strict';
import test from 'node:test';
import {nearestImages} from '../../lib/data/nearest';
import {Random} from '../../lib/random';
import type {Images} from '../../lib/types';

function random(count: number, levels: number, seed: number): Images {
  const stream = new Random(seed, 'test');
  const pixels = Uint8Array.from({length: count * 12}, () => stream.integer(levels));
  return {pixels, count, height: 3, width: 4, channels: 1};
}

test('the same as looking at every pair', () => {
  for (const levels of [2, 256]) {
    const queries = random(8, levels, 1);
    const training = random(60, levels, 2);
    const {indices, distances} = nearestImages(queries, training);
    for (let q = 0; q < queries.count; q++) {
      const all = Array.from({length: training.count}, (_, t) => {
        let sum = 0;
        for (let i = 0; i < 12; i++) sum += (queries.pixels[q * 12 + i] - training.pixels[t * 12 + i]) ** 2;
        return sum;
      });
      assert.equal(distances[q], Math.min(...all));
      assert.equal(indices[q], all.indexOf(Math.min(...all)));
    }
  }
});

test('a copy has distance 0', () => {
  const training = random(20, 256, 3);
  const query = {...training, count: 1, pixels: training.pixels.slice(7 * 12, 8 * 12)};
  assert.deepEqual(nearestImages(query, training), {
    indices: Int32Array.of(7),
    distances: Float64Array.of(0),
  });
});

test('bad input', () => {
  const training = random(2, 2, 0);
  assert.throws(
    () => nearestImages({...training, height: 4, width: 3}, training),
    /like the training images, 3 x 4 x 1, got 4 x 3 x 1/,
  );
  assert.throws(
    () => nearestImages(training, {...training, count: 0, pixels: new Uint8Array()}),
    /at least one/,
  );
});
