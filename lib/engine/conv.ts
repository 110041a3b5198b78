import * as tf from '@tensorflow/tfjs';
import {Arguments} from './check';
import {define} from './define';
import {attribute, INT32, op} from './native';
import {reluGradient} from './relu';
import {biasGradient} from './sums';

/** Rows and columns of zeros around an image. */
export interface Padding {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/**
 * How a kernel meets the image:
 * y[i, j] = sum over taps of kernel[r, c] · padded x[i + r · dilation, j + c · dilation].
 */
export interface Placement {
  readonly padding: Padding;
  readonly dilation: number;
}

/** A convolution as the operations of whole layers need it. */
export interface Convolution {
  /** [rows, columns, inputs, outputs], as it is applied; called inside tf.tidy, and not to be disposed. */
  kernel(): tf.Tensor4D;
  /** [outputs]; not to be disposed. */
  readonly bias: tf.Tensor1D;
  readonly placement: Placement;
  /**
   * How many of the last taps a mask hides, if any: their weights are 0, and the mask hides their gradient,
   * so that they need not be computed.
   */
  readonly hiddenTaps?: number;
  /**
   * Groups of colors, if any: inputs and outputs are in so many equal groups, one after the other, and at the
   * pixel itself an output sees inputs of its own group and of those before (mask B). Other weights there are
   * 0, and the mask hides their gradient.
   */
  readonly groups?: number;
}

/**
 * Zeros are put around the image first, and the convolution then runs without padding: with padding that
 * differs from side to side the runtime would leave its fast path for the gradients.
 */
function pad(x: tf.Tensor, {top, bottom, left, right}: Padding): tf.Tensor {
  if (top + bottom + left + right === 0) return tf.clone(x);
  const sizes = tf.tensor2d([0, 0, top, bottom, left, right, 0, 0], [4, 2], 'int32');
  const padded = op('Pad', [attribute.type('T'), attribute.type('Tpaddings', INT32)], [x, sizes]);
  sizes.dispose();
  return padded;
}

function convolutionAttributes(dilation: number): Parameters<typeof op>[1] {
  return [
    attribute.type('T'),
    attribute.int('strides', [1, 1, 1, 1]),
    attribute.string('padding', 'VALID'),
    attribute.string('data_format', 'NHWC'),
    attribute.bool('use_cudnn_on_gpu', true),
    attribute.int('dilations', [1, dilation, dilation, 1]),
  ];
}

function portablePad(x: tf.Tensor, {top, bottom, left, right}: Padding): tf.Tensor4D {
  return tf.pad(x as tf.Tensor4D, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);
}

/** As a padding, but where a side is negative so much of the image is cut off there. */
function padOrCrop(x: tf.Tensor4D, {top, bottom, left, right}: Padding): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const cut = (side: number): number => Math.max(0, -side);
  const kept = tf.slice(
    x,
    [0, cut(top), cut(left), 0],
    [batch, height - cut(top) - cut(bottom), width - cut(left) - cut(right), channels],
  );
  const more = (side: number): number => Math.max(0, side);
  const around = {top: more(top), bottom: more(bottom), left: more(left), right: more(right)};
  return portablePad(kept, around) as tf.Tensor4D;
}

/** The part of a padded image that one tap of the kernel meets, as a matrix [B · H · W, channels]. */
function tapView(padded: tf.Tensor4D, row: number, column: number, y: tf.Tensor): tf.Tensor2D {
  const [batch, height, width] = y.shape;
  const channels = padded.shape[3];
  const part = tf.slice(padded, [0, row, column, 0], [batch, height, width, channels]);
  return tf.reshape(part, [batch * height * width, channels]);
}

/** Channels of an image; feature maps have more. */
const IMAGE_CHANNELS = 4;

/**
 * Attributes of the native kernels for the convolution of an image; null where
 * it is none, or changes its size.
 */
