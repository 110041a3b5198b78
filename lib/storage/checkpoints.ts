import * as fs from 'node:fs';
import type {ModelConfig} from '../types';
import {checkChecksum, encodeWithChecksum} from './checksum';
import {errorCode, writeFileAtomically} from './files';
import {
  CheckpointError,
  type CheckpointMetadata,
  decodeMetadata,
  encodeMetadata,
  Fields,
  isCount,
  isNumber,
  rephrase,
} from './metadata';
import {decodeSafetensors, isRecord, type Safetensors, type StoredTensor} from './safetensors';
import {
  type Checkpoint,
  checkpointFrom,
  checkShapes,
  checkValues,
  decodeFile,
  floats,
  type NamedShapes,
  type NamedTensor,
  type NamedTensors,
} from './weights';

export {CheckpointError, type CheckpointMetadata} from './metadata';
export {
  assignParameters,
  type Checkpoint,
  type NamedShapes,
  type NamedTensor,
  type NamedTensors,
  readParameters,
} from './weights';

/**
 * The parts of a training state. Each holds a tensor of the same name and shape
 * for every parameter, or is empty.
 */
const parts = ['weights', 'average', 'firstMoment', 'secondMoment', 'best'] as const;
export type StatePart = (typeof parts)[number];

/**
 * All that training needs in order to go on as if it had never stopped. Random numbers are keyed by
 * (seed, epoch, step), so no generator has a state to keep.
 */
export interface StoredState {
  /**
   * `average`: exponential average of the weights; moments: Adam's; `best`: the weights
   * of the best validation so far.
   */
  readonly tensors: Readonly<Record<StatePart, NamedTensors>>;
  readonly metadata: CheckpointMetadata;
  /** How many batches of `metadata.epoch` are done. */
  readonly batchesDone: number;
  /** Sum of those batches' mean nats per image. */
  readonly epochNats: number;
  /** The best validation so far; null before the first. */
  readonly best: {readonly nats: number; readonly epoch: number; readonly step: number} | null;
}

/** What a file must be of, as far as the caller knows. */
export interface Expected {
  readonly model?: string;
  readonly config?: ModelConfig;
  readonly recipe?: ModelConfig;
  readonly shapes?: NamedShapes;
}

/**
 * Writes weights atomically, as F32 or rounded to F16. What could not be loaded again is not written:
 * values that are not finite (after rounding), metadata that JSON would change.
 *
 * @throws CheckpointError when the content is not valid, FileWriteError when the disk
 *   refuses; an older file stays whole
 */
export function saveCheckpoint(
  file: string,
  {tensors, metadata}: Checkpoint,
  {dtype = 'F32'}: {dtype?: 'F32' | 'F16'} = {},
): void {
  const stored = new Map([...tensors].map(([name, tensor]) => [name, {...tensor, dtype}] as const));
  writeChecked(
    file,
    {tensors: stored, metadata: {kind: 'weights', ...encodeMetadata(metadata)}},
    checkpointFrom,
  );
}

/**
 * Reads weights; F16 comes as Float32Array. Accepts only a whole file of a known version, with finite values,
 * that is what `expected` says, with no tensor missing and none too many.
 *
 * @throws CheckpointError
 */
export function loadCheckpoint(file: string, expected: Expected = {}): Checkpoint {
  const checkpoint = checkpointFrom(file, readSafetensors(file));
  checkMetadata(file, checkpoint.metadata, expected);
  if (expected.shapes) checkShapes(file, checkpoint.tensors, expected.shapes);
  return checkpoint;
}

/** Writes a training state atomically, as F32 to the bit. Throws like `saveCheckpoint`. */
export function saveTrainingState(
  file: string,
  {tensors, metadata, batchesDone, epochNats, best}: StoredState,
): void {
  const stored = new Map<string, StoredTensor>();
  for (const part of parts) {
    for (const [name, tensor] of tensors[part]) stored.set(`${part}/${name}`, {...tensor, dtype: 'F32'});
  }
  const text = {
    kind: 'state',
    ...encodeMetadata(metadata),
    batchesDone: JSON.stringify(batchesDone),
    epochNats: JSON.stringify(epochNats),
    best: JSON.stringify(best),
  };
  writeChecked(file, {tensors: stored, metadata: text}, loadTrainingStateFrom);
}

