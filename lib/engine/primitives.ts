import * as tf from '@tensorflow/tfjs';
import {gateForward} from './kernels';
import {attribute, INT32, op} from './native';

/**
 * The few operations that a sampler calls tens of thousands of times, without tfjs's book-keeping for gradients, which would
 * cost more than the operations. Not differentiable; to be called inside tf.tidy.
 */

function native(): boolean {
  return tf.getBackend() === 'tensorflow';
}

/** a · b, [M, K] · [K, N]. */
export function matMul(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  if (!native()) return tf.matMul(a, b);
  const attributes = [
    attribute.type('T'),
    attribute.bool('transpose_a', false),
    attribute.bool('transpose_b', false),
  ];
  return op('MatMul', attributes, [a, b]) as tf.Tensor2D;
}

/** The sum of matrices of one shape, in one operation. */
export function sum(parts: readonly tf.Tensor2D[]): tf.Tensor2D {
  if (!native()) return tf.addN([...parts]);
  return op('AddN', [attribute.int('N', parts.length), attribute.type('T')], parts) as tf.Tensor2D;
}

/** max(a, 0). */
export function rectify(a: tf.Tensor2D): tf.Tensor2D {
  return native() ? (op('Relu', [attribute.type('T')], [a]) as tf.Tensor2D) : tf.relu(a);
}

/** Matrices of the same number of rows, side by side. */
export function sideBySide(parts: readonly tf.Tensor2D[]): tf.Tensor2D {
  if (parts.length === 1) return parts[0];
  if (!native()) return tf.concat([...parts], 1);
  const axis = tf.scalar(1, 'int32');
  const attributes = [attribute.int('N', parts.length), attribute.type('Tidx', INT32), attribute.type('T')];
  return op('ConcatV2', attributes, [...parts, axis]) as tf.Tensor2D;
}

/** tanh of the left half of the columns times sigmoid of the right half. */
export function gated(x: tf.Tensor2D): tf.Tensor2D {
  return gateForward(x) as tf.Tensor2D;
}
