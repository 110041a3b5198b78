import * as tf from '@tensorflow/tfjs';
import {Arguments} from './check';
import {define} from './define';
import {attribute, op} from './native';
import {reluGradient} from './relu';
import {biasGradient} from './sums';

/**
 * Which weights of a dense layer live: (i, j) where above[j] >= below[i], or
 * above[j] > below[i] where it is strict.
 */
export interface DegreeMask {
  /** Degrees of the inputs, int32 [inputs]. */
  readonly below: tf.Tensor1D;
  /** Degrees of the outputs, int32 [outputs]. */
  readonly above: tf.Tensor1D;
  readonly strict: boolean;
}

/**
 * The matrix [inputs, outputs] with zeros where it is dead, whatever stood there. Degrees are compared in a
 * plain loop: that takes the WebAssembly backend many times as long as the product itself.
 */
function masked(matrix: tf.Tensor, below: tf.Tensor, above: tf.Tensor, strict: unknown): tf.Tensor2D {
  const [lowest, given] = [below.dataSync(), above.dataSync()];
  const alive = new Uint8Array(lowest.length * given.length);
  for (let i = 0; i < lowest.length; i++) {
    const least = strict ? lowest[i] + 1 : lowest[i];
    const row = i * given.length;
    for (let j = 0; j < given.length; j++) alive[row + j] = given[j] >= least ? 1 : 0;
  }
  const mask = tf.tensor2d(alive, [lowest.length, given.length], 'bool');
  return tf.where(mask, matrix, tf.zerosLike(matrix)) as tf.Tensor2D;
}

const runMaskedDense = define({
  name: 'MaskedDense',
  native: ({x, weights, added, below, above}, {strict, relu}) =>
    op(
      'RasterMaskedDense',
      [attribute.bool('strict', strict as boolean), attribute.bool('relu', relu as boolean)],
      [x, weights, added, below, above],
    ),
  portable: ({x, weights, added, below, above}, {strict, relu}) => {
    const sum = tf.add(tf.matMul(x as tf.Tensor2D, masked(weights, below, above, strict)), added);
    return relu ? tf.relu(sum) : sum;
  },
  inputsToSave: ['x', 'weights', 'added', 'below', 'above'],
  outputsToSave: [true],
  gradient: (dy, [x, weights, added, below, above, y], {strict, relu}) => {
    const dz = relu ? reluGradient(dy, y) : dy;
    return {
      x: () => inputsGradient({dy: dz, weights, below, above}, {strict}),
      weights: () => weightsGradient({x, dy: dz, below, above}, {strict}),
      added: () => (added.rank === 1 ? biasGradient(dz) : tf.clone(dz)),
    };
  },
});

const inputsGradient = define({
  name: 'MaskedDenseInputs',
  native: ({dy, weights, below, above}, {strict}) =>
    op('RasterMaskedDenseInputs', [attribute.bool('strict', strict as boolean)], [dy, weights, below, above]),
  portable: ({dy, weights, below, above}, {strict}) =>
    tf.matMul(dy as tf.Tensor2D, masked(weights, below, above, strict), false, true),
});

const weightsGradient = define({
  name: 'MaskedDenseWeights',
  native: ({x, dy, below, above}, {strict}) =>
    op('RasterMaskedDenseWeights', [attribute.bool('strict', strict as boolean)], [x, dy, below, above]),
  portable: ({x, dy, below, above}, {strict}) =>
    masked(tf.matMul(x as tf.Tensor2D, dy as tf.Tensor2D, true, false), below, above, strict),
});

/**
 * activation(x · (weights ∘ mask) + added): a layer of MADE. The mask is never written down by
 * the native kernels, and where the degrees are sorted its dead half costs nothing. Source:
 * Germain et al. 2015, equations 10 to 13.
 *
 * @param x [B, inputs]
 * @param weights [inputs, outputs]
 * @param added a bias [outputs], or what else there is to add for each image [B, outputs]
 * @returns [B, outputs]; differentiable in x, weights and added; the caller disposes it
 * @throws RangeError when shapes or types do not fit each other
 */
export function maskedDense(
  x: tf.Tensor2D,
  weights: tf.Tensor2D,
  added: tf.Tensor1D | tf.Tensor2D,
  {below, above, strict}: DegreeMask,
  activation: 'relu' | 'none',
): tf.Tensor2D {
  const given = new Arguments('maskedDense');
  given.tensor('x', x, ['B', 'inputs']);
  given.tensor('weights', weights, ['inputs', 'outputs']);
  given.tensor('added', added, ['outputs'], 'float32', ['B', 'outputs']);
  given.tensor('below', below, ['inputs'], 'int32');
  given.tensor('above', above, ['outputs'], 'int32');
  given.activation(activation);
  return runMaskedDense(
    {x, weights, added, below, above},
    {strict, relu: activation === 'relu'},
  ) as tf.Tensor2D;
}
