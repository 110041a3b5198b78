import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {ownSource, sourceOfWeights, type WeightsSource} from '../data/ownSource';
import {type Engine, startEngine} from '../engine/index';
import {createModel, findPreset} from '../models/index';
import {assignParameters, loadCheckpoint, loadTrainingState, type StoredState} from '../storage/checkpoints';
import {FileWriteError, makeFolder, requireFreeSpace} from '../storage/files';
import {takeLock} from '../storage/lock';
import type {Ancestor, DataIdentity} from '../storage/metadata';
import {type RunFiles, runFiles} from '../storage/paths';
import {type Run, runMetadata, saveRun, trainingState} from '../storage/runs';
import {type TrainHooks, type TrainResult, train} from '../train';
import type {AutoregressiveModel, Images, ModelConfig, TrainingState, TrainOptions} from '../types';
import {TRAIN_DEFAULTS} from '../types';
import {ownPreset} from './ownPreset';
import {type ScoringOptions, storeWeights} from './published';
import {widenFirst} from './widenFirst';

/**
 * A preset's training from its first step, or from where it stopped, to weights: what `npm run train` does.
 */

/** What is asked for by name; all else is the preset's, or the saved run's. */
export type Changes = Partial<
  Pick<TrainOptions, 'epochs' | 'batchSize' | 'learningRate' | 'warmup' | 'schedule' | 'patience'>
>;

export interface RunRequest {
  readonly model: string;
  readonly preset: string;
  readonly seed: number;
  /** A data set of one's own, in place of the one that the project has for the preset. */
  readonly data?: string;
  /** `new` refuses to touch a run that is there; `resume` goes on with it; `restart` throws it away. */
  readonly start: 'new' | 'resume' | 'restart';
  readonly changes: Changes;
  /** A checkpoint to take the first weights from. */
  readonly from?: string;
}

/** A run that is locked for this process, checked, and ready to go. */
export interface OpenRun {
  readonly files: RunFiles;
  readonly engine: Engine;
  readonly model: AutoregressiveModel;
  readonly preset: string;
  /** What it is trained on. */
  readonly source: WeightsSource;
  /** The same, where it is a data set of one's own. */
  readonly data: DataIdentity | undefined;
  readonly recipe: TrainOptions;
  /** Where it goes on; undefined for a run that begins. */
  readonly saved: TrainingState | undefined;
  readonly ancestors: readonly Ancestor[];
  readonly changes: Run['changes'];
  /** Frees the model and the lock. */
  close(): void;
}

/**
 * Takes the lock, reads what is saved, and checks what can be checked before anything is computed.
 *
 * @throws RangeError for a request that contradicts what is there; LockedError,
 *   CheckpointError, FileWriteError
 */
export async function openRun(request: RunRequest): Promise<OpenRun> {
  const {model: name, preset, seed, start, from} = request;
  const own = request.data === undefined ? undefined : ownSource(request.data);
  const files = runFiles(name, preset, seed, own?.name);
  const isThere = fs.existsSync(files.state);
  const shown = `the run of ${name} ${preset} with seed ${seed}${own === undefined ? '' : ` on ${own.name}`}`;
  if (start === 'resume' && !isThere) {
    throw new RangeError(`nothing to resume: there is no ${files.state}; without --resume the run begins`);
  }
  if (start === 'resume' && from !== undefined) {
    throw new RangeError(
      '--from is for a run that begins, --resume for one that goes on: leave one of them out',
    );
  }
  makeFolder(files.folder);
  const unlock = takeLock(files.lock, shown);
  let model: AutoregressiveModel | undefined;
  try {
    if (start === 'new' && isThere) {
      throw new RangeError(
        `${files.state} holds a run already: --resume goes on with it, --restart throws it away`,
      );
    }
    const chosen = own === undefined ? findPreset(name, preset) : ownPreset(own, findPreset(name, preset));
    const stored = start === 'resume' ? loadTrainingState(files.state, {model: name}) : undefined;
    const engine = await startEngine();
    model = stored === undefined ? chosen.create(seed) : createModel(name, stored.metadata.config, seed);
    requireFreeSpace(files.folder, spaceFor(model), `${shown}, saved beside its last state,`);
    const data = stored === undefined ? own && {name: own.name, sha256: own.sha256} : stored.metadata.data;
    const source = sourceOfWeights(model, data);
    const open = {files, engine, model, preset, source, data, close: () => closeRun(unlock, model)};
    if (stored === undefined) {
      removeWeights(files);
      const recipe = {...chosen.recipe, ...request.changes, seed};
      return {...open, recipe, saved: undefined, ancestors: beginWith(from, model), changes: []};
    }
    const {recipe, changes} = continued(stored, request.changes);
    if (changes?.at(-1)?.step === stored.metadata.step) removeWeights(files);
    return {...open, recipe, saved: trainingState(stored), ancestors: stored.metadata.ancestors, changes};
  } catch (error) {
    closeRun(unlock, model);
    throw error;
  }
}

