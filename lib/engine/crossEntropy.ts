import * as tf from '@tensorflow/tfjs';
import {Arguments} from './check';
import {define} from './define';
import {attribute, INT32, op} from './native';

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
 * @throws RangeError when shapes or types do not fit each other
 */
export function bernoulliNegativeLogLikelihood(logits: tf.Tensor2D, x: tf.Tensor2D): tf.Tensor1D {
  const given = new Arguments('bernoulliNegativeLogLikelihood');
  given.tensor('logits', logits, ['B', 'D']);
  given.tensor('x', x, ['B', 'D']);
  return runBernoulli({logits, x}) as tf.Tensor1D;
}

/**
 * 1 at the level of each value, [B, D, L]; NaN throughout where the value is no level,
 * as the native kernels have it.
 */
function chosenOf(x: tf.Tensor, levels: number): tf.Tensor {
  const isLevel = tf.logicalAnd(tf.greaterEqual(x, 0), tf.less(x, levels));
  const orNaN = tf.where(isLevel, tf.onesLike(isLevel).toFloat(), tf.fill(x.shape, Number.NaN));
  return tf.mul(tf.oneHot(x, levels), tf.expandDims(orNaN, 2));
}

const runCategoricalGradient = define({
  name: 'CategoricalGradient',
  native: ({dy, logits, x}) => op('RasterCrossEntropyGradient', [], [dy, logits, x]),
  portable: ({dy, logits, x}) => {
    const chosen = chosenOf(x, logits.shape[2] as number);
    return tf.mul(tf.sub(tf.softmax(logits), chosen), tf.reshape(dy, [-1, 1, 1]));
  },
});

const runCategorical = define({
  name: 'CategoricalNegativeLogLikelihood',
  native: ({logits, x}) => op('RasterCrossEntropy', [], [logits, x]),
  portable: ({logits, x}) => {
    // -log p(x) = logsumexp(logits) - logit of x, from the largest logit on, so that
    // a large one takes nothing away.
    const below = tf.sub(logits, tf.max(logits, 2, true));
    const chosen = tf.sum(tf.mul(below, chosenOf(x, logits.shape[2] as number)), 2);
    return tf.sum(tf.sub(tf.log(tf.sum(tf.exp(below), 2)), chosen), 1);
  },
  inputsToSave: ['logits', 'x'],
  gradient: (dy, [logits, x]) => ({logits: () => runCategoricalGradient({dy, logits, x})}),
});

/**
 * Cross-entropy of independent values of L levels given by their logits. Nothing of the logits' size is made
 * for it, and for the gradient nothing but itself: of a batch of 16 color images one such tensor has 50 MB.
 *
 * @param logits [B, D, L]
 * @param x [B, D], int32 levels 0 … L - 1; another value makes the nats of its image NaN
 * @returns [B], nats; differentiable in the logits; the caller disposes it
 * @throws RangeError when shapes or types do not fit each other, or there are fewer than 2 levels
 */
export function categoricalNegativeLogLikelihood(logits: tf.Tensor3D, x: tf.Tensor2D): tf.Tensor1D {
  const given = new Arguments('categoricalNegativeLogLikelihood');
  given.tensor('logits', logits, ['B', 'D', 'L']);
  given.tensor('x', x, ['B', 'D'], 'int32');
  given.rule(given.size('L') > 1, 'logits', 'have at least 2 levels L', given.size('L'));
  return runCategorical({logits, x}) as tf.Tensor1D;
}
