import * as tf from '@tensorflow/tfjs';
import {Arguments} from './check';
import {define} from './define';
import {op} from './native';

const runGateGradient = define({
  name: 'GateGradient',
  native: ({dy, x}) => op('RasterGateGradient', [], [dy, x]),
  portable: ({dy, x}) => {
    const values = gateSlopes(dy.dataSync() as Float32Array, x.dataSync() as Float32Array, dy.shape[3] ?? 0);
    return tf.tensor(values, x.shape);
  },
});

/** In a plain loop that passes over what no gradient comes to: nearly all of it where one place is asked. */
function gateSlopes(dy: Float32Array, x: Float32Array, features: number): Float32Array {
  const dx = new Float32Array(x.length);
  for (let i = 0; i < dy.length; i++) {
    if (dy[i] === 0) continue;
    const start = i + Math.floor(i / features) * features;
    const [tanh, sigmoid] = [Math.tanh(x[start]), 1 / (1 + Math.exp(-x[start + features]))];
    dx[start] = dy[i] * sigmoid * (1 - tanh * tanh);
    dx[start + features] = dy[i] * tanh * sigmoid * (1 - sigmoid);
  }
  return dx;
}

const runGate = define({
  name: 'Gate',
  native: ({x}) => op('RasterGate', [], [x]),
  portable: ({x}) => {
    const [a, b] = tf.split(x, 2, x.rank - 1);
    return tf.mul(tf.tanh(a), tf.sigmoid(b));
  },
  inputsToSave: ['x'],
  gradient: (dy, [x]) => ({x: () => runGateGradient({dy, x})}),
});

/**
 * The gated activation tanh(a) * sigmoid(b) (van den Oord et al. 2016b, equation 2).
 *
 * @param x [B, H, W, 2 K]: a is the first half of the last axis, b the second
 * @returns [B, H, W, K]; differentiable; the caller disposes it
 * @throws RangeError when x has another rank or type, or an odd number of features
 */
export function gate(x: tf.Tensor4D): tf.Tensor4D {
  const given = new Arguments('gate');
  given.tensor('x', x, ['B', 'H', 'W', '2 K']);
  given.rule(x.shape[3] % 2 === 0, 'the last axis of x', 'have an even length', x.shape[3]);
  return runGate({x}) as tf.Tensor4D;
}
