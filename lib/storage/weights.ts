import * as tf from '@tensorflow/tfjs';
import type {Parameters} from '../types';
import {CheckpointError, type CheckpointMetadata, decodeMetadata, Fields, rephrase} from './metadata';
import {decodeSafetensors, type Safetensors, type StoredTensor} from './safetensors';

/**
 * Weights between the bytes of a checkpoint and the parameters of a model. No file is touched, so this runs
 * in a browser, too: `file` is only what errors call them.
 */

/** Values in row order; as many as the product of `shape`. */
export interface NamedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}
/** The tensors of a model by the names of its parameters. */
export type NamedTensors = ReadonlyMap<string, NamedTensor>;
/**
 * The shapes that a model expects, by the names of its parameters. A model's
 * `parameters` are such a map, too.
 */
export type NamedShapes = ReadonlyMap<string, {readonly shape: readonly number[]}>;

/** Weights for publication and for use. */
export interface Checkpoint {
  readonly tensors: NamedTensors;
  readonly metadata: CheckpointMetadata;
}

/**
 * The weights that the bytes of a checkpoint hold, read as strictly as from a file.
 *
 * @throws CheckpointError
 */
export function decodeCheckpoint(file: string, bytes: Uint8Array): Checkpoint {
  return checkpointFrom(file, decodeFile(file, bytes));
}

/** The tensors and strings of any safetensors file. @throws CheckpointError */
export function decodeFile(file: string, bytes: Uint8Array): Safetensors {
  return rephrase(file, 'Copy it again from where it came, or train again.', () => decodeSafetensors(bytes));
}

/**
 * The weights that a safetensors file holds: its version, fields and values checked. @throws CheckpointError
 */
export function checkpointFrom(file: string, {tensors, metadata}: Safetensors): Checkpoint {
  const fields = new Fields(file, metadata, 'weights');
  const checkpoint = {tensors: floats(file, tensors), metadata: decodeMetadata(fields)};
  fields.end();
  checkValues(file, checkpoint.tensors);
  return checkpoint;
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

/** The tensors of a file as floats. @throws CheckpointError when one is of integers */
export function floats(file: string, tensors: ReadonlyMap<string, StoredTensor>): NamedTensors {
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

/** @throws CheckpointError when a value is not finite */
export function checkValues(file: string, tensors: NamedTensors): void {
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

/** @throws CheckpointError when a tensor is missing, is too many, or has another shape */
export function checkShapes(file: string, tensors: NamedTensors, expected: NamedShapes, prefix = ''): void {
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
