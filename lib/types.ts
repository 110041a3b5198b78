import type * as tf from '@tensorflow/tfjs';

/**
 * The words that all rooms of the library share.
 * Axes: B batch, H height, W width, C channels, L levels a channel value can take.
 */

/** Gray or color images as bytes, in raster order: [count, height, width, channels] with the channel last. */
export interface Images {
  readonly pixels: Uint8Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** The class of each image, where it is known: [count]. */
  readonly labels?: Uint8Array;
}

/** The size of one image. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** How gray digits become black and white. The rule decides the likelihood: see data/README.md. */
export const BINARIZATIONS = ['static', 'dynamic', 'threshold'] as const;
export type Binarization = (typeof BINARIZATIONS)[number];

/**
 * The three disjoint parts of a data set: the gradient sees `train`, choices are made on
 * `validation`, `test` is reported once.
 */
export const SPLITS = ['train', 'validation', 'test'] as const;
export type Split = (typeof SPLITS)[number];

/**
 * @param who asks, for the message
 * @throws RangeError when levels, the values that a channel can take, is no integer from 2 to 256
 */
export function checkLevelCount(who: string, levels: number): void {
  if (!Number.isInteger(levels) || levels < 2 || levels > 256) {
    throw new RangeError(`${who}: levels must be an integer from 2 to 256, got ${levels}`);
  }
}

/** What a config may hold, so that it can be written to a checkpoint as JSON. */
export type ConfigValue = string | number | boolean | readonly number[];
export type ModelConfig = Readonly<Record<string, ConfigValue>>;

/**
 * The class of all images of a batch, or one class for each of them: from 0 to the
 * model's number of classes - 1.
 */
export type Condition = number | ArrayLike<number>;

/** The trainable tensors of a model by name, in a fixed order. */
export type Parameters = ReadonlyMap<string, tf.Variable>;

/**
 * What training, evaluation, sampling and the receptive field need to know of a model, and no more.
 * `logits` of a value depend only on values that come before it in `order`.
 */
export interface AutoregressiveModel {
  /** The name used by the commands: `made`, `pixelcnn`, … */
  readonly name: string;
  readonly config: ModelConfig;
  readonly image: ImageShape;
  /** 2: one Bernoulli logit for each value. More: that many softmax logits for each value. */
  readonly levels: number;
  readonly parameters: Parameters;
  /** order[k] is the flat index in [H, W, C] of the value that is generated k-th. */
  readonly order: Int32Array;
  /**
   * @param x [B, H, W, C], values 0 … levels - 1 scaled to [0, 1]; not disposed
   * @param condition for a model whose config has classes, and for no other
   * @returns [B, H, W, C] when levels is 2, else [B, H, W, C, levels]; the caller disposes it
   */
  logits(x: tf.Tensor4D, condition?: Condition): tf.Tensor;
  /**
   * The model as the given training step should see it (MADE cycles its masks).
   * Shares the parameters; dispose it.
   */
  atStep?(step: number): AutoregressiveModel;
  /** All the orders whose average probability is the ensemble's; shares the parameters. */
  ensemble?(): readonly AutoregressiveModel[];
  /** A sampler that computes only what each new value changes; the caller disposes it. */
  incremental?(count: number, condition?: Condition): IncrementalLogits;
  dispose(): void;
}

/** Logits one value at a time, in the model's order, for `count` images at once. */
export interface IncrementalLogits {
  /**
   * Logits of the next value in order.
   * @param previous the values just chosen for the value before, [count], scaled to
   *   [0, 1]; null at the first call
   * @returns [count] when levels is 2, else [count * levels]
   */
  next(previous: Float32Array | null): Float32Array;
  /**
   * Draws many values at a call, where the sampler can: from the next one on, up to the given place in the
   * order. An image does not depend on how many others there are, to the bit. Not to be mixed with `next`.
   *
   * @returns null, or the first value whose logits are not finite
   */
  draw?(drawing: Drawing): PlaceOfImage | null;
  dispose(): void;
}

/** What a sampler draws with; numbers of each image by place in the order, [count, values]. */
export interface Drawing {
  /** The place after the last value to draw. */
  readonly until: number;
  readonly temperature: number;
  readonly argmax: boolean;
  /** In [0, 1). */
  readonly uniforms: Float32Array;
  /** Values that are not to be drawn, 0 … levels - 1; -1 where one is to be. */
  readonly given: Int16Array;
  /** What is drawn, written by the sampler. */
  readonly pixels: Uint8Array;
}

/** A value of an image by its place in the order. */
export interface PlaceOfImage {
  readonly image: number;
  readonly place: number;
}

/**
 * One line of a training history. `nats` is per image; `seconds` counts from the
 * start of training, pauses left out.
 */
export interface HistoryRow {
  readonly step: number;
  readonly epoch: number;
  readonly split: Split;
  readonly nats: number;
  readonly seconds: number;
}
export type History = readonly HistoryRow[];

/** A recipe: how a model is trained. Data, so that a preset can hold it. */
export interface TrainOptions {
  readonly epochs: number;
  readonly batchSize: number;
  /** Shuffles and dynamic binarization are drawn from it. */
  readonly seed: number;
  /** The highest learning rate of the schedule. */
  readonly learningRate: number;
  /** Share of all steps during which the learning rate rises from 0; it then falls to 0. */
  readonly warmup: number;
  /**
   * How the learning rate falls after the warm-up. Restarts from trained weights
   * do better with a straight line.
   */
  readonly schedule: 'cosine' | 'linear';
  /** Share of the old average kept at each step by the average of the weights that is evaluated. */
  readonly averageDecay: number;
  /** The gradient of all parameters together is scaled down to this norm; 0 for never. */
  readonly clipNorm: number;
  readonly binarization: Binarization;
  /** Epochs without a better validation likelihood after which training stops; 0 for never. */
  readonly patience: number;
}

export const TRAIN_DEFAULTS: TrainOptions = {
  epochs: 1,
  batchSize: 100,
  seed: 0,
  learningRate: 1e-3,
  warmup: 0.1,
  schedule: 'cosine',
  averageDecay: 0.999,
  clipNorm: 0,
  binarization: 'dynamic',
  patience: 0,
};

/** Weights, their exponential average and Adam's two moments, by the names of the parameters. */
export interface AdamState {
  readonly weights: Map<string, Float32Array>;
  readonly average: Map<string, Float32Array>;
  readonly moment1: Map<string, Float32Array>;
  readonly moment2: Map<string, Float32Array>;
}

/**
 * All that a run has to remember: every random stream is keyed by seed, epoch and step, so none has a state.
 */
export interface TrainingState {
  /** Steps done. */
  readonly step: number;
  readonly seconds: number;
  /** Sum of the batches' mean nats in the epoch under way. */
  readonly epochNats: number;
  readonly history: readonly HistoryRow[];
  readonly adam: AdamState;
  readonly best: {
    readonly nats: number;
    readonly epoch: number;
    readonly weights: Map<string, Float32Array>;
  } | null;
}
