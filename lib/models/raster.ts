import * as tf from '@tensorflow/tfjs';
import type {PixelBuffer, PixelProgram} from '../engine/pixelProgram';
import type {MaskedConv2d, MaskedConv2dSpec} from '../layers/maskedConv2d';
import {evenGroups, rasterMask} from '../layers/rasterMasks';
import type {AutoregressiveModel, ImageShape, ModelConfig, TrainOptions} from '../types';
import {checkLevelCount, TRAIN_DEFAULTS} from '../types';

/** What the convolutional models share: raster order, their checks, the shape of their logits. */

/** What the configurations of all models in raster order have in common. */
export interface RasterConfig extends ModelConfig {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Values a channel can take: 2 gives Bernoulli logits, up to 256 a softmax. */
  readonly levels: number;
  /** Side of the first kernel, which has mask A. */
  readonly firstSize: number;
  /** Features of the two layers before the logits. A multiple of the channels. */
  readonly head: number;
}

/**
 * What the presets `cifar10-paper` share: h = 128 and 1024 features before the logits (van den Oord et al.
 * 2016a, section 5.1), made multiples of 24 no larger than those: of 3, as each color has a group of its
 * own, and of 8, as the matrix units of a GPU compute. The paper says "split into three" and not what is done
 * with the rest.
 */
export const CIFAR10_PAPER = {
  height: 32,
  width: 32,
  channels: 3,
  levels: 256,
  firstSize: 7,
  features: 120,
  head: 1008,
} as const;

/**
 * Adam and averaged weights where the paper has RMSProp, batches of 64 where it has 16. No processor trains
 * these in a day; docs/bigger-machines.md says what a GPU did. The gradient's norm is in nats an image, as
 * for `cifar10`.
 */
export const CIFAR10_PAPER_RECIPE: TrainOptions = {
  ...TRAIN_DEFAULTS,
  epochs: 60,
  batchSize: 64,
  learningRate: 1e-3,
  clipNorm: 2000,
};

/** The digits of MNIST. */
export const DIGIT_IMAGE = {height: 28, width: 28, channels: 1} as const;

/** What the presets for black and white digits share. */
export const DIGITS = {...DIGIT_IMAGE, levels: 2, firstSize: 7} as const;

/** Adam where the paper has RMSProp, and batches of 32 where it has 16; the schedule is MADE's. */
export const DIGITS_RECIPE: TrainOptions = {...TRAIN_DEFAULTS, batchSize: 32, clipNorm: 100};

/** Pixel by pixel, row by row; in a pixel channel by channel. */
export function rasterOrder({height, width, channels}: ImageShape): Int32Array {
  return Int32Array.from({length: height * width * channels}, (_, k) => k);
}

/** More features, rows or layers than any machine of today could train; what is meant is less. */
const MOST = 100_000;

/** @throws RangeError that names the field, its value and the rule */
export function checkPositive(model: string, field: string, value: number, most = MOST): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`${model}: ${field} must be a positive integer, got ${value}`);
  }
  if (value > most) throw new RangeError(`${model}: ${field} must be at most ${most}, got ${value}`);
}

/**
 * Each dilation spreads the taps of a kernel: beyond the image's side they would see nothing but its border.
 *
 * @throws RangeError that names the value and the rule
 */
export function checkDilations(
  model: string,
  {dilations, height, width}: RasterConfig & {readonly dilations: readonly number[]},
): void {
  if (!Array.isArray(dilations)) {
    throw new RangeError(`${model}: dilations must be a list, one for each block, got ${dilations}`);
  }
  checkPositive(model, 'the number of dilations', dilations.length + 1, MOST_LAYERS);
  for (const dilation of dilations) {
    checkPositive(model, 'dilations', dilation, Math.max(MOST_DILATION, height, width));
  }
}

/** Layers of a model: the papers' have 15. */
export const MOST_LAYERS = 1000;

/** Allowed in small images, too, so that a preset can be tried on them. */
const MOST_DILATION = 32;

/** A kernel's side: a hundred pixels are more than three images of CIFAR-10. */
const MOST_SIZE = 99;

/** @throws RangeError that names the field, its value and the rule */
export function checkRasterConfig(model: string, config: RasterConfig & {readonly size?: number}): void {
  for (const field of ['height', 'width', 'channels'] as const) checkPositive(model, field, config[field]);
  checkLevelCount(model, config.levels);
  for (const field of ['firstSize', 'size'] as const) {
    const size = config[field];
    if (size === undefined) continue;
    if (size % 2 !== 1 || size < 1) {
      throw new RangeError(`${model}: ${field} must be a positive odd integer, got ${size}`);
    }
    checkPositive(model, field, size, MOST_SIZE);
  }
}

/** The first convolution, with mask A: no value sees itself. */
export function firstSpec({firstSize, channels}: RasterConfig, outputs: number): MaskedConv2dSpec {
  return {
    name: 'first',
    mask: rasterMask(firstSize, 'A'),
    type: 'A',
    inputs: evenGroups(channels, channels),
    outputs: evenGroups(outputs, channels),
    dilation: 1,
    // Digits are mostly black: their values deviate by 0.3 from 0, not by 1.
    scale: 3,
  };
}

/**
 * What turns features into logits: ReLU and 1x1, twice, then ReLU and the logits. Table 1 of the PixelRNN
 * paper leaves open whether the logits are counted among the two.
 *
 * @param inputs features that come in
 * @param scale of the first weights, for inputs of a standard deviation other than 1
 */
export function headSpecs(config: RasterConfig, inputs: number, scale = 1): MaskedConv2dSpec[] {
  const perChannel = config.levels === 2 ? 1 : config.levels;
  const sizes = [inputs, config.head, config.head, config.channels * perChannel];
  // Small at the output, so that the first logits are near 0: the loss starts near log(levels) a value.
  const scales = [Math.SQRT2 * scale, Math.SQRT2, 0.1];
  return ['head1', 'head2', 'logits'].map((name, k) => ({
    name,
    mask: rasterMask(1, 'B'),
    type: 'B',
    inputs: evenGroups(sizes[k], config.channels),
    outputs: evenGroups(sizes[k + 1], config.channels),
    dilation: 1,
    scale: scales[k],
  }));
}

/** The same as the last steps of a sampler's program. */
export function headSteps(program: PixelProgram, features: PixelBuffer, head: readonly MaskedConv2d[]): void {
  head.reduce(
    (below, conv, k) => program.convolve(below, conv.numbers(), k + 1 < head.length ? 'relu' : 'none'),
    program.rectify(features),
  );
}

/** @throws RangeError when x is no batch of images of the model's size */
export function checkRasterInput(model: string, x: tf.Tensor4D, image: ImageShape): void {
  const [, height, width, channels] = x.shape;
  if (height !== image.height || width !== image.width || channels !== image.channels) {
    throw new RangeError(
      `${model}: images must be [B, ${image.height}, ${image.width}, ${image.channels}], got [${x.shape.join(', ')}]`,
    );
  }
}

/** [B, H, W, C · L] to [B, H, W, C, L]; for two levels there is one logit a value and nothing to split. */
export function splitLevels(
  logits: tf.Tensor4D,
  {levels, image}: Pick<AutoregressiveModel, 'levels' | 'image'>,
): tf.Tensor {
  if (levels === 2) return logits;
  const {height, width, channels} = image;
  return tf.reshape(logits, [logits.shape[0], height, width, channels, levels]);
}
