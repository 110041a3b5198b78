import * as fs from 'node:fs';
import * as path from 'node:path';
import {findPreset, MODEL_NAMES, type ModelName, presetNames} from '../models/index';
import {loadCheckpoint, readSafetensors} from '../storage/checkpoints';
import {type CheckpointMetadata, decodeMetadata, Fields} from '../storage/metadata';
import {checkpointFile, projectRoot, runFiles} from '../storage/paths';
import type {ImageShape} from '../types';

/**
 * What `npm run train -- all` has to do: every preset of the results table, how far its run
 * is, and what it will still cost.
 */

export interface PlannedRun {
  readonly model: ModelName;
  readonly preset: string;
  readonly state: 'done' | 'begun' | 'waiting';
  /** Epochs done, and those of the whole run. */
  readonly epoch: number;
  readonly epochs: number;
  /** The best validation so far; null before the first. */
  readonly nats: number | null;
  /** The validation of the committed weights; null where there are none. */
  readonly committedNats: number | null;
  /** By the run's own pace, else by that of the committed weights; null where neither is known. */
  readonly hoursLeft: number | null;
  /** To write nats as bits where that is the habit. */
  readonly levels: number;
  readonly image: ImageShape;
}

/** What is begun first, then what is done soonest, so that much is there early; what is done at the end. */
export function trainingPlan(seed: number): PlannedRun[] {
  const runs = MODEL_NAMES.flatMap((model) =>
    presetNames(model)
      .filter(isInTable(model))
      .map((preset) => planned(model, preset, seed)),
  );
  const rank = {begun: 0, waiting: 1, done: 2};
  const hours = ({hoursLeft}: PlannedRun): number => hoursLeft ?? Number.MAX_VALUE;
  return runs.sort((a, b) => rank[a.state] - rank[b.state] || hours(a) - hours(b));
}

/**
 * The table has the presets whose weights the project commits, wherever the weights of this user are kept.
 */
function isInTable(model: ModelName): (preset: string) => boolean {
  const committed = path.join(projectRoot(), 'data', 'checkpoints', model);
  return (preset) =>
    fs.existsSync(path.join(committed, `${preset}.safetensors`)) ||
    fs.existsSync(checkpointFile(model, preset));
}

function planned(model: ModelName, preset: string, seed: number): PlannedRun {
  const {recipe, config} = findPreset(model, preset);
  const {state, weights} = runFiles(model, preset, seed);
  const committedFile = checkpointFile(model, preset);
  const committed = fs.existsSync(committedFile) ? loadCheckpoint(committedFile, {model}).metadata : null;
  const run = fs.existsSync(state) ? stateMetadata(state) : null;
  const epochs = Number(run?.recipe.epochs ?? recipe.epochs);
  const done = run === null ? 0 : epochsDone(run);
  const isDone = run !== null && fs.existsSync(weights) && loadCheckpoint(weights).metadata.step === run.step;
  const scores = (run?.history ?? []).filter(({split}) => split === 'validation').map(({nats}) => nats);
  const pace = run !== null && done > 0 ? run.trainingSeconds / done : paceOf(committed);
  return {
    ...{model, preset, state: isDone ? 'done' : run === null ? 'waiting' : 'begun'},
    ...{epoch: Math.floor(done), epochs},
    nats: scores.length > 0 ? Math.min(...scores) : null,
    committedNats: committed?.score.validationNats ?? null,
    hoursLeft: isDone ? 0 : pace === null ? null : ((epochs - done) * pace) / 3600,
    levels: Number(config.levels ?? 2),
    image: {height: Number(config.height), width: Number(config.width), channels: Number(config.channels)},
  };
}

/** With the part of the one under way, once an epoch was scored and its number of steps is known. */
function epochsDone({epoch, step, history}: CheckpointMetadata): number {
  const scored = history.at(-1);
  return scored === undefined ? epoch : (step * scored.epoch) / scored.step;
}

/** Seconds an epoch. */
function paceOf(committed: CheckpointMetadata | null): number | null {
  return committed === null || committed.epoch === 0 ? null : committed.trainingSeconds / committed.epoch;
}

function stateMetadata(file: string): CheckpointMetadata {
  const {metadata} = readSafetensors(file);
  return decodeMetadata(new Fields(file, metadata, 'state'));
}
