import type {AutoregressiveModel, TrainingState, TrainOptions} from '../types';
import * as checkpoints from './checkpoints';
import type {Ancestor} from './metadata';

/** A training run on disk: train.ts's state to and from a safetensors file, exact to the bit. */
export interface Run {
  readonly recipe: TrainOptions;
  readonly stepsPerEpoch: number;
  readonly versions: Readonly<Record<string, string>>;
  /** The trainings whose weights this one began with, oldest first. */
  readonly ancestors?: readonly Ancestor[];
}

/** What a checkpoint says of the run that it comes from. */
export function runMetadata(
  model: AutoregressiveModel,
  {recipe, stepsPerEpoch, versions, ancestors = []}: Run,
  state: Pick<TrainingState, 'step' | 'seconds' | 'history'>,
  score: Readonly<Record<string, number>> = {},
): checkpoints.CheckpointMetadata {
  return {
    model: model.name,
    config: model.config,
    recipe: {...recipe},
    binarization: model.levels === 2 ? recipe.binarization : null,
    seed: recipe.seed,
    epoch: Math.floor(state.step / stepsPerEpoch),
    step: state.step,
    trainingSeconds: state.seconds,
    history: state.history,
    ancestors,
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

/** Reads a state that belongs to this model and recipe. @throws CheckpointError */
export function loadRun(file: string, model: AutoregressiveModel, run: Run): TrainingState {
  const {tensors, metadata, epochNats, best} = checkpoints.loadTrainingState(file, {
    model: model.name,
    config: model.config,
    recipe: {...run.recipe},
    shapes: model.parameters,
  });
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

function shapeOf(model: AutoregressiveModel, name: string): readonly number[] {
  const parameter = model.parameters.get(name);
  if (parameter === undefined) throw new Error(`${model.name} has no parameter '${name}'`);
  return parameter.shape;
}
