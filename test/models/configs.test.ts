import assert from 'node:assert/strict';
import test from 'node:test';
import {startEngine} from '../../lib/engine/index';
import {createModel, findPreset, MODEL_NAMES, presetNames} from '../../lib/models/index';
import type {ModelConfig} from '../../lib/types';

/** What a config must not be is said before anything is made of it. */

test.before(() => startEngine());

const of = (model: string, changes: Record<string, unknown>): ModelConfig =>
  ({...findPreset(model).config, ...changes}) as ModelConfig;

/** The convolutional models have an order only where it is not raster. */
function inRaster(config: ModelConfig): ModelConfig {
  if (config.firstSize === undefined) return config;
  const {order: _, ...rest} = config;
  return rest;
}

const CASES: [string, Record<string, unknown>, RegExp][] = [
  ['pixelcnn', {dilations: [1, 1e9]}, /PixelCNN: dilations must be at most 32, got 1000000000/],
  ['pixelcnn', {dilations: 4}, /dilations must be a list, one for each block, got 4/],
  ['pixelcnn', {features: 1e8}, /PixelCNN: features must be at most 100000, got 100000000/],
  [
    'pixelcnn',
    {features: 9e4},
    /block1\.down\.weights of shape \[1, 1, 180000, 90000\] must have .* take fewer features/,
  ],
  ['pixelcnn', {firstSize: 1e9 + 1}, /firstSize must be at most 99/],
  ['gated', {head: 1e9}, /Gated PixelCNN: head must be at most/],
  [
    'gated',
    {order: 'backwards'},
    /order must be one of mirrored, .*, turned-transposed, got 'backwards'; leave it out for raster/,
  ],
  ['gated', {dilations: [1e9]}, /Gated PixelCNN: dilations must be at most 32/],
  ['rowlstm', {layers: 1e9}, /Row LSTM: layers must be at most 1000, got/],
  ['diagonal', {features: 1e9}, /Diagonal BiLSTM: features must be at most/],
  ['made', {hidden: [1e8]}, /MADE: the units of a hidden layer must be at most 100000, got 100000000/],
  ['made', {hidden: [8, 0]}, /MADE: the units of a hidden layer must be a positive integer, got 0/],
  [
    'made',
    {hidden: [1e5, 1e5]},
    /hidden2\.weights of shape \[100000, 100000\] must have .* take fewer features or units/,
  ],
  ['made', {height: 1e5}, /hidden1\.weights of shape .* must have at most the/],
  ['made', {hidden: 500}, /MADE: hidden must be a list of units, one for each layer, got 500/],
];

for (const [model, changes, message] of CASES) {
  test(`${model} with ${JSON.stringify(changes)} is refused at once`, () => {
    const started = performance.now();
    assert.throws(() => createModel(model, of(model, changes)), message);
    const milliseconds = performance.now() - started;
    assert.ok(milliseconds < 5000, `it took ${milliseconds} ms`);
  });
}

test('a field that no model knows is refused, and so is a missing one; the presets have those there are', () => {
  for (const model of MODEL_NAMES) {
    const [first, ...others] = presetNames(model).map((preset) => inRaster(findPreset(model, preset).config));
    for (const other of others) assert.deepEqual(Object.keys(other).sort(), Object.keys(first).sort(), model);
    assert.throws(
      () => createModel(model, {...first, featurs: 8}),
      /the fields of a config must be height.*, got 'featurs'/,
    );
    const {height: _, ...rest} = first;
    assert.throws(() => createModel(model, rest), /the config must have all of .*, got none for height/);
    assert.throws(() => createModel(model, {...rest, hight: 28}), /got 'hight'; height is missing/);
  }
});
