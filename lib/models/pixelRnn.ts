import * as tf from '@tensorflow/tfjs';
import {lstmLayer} from '../engine/lstmLayer';
import {reluConvolutions} from '../engine/reluConvolutions';
import {MaskedConv2d, type MaskedConv2dSpec} from '../layers/maskedConv2d';
import {createParameters, type ParameterSpec} from '../layers/parameters';
import {evenGroups, rasterMask} from '../layers/rasterMasks';
import type {StateLayer, StateSpec} from '../layers/stateLayer';
import type {AutoregressiveModel, ImageShape, IncrementalLogits, Parameters} from '../types';
import {checkKeys} from './configKeys';
import {KeptSampler} from './keptSampler';
import {startPixelRnn} from './pixelRnnIncremental';
import {
  checkPositive,
  checkRasterConfig,
  checkRasterInput,
  firstSpec,
  headSpecs,
  MOST_LAYERS,
  type RasterConfig,
  rasterOrder,
  splitLevels,
} from './raster';

/**
 * What Row LSTM and the Diagonal BiLSTM share: table 1 of van den Oord et al. 2016a with recurrent layers.
 */
export interface PixelRnnConfig extends RasterConfig {
  /** h: a block has 2h features outside and h inside. A multiple of the channels. */
  readonly features: number;
  readonly layers: number;
  /** Whether a layer adds its states to what it was given (figure 5), or replaces that. */
  readonly residual: boolean;
  /** Whether each layer's states also go straight to the layers before the logits (section 3.3). */
  readonly skip: boolean;
}

const KEYS = [
  ...['height', 'width', 'channels', 'levels', 'firstSize', 'features', 'layers'],
  ...['residual', 'skip', 'head'],
];

/** The kind of recurrent layer. */
export interface StateLayerKind {
  new (spec: StateSpec, parameters: Parameters): StateLayer;
  parameters(spec: StateSpec): ParameterSpec[];
}

/** Standard deviation of LSTM states at the start, about. */
const STATE_STD = 0.3;

function stateSpecs({layers, features, channels}: PixelRnnConfig): StateSpec[] {
  return Array.from({length: layers}, (_, k) => ({
    name: `layer${k + 1}`,
    inputs: 2 * features,
    hidden: features,
    groups: channels,
  }));
}

/**
 * The 1 x 1 convolutions from the states of each layer back to 2h features: `up`,
 * and with skip connections `skip`.
 */
function pointSpecs(config: PixelRnnConfig, role: 'up' | 'skip'): MaskedConv2dSpec[] {
  if (role === 'skip' && !config.skip) return [];
  return stateSpecs(config).map(({name, hidden}) => ({
    name: `${name}.${role}`,
    mask: rasterMask(1, 'B'),
    type: 'B',
    dilation: 1,
    inputs: evenGroups(hidden, config.channels),
    outputs: evenGroups(2 * hidden, config.channels),
    // With residual connections the layers together add as much as they are given.
    scale: 1 / STATE_STD / (config.residual ? Math.sqrt(config.layers) : 1),
  }));
}

/** The tensors the model holds, by name, shape and first values. */
export function pixelRnnParameters(config: PixelRnnConfig, kind: StateLayerKind): ParameterSpec[] {
  return [
    ...MaskedConv2d.parameters(firstSpec(config, 2 * config.features)),
    ...stateSpecs(config).flatMap((spec) => kind.parameters(spec)),
    ...[...pointSpecs(config, 'up'), ...pointSpecs(config, 'skip')].flatMap(MaskedConv2d.parameters),
    ...headSpecs(config, 2 * config.features).flatMap(MaskedConv2d.parameters),
  ];
}

/**
 * 7x7 mask A; then layers x + up(states(x)) (figure 5, right); then ReLU and 1x1 twice, and the logits. With
 * skip connections what goes into the ReLU is x plus the sum of skip(states) over the layers: the paper does
 * not say from where and to where they go.
 */
export class PixelRnn implements AutoregressiveModel {
  readonly image: ImageShape;
  readonly levels: number;
  readonly order: Int32Array;
  readonly parameters: Parameters;
  readonly first: MaskedConv2d;
  readonly layers: readonly StateLayer[];
  readonly up: readonly MaskedConv2d[];
  readonly skip: readonly MaskedConv2d[];
  readonly head: readonly MaskedConv2d[];

  private readonly kept: KeptSampler;

  /** @throws RangeError when a number of the config is out of its range */
  constructor(
    readonly name: string,
    title: string,
    readonly config: PixelRnnConfig,
    kind: StateLayerKind,
    seed: number,
  ) {
    checkKeys(title, config, KEYS);
    checkRasterConfig(title, config);
    for (const field of ['features', 'head'] as const) checkPositive(title, field, config[field]);
    checkPositive(title, 'layers', config.layers, MOST_LAYERS);
    this.image = {height: config.height, width: config.width, channels: config.channels};
    this.levels = config.levels;
    this.order = rasterOrder(this.image);
    const parameters = createParameters(pixelRnnParameters(config, kind), seed);
    const convolution = (spec: MaskedConv2dSpec): MaskedConv2d => new MaskedConv2d(spec, parameters);
    this.parameters = parameters;
    this.kept = new KeptSampler(parameters);
    this.first = convolution(firstSpec(config, 2 * config.features));
    this.layers = stateSpecs(config).map((spec) => new kind(spec, parameters));
    this.up = pointSpecs(config, 'up').map(convolution);
    this.skip = pointSpecs(config, 'skip').map(convolution);
    this.head = headSpecs(config, 2 * config.features).map(convolution);
  }

  logits(x: tf.Tensor4D): tf.Tensor {
    return tf.tidy(() => {
      const {features, skipped} = this.pass(x, this.layers.length);
      const sum = skipped.length === 0 ? features : (tf.addN([features, ...skipped]) as tf.Tensor4D);
      return splitLevels(reluConvolutions(sum, [this.head], false), this);
    });
  }

  /**
   * The feature maps after the first convolution and the given number of layers.
   *
   * @returns [B, H, W, 2h]; the caller disposes it
   */
  features(x: tf.Tensor4D, layers: number): tf.Tensor4D {
    return tf.tidy(() => this.pass(x, layers).features);
  }

  private pass(x: tf.Tensor4D, layers: number): {features: tf.Tensor4D; skipped: tf.Tensor4D[]} {
    checkRasterInput(this.name, x, this.image);
    const {residual} = this.config;
    let features = this.first.apply(x, 'none');
    const skipped: tf.Tensor4D[] = [];
    for (let k = 0; k < layers; k++) {
      // One operation adds to what it is given, and hands on no states, which skip connections need.
      const {added} = this.layers[k];
      if (added !== null && residual && this.skip.length === 0) {
        features = lstmLayer(features, added, this.up[k]);
        continue;
      }
      const states = this.layers[k].states(features);
      const risen = this.up[k].apply(states, 'none');
      features = residual ? tf.add(features, risen) : risen;
      if (this.skip.length > 0) skipped.push(this.skip[k].apply(states, 'none'));
    }
    return {features, skipped};
  }

  incremental(count: number): IncrementalLogits {
    return this.kept.take(count, () => startPixelRnn(this, count));
  }

  dispose(): void {
    this.kept.dispose();
    for (const layer of [this.first, ...this.layers, ...this.up, ...this.skip, ...this.head]) layer.dispose();
    for (const value of this.parameters.values()) value.dispose();
  }
}
