import * as tf from '@tensorflow/tfjs';
import {attribute, outputs} from './native';
import type {Convolution} from './threeConvolutions';

export interface GatedConvolutions {
  readonly vertical: Convolution;
  readonly horizontal: Convolution;
  readonly link: Convolution;
  readonly point: Convolution;
}

/** Where a layer lies in the network. */
export interface GatedPlace {
  /** Both stacks are the image, and the horizontal one has no residual connection. */
  readonly first: boolean;
  /** Only the horizontal stack is asked for. */
  readonly last: boolean;
}

/**
 * A layer of the Gated PixelCNN in one operation of the native kernels, with its gradient in another. Inside tf.tidy, on the
 * TensorFlow runtime only.
 *
 * @param stacks the vertical stack, then the horizontal one, [B, H, W, 2 · features]; in the first layer the image [B, H, W, C]
 * @param told what the class adds before the gates of the vertical and of the horizontal stack, [1 or B, 2 · features]
 * @returns both stacks likewise, or [B, H, W, features] of the last layer; differentiable in all inputs, kernels and biases
 */
export function gatedLayer(
  stacks: tf.Tensor4D,
  {vertical, horizontal, link, point}: GatedConvolutions,
  told: readonly [tf.Tensor2D, tf.Tensor2D],
  {first, last}: GatedPlace,
): tf.Tensor4D {
  const {dilation} = vertical.placement;
  const attributes = [
    attribute.bool('first', first),
    attribute.bool('last', last),
    attribute.int('vertical_top', vertical.placement.padding.top / dilation),
    attribute.int('vertical_center', vertical.placement.padding.left / dilation),
    attribute.int('horizontal_center', horizontal.placement.padding.left / dilation),
    attribute.int('dilation', dilation),
  ];
  const run = tf.customGrad((...args) => {
    const save = args.pop() as unknown as tf.GradSaveFunc;
    const inputs = args as tf.Tensor[];
    const [next, kept] = outputs('RasterGatedLayer', attributes, inputs, 2);
    const kernels = [1, 3, 5, 7].map((k) => inputs[k]);
    save([inputs[0], kept, ...kernels]);
    return {
      value: next,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const gradients = outputs('RasterGatedLayerGradient', attributes, [dy, ...saved], 11);
        // One class for the whole batch: its gradient is the sum over the images.
        const classes = gradients.slice(9).map((gradient, k) => {
          return told[k].shape[0] === gradient.shape[0] ? gradient : tf.sum(gradient, 0, true);
        });
        return [...gradients.slice(0, 9), ...classes];
      },
    };
  });
  const weights = [vertical, horizontal, link, point].flatMap((conv) => [conv.kernel(), conv.bias]);
  return run(stacks, ...weights, ...told) as tf.Tensor4D;
}
