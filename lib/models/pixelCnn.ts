import * as tf from '@tensorflow/tfjs';
import {reluConvolutions} from '../engine/reluConvolutions';
import {MaskedConv2d} from '../layers/maskedConv2d';
import {createParameters, type ParameterSpec} from '../layers/parameters';
import {ResidualBlock, type ResidualSpec} from '../layers/residual';
import type {AutoregressiveModel, ImageShape, IncrementalLogits, Parameters} from '../types';
import {TRAIN_DEFAULTS} from '../types';
import {checkKeys} from './configKeys';
import {configsOf, defineModel, type Reported} from './family';
import {KeptSampler} from './keptSampler';
import {startPixelCnn} from './pixelCnnIncremental';
import {
  CIFAR10_PAPER,
  CIFAR10_PAPER_RECIPE,
  checkDilations,
  checkPositive,
  checkRasterConfig,
  checkRasterInput,
  DIGITS,
  DIGITS_RECIPE,
  firstSpec,
  headSpecs,
  type RasterConfig,
  rasterOrder,
  splitLevels,
} from './raster';
import {createScanned, type Scanned, withoutOrder} from './scanOrder';

/** PixelCNN: a stack of masked convolutions (van den Oord et al. 2016a, table 1). */
export interface PixelCnnConfig extends RasterConfig {
  /** h of table 1: a residual block has 2h features outside and h inside. A multiple of the channels. */
  readonly features: number;
  /** Side of the blocks' kernels, which have mask B. */
  readonly size: number;
  /** One residual block for each; 1 is the paper's, more spreads the taps of its kernel apart. */
  readonly dilations: readonly number[];
}

/** The tensors a PixelCNN holds, by name, shape and first values. */
export function pixelCnnParameters(config: PixelCnnConfig): ParameterSpec[] {
  return [
    ...MaskedConv2d.parameters(firstSpec(config, 2 * config.features)),
    ...blockSpecs(config).flatMap((spec) => ResidualBlock.parameters(spec)),
    ...headSpecs(config, 2 * config.features).flatMap((spec) => MaskedConv2d.parameters(spec)),
  ];
}

function blockSpecs(config: PixelCnnConfig): ResidualSpec[] {
  return config.dilations.map((dilation, k) => ({
    name: `block${k + 1}`,
    features: config.features,
    groups: config.channels,
    size: config.size,
    dilation,
    // The blocks together add as much as they are given.
    scale: 1 / Math.sqrt(config.dilations.length),
  }));
}

const TITLE = 'PixelCNN';
const KEYS = ['height', 'width', 'channels', 'levels', 'firstSize', 'size', 'features', 'dilations', 'head'];

/** @throws RangeError that names the field, its value and the rule */
function checkConfig(config: PixelCnnConfig): void {
  checkKeys(TITLE, config, KEYS);
  checkRasterConfig(TITLE, config);
  checkPositive(TITLE, 'features', config.features);
  checkPositive(TITLE, 'head', config.head);
  checkDilations(TITLE, config);
}

/**
 * PixelCNN (van den Oord et al. 2016a, table 1): a masked convolution, residual blocks, a head; raster order.
 * It owns its weights: dispose it.
 */
export class PixelCnn implements AutoregressiveModel {
  readonly name = 'pixelcnn';
  readonly image: ImageShape;
  readonly levels: number;
  readonly order: Int32Array;
  readonly first: MaskedConv2d;
  readonly blocks: readonly ResidualBlock[];
  readonly head: readonly MaskedConv2d[];

  private readonly kept: KeptSampler;

  private constructor(
    readonly config: PixelCnnConfig,
    readonly parameters: Parameters,
  ) {
    this.image = {height: config.height, width: config.width, channels: config.channels};
    this.levels = config.levels;
    this.order = rasterOrder(this.image);
    this.kept = new KeptSampler(parameters);
    this.first = new MaskedConv2d(firstSpec(config, 2 * config.features), parameters);
    this.blocks = blockSpecs(config).map((spec) => new ResidualBlock(spec, parameters));
    this.head = headSpecs(config, 2 * config.features).map((spec) => new MaskedConv2d(spec, parameters));
  }

  /**
   * @param seed of the first weights
   * @throws RangeError when a number of the config is out of its range
   */
  static create(config: PixelCnnConfig, seed = 0): PixelCnn {
    checkConfig(config);
    return new PixelCnn(config, createParameters(pixelCnnParameters(config), seed));
  }

