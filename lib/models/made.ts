import * as tf from '@tensorflow/tfjs';
import type {MadeTensors} from '../engine/madeSampler';
import {type DegreeMask, maskedDense} from '../engine/maskedDense';
import {
  evenHiddenDegrees,
  hiddenMask,
  inputDegrees,
  type Mask,
  outputMask,
  randomHiddenDegrees,
} from '../layers/madeMasks';
import {createParameters, heStd, type ParameterSpec, parameter} from '../layers/parameters';
import {Random} from '../random';
import type {AutoregressiveModel, ImageShape, IncrementalLogits, Parameters} from '../types';
import {KeptOfWeights} from './keptOfWeights';
import {KeptSampler} from './keptSampler';
import {checkMadeConfig, type MadeConfig} from './madeConfig';
import {startMade} from './madeIncremental';
import {checkRasterInput} from './raster';

/** One set of masks with its order, as the degrees that they follow from. */
class MaskSet {
  /** One for each layer, the last the output's. */
  readonly layers: readonly DegreeMask[];
  readonly direct: DegreeMask;
  /** What the native kernels make of the weights under these masks, for any number of images. */
  readonly packed: KeptOfWeights<unknown>;
  readonly kept: KeptSampler;
  private readonly tensors: readonly tf.Tensor1D[];

  constructor(
    readonly order: Int32Array,
    /** The inputs', then those of each hidden layer. */
    readonly degrees: readonly Int32Array[],
    parameters: Parameters,
  ) {
    this.packed = new KeptOfWeights(parameters);
    this.kept = new KeptSampler(parameters);
    // Kept: a set that is first asked for inside a tf.tidy outlives it.
    this.tensors = degrees.map((layer) => tf.keep(tf.tensor1d(layer, 'int32')));
    const [values] = this.tensors;
    const below = this.tensors;
    const hidden = below.slice(1).map((above, k) => ({below: below[k], above, strict: false}));
    this.layers = [...hidden, {below: below[below.length - 1], above: values, strict: true}];
    this.direct = {below: values, above: values, strict: true};
  }

  dispose(): void {
    this.packed.dispose();
    this.kept.dispose();
    for (const tensor of this.tensors) tensor.dispose();
  }
}

/** The tensors a MADE holds, by name, shape and first values. */
export function madeParameters(config: MadeConfig): ParameterSpec[] {
  const values = config.height * config.width * config.channels;
  const sizes = [values, ...config.hidden, values];
  const specs: ParameterSpec[] = [];
  /** What all sets of masks hide. Where each step draws a new one, there is no such weight. */
  const hidden = (of: (masks: ReturnType<typeof madeMasks>) => Mask): Pick<ParameterSpec, 'mask'> => {
    if (config.masks === 0) return {};
    return {
      mask: () => anyOf(Array.from({length: config.masks}, (_, set) => of(masksOf(config, set)).values)),
    };
  };
  for (let k = 0; k + 1 < sizes.length; k++) {
    if (config.hidden.length === 0) {
      specs.push({name: 'output.bias', shape: [values], std: 0});
      continue;
    }
    const name = k < config.hidden.length ? `hidden${k + 1}` : 'output';
    // Small at the output, so that the first logits are near 0: the loss starts near 784 log 2.
    const std = name === 'output' ? 1 / Math.sqrt(3 * sizes[k]) : heStd(sizes[k]);
    const mask = hidden((masks) => masks.layers[k]);
    specs.push({name: `${name}.weights`, shape: [sizes[k], sizes[k + 1]], std, ...mask});
    specs.push({name: `${name}.bias`, shape: [sizes[k + 1]], std: 0});
  }
  if (config.conditioned) {
    const mask = hidden((masks) => masks.layers[0]);
    specs.push({name: 'present.weights', shape: [values, config.hidden[0]], std: 0.01, ...mask});
  }
  if (config.direct) {
    const mask = hidden((masks) => masks.direct as Mask);
    specs.push({name: 'direct.weights', shape: [values, values], std: 0, ...mask});
  }
  return specs;
}

/**
 * Order and degrees of one set of masks: degrees[0] are the inputs', then one array for each hidden layer.
 */
export function madeDegrees(config: MadeConfig, set: number): {order: Int32Array; degrees: Int32Array[]} {
  const values = config.height * config.width * config.channels;
  const random = new Random(config.maskSeed, 'made masks', set);
  const orderSet = config.orderAgnostic ? set : 0;
  const order =
    config.order === 'raster' && orderSet === 0
      ? Int32Array.from({length: values}, (_, k) => k)
      : new Random(config.maskSeed, 'made order', orderSet).permutation(values);
  return {order, degrees: hiddenDegrees(config, inputDegrees(order), random)};
}

