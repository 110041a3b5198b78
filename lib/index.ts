/** The public names of the library, and nothing else. */
export * from './averagedLogits';
export * from './bestPublished';
export * from './checkpoints';
export * from './complete';
export * from './completionNats';
export * from './datasets';
export * from './diagonalJoin';
export * from './drawnSoFar';
export * from './engine/adam';
export * from './engine/conv';
export * from './engine/index';
export * from './engine/kernels';
export * from './engine/maskedDense';
export * from './engine/pixelKernel';
export * from './evaluate';
export * from './exercises';
export * from './exercisesColour';
export * from './exercisesCompletions';
export * from './exercisesGated';
export * from './exercisesLstm';
export * from './exercisesMade';
export * from './exercisesPixelCnn';
export * from './exercisesProblems';
export * from './exercisesRaster';
export * from './exercisesSamples';
export * from './exercisesTraining';
export * from './figures/blockDiagram';
export * from './figures/charts';
export * from './figures/completionGrid';
export * from './figures/heatmap';
export * from './figures/network';
export * from './figures/pictureChart';
export * from './figures/png';
export * from './figures/save';
export * from './figures/show';
export * from './figures/style';
export * from './flippedPixel';
export * from './gatedWiring';
export * from './gateUse';
export * from './growth';
export * from './images/batches';
export * from './images/binarize';
export * from './images/cifar10';
export * from './images/cifar10Archive';
export * from './images/crop';
export * from './images/drawEntropy';
export * from './images/images';
export * from './images/mnist';
export * from './images/nearest';
export * from './images/occlude';
export * from './images/rearrange';
export * from './images/shrink';
export * from './jacobian';
export * from './joint';
export * from './labelPosterior';
export * from './labels';
export * from './layers/diagonalBiLstm';
export * from './layers/gated';
export * from './layers/lstm';
export * from './layers/lstmScan';
export * from './layers/madeMasks';
export * from './layers/maskedConv2d';
export * from './layers/parameters';
export * from './layers/rasterMasks';
export * from './layers/residual';
export * from './layers/rowLstm';
export * from './layers/skew';
export * from './layers/stateLayer';
export * from './likelihood';
export * from './maskedStack';
export * from './models/diagonalBiLstm';
export * from './models/gatedPixelCnn';
export {
  createModel,
  findPreset,
  MODEL_NAMES,
  type Preset,
  presetNames,
} from './models/index';
export * from './models/made';
export * from './models/pixelCnn';
export * from './models/pixelCnnSummary';
export * from './models/pixelRnn';
export * from './models/rowLstm';
export * from './natsPerValue';
export * from './orders';
export * from './paperFigures';
export * from './papers';
export * from './paths';
export * from './pixelProbabilities';
export * from './published';
export * from './quantiles';
export * from './random';
export * from './receptiveField';
export * from './residualExample';
export * from './runs';
export * from './sample';
export * from './series';
export * from './studies';
export * from './table';
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
export * from './weighedCompletions';
