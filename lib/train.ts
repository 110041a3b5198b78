import * as tf from '@tensorflow/tfjs';
import {conditionAt, conditionOf} from './condition';
import {type Batch, Dataset} from './data/dataset';
import {type Adam, createAdam} from './engine/adam';
import {stopButton} from './engine/stopButton';
import {halfSquaredNorm} from './engine/sums';
import {yieldToOthers} from './engine/yieldToOthers';
import {checkModelImages, checkModelShape, evaluate} from './evaluate';
import {NotFiniteError, whereNotFinite} from './finite';
import {negativeLogLikelihood} from './likelihood';
import {checkSeed} from './random';
import type {
  AdamState,
  AutoregressiveModel,
  Condition,
  HistoryRow,
  Images,
  TrainingState,
  TrainOptions,
} from './types';

export interface TrainingProgress {
  readonly step: number;
  readonly steps: number;
  readonly epoch: number;
  readonly epochs: number;
  /** Mean over the epoch so far, nats per image. */
  readonly nats: number;
  readonly imagesPerSecond: number;
  readonly secondsLeft: number;
}

export interface TrainHooks {
  /** Aborted: training stops after the step; onState gets its state. Default: a notebook's stop button. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainingProgress) => void;
  readonly onEvaluation?: (row: HistoryRow) => void | Promise<void>;
  /**
   * Called with all that is needed to go on from here to the bit: before the first step, soon after it, then
   * now and then, with every score, and at the end.
   */
  readonly onState?: (state: TrainingState) => Promise<void>;
  /** Seconds between two calls of onState within an epoch; 60 when not given. */
  readonly stateEverySeconds?: number;
  /** One sentence on a model that has stopped to learn, after the epoch that shows it. */
  readonly onWarning?: (sentence: string) => void;
}

export interface TrainResult {
  readonly history: readonly HistoryRow[];
  readonly seconds: number;
  readonly bestEpoch: number;
  readonly bestNats: number;
  readonly outcome: 'finished' | 'stopped early' | 'interrupted';
}

/** A loss that is no number, or far above that of a guess: the state saved last is still good. */
export class TrainingDivergedError extends Error {
  constructor(
    readonly step: number,
    loss: number,
    readonly learningRate: number,
    rule = 'finite',
    /** The tensor that it comes from, as a sentence. */
    where = '',
  ) {
    super(
      `training: the loss is ${loss} at step ${step} (learning rate ${learningRate.toExponential(2)}); it must be ` +
        `${rule}. ${where}${where === '' ? '' : '. '}The state saved before is kept: resume from it with a lower learning rate or a clipNorm`,
    );
    this.name = 'TrainingDivergedError';
  }
}

/** The first state within an epoch is saved after so many seconds, the others after `stateEverySeconds`. */
const FIRST_STATE_SECONDS = 10;

/**
 * Batches in a row whose loss is that many times the one of a blind guess: the weights are lost.
 * One such batch can be made good.
 */
const LOST = {batches: 20, times: 10} as const;

/** Rises in a straight line from 0 over the warm-up, then falls to 0 as `schedule` says; `step` from 0 on. */
export function learningRateAt(
  step: number,
  steps: number,
  {learningRate, warmup, schedule}: Pick<TrainOptions, 'learningRate' | 'warmup' | 'schedule'>,
): number {
  const rising = warmup * steps;
  if (step < rising) return (learningRate * (step + 1)) / (rising + 1);
  const done = (step - rising) / Math.max(1, steps - rising);
  return learningRate * (schedule === 'linear' ? 1 - done : (1 + Math.cos(Math.PI * done)) / 2);
}

/**
 * Trains the model in place. At the end its parameters are the averaged weights of the best validation score
 * (or, when no epoch was finished, the averaged weights).
 *
 * @param data.train bytes 0 … 255, made black and white here for a model of two levels
 * @param data.validation values 0 … levels - 1, scored after each epoch. Both with labels, if the
 *   model is conditioned on classes
 * @param resumed the state that onState was given
 * @throws RangeError for options out of range or labels that do not fit; TrainingDivergedError
 *   for a loss that is not finite
 */
