import {
  BINARIZATIONS,
  type Binarization,
  type ConfigValue,
  type History,
  type HistoryRow,
  type ModelConfig,
  SPLITS,
} from '../types';
import {isRecord, parseStrictJson} from './safetensors';

/** Version of the metadata below. A file of another version is refused, never guessed at. */
const formatVersion = '1';

/** A training that gave the weights which a later one began with. */
export interface Ancestor {
  readonly recipe: ModelConfig;
  readonly seed: number;
  readonly epoch: number;
  readonly step: number;
  readonly trainingSeconds: number;
  readonly history: History;
  /** The GPU or processor elsewhere; not there for a training by this library. */
  readonly device?: string;
}

/** A run that went on by another recipe: until the step, it was trained by this one. */
export interface RecipeChange {
  readonly step: number;
  readonly recipe: ModelConfig;
}

/** A data set of one's own, as it was when a model was trained on it. */
export interface DataIdentity {
  readonly name: string;
  /** Of its manifest, which holds that of every file. */
  readonly sha256: string;
}

/** Where the weights of a checkpoint come from. All but `ancestors` is of the last training. */
export interface CheckpointMetadata {
  /** The name used by the commands: `made`, `pixelcnn`, … */
  readonly model: string;
  readonly config: ModelConfig;
  /**
   * What it was trained on; left out for the data set that the project has for
   * such images, MNIST or CIFAR-10.
   */
  readonly data?: DataIdentity;
  /** How it was trained: batch size, learning rate, … */
  readonly recipe: ModelConfig;
  /** null for images that are not made black and white. */
  readonly binarization: Binarization | null;
  readonly seed: number;
  /** The epoch (from 0) and the number of training steps reached. */
  readonly epoch: number;
  readonly step: number;
  /** Seconds of training, pauses left out. */
  readonly trainingSeconds: number;
  readonly history: History;
  /** The trainings before this one, oldest first; empty when it began with random weights. */
  readonly ancestors: readonly Ancestor[];
  /** The recipes of this training before the present one, oldest first; left out where there was but one. */
  readonly changes?: readonly RecipeChange[];
  /** What computed it, by name: node, tensorflow, … */
  readonly versions: Readonly<Record<string, string>>;
  /** What the stored weights reach, by name: testNats, …; empty before they are scored. */
  readonly score: Readonly<Record<string, number>>;
}

/**
 * A checkpoint that cannot be used or written. The message names file, what was
 * wrong, the rule and the remedy.
 */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
  constructor(
    readonly file: string,
    problem: string,
    readonly remedy: string,
  ) {
    super(`Checkpoint ${file}: ${problem}. ${remedy}`);
  }
}

/** Names the file in an error of the format. */
export function rephrase<T>(file: string, remedy: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new CheckpointError(file, error instanceof Error ? error.message : String(error), remedy);
  }
}

/**
 * All trainings behind a checkpoint as one: epochs, steps and seconds add up,
 * the histories follow each other.
 */
export function totalTraining(
  metadata: CheckpointMetadata,
): Pick<Ancestor, 'epoch' | 'step' | 'trainingSeconds' | 'history'> {
  let total = {epoch: 0, step: 0, trainingSeconds: 0, history: [] as HistoryRow[]};
  for (const part of [...metadata.ancestors, metadata]) {
    const {epoch, step, trainingSeconds} = total;
    const rows = part.history.map((row) => ({
      ...row,
      epoch: row.epoch + epoch,
      step: row.step + step,
      seconds: row.seconds + trainingSeconds,
    }));
    total = {
      epoch: epoch + part.epoch,
      step: step + part.step,
      trainingSeconds: trainingSeconds + part.trainingSeconds,
      history: [...total.history, ...rows],
    };
  }
  return total;
}

/**
 * All trainings behind some checkpoints, each once: weights of several orders may
 * have begun with the same ones.
 */
