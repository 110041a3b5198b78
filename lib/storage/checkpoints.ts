import * as fs from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import type {ModelConfig, Parameters} from '../types';
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
import {
  decodeSafetensors,
  encodeSafetensors,
  isRecord,
  type Safetensors,
  type StoredTensor,
} from './safetensors';

export {CheckpointError, type CheckpointMetadata} from './metadata';

/** Values in row order; as many as the product of `shape`. */
export interface NamedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}
/** The tensors of a model by the names of its parameters. */
export type NamedTensors = ReadonlyMap<string, NamedTensor>;
/** The shapes that a model expects, by the names of its parameters. A model's `parameters` are such a map, too. */
export type NamedShapes = ReadonlyMap<string, {readonly shape: readonly number[]}>;

/** Weights for publication and for use. */
export interface Checkpoint {
  readonly tensors: NamedTensors;
  readonly metadata: CheckpointMetadata;
}

/** The parts of a training state. Each holds a tensor of the same name and shape for every parameter, or is empty. */
const parts = ['weights', 'average', 'firstMoment', 'secondMoment', 'best'] as const;
export type StatePart = (typeof parts)[number];

/**
 * All that training needs in order to go on as if it had never stopped. Random numbers are keyed by
 * (seed, epoch, step), so no generator has a state to keep.
 */
export interface StoredState {
  /** `average`: exponential average of the weights; moments: Adam's; `best`: the weights of the best validation so far. */
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
 * @throws CheckpointError when the content is not valid, FileWriteError when the disk refuses; an older file stays whole
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
    loadCheckpointFrom,
  );
}

/**
 * Reads weights; F16 comes as Float32Array. Accepts only a whole file of a known version, with finite values,
 * that is what `expected` says, with no tensor missing and none too many.
 *
 * @throws CheckpointError
 */
export function loadCheckpoint(file: string, expected: Expected = {}): Checkpoint {
  const checkpoint = loadCheckpointFrom(file, readSafetensors(file));
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

/** Writes any tensors and strings to a safetensors file, atomically. @throws SafetensorsError, FileWriteError */
export function writeSafetensors(
  file: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): void {
  writeFileAtomically(file, encodeSafetensors({tensors, metadata}));
}

/** Reads any safetensors file strictly. @throws CheckpointError */
export function readSafetensors(file: string): Safetensors {
  let bytes: Uint8Array;
  try {
    bytes = fs.readFileSync(file);
  } catch (error) {
    const remedy = 'Check the path and its permissions; a missing file is made by npm run train.';
    throw new CheckpointError(file, `it cannot be read (${errorCode(error)})`, remedy);
  }
  return rephrase(file, 'Copy it again from where it came, or train again.', () => decodeSafetensors(bytes));
}

/** The values of a model's parameters, copied. */
export function readParameters(parameters: Parameters): NamedTensors {
  const tensors = new Map<string, NamedTensor>();
  for (const [name, variable] of parameters) {
    tensors.set(name, {shape: variable.shape, data: Float32Array.from(variable.dataSync())});
  }
  return tensors;
}

/**
 * Gives a model's parameters the values of the tensors: all of them, or none when one does not fit.
 *
 * @throws CheckpointError when names or shapes differ or a value is not finite; then no parameter is changed
 */
export function assignParameters(parameters: Parameters, tensors: NamedTensors, file = '(in memory)'): void {
  checkShapes(file, tensors, parameters);
  checkValues(file, tensors);
  tf.tidy(() => {
    const values = [...parameters].map(([name, variable]) => {
      const {data} = tensors.get(name) as NamedTensor;
      return {variable, value: tf.tensor(data.slice(), variable.shape, 'float32')};
    });
    for (const {variable, value} of values) variable.assign(value);
  });
}

/** Encodes, proves that the result can be loaded, then writes. */
function writeChecked(
  file: string,
  content: Safetensors,
  load: (file: string, content: Safetensors) => unknown,
): void {
  const remedy = 'Nothing was written; correct what is to be saved.';
  const bytes = rephrase(file, remedy, () => encodeSafetensors(content));
  load(file, decodeSafetensors(bytes));
  writeFileAtomically(file, bytes);
}

function loadCheckpointFrom(file: string, {tensors, metadata}: Safetensors): Checkpoint {
  const fields = new Fields(file, metadata, 'weights');
  const checkpoint = {tensors: floats(file, tensors), metadata: decodeMetadata(fields)};
  fields.end();
  checkValues(file, checkpoint.tensors);
  return checkpoint;
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

function floats(file: string, tensors: ReadonlyMap<string, StoredTensor>): NamedTensors {
  const result = new Map<string, NamedTensor>();
  for (const [name, {dtype, shape, data}] of tensors) {
    if (!(data instanceof Float32Array)) {
      const problem = `tensor ${name} has dtype ${dtype}, but weights are F32 or F16`;
      throw new CheckpointError(file, problem, 'Use a checkpoint that this project wrote.');
    }
    result.set(name, {shape, data});
  }
  return result;
}

function checkValues(file: string, tensors: NamedTensors): void {
  for (const [name, {data}] of tensors) {
    const index = data.findIndex((value) => !Number.isFinite(value));
    if (index >= 0) {
      const problem = `value ${index} of tensor ${name} is ${data[index]}, but every value must be finite`;
      throw new CheckpointError(
        file,
        problem,
        'Use the last good checkpoint; F32 holds what is too large for F16.',
      );
    }
  }
}

function checkShapes(file: string, tensors: NamedTensors, expected: NamedShapes, prefix = ''): void {
  const remedy = 'Load it into the model and the preset it was trained with.';
  for (const [name, {shape}] of expected) {
    const found = tensors.get(name);
    if (!found)
      throw new CheckpointError(file, `tensor ${prefix}${name} of shape [${shape}] is missing`, remedy);
    if (found.shape.join() !== shape.join()) {
      const problem = `tensor ${prefix}${name} has shape [${found.shape}], but the model needs [${shape}]`;
      throw new CheckpointError(file, problem, remedy);
    }
  }
  for (const name of tensors.keys()) {
    if (!expected.has(name)) {
      throw new CheckpointError(
        file,
        `tensor ${prefix}${name} is there, but the model has no parameter of this name`,
        remedy,
      );
    }
  }
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