function imageAttributes(x: tf.Tensor, kernel: readonly number[], {padding, dilation}: Placement) {
  const [rows, columns] = kernel;
  const {top, bottom, left, right} = padding;
  const same = top + bottom === (rows - 1) * dilation && left + right === (columns - 1) * dilation;
  if ((x.shape[3] as number) > IMAGE_CHANNELS || !same) return null;
  const whole = [top / dilation, left / dilation];
  if (!whole.every((place) => Number.isInteger(place) && place >= 0)) return null;
  return [
    attribute.int('top', whole[0]),
    attribute.int('left', whole[1]),
    attribute.int('dilation', dilation),
  ];
}

const runKernelGradient = define({
  name: 'RasterConvKernelGradient',
  native: ({x, dy, kernel}, attributes) => {
    const {padding, dilation} = attributes as unknown as Placement;
    const ofImage = imageAttributes(x, kernel.shape, attributes as unknown as Placement);
    if (ofImage !== null) return op('RasterImageConvolutionKernel', ofImage, [x, dy, kernel]);
    const sizes = tf.tensor1d(kernel.shape, 'int32');
    const padded = pad(x, padding);
    const gradient = op('Conv2DBackpropFilter', convolutionAttributes(dilation), [padded, sizes, dy]);
    tf.dispose([sizes, padded]);
    return gradient;
  },
  portable: ({x, dy, kernel}, attributes) => {
    const {padding, dilation} = attributes as unknown as Placement;
    const [rows, columns, inputs, outputs] = kernel.shape;
    const padded = portablePad(x, padding);
    const flat = tf.reshape(dy, [-1, outputs]);
    const taps: tf.Tensor2D[] = [];
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        taps.push(tf.matMul(tapView(padded, r * dilation, c * dilation, dy), flat, true, false));
      }
    }
    return tf.reshape(tf.stack(taps), [rows, columns, inputs, outputs]);
  },
});

const runInputGradient = define({
  name: 'RasterConvInputGradient',
  native: ({kernel, dy}, attributes) => {
    const {padding, dilation} = attributes as unknown as Placement;
    const {top, bottom, left, right} = padding;
    const [batch, height, width, channels] = attributes.inputShape as number[];
    const sizes = tf.tensor1d([batch, height + top + bottom, width + left + right, channels], 'int32');
    const padded = op('Conv2DBackpropInput', convolutionAttributes(dilation), [sizes, kernel, dy]);
    sizes.dispose();
    if (top + bottom + left + right === 0) return padded;
    const gradient = tf.slice(padded, [0, top, left, 0], [batch, height, width, channels]);
    padded.dispose();
    return gradient;
  },
  portable: ({kernel, dy}, attributes) => {
    const {padding, dilation} = attributes as unknown as Placement;
    const [, height, width] = attributes.inputShape as number[];
    const [rows, columns] = kernel.shape;
    const [, dyHeight, dyWidth] = dy.shape as [number, number, number, number];
    // A convolution backward is one forward with the kernel turned round. What was padding needs no gradient,
    // so it is left out; the other two sides fill up to the image.
    const around = rows * columns === 1 ? kernel : tf.reverse(kernel, [0, 1]);
    const turned = tf.transpose(around, [0, 1, 3, 2]) as tf.Tensor4D;
    const [reach, reachAcross] = [(rows - 1) * dilation, (columns - 1) * dilation];
    const [top, left] = [reach - padding.top, reachAcross - padding.left];
    const bottom = height + reach - dyHeight - top;
    const right = width + reachAcross - dyWidth - left;
    const fitted = padOrCrop(dy as tf.Tensor4D, {top, bottom, left, right});
    return tf.conv2d(fitted, turned, 1, 'valid', 'NHWC', dilation);
  },
});

