/** The public names of the library, and nothing else. */
export * from './checkpoints';
export * from './complete';
export * from './engine/adam';
export * from './engine/index';
export * from './engine/kernels';
export * from './evaluate';
export * from './figures/charts';
export * from './figures/heatmap';
export * from './figures/pictureChart';
export * from './figures/png';
export * from './figures/save';
export * from './figures/show';
export * from './figures/style';
export * from './images/batches';
export * from './images/binarize';
export * from './images/images';
export * from './images/mnist';
export * from './images/nearest';
export * from './images/occlude';
export * from './layers/madeMasks';
export * from './likelihood';
export {
  createModel,
  findPreset,
  MODEL_NAMES,
  type Preset,
  presetNames,
  publishedPresets,
} from './models/index';
export * from './models/made';
export * from './models/parameters';
export * from './paths';
export * from './published';
export * from './random';
export * from './runs';
export * from './sample';
export {
  learningRateAt,
  TRAIN_DEFAULTS,
  type TrainHooks,
  TrainingDivergedError,
  type TrainingProgress,
  type TrainOptions,
  type TrainResult,
  train,
} from './train';
export * from './types';
