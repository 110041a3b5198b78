import * as tf from '@tensorflow/tfjs';
import {define} from './define';
import {attribute, INT32, op} from './native';

/** The fused kernels that are no convolutions; see define.ts for their two forms. */

/** dy where y > 0, else 0. */
export const reluGradient = define({
  name: 'ReluGradient',
  native: ({dy, y}) => op('ReluGrad', [attribute.type('T')], [dy, y]),
  portable: ({dy, y}) => tf.mul(dy, tf.cast(tf.greater(y, 0), 'float32')),
});

/** The sum of dy over all axes but the last. */
export const biasGradient = define({
  name: 'BiasGradient',
  native: ({dy}) => op('BiasAddGrad', [attribute.type('T'), attribute.string('data_format', 'NHWC')], [dy]),
  portable: ({dy}) =>
    tf.sum(
      dy,
      Array.from({length: dy.rank - 1}, (_, axis) => axis),
    ),
});

/** Half the sum of the squares of x, a scalar. */
export const halfSquaredNorm = define({
  name: 'HalfSquaredNorm',
  native: ({x}) => op('L2Loss', [attribute.type('T')], [x]),
  portable: ({x}) => tf.div(tf.sum(tf.square(x)), 2),
});

const runBernoulli = define({
  name: 'BernoulliNegativeLogLikelihood',
  native: ({logits, x}) => {
    // -log p(x) = softplus(logit) - logit * x, which neither overflows nor loses small values.
    const T = [attribute.type('T')];
    const softplus = op('Softplus', T, [logits]);
    const chosen = op('Mul', T, [logits, x]);
    const nats = op('Sub', T, [softplus, chosen]);
    const axes = tf.tensor1d([1], 'int32');
    const sum = op(
      'Sum',
      [...T, attribute.type('Tidx', INT32), attribute.bool('keep_dims', false)],
      [nats, axes],
    );
    for (const t of [softplus, chosen, nats, axes]) t.dispose();
    return sum;
  },
  portable: ({logits, x}) => {
    const softplus = tf.add(tf.relu(logits), tf.log(tf.add(1, tf.exp(tf.neg(tf.abs(logits))))));
    return tf.sum(tf.sub(softplus, tf.mul(logits, x)), 1);
  },
  inputsToSave: ['logits', 'x'],
  gradient: (dy, [logits, x]) => ({
    logits: () => tf.mul(tf.sub(tf.sigmoid(logits), x), tf.expandDims(dy, 1)),
    x: () => tf.mul(tf.neg(logits), tf.expandDims(dy, 1)),
  }),
});

/**
 * Cross-entropy of independent Bernoulli values given by their logits.
 *
 * @param logits [B, D]
 * @param x [B, D], values 0 or 1
 * @returns [B], nats; differentiable; the caller disposes it
 */
export function bernoulliNegativeLogLikelihood(logits: tf.Tensor2D, x: tf.Tensor2D): tf.Tensor1D {
  return runBernoulli({logits, x}) as tf.Tensor1D;
}

const runCategoricalGradient = define({
  name: 'CategoricalGradient',
  own: true,
  native: ({dy, logits, x}) => op('RasterCrossEntropyGradient', [], [dy, logits, x]),
  portable: ({dy, logits, x}) => {
    const chosen = tf.oneHot(x, logits.shape[2] as number);
    return tf.mul(tf.sub(tf.softmax(logits), chosen), tf.reshape(dy, [-1, 1, 1]));
  },
});

const runCategorical = define({
  name: 'CategoricalNegativeLogLikelihood',
  own: true,
  native: ({logits, x}) => op('RasterCrossEntropy', [], [logits, x]),
  portable: ({logits, x}) => {
    // -log p(x) = logsumexp(logits) - logit of x, from the largest logit on, so that a large one takes nothing away.
    const below = tf.sub(logits, tf.max(logits, 2, true));
    const chosen = tf.sum(tf.mul(below, tf.oneHot(x, logits.shape[2] as number)), 2);
    return tf.sum(tf.sub(tf.log(tf.sum(tf.exp(below), 2)), chosen), 1);
  },
  inputsToSave: ['logits', 'x'],
  gradient: (dy, [logits, x]) => ({logits: () => runCategoricalGradient({dy, logits, x})}),
});

/**
 * Cross-entropy of independent values of L levels given by their logits. Nothing of the logits' size is made for it, and for
 * the gradient nothing but itself: of a batch of 16 color images one such tensor has 50 MB.
 *
 * @param logits [B, D, L]
 * @param x [B, D], int32 levels 0 … L - 1
 * @returns [B], nats; differentiable in the logits; the caller disposes it
 */
export function categoricalNegativeLogLikelihood(logits: tf.Tensor3D, x: tf.Tensor2D): tf.Tensor1D {
  return runCategorical({logits, x}) as tf.Tensor1D;
}

const runRelu = define({
  name: 'RasterRelu',
  native: ({x}) => op('Relu', [attribute.type('T')], [x]),
  portable: ({x}) => tf.relu(x),
  outputsToSave: [true],
  gradient: (dy, [y]) => ({x: () => reluGradient({dy, y})}),
});

/** max(x, 0), with a gradient of one pass over memory. The caller disposes the result. */
export function relu<T extends tf.Tensor>(x: T): T {
  return runRelu({x}) as T;
}

const runGateGradient = define({
  name: 'GateGradient',
  own: true,
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
  own: true,
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
 */
export function gate(x: tf.Tensor4D): tf.Tensor4D {
  return runGate({x}) as tf.Tensor4D;
}
