import * as tf from '@tensorflow/tfjs';
import {Arguments} from './check';
import {applyConvolution, type Convolution} from './conv';
import {lstmScan, NEIGHBORS, type ScanDirection, type ScanWeights} from './lstmScan';
import {attribute, native, runPair} from './native';
import {checkSamePlacement} from './reluConvolutions';

/** One recurrence of a layer. */
export interface Recurrence {
  /** Input-to-state, along the row: F to 4 h. */
  readonly input: Convolution;
  readonly weights: ScanWeights;
  readonly direction: ScanDirection;
}

/**
 * x + up(states), a layer of Row LSTM or of the Diagonal BiLSTM (van den Oord et al. 2016a, figure 5,
 * right), natively in one operation.
 *
 * @param x [B, H, W, F]
 * @param recurrences one, or two of which the second's states are taken from the row above
 * @param up 1 x 1, h to F
 * @returns [B, H, W, F]; differentiable in x and all weights; the caller disposes it
 * @throws RangeError when shapes, types or placements do not fit each other
 */
export function lstmLayer(x: tf.Tensor4D, recurrences: readonly Recurrence[], up: Convolution): tf.Tensor4D {
  return tf.tidy(() => {
    const kernels = checked(x, recurrences, up);
    if (native() === null) return tf.add(x, applyConvolution(addedStates(x, recurrences), up, 'none'));
    const neighbors = recurrences.map(({direction}) => NEIGHBORS[direction]);
    const taps = neighbors.flatMap((each) => each.taps);
    const list = (name: string, values: readonly number[]) => attribute.int(name, values);
    const attributes = [
      list(
        'rows',
        taps.map(([row]) => row),
      ),
      list(
        'columns',
        taps.map(([, column]) => column),
      ),
      list(
        'cells_from',
        neighbors.map(({cell}) => cell),
      ),
      attribute.int('center', recurrences[0].input.placement.padding.left),
    ];
    const together = (of: (recurrence: Recurrence, k: number) => tf.Tensor): tf.Tensor =>
      tf.stack(recurrences.map(of));
    const inputs = [
      x,
      together((_, k) => tf.squeeze(kernels[k], [0])),
      together(({input}) => input.bias),
      together(({weights}) => weights.state),
      together(({weights}) => weights.hidden),
      together(({weights}) => weights.cell),
      tf.squeeze(kernels[recurrences.length], [0, 1]),
      up.bias,
    ];
    const pair = {
      ...{name: 'RasterLstmLayer', attributes, outputs: 4},
      // x; then the weights, of which the gradient needs no bias.
      ...{before: [0], after: [1, 3, 4, 5, 6]},
    };
    return runPair(pair, inputs) as tf.Tensor4D;
  });
}

/**
 * The states of the recurrences added, those of a second one from the row above. Inside tf.tidy.
 *
 * @param x [B, H, W, F]
 * @returns [B, H, W, h]
 */
export function addedStates(x: tf.Tensor4D, recurrences: readonly Recurrence[]): tf.Tensor4D {
  const [first, second] = recurrences.map(({input, weights, direction}) =>
    lstmScan(applyConvolution(x, input, 'none'), weights, direction),
  );
  return second === undefined ? first : tf.add(first, shiftDown(second));
}

/**
 * Each row gets what the row above had; the first gets zeros.
 *
 * @param x [B, H, W, C]
 * @returns [B, H, W, C]; the caller disposes it
 * @throws RangeError when x has another rank or type
 */
export function shiftDown(x: tf.Tensor4D): tf.Tensor4D {
  new Arguments('shiftDown').tensor('x', x, ['B', 'H', 'W', 'C']);
  const [batch, height, width, channels] = x.shape;
  return tf.tidy(() => {
    const rows = tf.slice(x, [0, 0, 0, 0], [batch, height - 1, width, channels]);
    return tf.concat([tf.zeros([batch, 1, width, channels]), rows], 1) as tf.Tensor4D;
  });
}

/** The kernels of the recurrences' inputs, then that of `up`. */
function checked(x: tf.Tensor4D, recurrences: readonly Recurrence[], up: Convolution): tf.Tensor4D[] {
  const given = new Arguments('lstmLayer');
  given.rule(
    [1, 2].includes(recurrences.length),
    'the number of recurrences',
    'be 1 or 2',
    recurrences.length,
  );
  given.tensor('x', x, ['B', 'H', 'W', 'F']);
  const kernels = [...recurrences.map(({input}) => input.kernel()), up.kernel()];
  const upKernel = kernels[recurrences.length];
  given.tensor('the kernel back to x', upKernel, [1, 1, 'h', 'F']);
  given.tensor('the bias back to x', up.bias, ['F']);
  checkSamePlacement(given, 'the convolution back to x', upKernel, up);
  const h = given.size('h');
  for (const [k, {input, weights, direction}] of recurrences.entries()) {
    const name = `of recurrence ${k + 1}`;
    given.rule(direction in NEIGHBORS, `the direction ${name}`, 'be known', direction);
    given.tensor(`the input kernel ${name}`, kernels[k], [1, 'columns', 'F', 4 * h]);
    given.tensor(`the input bias ${name}`, input.bias, [4 * h]);
    checkSamePlacement(given, `the input convolution ${name}`, kernels[k], input);
    given.rule(
      input.placement.dilation === 1 &&
        input.placement.padding.left === recurrences[0].input.placement.padding.left,
      `the input convolution ${name}`,
      'have dilation 1 and the center of the first',
      JSON.stringify(input.placement),
    );
    const taps = NEIGHBORS[direction].taps.length;
    given.rule(
      taps === NEIGHBORS[recurrences[0].direction].taps.length,
      `the direction ${name}`,
      'have as many neighbors as the first',
      taps,
    );
    given.tensor(`the state weights ${name}`, weights.state, [taps, h, 4 * h]);
    given.tensor(`the first hidden state ${name}`, weights.hidden, ['h']);
    given.tensor(`the first cell ${name}`, weights.cell, ['h']);
  }
  return kernels;
}
