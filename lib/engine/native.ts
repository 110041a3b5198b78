import * as tf from '@tensorflow/tfjs';
import type {NodeJSKernelBackend} from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend';

/**
 * The TensorFlow runtime reached by the names of its own operations. tfjs writes several passes over memory where
 * the runtime has one operation (the gradient of a ReLU, Adam); each call here costs about 15 microseconds.
 */

type OpInput = tf.TensorInfo;
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
  int: (name: string, value: number | number[]): OpAttribute => ({
    name,
    type: backend().binding.TF_ATTR_INT,
    value,
  }),
};

/** Runs one operation of the TensorFlow runtime that has one output; the caller disposes it. */
export function op(name: string, attributes: OpAttribute[], inputs: readonly OpInput[]): tf.Tensor {
  return backend().executeSingleOutput(name, attributes as never, inputs as tf.TensorInfo[]) as tf.Tensor;
}

/** Runs one operation of the TensorFlow runtime that has several outputs; the caller disposes them. */
export function outputs(
  name: string,
  attributes: OpAttribute[],
  inputs: readonly OpInput[],
  count: number,
): tf.Tensor[] {
  return backend().executeMultipleOutputs(name, attributes as never, inputs as tf.TensorInfo[], count);
}
