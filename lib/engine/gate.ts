import * as tf from '@tensorflow/tfjs';
import {Arguments} from './check';
import {define} from './define';
import {op} from './native';

const runGateGradient = define({
  name: 'GateGradient',
  native: ({dy, x}) => op('RasterGateGradient', [], [dy, x]),
  portable: ({dy, x}) => {
    const [a, b] = tf.split(x, 2, x.rank - 1);
    const tanh = tf.tanh(a);
    const sigmoid = tf.sigmoid(b);
    const da = tf.mul(tf.mul(dy, sigmoid), tf.sub(1, tf.square(tanh)));
    const db = tf.mul(tf.mul(dy, tanh), tf.mul(sigmoid, tf.sub(1, sigmoid)));
    return tf.concat([da, db], x.rank - 1);
  },
});

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
