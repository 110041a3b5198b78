import * as tf from '@tensorflow/tfjs';
import {oneHotCondition} from '../condition';
import {gatedLayers, type Stacks} from '../engine/gatedLayers';
import type {RestartableLogits} from '../engine/pixelProgram';
import {reluConvolutions} from '../engine/reluConvolutions';
import {GATED_DEVIATION, GatedLayer, type GatedSpec} from '../layers/gated';
import {MaskedConv2d, type MaskedConv2dSpec} from '../layers/maskedConv2d';
import {createParameters, type ParameterSpec} from '../layers/parameters';
import type {AutoregressiveModel, Condition, ImageShape, IncrementalLogits, Parameters} from '../types';
import {checkKeys} from './configKeys';
import {configsOf, defineModel} from './family';
import {startGated} from './gatedPixelCnnIncremental';
import {KeptSampler} from './keptSampler';
import {
  CIFAR10_PAPER,
  CIFAR10_PAPER_RECIPE,
  checkDilations,
  checkPositive,
  checkRasterConfig,
  checkRasterInput,
  DIGITS,
  DIGITS_RECIPE,
  headSpecs,
  type RasterConfig,
  rasterOrder,
  splitLevels,
} from './raster';
import {createScanned, type Scanned, type ScanOrder, withoutOrder} from './scanOrder';

/** Gated PixelCNN: two stacks, so that no pixel above is hidden from view (van den Oord et al. 2016b). */
export interface GatedPixelCnnConfig extends RasterConfig {
  /** Features of each stack. A multiple of the channels. */
  readonly features: number;
  /** How far the taps of each layer after the first lie apart, in pixels. */
  readonly dilations: readonly number[];
  /** Side of the later layers' kernels, which have mask B. */
  readonly size: number;
  /** Classes to condition on; 0 for none. */
  readonly classes: number;
}

/** The tensors a Gated PixelCNN holds, by name, shape and first values. */
export function gatedPixelCnnParameters(config: GatedPixelCnnConfig): ParameterSpec[] {
  return [
    ...layerSpecs(config).flatMap((spec) => GatedLayer.parameters(spec)),
    ...head(config).flatMap((spec) => MaskedConv2d.parameters(spec)),
  ];
}

function layerSpecs(config: GatedPixelCnnConfig): GatedSpec[] {
  const {features, channels, classes} = config;
  return [1, ...config.dilations].map((dilation, k) => ({
    name: `layer${k + 1}`,
    first: k === 0,
    inputs: k === 0 ? channels : features,
    features,
    groups: channels,
    size: k === 0 ? config.firstSize : config.size,
    dilation,
    // Digits are mostly black: their values deviate by 0.3 from 0, about as much as what a gate lets through.
    inputStd: k === 0 ? 0.3 : GATED_DEVIATION,
    classes,
  }));
}

function head(config: GatedPixelCnnConfig): MaskedConv2dSpec[] {
  return headSpecs(config, config.features, 1 / GATED_DEVIATION / Math.sqrt(1 + config.dilations.length));
}

const TITLE = 'Gated PixelCNN';
const KEYS = [
  ...['height', 'width', 'channels', 'levels', 'firstSize', 'size', 'features', 'dilations', 'head'],
  'classes',
];

/** @throws RangeError that names the field, its value and the rule */
function checkConfig(config: GatedPixelCnnConfig): void {
  checkKeys(TITLE, config, KEYS);
  checkRasterConfig(TITLE, config);
  for (const field of ['features', 'head'] as const) checkPositive(TITLE, field, config[field]);
  checkDilations(TITLE, config);
  if (!Number.isInteger(config.classes) || config.classes < 0) {
    throw new RangeError(`Gated PixelCNN: classes must be 0 or a positive integer, got ${config.classes}`);
  }
}

/**
 * Gated PixelCNN (van den Oord et al. 2016b, figure 2): a stack for the rows above and one for the pixels to
 * the left, with gates, on a class where the config has some; raster order. It owns its weights: dispose it.
 */
export class GatedPixelCnn implements AutoregressiveModel {
  readonly name = 'gated';
  readonly image: ImageShape;
  readonly levels: number;
  readonly order: Int32Array;

  private readonly kept: KeptSampler;

  private constructor(
    readonly config: GatedPixelCnnConfig,
    readonly parameters: Parameters,
    readonly layers: readonly GatedLayer[],
    readonly head: readonly MaskedConv2d[],
  ) {
    this.image = {height: config.height, width: config.width, channels: config.channels};
    this.levels = config.levels;
    this.order = rasterOrder(this.image);
    this.kept = new KeptSampler(parameters);
  }