/** The masks that follow from the degrees, last the one of the direct connection if there is one. */
export function madeMasks(
  config: MadeConfig,
  degrees: readonly Int32Array[],
): {layers: Mask[]; direct: Mask | null} {
  const layers = degrees.slice(1).map((above, k) => hiddenMask(degrees[k], above));
  if (config.hidden.length > 0) layers.push(outputMask(degrees[degrees.length - 1], degrees[0]));
  return {layers, direct: config.direct ? outputMask(degrees[0], degrees[0]) : null};
}

function masksOf(config: MadeConfig, set: number): ReturnType<typeof madeMasks> {
  return madeMasks(config, madeDegrees(config, set).degrees);
}

/** 1 where any of the masks has it. */
function anyOf(masks: readonly Float32Array[]): Float32Array {
  return masks[0].map((_, i) => (masks.some((mask) => mask[i] === 1) ? 1 : 0));
}

/**
 * MADE (Germain et al. 2015): an autoencoder whose masks let an output see the inputs before its own alone.
 * What `create` returns owns the weights and all sets of masks. `withMasks`, `atStep`, `ensemble` and
 * `withOrder` return views of the same weights, of no use after their model is disposed.
 */
export class Made implements AutoregressiveModel {
  readonly name = 'made';
  readonly levels = 2;
  readonly image: ImageShape;
  readonly order: Int32Array;

  private constructor(
    readonly config: MadeConfig,
    readonly parameters: Parameters,
    private readonly masks: MaskSet,
    /** Disposes what this object made; a view of another Made owns less than the whole. */
    private readonly disposeOwned: () => void,
    /** The sets made so far; each is made when it is first asked for. */
    private readonly sets: Map<number, MaskSet>,
  ) {
    this.image = {height: config.height, width: config.width, channels: config.channels};
    this.order = masks.order;
  }

  /**
   * @param seed of the first weights
   * @throws RangeError when a number of the config is out of its range
   */
  static create(config: MadeConfig, seed = 0): Made {
    checkMadeConfig(config);
    const parameters = createParameters(madeParameters(config), seed);
    const sets = new Map<number, MaskSet>();
    const disposeAll = (): void => {
      for (const value of parameters.values()) value.dispose();
      for (const set of sets.values()) set.dispose();
      sets.clear();
    };
    return new Made(config, parameters, maskSet(config, parameters, sets, 0), disposeAll, sets);
  }

  logits(x: tf.Tensor4D): tf.Tensor {
    checkRasterInput('MADE', x, this.image);
    return tf.tidy(() => {
      const flat = tf.reshape(x, [x.shape[0], this.order.length]) as tf.Tensor2D;
      return tf.reshape(this.flatLogits(flat), x.shape);
    });
  }

  /** h_l = relu(b + (W ∘ M) h_{l-1}); logits = c + (V ∘ M) h_L + (A ∘ M) x, as in sections 3 and 4. */
  private flatLogits(x: tf.Tensor2D): tf.Tensor2D {
    const {layers, direct} = this.masks;
    const weights = (name: string): tf.Tensor2D => parameter(this.parameters, `${name}.weights`);
    const bias = (name: string): tf.Tensor1D => parameter(this.parameters, `${name}.bias`);
    const {config} = this;
    let hidden = x;
    layers.slice(0, -1).forEach((mask, k) => {
      const name = `hidden${k + 1}`;
      let added = bias(name);
      if (config.conditioned && k === 0) {
        // What a unit sees at all, whatever its values: every input as a 1.
        const seen = maskedDense(tf.ones([1, x.shape[1]]), weights('present'), added, mask, 'none');
        added = tf.squeeze(seen, [0]);
      }
      hidden = maskedDense(hidden, weights(name), added, mask, 'relu');
    });
    const own = config.direct
      ? maskedDense(x, weights('direct'), bias('output'), direct, 'none')
      : bias('output');
    return config.hidden.length === 0
      ? (own as tf.Tensor2D)
      : maskedDense(hidden, weights('output'), own, layers[layers.length - 1], 'none');
  }