/** What an earlier or shorter training has left must not be taken for what this one gives. */
function removeWeights({weights}: RunFiles): void {
  fs.rmSync(weights, {force: true});
}

function closeRun(unlock: () => void, model: AutoregressiveModel | undefined): void {
  model?.dispose();
  unlock();
}

/**
 * The recipe that a saved run goes on by. More epochs lengthen it, and the schedule with it; a lower rate
 * leads it past a divergence, and another patience past an early stop. All else is as it was.
 */
function continued({metadata}: StoredState, changes: Changes): Pick<OpenRun, 'recipe' | 'changes'> {
  const before: TrainOptions = {...TRAIN_DEFAULTS, ...metadata.recipe, seed: metadata.seed};
  const recipe = {...before, ...changes};
  const rules: Readonly<Record<keyof Changes, [allowed: boolean, rule: string]>> = {
    epochs: [recipe.epochs >= before.epochs, 'it can go on for more, not for fewer'],
    learningRate: [
      recipe.learningRate <= before.learningRate,
      'it can go on with a lower one, not with a higher',
    ],
    batchSize: [recipe.batchSize === before.batchSize, 'it stays'],
    patience: [true, 'it may be another'],
    warmup: [recipe.warmup === before.warmup, 'it stays'],
    schedule: [recipe.schedule === before.schedule, 'it stays'],
  };
  for (const [field, [allowed, rule]] of Object.entries(rules) as [keyof Changes, [boolean, string]][]) {
    if (allowed) continue;
    throw new RangeError(
      `the saved run has ${field} = ${before[field]}, and ${recipe[field]} is asked for: ${rule}; leave it out, or begin anew ` +
        'with --restart (and --from, to keep the weights)',
    );
  }
  const earlier = metadata.changes ?? [];
  const isSame = (Object.keys(rules) as (keyof Changes)[]).every((field) => recipe[field] === before[field]);
  return {recipe, changes: isSame ? earlier : [...earlier, {step: metadata.step, recipe: {...before}}]};
}

/**
 * Weights, average, two moments and the best weights, twice: the last state stays until the next is whole.
 */
function spaceFor({parameters}: AutoregressiveModel): number {
  const values = [...parameters.values()].reduce((sum, {size}) => sum + size, 0);
  return 2 * (5 * 4 * values + 100_000);
}

/**
 * Gives the model the weights of a checkpoint, if one is named. A first kernel that is smaller than the
 * model's gets zeros around it; a model in raster order may begin with the weights of another order.
 *
 * @returns the trainings behind them, oldest first
 * @throws CheckpointError
 */
export function beginWith(from: string | undefined, model: AutoregressiveModel): readonly Ancestor[] {
  if (from === undefined) return [];
  const found = loadCheckpoint(from, {model: model.name});
  const config = inOrderOf(found.metadata.config, model.config);
  const wider = widenFirst(found.tensors, found.metadata.config, config);
  const {tensors, metadata} =
    wider === null ? loadCheckpoint(from, {model: model.name, config}) : {...found, tensors: wider};
  assignParameters(model.parameters, tensors, from);
  const {recipe, seed, epoch, step, trainingSeconds, history, ancestors, versions} = metadata;
  const {device} = versions;
  return [...ancestors, {recipe, seed, epoch, step, trainingSeconds, history, device}];
}

