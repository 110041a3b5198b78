import assert from 'node:assert/strict';
import test from 'node:test';
import {startEngine} from '../../lib/engine/index';
import {evaluate} from '../../lib/evaluate';
import {allBinaryImages} from '../../lib/inspect/joint';
import {natsPerValue} from '../../lib/inspect/natsPerValue';
import {Made} from '../../lib/models/made';
import {MADE_PRESETS} from '../../lib/models/madePresets';
import {PixelCnn} from '../../lib/models/pixelCnn';
import {randomImages} from '../properties/tools';

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

test('color of several levels: they add up as well', async () => {
  await startEngine();
  const shape = {height: 2, width: 2, channels: 3, levels: 5};
  const model = PixelCnn.create({...shape, firstSize: 3, size: 3, features: 6, head: 6, dilations: [1]}, 3);
  const images = randomImages(4, model.image, 1, 4);
  const nats = natsPerValue(model, images);
  const {perImage} = await evaluate(model, images);
  perImage.forEach((expected, i) => {
    const sum = nats.subarray(i * 12, (i + 1) * 12).reduce((a, b) => a + b, 0);
    assert.ok(Math.abs(sum - expected) < 1e-4);
  });
  model.dispose();
});

test('images of another size are named', async () => {
  await startEngine();
  const made = Made.create({...MADE_PRESETS.small, height: 2, width: 3, hidden: [4]});
  assert.throws(() => natsPerValue(made, allBinaryImages({height: 3, width: 3, channels: 1})), /2 x 3 x 1/);
  made.dispose();
});
