import type {AutoregressiveModel, ModelConfig} from '../types';
import {TRAIN_DEFAULTS, type TrainOptions} from '../types';
import {createDiagonalBiLstm, DIAGONAL_BI_LSTM_PRESETS} from './diagonalBiLstm';
import {GATED_PIXEL_CNN_PRESETS, GatedPixelCnn, type GatedPixelCnnConfig} from './gatedPixelCnn';
import {Made} from './made';
import {MADE_PRESETS, type MadeConfig} from './madeConfig';
import {PIXEL_CNN_PRESETS, PixelCnn, type PixelCnnConfig} from './pixelCnn';
import type {PixelRnnConfig} from './pixelRnn';
import {createRowLstm, ROW_LSTM_PRESETS} from './rowLstm';

/** A model to build and how to train it: each preset has its recipe beside it. */
export interface Preset {
  readonly model: ModelName;
  readonly preset: string;
  readonly config: ModelConfig;
  readonly create: (seed: number) => AutoregressiveModel;
  readonly recipe: TrainOptions;
}

/** Names of the models, as the commands take them. */
export const MODEL_NAMES = ['made', 'pixelcnn', 'gated', 'rowlstm', 'diagonal'] as const;
export type ModelName = (typeof MODEL_NAMES)[number];

/**
 * Recipes. Adam where the paper has Adagrad, a rising and falling learning rate, averaged weights, and digits drawn
 * anew in each epoch; the numbers were chosen by validation (data/checkpoints/README.md has the log).
 */
const MADE_RECIPES: Record<keyof typeof MADE_PRESETS, TrainOptions> = {
  fvsbn: {...TRAIN_DEFAULTS, epochs: 10, learningRate: 3e-3},
  small: {...TRAIN_DEFAULTS, epochs: 10, learningRate: 2e-3},
  'one-order': {...TRAIN_DEFAULTS, epochs: 48, learningRate: 1.5e-3},
  'other-order': {...TRAIN_DEFAULTS, epochs: 40, learningRate: 1.5e-3},
  orders: {...TRAIN_DEFAULTS, epochs: 24, learningRate: 1.5e-3},
  'any-order': {...TRAIN_DEFAULTS, epochs: 8, learningRate: 1.5e-3},
};

/** Adam where the paper has RMSProp, and batches of 32 where it has 16; the schedule is MADE's. */
const PIXEL_CNN_RECIPES: Record<keyof typeof PIXEL_CNN_PRESETS, TrainOptions> = {
  digits: {...TRAIN_DEFAULTS, epochs: 6, batchSize: 32, learningRate: 4e-3, clipNorm: 100},
  paper: {...TRAIN_DEFAULTS, epochs: 10, batchSize: 32, learningRate: 1e-3, clipNorm: 100},
  small: {...TRAIN_DEFAULTS, epochs: 1, batchSize: 32, learningRate: 3e-3, clipNorm: 100},
  cifar10: {...TRAIN_DEFAULTS, epochs: 2, batchSize: 16, learningRate: 2e-3, clipNorm: 2000},
};

/** As PixelCNN's. */
const GATED_RECIPES: Record<keyof typeof GATED_PIXEL_CNN_PRESETS, TrainOptions> = {
  digits: {...TRAIN_DEFAULTS, epochs: 3, batchSize: 32, learningRate: 4e-3, clipNorm: 100},
  labelled: {...TRAIN_DEFAULTS, epochs: 3, batchSize: 32, learningRate: 4e-3, clipNorm: 100},
  small: {...TRAIN_DEFAULTS, epochs: 1, batchSize: 32, learningRate: 5e-3, clipNorm: 100},
};

/** As PixelCNN's, for Row LSTM and the Diagonal BiLSTM alike. */
const PIXEL_RNN_RECIPES: Record<
  keyof typeof ROW_LSTM_PRESETS & keyof typeof DIAGONAL_BI_LSTM_PRESETS,
  TrainOptions
