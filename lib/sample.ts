import * as tf from '@tensorflow/tfjs';
import {checkCondition, conditionAt} from './condition';
import {checkImages} from './data/images';
import {stopButton} from './engine/stopButton';
import {yieldToOthers} from './engine/yieldToOthers';
import {checkSeed, Random} from './random';
import type {AutoregressiveModel, Condition, Images} from './types';

/**
 * Sampling, value after value in the model's order. `cached` computes only what each new value changes, `naive` runs
 * the whole model for every value; both choose the same pixels from the same seed.
 */
export interface SampleOptions {
  /** Images, 1 to 256. */
  readonly count: number;
  /** Image i depends on the seed and on i only, not on how many others are drawn with it. */
  readonly seed: number;
  /** The class of all images, or one for each: for a model that is conditioned on classes. */
  readonly condition?: Condition;
  /** Logits are divided by it: below 1 sharper than the model, above 1 flatter. 1 is the model. */
  readonly temperature?: number;
  /** `cached` (default) where the model can, or `naive`. */
  readonly method?: 'cached' | 'naive';
  /** Values that are given, not drawn: one image for all samples, or as many images as samples. */
  readonly known?: {
    readonly images: Images;
    /** [H * W * C], 1 where the value is known. */
    readonly mask: Uint8Array;
  };
  /** Takes the likeliest value always: a lesson, not a sample. */
  readonly argmax?: boolean;
  readonly signal?: AbortSignal;
  /** Share of the values that are done, 0 to 1. */
  readonly onProgress?: (share: number) => void;
  /** Told of every value as it is chosen, given ones too. Where it returns a promise, that is waited for. */
  readonly onValue?: (value: ChosenValue) => void | Promise<void>;
}

/** One step of sampling: what the model said of a value, and what it became, for all images. */
export interface ChosenValue {
  /** Its place in the order, from 0, and its flat index in [H, W, C]. */
  readonly place: number;
  readonly index: number;
  /** [count] when levels is 2, else [count * levels]; to be copied where they are kept. */
  readonly logits: Float32Array;
  /** [count], 0 … levels - 1. */
  readonly values: Uint8Array;
}

/**
 * Closer to a threshold than this a choice is made by the whole model on that image alone. Methods and numbers of images
 * round differently, by far less than this, so rounding never decides a pixel.
 */
const TIE = 1e-5;

/**
 * Draws images from the model, or the rest of images of which some values are known.
 *
 * The rule for one value, the same for every model and method: the value is the number of levels k for which
 * u >= P(value <= k), with u uniform in [0, 1) from the stream (seed, 'sample', i).
 *
 * @returns values 0 … levels - 1
 * @throws RangeError for a count, seed, temperature or known value out of range
 */
export async function sample(model: AutoregressiveModel, options: SampleOptions): Promise<Images> {
  const {count, seed, condition, temperature = 1, method = 'cached', argmax = false} = options;
  const {signal = stopButton(), onProgress, onValue} = options;
  checkOptions(model, options);
  const values = model.order.length;
  const {height, width, channels} = model.image;
  const uniforms = sampleUniforms(seed, count, values);
  const pixels = new Uint8Array(count * values);
  const full = new FullPass(model, count, condition);
  const incremental = method === 'cached' ? model.incremental?.(count, condition) : undefined;
  const choose = (logits: Float32Array, u: number): Choice =>
    argmax ? likeliest(logits) : draw(logits, u, temperature);
  try {
    let previous: Float32Array | null = null;
    for (let k = 0; k < values; k++) {
      signal?.throwIfAborted();
      const index = model.order[k];
      const logits = incremental?.next(previous) ?? full.logits(index);
      const numbers = logits.length / count;
      previous = new Float32Array(count);
      for (let i = 0; i < count; i++) {
        let value = knownValue(options, i, index);
        if (value === undefined) {
          const u = uniforms[i][index];
          let choice = choose(logits.subarray(i * numbers, (i + 1) * numbers), u);
          if (choice.margin < TIE) choice = choose(full.logitsOfOne(index, i), u);
          value = choice.value;
        }
        pixels[i * values + index] = value;
        previous[i] = value / (model.levels - 1);
      }
      full.set(index, previous);
      onProgress?.((k + 1) / values);
      const chosen = onValue?.({place: k, index, logits, values: valuesAt(pixels, index, values)});
      if (chosen !== undefined) await chosen;
      if (k % 28 === 27) await yieldToOthers();
    }
  } finally {
    incremental?.dispose();
  }
  return {pixels, count, height, width, channels};
}

