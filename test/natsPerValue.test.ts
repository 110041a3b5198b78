import assert from 'node:assert/strict';
import test from 'node:test';
import {startEngine} from '../lib/engine/index';
import {evaluate} from '../lib/evaluate';
import {allBinaryImages} from '../lib/joint';
import {MADE_PRESETS, Made} from '../lib/models/made';
import {natsPerValue} from '../lib/natsPerValue';

test('the nats of the values add up to the likelihood', async () => {
  await startEngine();
  const shape = {height: 2, width: 3, channels: 1};
  const made = Made.create({...MADE_PRESETS.small, ...shape, hidden: [20]}, 3);
  const images = allBinaryImages(shape);
  const nats = natsPerValue(made, images);
  const {perImage} = await evaluate(made, images);
  perImage.forEach((expected, i) => {
    const sum = nats.subarray(i * 6, (i + 1) * 6).reduce((a, b) => a + b, 0);
    assert.ok(Math.abs(sum - expected) < 1e-5);
  });
  assert.ok(nats.every((value) => value > 0));
  made.dispose();
});

test('images of another size are named', async () => {
  await startEngine();
  const made = Made.create({...MADE_PRESETS.small, height: 2, width: 3, hidden: [4]});
  assert.throws(() => natsPerValue(made, allBinaryImages({height: 3, width: 3, channels: 1})), /2 x 3 x 1/);
  made.dispose();
});