const runConvolution = define({
  name: 'RasterConv',
  native: ({x, kernel, bias}, attributes) => {
    const {padding, dilation} = attributes as unknown as Placement;
    const T = attribute.type('T');
    const ofImage = imageAttributes(x, kernel.shape, attributes as unknown as Placement);
    let sum: tf.Tensor;
    if (ofImage !== null) {
      sum = op('RasterImageConvolution', ofImage, [x, kernel, bias]);
    } else {
      const padded = pad(x, padding);
      const product = op('Conv2D', convolutionAttributes(dilation), [padded, kernel]);
      sum = op('BiasAdd', [T, attribute.string('data_format', 'NHWC')], [product, bias]);
      tf.dispose([padded, product]);
    }
    if (!attributes.relu) return sum;
    const y = op('Relu', [T], [sum]);
    sum.dispose();
    return y;
  },
  portable: ({x, kernel, bias}, attributes) => {
    const {padding, dilation} = attributes as unknown as Placement;
    const padded = portablePad(x, padding);
    const sum = tf.add(tf.conv2d(padded, kernel as tf.Tensor4D, 1, 'valid', 'NHWC', dilation), bias);
    return attributes.relu ? tf.relu(sum) : sum;
  },
  inputsToSave: ['x', 'kernel'],
  outputsToSave: [true],
  gradient: (dy, [x, kernel, y], attributes) => {
    const dz = attributes.relu ? reluGradient(dy, y) : dy;
    return {
      x: () => runInputGradient({kernel, dy: dz}, {...attributes, inputShape: x.shape}),
      kernel: () => runKernelGradient({x, dy: dz, kernel}, attributes),
      bias: () => biasGradient(dz),
    };
  },
});

/** Pixels from one tap to the next, at most; the native kernels have the same limit. */
const FURTHEST = 4096;

/**
 * @throws RangeError when a number of the placement is out of range, or the kernel is
 *   larger than the padded image
 */
function checkPlacement(
  given: Arguments,
  argument: string,
  {padding, dilation}: Placement,
  {shape: [rows, columns]}: tf.Tensor4D,
): void {
  const {top, bottom, left, right} = padding;
  const sizes = [top, bottom, left, right];
  given.rule(
    sizes.every((size) => Number.isInteger(size) && size >= 0),
    `${argument}'s padding`,
    'be integers of at least 0',
    sizes,
  );
  given.rule(
    Number.isInteger(dilation) && dilation >= 1 && dilation <= FURTHEST,
    `${argument}'s dilation`,
    `be an integer from 1 to ${FURTHEST}`,
    dilation,
  );
  const [height, width] = [given.size('H') + top + bottom, given.size('W') + left + right];
  const numbers = given.size('B') * height * width * given.size('inputs');
  given.rule(
    numbers < 2 ** 31,
    `${argument}'s padding`,
    'leave an image of less than 2^31 numbers',
    `${sizes} and ${numbers} numbers`,
  );
  const rest = [height - (rows - 1) * dilation, width - (columns - 1) * dilation];
  given.rule(Math.min(...rest) > 0, argument, 'leave at least one row and one column', rest.join(' x '));
}

/** `convolve` with the kernel, bias and placement of a layer. Inside tf.tidy. */
export function applyConvolution(
  x: tf.Tensor4D,
  convolution: Convolution,
  activation: 'relu' | 'none',
): tf.Tensor4D {
  return convolve(x, convolution.kernel(), convolution.bias, convolution.placement, activation);
}

/**
 * activation(kernel * x + bias), a convolution of stride 1, in one kernel.
 *
 * @param x [B, H, W, inputs]
 * @param kernel [rows, columns, inputs, outputs]
 * @param bias [outputs]
 * @returns [B, H', W', outputs] with H' = H + top + bottom - (rows - 1) · dilation, and W' likewise;
 *   differentiable in all three; the caller disposes it
 * @throws RangeError when shapes or types do not fit each other, padding is negative, or
 *   nothing of the image is left
 */
export function convolve(
  x: tf.Tensor4D,
  kernel: tf.Tensor4D,
  bias: tf.Tensor1D,
  {padding, dilation}: Placement,
  activation: 'relu' | 'none',
): tf.Tensor4D {
  const given = new Arguments('convolve');
  given.tensor('x', x, ['B', 'H', 'W', 'inputs']);
  given.tensor('kernel', kernel, ['rows', 'columns', 'inputs', 'outputs']);
  given.tensor('bias', bias, ['outputs']);
  checkPlacement(given, 'the placement', {padding, dilation}, kernel);
  given.activation(activation);
  const attributes = {padding, dilation, relu: activation === 'relu'};
  return runConvolution({x, kernel, bias}, attributes) as tf.Tensor4D;
}
