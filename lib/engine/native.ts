import * as tf from '@tensorflow/tfjs';
import type {NodeJSKernelBackend} from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend';

/**
 * The native side: the project's own operations in C++ (lib/engine/native, compiled by set-up), and the
 * TensorFlow runtime reached by the names of its operations. tfjs writes several passes over memory where the
 * runtime has one operation (the gradient of a ReLU, Adam); each call here costs about 15 microseconds.
 */

/**
 * What drawing reads and writes: uniforms, given and pixels [images, values]; areFinite [images], 0 where the
 * logits at an image's place are not; places, how far each has come.
 */
type DrawnInto = [
  uniforms: Float32Array,
  given: Int16Array,
  pixels: Uint8Array,
  areFinite: Uint8Array,
  places: Int32Array,
];

/**
 * What the project's own kernels give to JavaScript directly, for samplers. Loading them
 * registers operations with TensorFlow.
 */
export interface NativeKernels {
  setThreads(count: number): void;
  /** @returns a handle; `code` and `numbers` as nativeSampler.ts makes them */
  createPixelSampler(code: Int32Array, numbers: Float32Array): unknown;
  /** It begins anew, with the same weights. */
  restartPixelSampler(sampler: unknown): void;
  /** @param previous [count], or null for the first value; @param out [count, logits of a value] */
  pixelLogits(sampler: unknown, previous: Float32Array | null, out: Float32Array): void;
  /** Draws as types.ts' Drawing says; places are those of the samplers. */
  drawPixels(
    samplers: readonly unknown[],
    until: number,
    levels: number,
    temperature: number,
    argmax: 0 | 1,
    ...drawn: DrawnInto
  ): void;
  /**
   * @param sizes units of each layer, the inputs' first and the outputs' last; @param degrees of all of them
   * @param links four numbers each: from which layer, to which, 1 where a degree gives to higher ones only,
   *   and 1 where what it gives is presence; @param weights of each link; @param biases of all but the inputs
   * @returns a handle
   */
  createMadeWeights(
    sizes: Int32Array,
    degrees: Int32Array,
    links: Int32Array,
    weights: readonly Float32Array[],
    biases: Float32Array,
  ): unknown;
  /** @returns a handle; it draws so many images from the first pixel on */
  createMadeSampler(weights: unknown, count: number): unknown;
  /** It begins anew, with the same weights. */
  restartMadeSampler(sampler: unknown): void;
  /** @param previous [count], or null for the first value; @param out [count] */
  madeLogits(sampler: unknown, previous: Float32Array | null, out: Float32Array): void;
  /** As `drawPixels`; places are those of the images. */
  drawMade(sampler: unknown, until: number, temperature: number, argmax: 0 | 1, ...drawn: DrawnInto): void;
}

let loaded: NativeKernels | null = null;
let twinsOnly = false;
let threads = 1;

/**
 * To be called once the native runtime is there.
 *
 * @param count of the project's own operations
 * @throws Error when set-up has not compiled the kernels
 */
export function loadNativeKernels(count: number): void {
  // Beside the binding of tfjs-node; hidden from bundlers as that is.
  const name = '@tensorflow/tfjs-node/lib/napi-v8/raster_kernels.node';
  const kernels = require(name) as NativeKernels;
  kernels.setThreads(count);
  threads = count;
  loaded = kernels;
}

/** How many threads the project's own operations use. */
export function nativeThreads(): number {
  return threads;
}

/**
 * The one place that decides which form of an operation serves a call: the native one where the native
 * runtime is the active backend, else (null) the portable twin. Asked at each call, since
 * `tf.setBackend` may change the answer.
 */
export function native(): NativeKernels | null {
  return !twinsOnly && tf.getBackend() === 'tensorflow' ? loaded : null;
}

/**
 * Calls `run` with the portable twins serving every operation, whatever the backend:
 * tests compare the two forms by it.
 *
 * @param run may be async; calls that overlap with it get the twins, too
 */
