import * as tf from '@tensorflow/tfjs';
import {relu} from '../engine/kernels';
import {nativeKernels} from '../engine/nativeKernels';
import {threeConvolutions} from '../engine/threeConvolutions';
import type {MaskedConv2d} from './maskedConv2d';

/**
 * third(relu(second(relu(first(relu(x)))))): what a residual block adds, and the layers before the logits.
 *
 * @param x [B, H, W, inputs]
 * @param convolutions the first and the third 1 x 1
 * @param residual whether x is added
 * @param fused whether it is one operation, where the native kernels are there; chosen by tests only
 * @returns [B, H, W, outputs]; the caller disposes it
 */
export function reluConvolutions(
  x: tf.Tensor4D,
  convolutions: readonly MaskedConv2d[],
  residual: boolean,
  fused = nativeKernels() !== null,
): tf.Tensor4D {
  return tf.tidy(() => {
    if (fused) return threeConvolutions(x, convolutions, residual);
    const [first, second, third] = convolutions;
    const y = third.apply(second.apply(first.apply(relu(x), 'relu'), 'relu'), 'none');
    return residual ? tf.add(x, y) : y;
  });
}