/** [count]: the value at a flat index of every image of `size` values. */
function valuesAt(pixels: Uint8Array, index: number, size: number): Uint8Array {
  return Uint8Array.from({length: pixels.length / size}, (_, i) => pixels[i * size + index]);
}

/**
 * The random numbers that `sample` draws with: of image i the number at the flat index of each value.
 * Whoever samples in another way, with these numbers and by the same rule, gets the same images.
 *
 * @param values H * W * C
 * @returns [count][values], uniform in [0, 1)
 */
export function sampleUniforms(seed: number, count: number, values: number): Float32Array[] {
  return Array.from({length: count}, (_, i) =>
    new Random(seed, 'sample', i).fillUniform(new Float32Array(values)),
  );
}

/** The whole model on the images as they stand. */
class FullPass {
  private readonly x: Float32Array;

  constructor(
    private readonly model: AutoregressiveModel,
    private readonly count: number,
    private readonly condition: Condition | undefined,
  ) {
    this.x = new Float32Array(count * model.order.length);
  }

  set(index: number, values: Float32Array): void {
    const size = this.model.order.length;
    for (let i = 0; i < this.count; i++) this.x[i * size + index] = values[i];
  }

  /** [count] or [count * levels] logits of the value at the flat index. */
  logits(index: number): Float32Array {
    return this.logitsOf(index, this.x, this.condition);
  }

  /** [1] or [levels]: the same for image i alone. */
  logitsOfOne(index: number, i: number): Float32Array {
    const size = this.model.order.length;
    const alone = conditionAt(this.condition, [i]);
    return this.logitsOf(index, this.x.slice(i * size, (i + 1) * size), alone);
  }

  private logitsOf(index: number, pixels: Float32Array, condition: Condition | undefined): Float32Array {
    const {model} = this;
    const {height, width, channels} = model.image;
    const size = height * width * channels;
    const count = pixels.length / size;
    const numbers = model.levels === 2 ? 1 : model.levels;
    return tf.tidy(() => {
      const x = tf.tensor4d(pixels, [count, height, width, channels]);
      const logits = tf.reshape(model.logits(x, condition), [count, size, numbers]);
      return tf.slice(logits, [0, index, 0], [count, 1, numbers]).dataSync() as Float32Array;
    });
  }
}

interface Choice {
  readonly value: number;
  /** How far the choice is from being another: in probability, or in logits for the likeliest. */
  readonly margin: number;
}

function draw(logits: Float32Array, u: number, temperature: number): Choice {
  // The same place as u, in logits. A low temperature magnifies what they are rounded by: there the distance counts in logits, too.
  const place = temperature * Math.log(u / (1 - u));
  if (logits.length === 1) {
    const threshold = 1 / (1 + Math.exp(logits[0] / temperature));
    const margin = Math.min(Math.abs(u - threshold), temperature < 1 ? Math.abs(logits[0] + place) / 4 : 1);
    return {value: u >= threshold ? 1 : 0, margin};
  }
  const most = logits.reduce((a, b) => Math.max(a, b));
  const weights = Float64Array.from(logits, (logit) => Math.exp((logit - most) / temperature));
  const total = weights.reduce((a, b) => a + b);
  let [value, margin, cumulative] = [0, Number.POSITIVE_INFINITY, 0];
  // The last level needs no threshold: whatever is left is its share.
  for (let level = 0; level + 1 < logits.length; level++) {
    cumulative += weights[level] / total;
    margin = Math.min(margin, Math.abs(u - cumulative));
    if (u >= cumulative) value++;
  }
  if (temperature < 1) margin = Math.min(margin, logitMargin(logits, weights, most, temperature, place));
  return {value, margin};
}

