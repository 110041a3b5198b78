import * as tf from '@tensorflow/tfjs';
import {Arguments} from './check';
import {define} from './define';
import {attribute, op} from './native';

const runBias = define({
  name: 'BiasGradient',
  native: ({dy}) => op('BiasAddGrad', [attribute.type('T'), attribute.string('data_format', 'NHWC')], [dy]),
  portable: ({dy}) =>
    tf.sum(
      dy,
      Array.from({length: dy.rank - 1}, (_, axis) => axis),
    ),
});

/**
 * The gradient of a bias.
 *
 * @param dy [B, …, outputs]
 * @returns [outputs]: the sum over all axes but the last; the caller disposes it
 */
export function biasGradient(dy: tf.Tensor): tf.Tensor1D {
  const given = new Arguments('biasGradient');
  given.tensor('dy', dy, ['B', 'H', 'W', 'outputs'], 'float32', ['B', 'outputs']);
  return runBias({dy}) as tf.Tensor1D;
}

const runNorm = define({
  name: 'HalfSquaredNorm',
  native: ({x}) => op('L2Loss', [attribute.type('T')], [x]),
  portable: ({x}) => tf.div(tf.sum(tf.square(x)), 2),
});

/**
 * Half the sum of the squares of x.
 *
 * @param x of any shape
 * @returns a scalar; the caller disposes it
 */
export function halfSquaredNorm(x: tf.Tensor): tf.Scalar {
  const shape = x instanceof tf.Tensor ? x.shape : [];
  new Arguments('halfSquaredNorm').tensor('x', x, shape);
  return runNorm({x}) as tf.Scalar;
}