  /**
   * @param seed of the first weights
   * @throws RangeError when a number of the config is out of its range
   */
  static create(config: GatedPixelCnnConfig, seed = 0): GatedPixelCnn {
    checkConfig(config);
    const parameters = createParameters(gatedPixelCnnParameters(config), seed);
    const layers = layerSpecs(config).map((spec) => new GatedLayer(spec, parameters));
    const convolutions = head(config).map((spec) => new MaskedConv2d(spec, parameters));
    return new GatedPixelCnn(config, parameters, layers, convolutions);
  }

  /** @throws RangeError for another size of image, and as checkCondition does */
  logits(x: tf.Tensor4D, condition?: Condition): tf.Tensor {
    checkRasterInput(TITLE, x, this.image);
    return tf.tidy(() => {
      const horizontal = this.together(x, this.layers.length, true, condition);
      return splitLevels(reluConvolutions(horizontal, [this.head], false), this);
    });
  }

  /**
   * Both stacks after the given number of layers, at least 1.
   *
   * @returns [B, H, W, features] each; the caller disposes them
   */
  stacks(x: tf.Tensor4D, layers: number, condition?: Condition): Stacks {
    checkRasterInput(TITLE, x, this.image);
    const [vertical, horizontal] = tf.tidy(() =>
      tf.split<tf.Tensor4D>(this.together(x, layers, false, condition), 2, 3),
    );
    return {vertical, horizontal};
  }

  /** Both stacks in one tensor, or the horizontal one alone; inside tf.tidy. */
  private together(
    x: tf.Tensor4D,
    layers: number,
    horizontalOnly: boolean,
    condition?: Condition,
  ): tf.Tensor4D {
    const classes = oneHotCondition(this, condition, x.shape[0]);
    const parts = this.layers.slice(0, layers).map((layer) => layer.parts(classes));
    return gatedLayers(x, parts, {first: true, last: horizontalOnly});
  }

  incremental(count: number, condition?: Condition): IncrementalLogits {
    const start = (): RestartableLogits => startGated(this, count, oneHotCondition(this, condition, count));
    // What a class adds is part of it.
    return condition === undefined ? this.kept.take(count, start) : start();
  }

  dispose(): void {
    this.kept.dispose();
    for (const layer of [...this.layers, ...this.head]) layer.dispose();
    for (const value of this.parameters.values()) value.dispose();
  }
}

const SHAPE = {...DIGITS, size: 3, classes: 0} as const;

/**
 * As many layers as PixelCNN's blocks, dilated like those to see 24 rows up, with features that make a
 * training step 1.6 times as long.
 */
const LAYERS = {...SHAPE, features: 32, dilations: [1, 2, 4, 8, 4, 2], head: 64} as const;
const LAYERS_RECIPE = {...DIGITS_RECIPE, epochs: 3, learningRate: 4e-3} as const;

const inOrder = <Order extends ScanOrder>(order: Order) => ({
  config: {...LAYERS, order},
  recipe: LAYERS_RECIPE,
});

export const GATED_PIXEL_CNN = defineModel({
  name: 'gated',
  presets: {
    /** The paper has no MNIST. */
    digits: {
      config: LAYERS,
      recipe: LAYERS_RECIPE,
      paper: {
        nats: 80.1,
        source: 'PixelVAE, table 1: its own run of a Gated PixelCNN; the Gated paper has no MNIST',
      },
    },
    /**
     * The same of the image turned by half: from the lower right to the upper left. With the raster weights
     * an ensemble of two orders.
     */
    turned: {...inOrder('turned'), companions: ['digits']},
    /** The same column by column, from the left. */
    transposed: inOrder('transposed'),
    /** The same, conditioned on the digit to draw (section 2.3). */
    labeled: {config: {...LAYERS, classes: 10}, recipe: LAYERS_RECIPE},
    /** Small enough to learn while you watch. */
    small: {
      config: {...SHAPE, features: 12, dilations: [1, 2, 4], head: 24},
      recipe: {...DIGITS_RECIPE, epochs: 1, learningRate: 5e-3},
    },
    /**
     * The paper gives sizes for ImageNet alone (20 layers of 384 features, kernels of 5x5): here
     * depth and features are those of PixelCNN's `cifar10-paper`, the kernels 5x5. For a bigger
     * machine: docs/bigger-machines.md.
     */
    'cifar10-paper': {
      config: {...CIFAR10_PAPER, size: 5, dilations: new Array<number>(14).fill(1), classes: 0},
      recipe: CIFAR10_PAPER_RECIPE,
      paperBits: {bits: 3.03, source: 'Gated PixelCNN, table 1'},
    },
  },
  parameters: (config: Scanned<GatedPixelCnnConfig>) => gatedPixelCnnParameters(withoutOrder(config)),
  create: (config: Scanned<GatedPixelCnnConfig>, seed) =>
    createScanned(config, (raster) => GatedPixelCnn.create(raster, seed)),
});

/** The configurations of Gated PixelCNN by preset. */
export const GATED_PIXEL_CNN_PRESETS = configsOf(GATED_PIXEL_CNN);
