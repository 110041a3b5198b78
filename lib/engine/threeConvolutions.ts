import * as tf from '@tensorflow/tfjs';
import type {Placement} from './conv';
import {attribute, outputs} from './native';

/** A convolution as the operation needs it. */
export interface Convolution {
  kernel(): tf.Tensor4D;
  readonly bias: tf.Tensor1D;
  readonly placement: Placement;
}

/**
 * third(relu(second(relu(first(relu(x)))))), plus x for a residual block, in one operation of the native kernels, with its
 * gradient in another: image by image, so that the features of an image stay in a core's own cache. Inside tf.tidy, on the
 * TensorFlow runtime only.
 *
 * @param x [B, H, W, inputs]
 * @param convolutions the first and the third 1 x 1; of the second no tap below the center's row
 * @returns [B, H, W, outputs]; differentiable in x, kernels and biases
 */
export function threeConvolutions(
  x: tf.Tensor4D,
  convolutions: readonly Convolution[],
  residual: boolean,
): tf.Tensor4D {
  const {padding, dilation} = convolutions[1].placement;
  const attributes = [
    attribute.int('dilation', dilation),
    attribute.int('center_column', padding.left / dilation),
    attribute.bool('residual', residual),
  ];
  const run = tf.customGrad((...args) => {
    const save = args.pop() as unknown as tf.GradSaveFunc;
    const inputs = args as tf.Tensor[];
    const [y, kept] = outputs('RasterThreeConvolutions', attributes, inputs, 2);
    const [, first, , second, , third] = inputs;
    save([inputs[0], kept, first, second, third]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        outputs('RasterThreeConvolutionsGradient', attributes, [dy, ...saved], 7),
    };
  });
  return run(x, ...convolutions.flatMap((conv) => [conv.kernel(), conv.bias])) as tf.Tensor4D;
}