/**
 * How far `place` is from T log(P(value <= k) / P(value > k)) at the nearest level k: a fourth of it, since no probability changes by
 * more than a fourth of what a logit does.
 *
 * @param weights exp((logit - most) / T); where all on one side are 0, the largest logit stands for their sum
 */
function logitMargin(
  logits: Float32Array,
  weights: Float64Array,
  most: number,
  temperature: number,
  place: number,
): number {
  const last = logits.length - 1;
  const above = new Float64Array(last);
  for (let [k, sum, largest] = [last, 0, Number.NEGATIVE_INFINITY]; k > 0; k--) {
    sum += weights[k];
    largest = Math.max(largest, logits[k]);
    above[k - 1] = sum > 0 ? temperature * Math.log(sum) : largest - most;
  }
  let [margin, sum, largest] = [Number.POSITIVE_INFINITY, 0, Number.NEGATIVE_INFINITY];
  for (let k = 0; k < last; k++) {
    sum += weights[k];
    largest = Math.max(largest, logits[k]);
    const below = sum > 0 ? temperature * Math.log(sum) : largest - most;
    margin = Math.min(margin, Math.abs(below - above[k] - place) / 4);
  }
  return margin;
}

function likeliest(logits: Float32Array): Choice {
  // One Bernoulli logit stands for the two levels 0 and itself.
  const row = logits.length === 1 ? Float32Array.of(0, logits[0]) : logits;
  const [most, next] = row.slice().sort().subarray(-2).reverse();
  return {value: row.indexOf(most), margin: most - next};
}

function knownValue({known}: SampleOptions, i: number, index: number): number | undefined {
  if (known === undefined || known.mask[index] === 0) return undefined;
  const size = known.mask.length;
  return known.images.pixels[(known.images.count === 1 ? 0 : i) * size + index];
}

function checkOptions(
  model: AutoregressiveModel,
  {count, seed, condition, temperature = 1, known}: SampleOptions,
): void {
  checkSeed(seed);
  if (!Number.isInteger(count) || count < 1 || count > 256) {
    throw new RangeError(`sample: count must be an integer from 1 to 256, got ${count}`);
  }
  if (!(temperature > 0 && Number.isFinite(temperature))) {
    throw new RangeError(`sample: temperature must be a positive number, got ${temperature}`);
  }
  checkCondition(model, condition, count);
  if (known === undefined) return;
  const {height, width, channels} = model.image;
  const {images, mask} = known;
  checkImages(images);
  if (images.height !== height || images.width !== width || images.channels !== channels) {
    throw new RangeError(
      `sample: known images must be ${height} x ${width} x ${channels}, ` +
        `got ${images.height} x ${images.width} x ${images.channels}`,
    );
  }
  if (images.count !== 1 && images.count !== count) {
    throw new RangeError(`sample: there must be 1 known image or ${count} of them, got ${images.count}`);
  }
  if (mask.length !== model.order.length) {
    throw new RangeError(`sample: the mask must have ${model.order.length} entries, got ${mask.length}`);
  }
  const neither = mask.find((value) => value !== 0 && value !== 1);
  if (neither !== undefined) {
    throw new RangeError(
      `sample: the mask must hold 1 where a value is known and 0 elsewhere, got ${neither}`,
    );
  }
  const wrong = images.pixels.findIndex((v, i) => mask[i % mask.length] !== 0 && v >= model.levels);
  if (wrong !== -1) {
    throw new RangeError(
      `sample: known values must be from 0 to ${model.levels - 1}, got ${images.pixels[wrong]} at ${wrong}; ` +
        (model.levels === 2
          ? 'binarize the images first'
          : `quantize the images to ${model.levels} levels first`),
    );
  }
}
