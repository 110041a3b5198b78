/** All lessons: what they need and the library does not, one file a notebook. */
export {
  type ColorValue,
  checkFactors,
  checkMayDepend,
  markdownTable,
  masksSideBySide,
  tableOne,
  towers,
} from './atAGlance';
export {
  type ArModel,
  arNats,
  checkBits,
  checkThirdBit,
  checkTwoAhead,
  fitAr,
  gaussianEntropy,
  predictAr,
  type SimulateOptions,
  simulateAr,
} from './autoregression';
export type {Hints} from './check';
export {
  checkCompletionNats,
  checkKnownFirst,
  checkWeights,
  type WeighedCompletions,
  weighedCompletions,
  weightsOf,
} from './completions';
export {checkJoin, checkSkew, checkUnseen, type JoinDirections, joinedDiagonals} from './diagonalBiLstm';
export {
  checkLeaks,
  checkPosterior,
  checkWiring,
  type GateMaps,
  type GateUse,
  gateMaps,
  gateUse,
  rewire,
  stripedImages,
  WIRING_MODEL,
  WIRINGS,
  type Wiring,
  type WiringName,
} from './gatedPixelCnn';
export {HINTS, hintsFor} from './hints';
export {showLastOutput} from './lastOutput';
export {type Here, type Lesson, type Screen, startLesson} from './lesson';
export {averagedLogits, checkAveraged, checkEnsemble, checkOrder} from './made';
export {checkDegrees, checkDirectMask, checkOwnPixels} from './madeMasks';
export {checkColorNats, checkColorPairs, checkUniform, paintedDigits} from './naturalImages';
export {type OddImages, oddImages} from './oddImages';
export {
  checkChoice,
  checkPixelNats,
  checkResidual,
  drawnSoFar,
  type ResidualExample,
  residualExample,
} from './pixelCnn';
export {
  checkBlindSpot,
  checkColors,
  checkMaskB,
  checkWeightsAlive,
  type MaskedStackOptions,
  maskedStack,
  placeOf,
} from './pixelCnnMasks';
export {compareGuess} from './predict';
export {
  checkDivergence,
  checkPasses,
  checkTransposed,
  differences,
  type Flipped,
  flipPixel,
  transposedOrder,
} from './problems';
export {checkNeighbors, checkStep, checkTriangle, type LstmStep} from './rowLstm';
export {checkNearest, checkOwnNats, checkTemperature} from './samples';
export {smallDigits} from './smallDigits';
export {COMPARISONS, checkEpoch, checkFair, checkSchedule} from './training';
