/** The public names of the library, by room. What only a lesson needs is in lib/course. */

export {
  type Completion,
  complete,
  completeInAnyOrder,
  knownFirst,
  knownTooLate,
  type ReorderableModel,
} from './complete';
export {checkCondition, classesOf, conditionAt, conditionOf, oneHotCondition} from './condition';
export {type BinarizeOptions, binarize, STATIC_SEED} from './data/binarize';
export {type BinarizedMnistOptions, loadBinarizedMnist} from './data/binarizedMnist';
export {CIFAR10_CLASSES, type Cifar10Options, loadCifar10, MissingDataError} from './data/cifar10';
export {type Crop, cropImages} from './data/crop';
export {type Batch, Dataset, type EpochOptions, epochOrder, toTensor} from './data/dataset';
export {drawEntropy} from './data/drawEntropy';
export {type FolderOptions, type LoadedFolder, loadFolder, type SourceFile} from './data/folder';
export {type Idx, readIdx} from './data/idx';
export {type LoadedIdx, loadIdxImages} from './data/idxImages';
export {
  checkImages,
  firstImages,
  type LabeledImages,
  pickImages,
  selectImages,
  valuesPerImage,
} from './data/images';
export {loadMnist, type MnistOptions} from './data/mnist';
export {type Nearest, nearestImages} from './data/nearest';
export {OCCLUSIONS, type Occlusion, occlude} from './data/occlude';
export {type OwnManifest, ownDataNames} from './data/ownData';
export {type OwnSource, ownSource} from './data/ownSource';
export {quantize} from './data/quantize';
export {joinImages, transposeImages} from './data/rearrange';
export {shrinkImages} from './data/shrink';
export {
  type DataSource,
  PAPERS_DRAW,
  scoringImages,
  sourceOf,
  type TrainingSource,
} from './data/sources';
export {type ToImagesOptions, toImages} from './data/toImages';
export {type Adam, type AdamOptions, createAdam} from './engine/adam';
export {convolve, type Padding, type Placement} from './engine/conv';
export {bernoulliNegativeLogLikelihood, categoricalNegativeLogLikelihood} from './engine/crossEntropy';
export {gate} from './engine/gate';
export type {Stacks} from './engine/gatedLayers';
export {type Engine, startEngine} from './engine/index';
export {shiftDown} from './engine/lstmLayer';
export {lstmScan, NEIGHBORS, type ScanDirection, type ScanWeights} from './engine/lstmScan';
export {type DegreeMask, maskedDense} from './engine/maskedDense';
export {pixelGate, pixelLstmCell, rectify} from './engine/pixelCells';
export {
  type PixelBuffer,
  type PixelConvolution,
  PixelProgram,
  type PixelRecurrence,
} from './engine/pixelProgram';
export {relu} from './engine/relu';
export {skew, unskew} from './engine/skew';
export {type EvaluateOptions, type Evaluation, evaluate, evaluateEnsemble} from './evaluate';
export {type Block, type BlockDiagram, blockDiagram, type Place} from './figures/blockDiagram';
export {
  type Axis,
  type Bar,
  type BarChart,
  barChart,
  type LineChart,
  lineChart,
  type Reference,
  type Result,
  type ResultChart,
  resultChart,
  type Series,
} from './figures/charts';
export {type CompletionRow, completionGrid} from './figures/completionGrid';
export {type Cell, type Heatmap, type HeatScale, heatmap, type Panel} from './figures/heatmap';
export {motionChart} from './figures/motionChart';
export {type Network, networkChart, type UnitLayer} from './figures/network';
export {type PictureLabels, pictureChart} from './figures/pictureChart';
export {decodePng, encodePng, type ImageGrid, imageGrid, type Picture} from './figures/png';
export {loadFigure, type SaveOptions, saveFigure} from './figures/save';
export {
  type Display,
  duration,
  isPicture,
  type Note,
  type Progress,
  plotlyMime,
  progressLine,
  show,
  showProgress,
} from './figures/show';
export {
  type Chart,
  colors,
  type FigureText,
  type Frame,
  modelStrokes,
  otherStrokes,
  type Stroke,
} from './figures/style';
export {type Columns, printTable} from './figures/table';
export {NotFiniteError} from './finite';
export {type CompletionNats, completionNats, splitNats} from './inspect/completionNats';
export {
  type Dependence,
  type DependenceOptions,
  dependence,
  inOrder,
  type Jacobian,
  jacobian,
  type LogitModel,
  orderViolations,
  perturbationJacobian,
} from './inspect/jacobian';
export {
  allBinaryImages,
  allImages,
  allOrders,
  bitsOf,
  conditionals,
  crossEntropy,
  entropy,
  frequencies,
  tabulate,
} from './inspect/joint';
export {labelPosterior, natsByLabel} from './inspect/labelPosterior';
export {natsPerValue} from './inspect/natsPerValue';
export {pixelProbabilities} from './inspect/pixelProbabilities';
export {quantile, sharesUpTo} from './inspect/quantiles';
export {
  type PlaceMap,
  type ReceptiveField,
  type ReceptiveFieldOptions,
  receptiveField,
  unseenBefore,
} from './inspect/receptiveField';
export {DiagonalBiLstm} from './layers/diagonalBiLstm';
export {GATED_DEVIATION, GatedLayer, type GatedSpec} from './layers/gated';
export {Lstm, type LstmSpec} from './layers/lstm';
export {
  evenHiddenDegrees,
  hiddenMask,
  inputDegrees,
  type Mask,
  outputMask,
  pathCounts,
  randomHiddenDegrees,
} from './layers/madeMasks';
export {MaskedConv2d, type MaskedConv2dSpec} from './layers/maskedConv2d';
export {
  createParameters,
  heStd,
  type ParameterSpec,
  parameter,
  parameterCount,
} from './layers/parameters';
export {
  channelMask,
  evenGroups,
  horizontalMask,
  liveTaps,
  type MaskType,
  rasterMask,
  type TapMask,
  verticalMask,
} from './layers/rasterMasks';
export {ResidualBlock, type ResidualSpec} from './layers/residual';
export {RowLstm} from './layers/rowLstm';
export type {StateLayer, StateSpec} from './layers/stateLayer';
export {
  bitsPerDimension,
  ensembleNats,
  likelihoodText,
  meanAndError,
  natsOfValue,
  negativeLogLikelihood,
} from './likelihood';
export {createDiagonalBiLstm, DIAGONAL_BI_LSTM, DIAGONAL_BI_LSTM_PRESETS} from './models/diagonalBiLstm';
export {configsOf, defineModel, type ModelFamily, type PresetOf, type Reported} from './models/family';
export {
  GATED_PIXEL_CNN,
  GATED_PIXEL_CNN_PRESETS,
  GatedPixelCnn,
  type GatedPixelCnnConfig,
  gatedPixelCnnParameters,
} from './models/gatedPixelCnn';
export {
  createModel,
  findPreset,
  hiddenWeights,
  MODEL_NAMES,
  type ModelName,
  type Preset,
  presetNames,
} from './models/index';
export {Made, madeDegrees, madeMasks, madeParameters} from './models/made';
export type {MadeConfig} from './models/madeConfig';
export {MADE, MADE_PRESETS} from './models/madePresets';
export {
  PIXEL_CNN,
  PIXEL_CNN_PRESETS,
  PixelCnn,
  type PixelCnnConfig,
  pixelCnnParameters,
} from './models/pixelCnn';
export {type LayerRow, pixelCnnSummary} from './models/pixelCnnSummary';
export {PixelRnn, type PixelRnnConfig, pixelRnnParameters, type StateLayerKind} from './models/pixelRnn';
export {createRowLstm, ROW_LSTM, ROW_LSTM_PRESETS} from './models/rowLstm';
export {checkSeed, Random} from './random';
export {bestPublished} from './reproduction/bestPublished';
export {type Growth, type GrowthRow, growthFile, growthPower, loadGrowth} from './reproduction/growth';
export {
  PAPERS,
  type Paper,
  type PaperFigure,
  type PaperName,
  paperFigure,
  paperFigureFile,
} from './reproduction/paperFigures';
export {CONNECTION_BITS, DEPTH_BITS, REPORTED, REPORTED_BITS} from './reproduction/papers';
export {
  committedPresets,
  loadPublished,
  loadWeights,
  type Published,
  publish,
  QUICK_IMAGES,
  type Score,
  type ScoringOptions,
  scorePublished,
  storeWeights,
} from './reproduction/published';
export {
  findStudy,
  loadStudy,
  runStudy,
  type Study,
  type StudyResult,
  type StudyRow,
  type StudyRun,
  studies,
} from './reproduction/studies';

