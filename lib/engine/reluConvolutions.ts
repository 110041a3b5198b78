import * as tf from '@tensorflow/tfjs';
import {Arguments} from './check';
import {applyConvolution, type Convolution} from './conv';
import {attribute, native, runPair} from './native';
import {relu} from './relu';

/**
 * third(relu(second(relu(first(relu(x)))))): what a residual block adds, and the layers before the logits.
 * Natively it is one operation, image by image, so that the features of an image stay in a core's own cache.
 *
 * @param x [B, H, W, inputs]
 * @param convolutions the first and the third 1 x 1; of the second no tap below the center's row
 * @param residual whether x is added
 * @returns [B, H, W, outputs]; differentiable in x, kernels and biases; the caller disposes it
 * @throws RangeError when shapes, types or placements do not fit each other
 */
export function reluConvolutions(
  x: tf.Tensor4D,
  convolutions: readonly Convolution[],
  residual: boolean,
): tf.Tensor4D {
  return tf.tidy(() => {
    const inputs = checked(x, convolutions, residual);
    if (native() === null) return composed(x, convolutions, residual);
    const {padding, dilation} = convolutions[1].placement;
    const attributes = [
      attribute.int('dilation', dilation),
      attribute.int('center_column', padding.left / dilation),
      attribute.int('hidden_taps', convolutions[1].hiddenTaps ?? 0),
      attribute.int('groups', sharedGroups(convolutions)),
      attribute.bool('residual', residual),
    ];
    const pair = {
      ...{name: 'RasterThreeConvolutions', attributes, outputs: 2},
      // x, then the three kernels.
      ...{before: [0], after: [1, 3, 5]},
    };
    return runPair(pair, inputs) as tf.Tensor4D;
  });
}

/** The groups of colors that all of them have; 1 where they have none, or others. */
function sharedGroups([first, ...others]: readonly Convolution[]): number {
  const {groups = 1} = first;
  return others.every((other) => other.groups === groups) ? groups : 1;
}

function composed(x: tf.Tensor4D, [first, second, third]: readonly Convolution[], residual: boolean) {
  const low = applyConvolution(relu(x), first, 'relu');
  const y = applyConvolution(applyConvolution(low, second, 'relu'), third, 'none');
  return residual ? tf.add<tf.Tensor4D>(x, y) : y;
}

/** x, then kernel and bias of each convolution. */
function checked(x: tf.Tensor4D, convolutions: readonly Convolution[], residual: boolean): tf.Tensor[] {
  const given = new Arguments('reluConvolutions');
  given.rule(convolutions.length === 3, 'the number of convolutions', 'be 3', convolutions.length);
  const kernels = convolutions.map((convolution) => convolution.kernel());
  given.tensor('x', x, ['B', 'H', 'W', 'inputs']);
  given.tensor('the first kernel', kernels[0], [1, 1, 'inputs', 'low']);
  given.tensor('the first bias', convolutions[0].bias, ['low']);
  given.tensor('the second kernel', kernels[1], ['rows', 'columns', 'low', 'high']);
  given.tensor('the second bias', convolutions[1].bias, ['high']);
  given.tensor('the third kernel', kernels[2], [1, 1, 'high', residual ? 'inputs' : 'outputs']);
  given.tensor('the third bias', convolutions[2].bias, [residual ? 'inputs' : 'outputs']);
  for (const [k, which] of ['first', 'second', 'third'].entries()) {
    checkSamePlacement(given, `the ${which} convolution`, kernels[k], convolutions[k]);
  }
  const {padding} = convolutions[1].placement;
  given.rule(padding.bottom === 0, 'the second convolution', 'have no tap below the center', padding.bottom);
  return [x, ...convolutions.flatMap(({bias}, k) => [kernels[k], bias])];
}

/**
 * A convolution within a layer keeps the size of the image, and its center is one of its taps.
 *
 * @throws RangeError when the placement says otherwise
 */
export function checkSamePlacement(
  given: Arguments,
  argument: string,
  {shape: [rows, columns]}: tf.Tensor4D,
  {placement: {padding, dilation}}: Convolution,
): void {
  const {top, bottom, left, right} = padding;
  const taps = [top, bottom, left, right].map((size) => size / dilation);
  given.rule(
    Number.isInteger(dilation) && dilation >= 1,
    `the dilation of ${argument}`,
    'be a positive integer',
    dilation,
  );
  given.rule(
    taps.every((size) => Number.isInteger(size) && size >= 0) &&
      taps[0] + taps[1] === rows - 1 &&
      taps[2] + taps[3] === columns - 1,
    `the padding of ${argument}`,
    `keep the size of the image under its ${rows} x ${columns} kernel of dilation ${dilation}`,
    `${top}, ${bottom}, ${left}, ${right}`,
  );
}
