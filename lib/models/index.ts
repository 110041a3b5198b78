import {classesOf} from '../condition';
import type {AutoregressiveModel, ImageShape, ModelConfig, TrainOptions} from '../types';
import {DIAGONAL_BI_LSTM} from './diagonalBiLstm';
import type {ModelFamily, PresetOf} from './family';
import {GATED_PIXEL_CNN} from './gatedPixelCnn';
import {MADE} from './madePresets';
import {PIXEL_CNN} from './pixelCnn';
import {ROW_LSTM} from './rowLstm';

/** Every model that the commands know. A sixth is one more entry. */
const FAMILIES = [MADE, PIXEL_CNN, GATED_PIXEL_CNN, ROW_LSTM, DIAGONAL_BI_LSTM] as const;

/** Names of the models, as the commands take them. */
export type ModelName = (typeof FAMILIES)[number]['name'];
export const MODEL_NAMES: readonly ModelName[] = FAMILIES.map(({name}) => name);

/** A model to build and how to train it. */
export interface Preset extends PresetOf<ModelConfig> {
  readonly model: ModelName;
  readonly preset: string;
  readonly recipe: TrainOptions;
  /** With the first weights of this seed; the caller disposes the model. */
  readonly create: (seed: number) => AutoregressiveModel;
}

// A family takes configs of its own type alone; from here on a config is whatever
// a checkpoint or a preset says.
type AnyFamily = ModelFamily<ModelName, string, ModelConfig>;
const BY_NAME = new Map(FAMILIES.map((family) => [family.name as string, family as unknown as AnyFamily]));

/** @throws RangeError for an unknown model, naming those there are */
function familyOf(model: string): AnyFamily {
  const family = BY_NAME.get(model);
  if (family === undefined) {
    throw new RangeError(`unknown model '${model}'; there are ${MODEL_NAMES.join(', ')}`);
  }
  return family;
}

/**
 * The presets of a model; the first is the one that a command takes when none is named. @throws RangeError
 */
export function presetNames(model: string): readonly string[] {
  return Object.keys(familyOf(model).presets);
}

/** @throws RangeError for an unknown model or preset, naming those there are */
export function findPreset(model: string, preset?: string): Preset {
  const {name, presets, create} = familyOf(model);
  const chosen = preset ?? Object.keys(presets)[0];
  if (!Object.hasOwn(presets, chosen)) {
    throw new RangeError(
      `unknown preset '${chosen}' of ${model}; there are ${Object.keys(presets).join(', ')}`,
    );
  }
  const found = presets[chosen];
  return {...found, model: name, preset: chosen, create: (seed) => create(found.config, seed)};
}

/** What of a data set decides the form of a model. */
export interface DataForm extends ImageShape {
  /** 2 for black and white. */
  readonly levels: number;
  /** 0 where the images have no classes. */
  readonly classes: number;
}

/**
 * The preset for images of another form: size, channels and levels are theirs; so are the classes, where the
 * preset is given classes. Features that have to be shared out evenly among the channels are rounded up. What
 * the papers report is of other images, and left behind.
 *
 * @throws RangeError when the model cannot take such images
 */
export function fitPreset(preset: Preset, {height, width, channels, levels, classes}: DataForm): Preset {
  const {model, config} = preset;
  const shown = `${model} ${preset.preset}`;
  if (!Object.hasOwn(config, 'levels') && levels !== 2) {
    throw new RangeError(
      `${shown}: for this model the images must have 2 levels, got ${levels}; ` +
        'take them with --levels 2, or choose another model',
    );
  }
  const isGivenClasses = classesOf({config}) > 0;
  if (isGivenClasses && classes < 2) {
    throw new RangeError(
      `${shown}: for this preset, which is given the class of each image, the images must have at least 2 classes, got ${classes}; ` +
        'take them with --labels from-folders, or choose another preset',
    );
  }
  const shared = Object.entries(config)
    .filter(([field]) => SHARED_AMONG_CHANNELS.includes(field))
    .map(([field, value]) => [field, channels * Math.ceil(Number(value) / channels)]);
  const fitted: ModelConfig = {
    ...config,
    ...Object.fromEntries(shared),
    ...{height, width, channels},
    ...(Object.hasOwn(config, 'levels') ? {levels} : {}),
    ...(isGivenClasses ? {classes} : {}),
  };
  const {recipe} = preset;
  return {
    model,
    preset: preset.preset,
    recipe,
    config: fitted,
    create: (seed) => createModel(model, fitted, seed),
  };
}

/** Numbers of features of which each color has its part. */
const SHARED_AMONG_CHANNELS: readonly string[] = ['features', 'head'];

/**
 * The presets that make an ensemble of orders together with the given one; none for weights
 * of no preset. @throws RangeError
 */
export function companionPresets(model: string, preset: string): readonly string[] {
  const {presets} = familyOf(model);
  return Object.hasOwn(presets, preset) ? (presets[preset].companions ?? []) : [];
}

/**
 * The weights of a config that a mask always hides: 0 where it does, by the names of the parameters, in row
 * order. Parameters of which every number counts are left out. @throws RangeError
 */
export function hiddenWeights(model: string, config: ModelConfig): ReadonlyMap<string, Float32Array> {
  const specs = familyOf(model).parameters?.(config) ?? [];
  return new Map(specs.flatMap(({name, mask}) => (mask === undefined ? [] : [[name, mask()] as const])));
}

/**
 * Builds a model from what a checkpoint says of it.
 *
 * @param seed of the first weights
 * @returns the caller disposes it
 * @throws RangeError for an unknown model, or a config that it refuses
 */
export function createModel(model: string, config: ModelConfig, seed = 0): AutoregressiveModel {
  return familyOf(model).create(config, seed);
}
