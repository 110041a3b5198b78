import * as tf from '@tensorflow/tfjs';
import {attribute, outputs} from './native';
import type {Convolution} from './threeConvolutions';

/** One recurrence of a layer. */
export interface Recurrence {
  /** Input-to-state, along the row. */
  readonly input: Convolution;
  /** State-to-state [taps, h, 4 h], and the state outside the image, [h] each. */
  readonly weights: {readonly state: tf.Tensor3D; readonly hidden: tf.Tensor1D; readonly cell: tf.Tensor1D};
  /** Which pixels' states a pixel is given, as [rows down, columns right], and which of them hands on its cell. */
  readonly neighbors: {readonly taps: readonly (readonly [number, number])[]; readonly cell: number};
}

/**
 * x + up(states), a layer of Row LSTM or of the Diagonal BiLSTM, in one operation of the native kernels, with its gradient in
 * another. Inside tf.tidy, on the TensorFlow runtime only.
 *
 * @param x [B, H, W, F]
 * @param recurrences one, or two of which the second's states are taken from the row above
 * @param up 1 x 1, h to F
 * @returns [B, H, W, F]; differentiable in x and all weights
 */
export function lstmLayer(x: tf.Tensor4D, recurrences: readonly Recurrence[], up: Convolution): tf.Tensor4D {
  const neighbors = recurrences.map((recurrence) => recurrence.neighbors);
  const taps = neighbors.flatMap((each) => each.taps);
  const attributes = [
    attribute.int(
      'rows',
      taps.map(([row]) => row),
    ),
    attribute.int(
      'columns',
      taps.map(([, column]) => column),
    ),
    attribute.int(
      'cells_from',
      neighbors.map(({cell}) => cell),
    ),
    attribute.int('center', recurrences[0].input.placement.padding.left),
  ];
  const run = tf.customGrad((...args) => {
    const save = args.pop() as unknown as tf.GradSaveFunc;
    const inputs = args as tf.Tensor[];
    const [next, ...states] = outputs('RasterLstmLayer', attributes, inputs, 4);
    const [from, input, , state, hidden, cell, back] = inputs;
    save([from, ...states, input, state, hidden, cell, back]);
    return {
      value: next,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        outputs('RasterLstmLayerGradient', attributes, [dy, ...saved], 8),
    };
  });
  const together = (of: (recurrence: Recurrence) => tf.Tensor): tf.Tensor => tf.stack(recurrences.map(of));
  const weights = [
    together(({input}) => tf.squeeze(input.kernel(), [0])),
    together(({input}) => input.bias),
    together(({weights}) => weights.state),
    together(({weights}) => weights.hidden),
    together(({weights}) => weights.cell),
  ];
  return run(x, ...weights, tf.squeeze(up.kernel(), [0, 1]), up.bias) as tf.Tensor4D;
}