  /**
   * The same weights seen through the given set of masks, with that set's order.
   *
   * @returns a view that owns nothing: the masks are kept with the model, and to dispose it does nothing
   * @throws RangeError when the config has no such set
   */
  withMasks(set: number): Made {
    const sets = this.config.masks === 0 ? FRESH_ENSEMBLE : this.config.masks;
    if (!Number.isInteger(set) || set < 0 || set >= sets) {
      throw new RangeError(`MADE: a set of masks must be an integer from 0 to ${sets - 1}, got ${set}`);
    }
    const masks = maskSet(this.config, this.parameters, this.sets, set);
    return new Made(this.config, this.parameters, masks, () => {}, this.sets);
  }

  /**
   * The same weights under the masks of a training step: the sets in turn, or fresh masks with `masks` 0.
   *
   * @returns a view; dispose it: it owns its masks where they are fresh, and nothing else
   */
  atStep(step: number): Made {
    const {masks, maskSeed} = this.config;
    if (masks > 0) return this.withMasks(step % masks);
    const order = new Random(maskSeed, 'made fresh order', step).permutation(this.order.length);
    return this.withOrder(order, new Random(maskSeed, 'made fresh degrees', step));
  }

  /**
   * One view for each set of masks (for 8 of them where training had no fixed number).
   *
   * @returns views that own nothing, as those of `withMasks`
   */
  ensemble(): Made[] {
    const sets = this.config.masks === 0 ? FRESH_ENSEMBLE : this.config.masks;
    return Array.from({length: sets}, (_, set) => this.withMasks(set));
  }

  /**
   * The same weights seen in another order, with degrees drawn anew. Only a model trained in many orders
   * (`orderAgnostic`) has learned to be asked so.
   *
   * @param order a permutation of the flat pixel indices
   * @param random the stream of the hidden degrees
   * @returns a view of the same weights; dispose it for its masks
   * @throws RangeError when the order is no permutation of the pixels
   */
  withOrder(order: Int32Array, random = new Random(this.config.maskSeed, 'made degrees')): Made {
    if (order.length !== this.order.length) {
      throw new RangeError(`MADE: an order must hold ${this.order.length} pixels, got ${order.length}`);
    }
    const masks = new MaskSet(
      order,
      hiddenDegrees(this.config, inputDegrees(order), random),
      this.parameters,
    );
    return new Made(this.config, this.parameters, masks, () => masks.dispose(), this.sets);
  }

  /** Degrees of the inputs and of each hidden layer under the active masks. */
  get degrees(): readonly Int32Array[] {
    return this.masks.degrees;
  }

  incremental(count: number): IncrementalLogits {
    const {kept, packed} = this.masks;
    return kept.take(count, () => startMade(this, count, packed));
  }

  /** The weights under the active masks, for a sampler. */
  tensors(): MadeTensors {
    const {config, parameters} = this;
    const names = config.hidden.map((_, k) => `hidden${k + 1}`);
    const weights = (name: string): tf.Tensor2D => parameter(parameters, `${name}.weights`);
    return {
      hidden: names.map(weights),
      biases: [...names, 'output'].map((name) => parameter<tf.Tensor1D>(parameters, `${name}.bias`)),
      output: names.length === 0 ? null : weights('output'),
      present: config.conditioned ? weights('present') : null,
      direct: config.direct ? weights('direct') : null,
      degrees: this.degrees,
    };
  }

  dispose(): void {
    this.disposeOwned();
  }
}

/** Orders averaged over when training had no fixed number of them. */
const FRESH_ENSEMBLE = 8;

function maskSet(
  config: MadeConfig,
  parameters: Parameters,
  sets: Map<number, MaskSet>,
  set: number,
): MaskSet {
  let found = sets.get(set);
  if (found === undefined) {
    const {order, degrees} = madeDegrees(config, set);
    found = new MaskSet(order, degrees, parameters);
    sets.set(set, found);
  }
  return found;
}

/** The inputs' degrees followed by one array for each hidden layer. */
function hiddenDegrees(config: MadeConfig, inputs: Int32Array, random: Random): Int32Array[] {
  const degrees = [inputs];
  for (const units of config.hidden) {
    // Of several sets, chance makes each see what others miss. One set wastes no unit with an
    // even spread; and where the order is fresh at every step, a unit that keeps its degree at
    // least learns how much it is shown.
    degrees.push(
      config.masks <= 1
        ? evenHiddenDegrees(units, inputs.length)
        : randomHiddenDegrees(units, degrees[degrees.length - 1], inputs.length, random),
    );
  }
  return degrees;
}