export async function train(
  model: AutoregressiveModel,
  data: {readonly train: Images; readonly validation: Images},
  options: TrainOptions,
  hooks: TrainHooks = {},
  resumed?: TrainingState,
): Promise<TrainResult> {
  checkOptions(options);
  const condition = conditionOf(model, data.train);
  conditionOf(model, data.validation);
  checkModelShape(model, data.train);
  if (model.levels !== 2) checkModelImages(model, data.train);
  checkModelImages(model, data.validation);
  const dataset = new Dataset(data.train, {
    levels: model.levels,
    binarization: model.levels === 2 ? options.binarization : undefined,
  });
  const stepsPerEpoch = dataset.batchesPerEpoch(options.batchSize);
  const steps = stepsPerEpoch * options.epochs;
  const {signal = stopButton()} = hooks;
  const guess = model.order.length * Math.log(model.levels);
  const adam = createAdam(model.parameters);
  if (resumed !== undefined) adam.restore(resumed.adam);
  const history = [...(resumed?.history ?? [])];
  let best = resumed?.best ?? null;
  let step = resumed?.step ?? 0;
  let epochNats = resumed?.epochNats ?? 0;
  let lost = 0;
  const secondsBefore = resumed?.seconds ?? 0;
  const started = performance.now();
  const seconds = (): number => secondsBefore + (performance.now() - started) / 1000;
  const {stateEverySeconds = 60} = hooks;
  let dueAt = started + 1000 * Math.min(FIRST_STATE_SECONDS, stateEverySeconds);
  /** The parameters as they are tell where it comes from. */
  const diverged = (at: number, loss: number): TrainingDivergedError =>
    new TrainingDivergedError(
      at,
      loss,
      learningRateAt(at, steps, options),
      'finite',
      whereNotFinite(model.parameters),
    );
  const saveState = async (): Promise<void> => {
    const state = {
      step,
      seconds: seconds(),
      epochNats,
      history: [...history],
      adam: await adam.state(),
      best,
    };
    // A finite loss can have a gradient that is not: such a step must not replace the last good state.
    if (![...state.adam.weights.values()].every((weights) => weights.every(Number.isFinite))) {
      throw diverged(step, Number.NaN);
    }
    await hooks.onState?.(state);
    dueAt = performance.now() + 1000 * stateEverySeconds;
  };
  const record = async (row: HistoryRow): Promise<void> => {
    history.push(row);
    await hooks.onEvaluation?.(row);
  };
  const isInterrupted = (): boolean => signal?.aborted === true;
  // Between an epoch's last batch and its score lies a while in which a run may be stopped, too.
  const isScored = (): boolean => history.at(-1)?.step === step || step === 0;
  let outcome: TrainResult['outcome'] = 'finished';
  const firstStep = step;
  try {
    if (resumed === undefined) await saveState();
    while (step < steps || !isScored()) {
      const epoch =
        isScored() || step % stepsPerEpoch > 0 ? Math.floor(step / stepsPerEpoch) : step / stepsPerEpoch - 1;
      if (options.patience > 0 && best !== null && epoch - best.epoch >= options.patience) {
        outcome = 'stopped early';
        break;
      }
      for (const batch of dataset.epoch({...options, epoch, from: step - epoch * stepsPerEpoch})) {
        const classes = conditionAt(condition, batch.indices);
        const learningRate = learningRateAt(step, steps, options);
        const nats = trainStep(model, adam, batch, classes, step, learningRate, options);
        lost = nats > LOST.times * guess ? lost + 1 : 0;
        if (lost === LOST.batches) {
          const rule = `at most ${(LOST.times * guess).toFixed(0)}, ten times that of a blind guess`;
          throw new TrainingDivergedError(step, nats, learningRate, rule);
        }
        epochNats += nats;
        step++;
        const rate = (step - firstStep) / (seconds() - secondsBefore);
        hooks.onProgress?.({
          step,
          steps,
          epoch,
          epochs: options.epochs,
          nats: epochNats / (batch.index + 1),
          imagesPerSecond: rate * options.batchSize,
          secondsLeft: (steps - step) / rate,
        });
        await yieldToOthers();
        // While batches are lost, the state saved before is the better one.
        if (lost === 0 && performance.now() >= dueAt) await saveState();
        if (isInterrupted()) break;
      }
      if (isInterrupted()) {
        outcome = 'interrupted';
        break;
      }
      const trained: HistoryRow = {
        ...{step, epoch: epoch + 1, split: 'train', nats: epochNats / stepsPerEpoch, seconds: seconds()},
      };
      const nats = await adam.withAverage(() => scoreOf(model, data.validation, signal));
      if (nats === null) {
        outcome = 'interrupted';
        break;
      }
      if (!Number.isFinite(nats)) {
        throw diverged(step - 1, nats);
      }
      epochNats = 0;
      await record(trained);
      await record({step, epoch: epoch + 1, split: 'validation', nats, seconds: seconds()});
      const state = await adam.state();
      if (best === null || nats < best.nats) best = {nats, epoch: epoch + 1, weights: state.average};
      const still = stillParameters(state);
      if (still.length > 0) {
        hooks.onWarning?.(
          `after epoch ${epoch + 1} nothing moves ${still.join(', ')} any more: the model is dead there and will not learn ` +
            'further; begin again with a lower learning rate',
        );
      }
      await saveState();
    }
    if (outcome === 'interrupted') await saveState();
    const weights = best?.weights ?? (await adam.state()).average;
    for (const [name, parameter] of model.parameters) {
      const value = tf.tensor(weights.get(name) as Float32Array, parameter.shape);
      parameter.assign(value);
      value.dispose();
    }
  } finally {
    adam.dispose();
  }
  return {
    history,
    seconds: seconds(),
    bestEpoch: best?.epoch ?? 0,
    bestNats: best?.nats ?? Number.NaN,
    outcome,
  };
}