export {type PlannedRun, trainingPlan} from './reproduction/trainingPlan';
export {
  type Changes,
  type OpenRun,
  openRun,
  type RunHooks,
  type RunRequest,
  type RunResult,
  trainRun,
} from './reproduction/trainingRun';
export {type ChosenValue, type SampleOptions, sample, sampleUniforms} from './sample';

export {
  assignParameters,
  type Checkpoint,
  type Expected,
  loadCheckpoint,
  loadTrainingState,
  type NamedShapes,
  type NamedTensor,
  type NamedTensors,
  readParameters,
  readSafetensors,
  type StatePart,
  type StoredState,
  saveCheckpoint,
  saveTrainingState,
  writeSafetensors,
} from './storage/checkpoints';
export {LockedError, takeLock} from './storage/lock';
export {type Ancestor, type RecipeChange, totalTraining} from './storage/metadata';
export {
  buildFolder,
  checkpointFile,
  dataFolder,
  figuresFolder,
  projectRoot,
  publishedFiguresFolder,
  type RunFiles,
  runFiles,
  studyFile,
} from './storage/paths';
export {loadRunOrCheckpoint, type Run, runMetadata, saveRun, trainingState} from './storage/runs';
export {
  learningRateAt,
  type TrainHooks,
  TrainingDivergedError,
  type TrainingProgress,
  type TrainResult,
  train,
} from './train';
export {
  type AdamState,
  type AutoregressiveModel,
  type Binarization,
  type Condition,
  type ConfigValue,
  type History,
  type HistoryRow,
  type ImageShape,
  type Images,
  type IncrementalLogits,
  type ModelConfig,
  type Parameters,
  type Split,
  TRAIN_DEFAULTS,
  type TrainingState,
  type TrainOptions,
} from './types';