export function trainingsOf(checkpoints: readonly CheckpointMetadata[]): readonly Ancestor[] {
  const found = new Map<string, Ancestor>();
  for (const {ancestors, recipe, seed, epoch, step, trainingSeconds, history, versions} of checkpoints) {
    const own = {recipe, seed, epoch, step, trainingSeconds, history, device: versions.device};
    for (const one of [...ancestors, own]) {
      found.set(JSON.stringify([one.seed, one.step, one.trainingSeconds, one.history]), one);
    }
  }
  return [...found.values()];
}

/** The seconds of trainings elsewhere, by device. */
export function secondsElsewhere(trainings: readonly Ancestor[]): ReadonlyMap<string, number> {
  const seconds = new Map<string, number>();
  for (const {device, trainingSeconds} of trainings) {
    if (device !== undefined) seconds.set(device, (seconds.get(device) ?? 0) + trainingSeconds);
  }
  return seconds;
}

/** The metadata as strings: names as they are, everything else as JSON. */
export function encodeMetadata(metadata: CheckpointMetadata): Record<string, string> {
  return {
    formatVersion,
    model: metadata.model,
    config: JSON.stringify(metadata.config),
    ...(metadata.data === undefined ? {} : {data: JSON.stringify(metadata.data)}),
    recipe: JSON.stringify(metadata.recipe),
    binarization: metadata.binarization ?? 'none',
    seed: JSON.stringify(metadata.seed),
    epoch: JSON.stringify(metadata.epoch),
    step: JSON.stringify(metadata.step),
    trainingSeconds: JSON.stringify(metadata.trainingSeconds),
    history: JSON.stringify(metadata.history),
    ancestors: JSON.stringify(metadata.ancestors),
    ...(metadata.changes?.length ? {changes: JSON.stringify(metadata.changes)} : {}),
    versions: JSON.stringify(metadata.versions),
    score: JSON.stringify(metadata.score),
  };
}

/** Takes the fields that `encodeMetadata` wrote. @throws CheckpointError */
export function decodeMetadata(fields: Fields): CheckpointMetadata {
  const binarization = fields.text('binarization', isBinarization, 'static, dynamic, threshold or none');
  return {
    model: fields.text('model', isName, 'a name'),
    config: fields.json('config', isConfig, 'an object of strings, numbers, booleans and lists of numbers'),
    ...(fields.has('data') ? {data: fields.json('data', isDataIdentity, 'an object {name, sha256}')} : {}),
    recipe: fields.json('recipe', isConfig, 'an object of strings, numbers, booleans and lists of numbers'),
    binarization: binarization === 'none' ? null : binarization,
    seed: fields.json('seed', isCount, 'an integer from 0'),
    epoch: fields.json('epoch', isCount, 'an integer from 0'),
    step: fields.json('step', isCount, 'an integer from 0'),
    trainingSeconds: fields.json('trainingSeconds', isDuration, 'a number of seconds from 0'),
    history: fields.json('history', isHistory, 'a list of {step, epoch, split, nats, seconds}'),
    // Checkpoints of trainings that began with random weights need not say so.
    ancestors: fields.has('ancestors')
      ? fields.json(
          'ancestors',
          isAncestors,
          'a list of {recipe, seed, epoch, step, trainingSeconds, history, device?}',
        )
      : [],
    ...(fields.has('changes')
      ? {changes: fields.json('changes', isChanges, 'a list of {step, recipe}')}
      : {}),
    versions: fields.json('versions', isVersions, 'an object of strings'),
    score: fields.json('score', isScore, 'an object of numbers'),
  };
}

/** Takes the metadata's fields one by one, each checked, and sees to it that none is left. */
export class Fields {
  private readonly left: Map<string, string>;

  constructor(
    private readonly file: string,
    metadata: Readonly<Record<string, string>>,
    kind: 'weights' | 'state',
  ) {
    // The checksum was looked at when the bytes were read.
    this.left = new Map(Object.entries(metadata).filter(([key]) => key !== 'sha256'));
    this.text(
      'formatVersion',
      (text): text is string => text === formatVersion,
      `${formatVersion}, the known version`,
    );
    this.text('kind', (text): text is string => text === kind, kind);
  }

