import * as tf from '@tensorflow/tfjs';
import {Arguments} from './check';
import {define} from './define';
import {attribute, op} from './native';

const runGradient = define({
  name: 'ReluGradient',
  native: ({dy, y}) => op('ReluGrad', [attribute.type('T')], [dy, y]),
  portable: ({dy, y}) => tf.mul(dy, tf.step(y)),
});

/**
 * The gradient of a ReLU of which y is the result.
 *
 * @param dy of the shape of y
 * @returns dy where y > 0, else 0; the caller disposes it
 */
export function reluGradient(dy: tf.Tensor, y: tf.Tensor): tf.Tensor {
  const given = new Arguments('reluGradient');
  const shape = y instanceof tf.Tensor ? y.shape : [];
  given.tensor('y', y, shape);
  given.tensor('dy', dy, shape);
  return runGradient({dy, y});
}

const runRelu = define({
  name: 'RasterRelu',
  native: ({x}) => op('Relu', [attribute.type('T')], [x]),
  portable: ({x}) => tf.relu(x),
  outputsToSave: [true],
  gradient: (dy, [y]) => ({x: () => reluGradient(dy, y)}),
});

/** max(x, 0), and NaN for NaN, with a gradient of one pass over memory. The caller disposes the result. */
export function relu<T extends tf.Tensor>(x: T): T {
  const shape = x instanceof tf.Tensor ? x.shape : [];
  new Arguments('relu').tensor('x', x, shape);
  return runRelu({x}) as T;
}
