import * as tf from '@tensorflow/tfjs';
import {Random} from '../random';
import type {Parameters} from '../types';

/**
 * A trainable tensor to be made: its name in checkpoints, its shape, and where its first values come from.
 */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** Standard deviation of the normal first values; 0 for zeros. */
  readonly std: number;
  /**
   * 1 where a weight can ever act, 0 where a mask always hides it, in row order;
   * left out where nothing is hidden.
   */
  readonly mask?: () => Float32Array;
}

/** 1 GB of weights; training takes five times that. */
const MOST_NUMBERS = 2 ** 28;

/**
 * To be asked before a mask or a kernel of that shape is made.
 *
 * @throws RangeError when there is no memory for so many numbers
 */
export function checkCount({name, shape}: Pick<ParameterSpec, 'name' | 'shape'>): void {
  if (countOf(shape) <= MOST_NUMBERS) return;
  throw new RangeError(
    `${name} of shape [${shape.join(', ')}] must have at most the ${MOST_NUMBERS} numbers that can be held, ` +
      `got ${countOf(shape)}; take fewer features or units`,
  );
}

const countOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/**
 * Standard deviation that keeps the scale of activations through a ReLU layer (He et al. 2015, equation 10).
 */
export function heStd(fanIn: number): number {
  return Math.sqrt(2 / fanIn);
}

/** Makes the parameters; each is drawn from its own stream, so that adding one changes no other. */
export function createParameters(specs: readonly ParameterSpec[], seed: number): Parameters {
  for (const spec of specs) checkCount(spec);
  const total = specs.reduce((sum, {shape}) => sum + countOf(shape), 0);
  if (total > MOST_NUMBERS) {
    throw new RangeError(
      `a model must have at most the ${MOST_NUMBERS} numbers that can be held, got ${total}; take fewer features or layers`,
    );
  }
  const parameters = new Map<string, tf.Variable>();
  for (const {name, shape, std} of specs) {
    const values = new Float32Array(countOf(shape));
    if (std > 0) {
      const random = new Random(seed, 'parameters', name);
      for (let i = 0; i < values.length; i++) values[i] = std * random.normal();
    }
    const tensor = tf.tensor(values, [...shape]);
    parameters.set(name, tf.variable(tensor));
    tensor.dispose();
  }
  return parameters;
}

/** How many numbers the parameters hold. */
export function parameterCount(parameters: Parameters): number {
  let count = 0;
  for (const parameter of parameters.values()) count += parameter.size;
  return count;
}

/** @throws RangeError when there is no parameter of that name */
export function parameter<T extends tf.Tensor>(parameters: Parameters, name: string): T {
  const found = parameters.get(name);
  if (found === undefined) {
    throw new RangeError(`no parameter '${name}'; there are ${[...parameters.keys()].join(', ')}`);
  }
  return found as unknown as T;
}
