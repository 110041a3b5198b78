import type {AutoregressiveModel, TrainingState, TrainOptions} from '../types';
import * as checkpoints from './checkpoints';
import type {Ancestor, DataIdentity, RecipeChange} from './metadata';

/** A training run on disk: train.ts's state to and from a safetensors file, exact to the bit. */
export interface Run {
  /** The data set of one's own that it is trained on. */
  readonly data?: DataIdentity;
  readonly recipe: TrainOptions;
  readonly stepsPerEpoch: number;
  readonly versions: Readonly<Record<string, string>>;
  /** The trainings whose weights this one began with, oldest first. */
  readonly ancestors?: readonly Ancestor[];
  /** The recipes that this run followed before, oldest first. */
  readonly changes?: readonly RecipeChange[];
}

/** What a checkpoint says of the run that it comes from. */
export function runMetadata(
  model: AutoregressiveModel,
  {data, recipe, stepsPerEpoch, versions, ancestors = [], changes = []}: Run,
  state: Pick<TrainingState, 'step' | 'seconds' | 'history'>,
  score: Readonly<Record<string, number>> = {},
): checkpoints.CheckpointMetadata {
  return {
    model: model.name,
    config: model.config,
    ...(data === undefined ? {} : {data}),
    recipe: {...recipe},
    binarization: model.levels === 2 ? recipe.binarization : null,
    seed: recipe.seed,
    epoch: Math.floor(state.step / stepsPerEpoch),
    step: state.step,
    trainingSeconds: state.seconds,
    history: state.history,
    ancestors,
    ...(changes.length > 0 ? {changes} : {}),
    versions,
    score,
  };
}

/** Writes the state atomically: a run killed at any moment finds the last whole one. */
export function saveRun(file: string, model: AutoregressiveModel, run: Run, state: TrainingState): void {
  const named = (values: ReadonlyMap<string, Float32Array>): checkpoints.NamedTensors => {
    return new Map([...values].map(([name, data]) => [name, {shape: shapeOf(model, name), data}]));
  };
  const {adam, best, step} = state;
  checkpoints.saveTrainingState(file, {
    tensors: {
      weights: named(adam.weights),
      average: named(adam.average),
      firstMoment: named(adam.moment1),
      secondMoment: named(adam.moment2),
      best: named(best?.weights ?? new Map()),
    },
    metadata: runMetadata(model, run, state),
    batchesDone: step % run.stepsPerEpoch,
    epochNats: state.epochNats,
    best: best === null ? null : {nats: best.nats, epoch: best.epoch, step: best.epoch * run.stepsPerEpoch},
  });
}

/** A stored state as `train` takes it. */
export function trainingState({tensors, metadata, epochNats, best}: checkpoints.StoredState): TrainingState {
  const values = (part: checkpoints.StatePart): Map<string, Float32Array> => {
    return new Map([...tensors[part]].map(([name, {data}]) => [name, data]));
  };
  return {
    step: metadata.step,
    seconds: metadata.trainingSeconds,
    epochNats,
    history: metadata.history,
    adam: {
      weights: values('weights'),
      average: values('average'),
      moment1: values('firstMoment'),
      moment2: values('secondMoment'),
    },
    best: best === null ? null : {nats: best.nats, epoch: best.epoch, weights: values('best')},
  };
}

/**
 * The weights of a checkpoint, or of a run's state: those of its best validation so far, the
 * averaged ones before the first.
 *
 * @throws CheckpointError
 */
export function loadRunOrCheckpoint(
  file: string,
  expected: checkpoints.Expected = {},
): checkpoints.Checkpoint {
  if (checkpoints.readSafetensors(file).metadata.kind !== 'state')
    return checkpoints.loadCheckpoint(file, expected);
  const {tensors, metadata} = checkpoints.loadTrainingState(file, expected);
  return {tensors: tensors.best.size > 0 ? tensors.best : tensors.average, metadata};
}

function shapeOf(model: AutoregressiveModel, name: string): readonly number[] {
  const parameter = model.parameters.get(name);
  if (parameter === undefined)
    throw new Error(
      `the parameter must be one of ${model.name} (${[...model.parameters.keys()].join(', ')}), got '${name}'`,
    );
  return parameter.shape;
}