  has(key: string): boolean {
    return this.left.has(key);
  }

  text<T extends string>(key: string, isValid: (text: string) => text is T, rule: string): T {
    const text = this.left.get(key);
    this.left.delete(key);
    if (text === undefined || !isValid(text)) throw this.error(key, text, rule);
    return text;
  }

  json<T>(key: string, isValid: (value: unknown) => value is T, rule: string): T {
    const text = this.text(key, (value): value is string => value !== '', rule);
    const value = rephrase(this.file, `Its metadata ${key} must be ${rule}.`, () => parseStrictJson(text));
    if (!isValid(value)) throw this.error(key, text, rule);
    return value;
  }

  end(): void {
    for (const [key, text] of this.left)
      throw this.error(key, text, 'left out: this version does not know it');
  }

  private error(key: string, text: string | undefined, rule: string): CheckpointError {
    const found = text === undefined ? 'missing' : text.length > 80 ? `${text.slice(0, 80)}…` : text;
    const remedy = 'Use a checkpoint that this version of the project wrote, or train again.';
    return new CheckpointError(this.file, `its metadata ${key} is ${found}, but must be ${rule}`, remedy);
  }
}

export const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value);
export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const isDuration = (value: unknown): value is number => isNumber(value) && value >= 0;
const isName = (text: string): text is string => text !== '';

function isBinarization(text: string): text is Binarization | 'none' {
  return [...BINARIZATIONS, 'none'].includes(text);
}

function isConfigValue(value: unknown): value is ConfigValue {
  return (
    ['string', 'boolean'].includes(typeof value) ||
    isNumber(value) ||
    (Array.isArray(value) && value.every(isNumber))
  );
}

function isConfig(value: unknown): value is ModelConfig {
  return isRecord(value) && Object.values(value).every(isConfigValue);
}

function isDataIdentity(value: unknown): value is DataIdentity {
  return (
    isRecord(value) &&
    Object.keys(value).sort().join() === 'name,sha256' &&
    typeof value.name === 'string' &&
    /^[0-9a-f]{64}$/.test(String(value.sha256))
  );
}

function isVersions(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((item) => typeof item === 'string');
}

function isScore(value: unknown): value is Record<string, number> {
  return isRecord(value) && Object.values(value).every(isNumber);
}

function isHistoryRow(row: unknown): row is HistoryRow {
  return (
    isRecord(row) &&
    Object.keys(row).sort().join() === 'epoch,nats,seconds,split,step' &&
    isCount(row.step) &&
    isCount(row.epoch) &&
    isNumber(row.nats) &&
    isDuration(row.seconds) &&
    SPLITS.some((split) => split === row.split)
  );
}

function isHistory(value: unknown): value is History {
  return Array.isArray(value) && value.every(isHistoryRow);
}

function isAncestor(value: unknown): value is Ancestor {
  if (!isRecord(value)) return false;
  const {device, ...own} = value;
  return (
    (device === undefined || typeof device === 'string') &&
    Object.keys(own).sort().join() === 'epoch,history,recipe,seed,step,trainingSeconds' &&
    isConfig(value.recipe) &&
    isCount(value.seed) &&
    isCount(value.epoch) &&
    isCount(value.step) &&
    isDuration(value.trainingSeconds) &&
    isHistory(value.history)
  );
}

function isAncestors(value: unknown): value is Ancestor[] {
  return Array.isArray(value) && value.every(isAncestor);
}

function isChanges(value: unknown): value is RecipeChange[] {
  return (
    Array.isArray(value) &&
    value.every(
      (change) =>
        isRecord(change) &&
        Object.keys(change).sort().join() === 'recipe,step' &&
        isCount(change.step) &&
        isConfig(change.recipe),
    )
  );
}
