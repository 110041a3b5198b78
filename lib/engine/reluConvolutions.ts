import * as tf from '@tensorflow/tfjs';
import {Arguments} from './check';
import {applyConvolution, type Convolution} from './conv';
import {attribute, native, runPair} from './native';
import {relu} from './relu';

/** Three convolutions: the first and the third 1 x 1; of the second no tap lies below the center's row. */
export type ReluBlock = readonly Convolution[];

/**
 * third(relu(second(relu(first(relu(x)))))), block after block: what residual blocks add, and the layers
 * before the logits. Natively it is one operation for all blocks, image by image, so that the features of an
 * image stay in a core's own cache.
 *
 * @param x [B, H, W, inputs]
 * @param blocks one; where x is added one or more
 * @param residual whether to what a block gives the features are added that it was given
 * @returns [B, H, W, outputs]; differentiable in x, kernels and biases; the caller disposes it
 * @throws RangeError when shapes, types or placements do not fit each other
 */
export function reluConvolutions(
  x: tf.Tensor4D,
  blocks: readonly ReluBlock[],
  residual: boolean,
): tf.Tensor4D {
  return tf.tidy(() => {
    const inputs = checked(x, blocks, residual);
    if (native() === null) return blocks.reduce((features, block) => composed(features, block, residual), x);
    const kernels = Array.from({length: 3 * blocks.length}, (_, k) => 1 + 2 * k);
    const middle = blocks.map(([, second]) => second);
    const attributes = [
      attribute.int(
        'dilations',
        middle.map(({placement}) => placement.dilation),
      ),
      attribute.int(
        'center_columns',
        middle.map(({placement: {padding, dilation}}) => padding.left / dilation),
      ),
      attribute.int(
        'hidden_taps',
        middle.map(({hiddenTaps = 0}) => hiddenTaps),
      ),
      attribute.int('groups', sharedGroups(blocks.flat())),
      attribute.bool('residual', residual),
    ];
    const pair = {
      ...{name: 'RasterReluConvolutions', attributes, outputs: 2, list: true},
      // x, then the kernels.
      ...{before: [0], after: kernels},
    };
    return runPair(pair, inputs) as tf.Tensor4D;
  });
}

/** The groups of colors that all of them have; 1 where they have none, or others. */
function sharedGroups([first, ...others]: readonly Convolution[]): number {
  const {groups = 1} = first;
  return others.every((other) => other.groups === groups) ? groups : 1;
}

function composed(x: tf.Tensor4D, [first, second, third]: ReluBlock, residual: boolean): tf.Tensor4D {
  const low = applyConvolution(relu(x), first, 'relu');
  const y = applyConvolution(applyConvolution(low, second, 'relu'), third, 'none');
  return residual ? tf.add<tf.Tensor4D>(x, y) : y;
}

/** x, then kernel and bias of each convolution. */
function checked(x: tf.Tensor4D, blocks: readonly ReluBlock[], residual: boolean): tf.Tensor[] {
  const given = new Arguments('reluConvolutions');
  given.rule(
    blocks.length === 1 || (residual && blocks.length > 1),
    'the number of blocks',
    residual ? 'be positive' : 'be 1 where nothing is added',
    blocks.length,
  );
  given.tensor('x', x, ['B', 'H', 'W', 'inputs']);
  return [x, ...blocks.flatMap((block, b) => checkedBlock(given, block, b, residual))];
}

function checkedBlock(given: Arguments, block: ReluBlock, index: number, residual: boolean): tf.Tensor[] {
  given.rule(block.length === 3, 'the number of convolutions of a block', 'be 3', block.length);
  const kernels = block.map((convolution) => convolution.kernel());
  const [low, high] = [`low ${index + 1}`, `high ${index + 1}`];
  const of = (part: string): string => `the ${part} of block ${index + 1}`;
  const out = residual ? 'inputs' : 'outputs';
  given.tensor(of('first kernel'), kernels[0], [1, 1, 'inputs', low]);
  given.tensor(of('first bias'), block[0].bias, [low]);
  given.tensor(of('second kernel'), kernels[1], [`rows ${index + 1}`, `columns ${index + 1}`, low, high]);
  given.tensor(of('second bias'), block[1].bias, [high]);
  given.tensor(of('third kernel'), kernels[2], [1, 1, high, out]);
  given.tensor(of('third bias'), block[2].bias, [out]);
  for (const [k, which] of ['first', 'second', 'third'].entries()) {
    checkSamePlacement(given, of(`${which} convolution`), kernels[k], block[k]);
  }
  const {padding} = block[1].placement;
  given.rule(padding.bottom === 0, of('second convolution'), 'have no tap below the center', padding.bottom);
  return block.flatMap(({bias}, k) => [kernels[k], bias]);
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