/** Reads a training state, as strictly as `loadCheckpoint`. @throws CheckpointError */
export function loadTrainingState(file: string, expected: Expected = {}): StoredState {
  const state = loadTrainingStateFrom(file, readSafetensors(file));
  checkMetadata(file, state.metadata, expected);
  if (expected.shapes) checkShapes(file, state.tensors.weights, expected.shapes);
  return state;
}

/**
 * Writes any tensors and strings to a safetensors file with a checksum, atomically. @throws
 * SafetensorsError, FileWriteError
 */
export function writeSafetensors(
  file: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): void {
  writeFileAtomically(file, encodeWithChecksum({tensors, metadata}));
}

/** Reads any safetensors file strictly; a checksum that it carries must be right. @throws CheckpointError */
export function readSafetensors(file: string): Safetensors {
  let bytes: Uint8Array;
  try {
    bytes = fs.readFileSync(file);
  } catch (error) {
    const remedy = 'Check the path and its permissions; a missing file is made by npm run train.';
    throw new CheckpointError(file, `it cannot be read (${errorCode(error)})`, remedy);
  }
  const content = decodeFile(file, bytes);
  rephrase(file, 'Copy it again from where it came, or train again.', () =>
    checkChecksum(bytes, content.metadata),
  );
  return content;
}

/** Encodes, proves that the result can be loaded, then writes. */
function writeChecked(
  file: string,
  content: Safetensors,
  load: (file: string, content: Safetensors) => unknown,
): void {
  const remedy = 'Nothing was written; correct what is to be saved.';
  const bytes = rephrase(file, remedy, () => encodeWithChecksum(content));
  load(file, decodeSafetensors(bytes));
  writeFileAtomically(file, bytes);
}

function loadTrainingStateFrom(file: string, {tensors, metadata}: Safetensors): StoredState {
  const fields = new Fields(file, metadata, 'state');
  const state = {
    metadata: decodeMetadata(fields),
    batchesDone: fields.json('batchesDone', isCount, 'an integer from 0'),
    epochNats: fields.json('epochNats', isNumber, 'a number'),
    best: fields.json('best', isBest, 'null or {nats, epoch, step}'),
  };
  fields.end();
  const all = floats(file, tensors);
  checkValues(file, all);
  return {...state, tensors: splitParts(file, all)};
}

/** `part/name` -> part -> name; each part is complete or empty. */
function splitParts(file: string, tensors: NamedTensors): Record<StatePart, NamedTensors> {
  const split: Record<StatePart, Map<string, NamedTensor>> = {
    weights: new Map(),
    average: new Map(),
    firstMoment: new Map(),
    secondMoment: new Map(),
    best: new Map(),
  };
  for (const [fullName, tensor] of tensors) {
    const slash = fullName.indexOf('/');
    const part = parts.find((known) => known === fullName.slice(0, slash));
    if (!part) {
      throw new CheckpointError(
        file,
        `tensor ${fullName} belongs to no part of a training state (${parts.join(', ')})`,
        'Resume from a file that npm run train wrote.',
      );
    }
    split[part].set(fullName.slice(slash + 1), tensor);
  }
  for (const part of parts) {
    if (split[part].size > 0) checkShapes(file, split[part], split.weights, `${part}/`);
  }
  return split;
}

function checkMetadata(file: string, metadata: CheckpointMetadata, expected: Expected): void {
  if (expected.model !== undefined && metadata.model !== expected.model) {
    const problem = `it holds the model ${metadata.model}, but ${expected.model} is expected`;
    throw new CheckpointError(
      file,
      problem,
      `Name a checkpoint of ${expected.model}, or load it as ${metadata.model}.`,
    );
  }
  for (const which of ['config', 'recipe'] as const) {
    const found = metadata[which];
    const wanted = expected[which];
    if (!wanted) continue;
    for (const key of new Set([...Object.keys(wanted), ...Object.keys(found)])) {
      if (JSON.stringify(found[key]) !== JSON.stringify(wanted[key])) {
        const problem = `its ${which} has ${key} = ${JSON.stringify(found[key])}, but ${JSON.stringify(wanted[key])} is expected`;
        throw new CheckpointError(
          file,
          problem,
          'Use the preset and the settings it was trained with, or train anew.',
        );
      }
    }
  }
}

function isBest(value: unknown): value is StoredState['best'] {
  if (value === null) return true;
  if (!isRecord(value) || Object.keys(value).sort().join() !== 'epoch,nats,step') return false;
  return isNumber(value.nats) && isCount(value.epoch) && isCount(value.step);
}
