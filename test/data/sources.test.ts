import assert from 'node:assert/strict';
import test from 'node:test';
import {fitsPapersDraw, scoringImages, sourceOf} from '../../lib/data/sources';
import {findPreset, MODEL_NAMES, presetNames} from '../../lib/models/index';

test('the shape and the levels of a model name its data set', async () => {
  const digits = {name: 'made', image: {height: 28, width: 28, channels: 1}, levels: 2};
  const color = {name: 'pixelcnn', image: {height: 32, width: 32, channels: 3}, levels: 256};
  assert.equal(sourceOf(digits).name, 'MNIST');
  assert.equal(sourceOf(color).name, 'CIFAR-10');
  for (const wrong of [
    {...digits, levels: 256},
    {...color, levels: 2},
    {...color, image: {...color.image, channels: 1}},
    {...digits, image: {...digits.image, width: 14}},
  ]) {
    assert.throws(() => sourceOf(wrong), /images of MNIST must be .*, got \d+ x \d+ x \d with \d+ levels/);
  }
  const {pixels, labels} = await sourceOf(digits).scored('test');
  assert.deepEqual(
    {pixels, labels: labels.subarray(0, 3)},
    {
      pixels: (await scoringImages('test')).pixels,
      labels: Uint8Array.of(7, 2, 1),
    },
  );
  assert.equal((await sourceOf(digits).load('test')).pixels.includes(255), true);
});

test('every preset of every model has a data set', () => {
  for (const name of MODEL_NAMES) {
    for (const preset of presetNames(name)) {
      // From the config: to build the largest takes seconds.
      const {config} = findPreset(name, preset);
      const [height, width, channels] = [config.height, config.width, config.channels].map(Number);
      const image = {height, width, channels};
      assert.ok(sourceOf({name, image, levels: Number(config.levels ?? 2)}).name);
    }
  }
});

test("the papers' draw is for black and white digits without classes", () => {
  const digits = {name: 'made', image: {height: 28, width: 28, channels: 1}, levels: 2, config: {}};
  const color = {...digits, image: {height: 32, width: 32, channels: 3}, levels: 256};
  assert.equal(fitsPapersDraw(digits), true);
  assert.equal(fitsPapersDraw({...digits, config: {classes: 10}}), false);
  assert.equal(fitsPapersDraw(color), false);
});