/** Mean nats per image; null when the signal comes before all are scored. */
async function scoreOf(
  model: AutoregressiveModel,
  images: Images,
  signal?: AbortSignal,
): Promise<number | null> {
  try {
    return (await evaluate(model, images, {signal})).nats;
  } catch (error) {
    if (signal?.aborted === true) return null;
    if (error instanceof NotFiniteError) return Number.NaN;
    throw error;
  }
}

/** One batch: loss, gradients, clipping, Adam. Returns the batch's mean nats per image. */
function trainStep(
  model: AutoregressiveModel,
  adam: Adam,
  {x}: Batch,
  condition: Condition | undefined,
  step: number,
  learningRate: number,
  options: TrainOptions,
): number {
  const atStep = model.atStep?.(step) ?? model;
  const variables = [...model.parameters.values()];
  const {value, grads} = tf.variableGrads(
    () => tf.mean(negativeLogLikelihood(model, x, atStep.logits(x, condition))) as tf.Scalar,
    variables,
  );
  const nats = value.dataSync()[0];
  tf.dispose([x, value]);
  if (atStep !== model) atStep.dispose();
  if (!Number.isFinite(nats)) {
    tf.dispose(grads);
    throw new TrainingDivergedError(step, nats, learningRate, 'finite', whereNotFinite(model.parameters));
  }
  const byName = new Map<string, tf.Tensor>();
  for (const [name, variable] of model.parameters) byName.set(name, grads[variable.name]);
  const norm = options.clipNorm > 0 ? normOf(Object.values(grads)) : 0;
  if (!Number.isFinite(norm)) {
    const where = whereNotFinite(byName, 'gradient');
    tf.dispose(grads);
    throw new TrainingDivergedError(step, nats, learningRate, 'of a finite gradient', where);
  }
  // What all gradients together are multiplied with so that their norm is at most the given one.
  const scale = norm > options.clipNorm ? options.clipNorm / norm : 1;
  // Early on the average of few steps is short, so that the first random weights are soon forgotten.
  const averageDecay = Math.min(options.averageDecay, (1 + step) / (10 + step));
  adam.step(byName, step + 1, learningRate, averageDecay, scale);
  tf.dispose(grads);
  return nats;
}

/** Of all gradients together. */
function normOf(gradients: readonly tf.Tensor[]): number {
  const sum = tf.tidy(() => tf.addN(gradients.map((x) => halfSquaredNorm(x))).dataSync()[0]);
  return Math.sqrt(2 * sum);
}

/**
 * The parameters that have learned once and get no gradient any more, such as those of units that no image
 * wakes: Adam's first moment has died away beside the second, which forgets more slowly.
 */
function stillParameters({moment1, moment2}: AdamState): string[] {
  const largest = (values: Float32Array): number =>
    values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  return [...moment1].flatMap(([name, values]) => {
    const scale = Math.sqrt(largest(moment2.get(name) as Float32Array));
    return scale > 0 && largest(values) < 1e-6 * scale ? [name] : [];
  });
}

function checkOptions(options: TrainOptions): void {
  checkSeed(options.seed);
  const integers = {epochs: 1, batchSize: 1, patience: 0} as const;
  for (const [field, least] of Object.entries(integers) as [keyof typeof integers, number][]) {
    if (!Number.isInteger(options[field]) || options[field] < least) {
      throw new RangeError(`train: ${field} must be an integer of at least ${least}, got ${options[field]}`);
    }
  }
  if (!['cosine', 'linear'].includes(options.schedule)) {
    throw new RangeError(`train: schedule must be cosine or linear, got ${options.schedule}`);
  }
  const ranges = {learningRate: 10, warmup: 1, averageDecay: 1, clipNorm: Number.POSITIVE_INFINITY} as const;
  for (const [field, most] of Object.entries(ranges) as [keyof typeof ranges, number][]) {
    if (!(options[field] >= 0 && options[field] <= most)) {
      throw new RangeError(`train: ${field} must be a number from 0 to ${most}, got ${options[field]}`);
    }
  }
}