  logits(x: tf.Tensor4D): tf.Tensor {
    return tf.tidy(() => {
      const features = this.features(x, this.blocks.length);
      return splitLevels(reluConvolutions(features, [this.head], false), this);
    });
  }

  /**
   * The feature maps after the first convolution and the given number of residual blocks.
   *
   * @returns [B, H, W, 2h]; the caller disposes it
   */
  features(x: tf.Tensor4D, blocks: number): tf.Tensor4D {
    checkRasterInput(TITLE, x, this.image);
    return tf.tidy(() => {
      const features = this.first.apply(x, 'none');
      if (blocks === 0) return features;
      const within = this.blocks.slice(0, blocks).map(({convolutions}) => convolutions);
      return reluConvolutions(features, within, true);
    });
  }

  incremental(count: number): IncrementalLogits {
    return this.kept.take(count, () => startPixelCnn(this, count));
  }

  dispose(): void {
    this.kept.dispose();
    for (const layer of [this.first, ...this.blocks, ...this.head]) layer.dispose();
    for (const value of this.parameters.values()) value.dispose();
  }
}

const SHAPE = {...DIGITS, size: 3} as const;

/** The paper has one number, of a size that it does not give. */
const PAPER: Reported = {nats: 81.3, source: 'PixelRNN, table 4: PixelCNN'};

export const PIXEL_CNN = defineModel({
  name: 'pixelcnn',
  presets: {
    /**
     * Table 1 widened in view, not in size: dilations let seven blocks see 25 rows up instead of 10 at the
     * same cost. In trials of 250 steps on the training images weight normalization gained nothing over first
     * weights that keep the scale of the features, so there is none.
     */
    digits: {
      config: {...SHAPE, features: 32, dilations: [1, 2, 4, 8, 1, 2, 4], head: 64},
      recipe: {...DIGITS_RECIPE, epochs: 6, learningRate: 4e-3},
      paper: PAPER,
    },
    /**
     * Table 1 as it stands. The paper gives no sizes for MNIST: 7 blocks of
     * h = 32 are its LSTMs' depth there.
     */
    paper: {
      config: {...SHAPE, features: 32, dilations: [1, 1, 1, 1, 1, 1, 1], head: 32},
      recipe: {...DIGITS_RECIPE, epochs: 10, learningRate: 1e-3},
      paper: PAPER,
    },
    /** Small enough to learn while you watch. */
    small: {
      config: {...SHAPE, features: 12, dilations: [1, 2, 4], head: 24},
      recipe: {...DIGITS_RECIPE, epochs: 1, learningRate: 3e-3},
    },
    /**
     * Table 1 for CIFAR-10, made small enough to be trained on a processor in hours: the paper has 15 layers
     * of h = 128 and 1024 features before the logits. Red, green and blue have a third of the
     * features each.
     */
    cifar10: {
      config: {
        height: 32,
        width: 32,
        channels: 3,
        levels: 256,
        firstSize: 7,
        size: 3,
        features: 48,
        dilations: [1, 2, 4, 8, 1, 2, 4, 8, 1, 2, 4, 1],
        head: 96,
      },
      recipe: {...TRAIN_DEFAULTS, epochs: 2, batchSize: 16, learningRate: 2e-3, clipNorm: 2000},
    },
    /**
     * "PixelCNN: 15 layers, h = 128" (section 5.1), read as 15 residual blocks, and 1024 features before the
     * logits: with a third for each color, see CIFAR10_PAPER. For a bigger machine: docs/bigger-machines.md.
     */
    'cifar10-paper': {
      config: {...CIFAR10_PAPER, size: 3, dilations: new Array<number>(15).fill(1)},
      recipe: CIFAR10_PAPER_RECIPE,
      paperBits: {bits: 3.14, source: 'PixelRNN, table 5'},
    },
  },
  parameters: (config: Scanned<PixelCnnConfig>) => pixelCnnParameters(withoutOrder(config)),
  create: (config: Scanned<PixelCnnConfig>, seed) =>
    createScanned(config, (raster) => PixelCnn.create(raster, seed)),
});

/** The configurations of PixelCNN by preset. */
export const PIXEL_CNN_PRESETS = configsOf(PIXEL_CNN);