export function withPortableTwins<T>(run: () => T): T {
  const before = twinsOnly;
  const restore = (): void => {
    twinsOnly = before;
  };
  twinsOnly = true;
  let later = false;
  try {
    const result = run();
    if (!(result instanceof Promise)) return result;
    later = true;
    return result.finally(restore) as T;
  } finally {
    if (!later) restore();
  }
}

interface OpAttribute {
  name: string;
  type: number;
  value: unknown;
}

function backend(): NodeJSKernelBackend {
  return tf.backend() as unknown as NodeJSKernelBackend;
}

// Numbers of types from TensorFlow's C API.
const FLOAT32 = 1;
export const INT32 = 3;

/** Attributes in the form that the binding wants. */
export const attribute = {
  type: (name: string, value = FLOAT32): OpAttribute => ({name, type: backend().binding.TF_ATTR_TYPE, value}),
  bool: (name: string, value: boolean): OpAttribute => ({
    name,
    type: backend().binding.TF_ATTR_BOOL,
    value,
  }),
  string: (name: string, value: string): OpAttribute => ({
    name,
    type: backend().binding.TF_ATTR_STRING,
    value,
  }),
  int: (name: string, value: number | readonly number[]): OpAttribute => ({
    name,
    type: backend().binding.TF_ATTR_INT,
    value,
  }),
};

/** Runs one operation of the TensorFlow runtime that has one output; the caller disposes it. */
export function op(name: string, attributes: OpAttribute[], inputs: readonly tf.TensorInfo[]): tf.Tensor {
  return backend().executeSingleOutput(name, attributes as never, inputs as tf.TensorInfo[]) as tf.Tensor;
}

/** Runs one operation of the TensorFlow runtime that has several outputs; the caller disposes them. */
export function outputs(
  name: string,
  attributes: OpAttribute[],
  inputs: readonly tf.TensorInfo[],
  count: number,
): tf.Tensor[] {
  return backend().executeMultipleOutputs(name, attributes as never, inputs as tf.TensorInfo[], count);
}

/**
 * An operation of the native kernels whose gradient is another, called `<name>Gradient`. Both have the
 * attribute `keep`: whether what the gradient needs is kept, or is room to work in, for each image again.
 */
export interface NativePair {
  readonly name: string;
  readonly attributes: OpAttribute[];
  /** The first output is the result; the others are kept for the gradient. */
  readonly outputs: number;
  /** Whether the result is kept, too. */
  readonly keepResult?: boolean;
  /** Which inputs the gradient is given: those before what is kept, and those after it. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** Whether the inputs after the first are a list, and so those after what is kept, and the gradients. */
  readonly list?: boolean;
}

/** Runs it; differentiable in all inputs. Inside tf.tidy. */
export function runPair(pair: NativePair, inputs: readonly tf.Tensor[]): tf.Tensor {
  const {name, before, after, list = false} = pair;
  // Where nobody records, no gradient will be asked for.
  const attributes = [...pair.attributes, attribute.bool('keep', tf.engine().isTapeOn())];
  const length = (name: string, count: number) => (list ? [attribute.int(name, count)] : []);
  const rest = inputs.length - 1;
  const run = tf.customGrad((...args) => {
    const save = args.pop() as unknown as tf.GradSaveFunc;
    const given = args as tf.Tensor[];
    const all = outputs(name, [...attributes, ...length('N', rest)], given, pair.outputs);
    const [result] = all;
    const kept = pair.keepResult === true ? all : all.slice(1);
    save([...before.map((k) => given[k]), ...kept, ...after.map((k) => given[k])]);
    return {
      value: result,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const told = [...attributes, ...length('N', after.length), ...length('M', rest)];
        return outputs(`${name}Gradient`, told, [dy, ...saved], given.length);
      },
    };
  });
  return run(...inputs);
}