/** The config of a convolutional model in the order of another: the weights mean the same in both. */
function inOrderOf({order}: ModelConfig, config: ModelConfig): ModelConfig {
  if (config.firstSize === undefined) return config;
  const {order: _, ...raster} = config;
  return order === undefined ? raster : {...raster, order};
}

export interface RunHooks extends Pick<TrainHooks, 'signal' | 'onProgress' | 'onEvaluation'> {
  /**
   * One sentence on what the run survives: a disk that is full for a while, a
   * model that has stopped to learn.
   */
  readonly onWarning: (sentence: string) => void;
  /** The weights are there; they are scored on the validation images as they are stored. */
  readonly onScoring?: ScoringOptions['onProgress'];
}

export interface RunResult extends TrainResult {
  readonly step: number;
  /** Of the weights as they are stored, on the validation images; null for a run that was interrupted. */
  readonly validationNats: number | null;
}

/**
 * Trains to the end, or to the signal. The state is saved all along, and the weights at the
 * end, with their validation score.
 *
 * @param images others than those of the model's source
 * @throws TrainingDivergedError; FileWriteError when the state cannot be saved at first, or at last:
 *   then it says where it was kept
 */
export async function trainRun(
  open: OpenRun,
  hooks: RunHooks,
  images?: {readonly train: Images; readonly validation: Images},
): Promise<RunResult> {
  const {engine, model, recipe, files, saved, source} = open;
  const data = images ?? {train: await source.load('train'), validation: await source.scored('validation')};
  const run: Run = {
    ...{data: open.data, recipe, ancestors: open.ancestors, changes: open.changes},
    stepsPerEpoch: Math.floor(data.train.count / recipe.batchSize),
    versions: {node: process.version, [engine.name]: engine.version},
  };
  let last = saved ?? null;
  const write = (file: string): void => {
    if (last !== null) saveRun(file, model, run, last);
  };
  // Another recipe is kept before the first step by it.
  if (open.changes?.at(-1)?.step === saved?.step) write(files.state);
  let isSaved = true;
  const result = await train(
    model,
    data,
    recipe,
    {
      ...hooks,
      onState: async (state) => {
        const isFirst = last === null;
        last = state;
        try {
          write(files.state);
          isSaved = true;
        } catch (error) {
          // Hours of work must not end with a disk that is full for a minute.
          if (isFirst || !(error instanceof FileWriteError)) throw error;
          isSaved = false;
          hooks.onWarning(`${error.message} Training goes on, and tries again with the next state.`);
        }
      },
    },
    saved,
  );
  if (!isSaved) keepElsewhere(files.state, write);
  const {step} = last ?? {step: 0};
  if (result.outcome === 'interrupted' || last === null) return {...result, step, validationNats: null};
  const options = {signal: hooks.signal, onProgress: hooks.onScoring};
  const validationNats =
    storedScore(files.weights, step) ??
    (await storeWeights(model, runMetadata(model, run, last), files.weights, options));
  return {...result, step, validationNats};
}

/** The score of weights that are there already: a run that has ended may be asked to go on. */
function storedScore(weights: string, step: number): number | undefined {
  if (!fs.existsSync(weights)) return undefined;
  const {metadata} = loadCheckpoint(weights);
  return metadata.step === step ? metadata.score.validationNats : undefined;
}

/** The last chance: once more to its place, then to the folder for temporary files. */
function keepElsewhere(file: string, write: (file: string) => void): void {
  try {
    write(file);
  } catch (error) {
    if (!(error instanceof FileWriteError)) throw error;
    const elsewhere = path.join(os.tmpdir(), `${path.basename(path.dirname(file))}.state.safetensors`);
    write(elsewhere);
    throw new Error(
      `${error.message} The run is kept in ${elsewhere}: move it to ${file}, then go on with --resume`,
    );
  }
}
