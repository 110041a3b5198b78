import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {startEngine} from '../../lib/engine/index';
import {findPreset, fitPreset, MODEL_NAMES, presetNames} from '../../lib/models/index';

const gray = {height: 5, width: 6, channels: 1, levels: 2, classes: 0};
const color = {height: 5, width: 6, channels: 3, levels: 4, classes: 3};

test.before(() => startEngine());

test('every preset takes the form of the images, if it can', () => {
  for (const model of MODEL_NAMES) {
    for (const name of presetNames(model)) {
      const preset = findPreset(model, name);
      const fitted = fitPreset(preset, {...gray, classes: 3});
      const {height, width, channels, levels, classes} = fitted.config;
      assert.deepEqual([height, width, channels, levels ?? 2], [5, 6, 1, 2]);
      assert.equal(classes ?? 0, Number(preset.config.classes ?? 0) > 0 ? 3 : 0);
      assert.equal(fitted.paper, undefined);
      assert.equal(fitted.companions, undefined);
      assert.deepEqual(fitted.recipe, preset.recipe);
    }
  }
});

test('the smallest preset of each model gives logits of such images', () => {
  for (const [name, preset] of [
    ['made', 'small'],
    ['pixelcnn', 'small'],
    ['gated', 'small'],
    ['rowlstm', 'small'],
    ['diagonal', 'small'],
  ]) {
    const form = name === 'made' ? {...color, levels: 2} : color;
    const model = fitPreset(findPreset(name, preset), form).create(0);
    const shape = tf.tidy(() => model.logits(tf.zeros([2, 5, 6, 3])).shape);
    assert.deepEqual(shape, form.levels === 2 ? [2, 5, 6, 3] : [2, 5, 6, 3, 4], name);
    model.dispose();
  }
  const labeled = fitPreset(findPreset('gated', 'labeled'), color);
  // 32 and 64 features cannot be shared out among three colors.
  assert.deepEqual([labeled.config.features, labeled.config.head, labeled.config.classes], [33, 66, 3]);
});

test('what a model cannot take is said', () => {
  assert.throws(() => fitPreset(findPreset('made', 'small'), color), {
    name: 'RangeError',
    message: /made small: for this model the images must have 2 levels, got 4/,
  });
  for (const [classes, said] of [
    [0, '0'],
    [1, '1'],
  ] as const) {
    assert.throws(
      () => fitPreset(findPreset('gated', 'labeled'), {...gray, classes}),
      new RegExp(
        `is given the class of each image, the images must have at least 2 classes, got ${said}; .*--labels from-folders`,
      ),
    );
  }
});