> = {
  'one-layer': {...TRAIN_DEFAULTS, epochs: 6, batchSize: 32, learningRate: 4e-3, clipNorm: 100},
  digits: {...TRAIN_DEFAULTS, epochs: 4, batchSize: 32, learningRate: 4e-3, clipNorm: 100},
  small: {...TRAIN_DEFAULTS, epochs: 1, batchSize: 32, learningRate: 5e-3, clipNorm: 100},
};

/** What the commands need of each model; its first preset is the one that they take when none is named. */
const MODELS: Record<ModelName, ModelEntry> = {
  made: {
    presets: MADE_PRESETS,
    recipes: MADE_RECIPES,
    names: ['one-order', 'other-order', 'orders', 'any-order', 'small', 'fvsbn'],
    companions: {'other-order': ['one-order']},
    create: (config, seed) => Made.create(config as MadeConfig, seed),
  },
  pixelcnn: {
    presets: PIXEL_CNN_PRESETS,
    recipes: PIXEL_CNN_RECIPES,
    names: ['digits', 'paper', 'small', 'cifar10'],
    companions: {},
    create: (config, seed) => PixelCnn.create(config as PixelCnnConfig, seed),
  },
  gated: {
    presets: GATED_PIXEL_CNN_PRESETS,
    recipes: GATED_RECIPES,
    names: ['digits', 'labelled', 'small'],
    companions: {},
    create: (config, seed) => GatedPixelCnn.create(config as GatedPixelCnnConfig, seed),
  },
  rowlstm: {
    presets: ROW_LSTM_PRESETS,
    recipes: PIXEL_RNN_RECIPES,
    names: ['one-layer', 'digits', 'small'],
    companions: {},
    create: (config, seed) => createRowLstm(config as PixelRnnConfig, seed),
  },
  diagonal: {
    presets: DIAGONAL_BI_LSTM_PRESETS,
    recipes: PIXEL_RNN_RECIPES,
    names: ['one-layer', 'digits', 'small'],
    companions: {},
    create: (config, seed) => createDiagonalBiLstm(config as PixelRnnConfig, seed),
  },
};

interface ModelEntry {
  readonly presets: Readonly<Record<string, ModelConfig>>;
  readonly recipes: Readonly<Record<string, TrainOptions>>;
  readonly names: readonly string[];
  /** Presets whose weights make an ensemble together with the named one's. */
  readonly companions: Readonly<Record<string, readonly string[]>>;
  readonly create: (config: ModelConfig, seed: number) => AutoregressiveModel;
}

/** The presets of a model; the first is the one that a command takes when none is named. */
export function presetNames(model: ModelName): readonly string[] {
  return MODELS[model].names;
}

/** The presets of the same model that make an ensemble of orders together with the given one. */
export function companionPresets(model: string, preset: string): readonly string[] {
  return isModelName(model) ? (MODELS[model].companions[preset] ?? []) : [];
}

/** @throws RangeError for an unknown model or preset, naming those there are */
export function findPreset(model: string, preset?: string): Preset {
  if (!isModelName(model)) {
    throw new RangeError(`unknown model '${model}'; there are ${MODEL_NAMES.join(', ')}`);
  }
  const names = presetNames(model);
  const name = preset ?? names[0];
  if (!names.includes(name)) {
    throw new RangeError(`unknown preset '${name}' of ${model}; there are ${names.join(', ')}`);
  }
  const {presets, recipes, create} = MODELS[model];
  const config = presets[name];
  return {model, preset: name, config, create: (seed) => create(config, seed), recipe: recipes[name]};
}

/** Builds a model from what a checkpoint says of it. @throws RangeError */
export function createModel(
  model: string,
  config: AutoregressiveModel['config'],
  seed = 0,
): AutoregressiveModel {
  if (!isModelName(model)) {
    throw new RangeError(`unknown model '${model}'; there are ${MODEL_NAMES.join(', ')}`);
  }
  return MODELS[model].create(config, seed);
}

function isModelName(name: string): name is ModelName {
  return (MODEL_NAMES as readonly string[]).includes(name);
}
