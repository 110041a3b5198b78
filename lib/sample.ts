import * as tf from '@tensorflow/tfjs';
import {type Choice, draw, likeliest, TIE} from './choice';
import {checkCondition, conditionAt} from './condition';
import {checkImageSize, checkImages, checkLevels} from './data/images';
import {stopButton} from './engine/stopButton';
import {yieldToOthers} from './engine/yieldToOthers';
import {NotFiniteError} from './finite';
import {checkSeed, Random} from './random';
import type {AutoregressiveModel, Condition, Images, IncrementalLogits} from './types';

/**
 * Sampling, value after value in the model's order. `cached` computes only what each new value changes,
 * `naive` runs the whole model for every value; both choose the same pixels from the same seed.
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
 * Draws images from the model, or the rest of images of which some values are known.
 *
 * The rule for one value, the same for every model and method: the value is the number of levels k for which
 * u >= P(value <= k), with u uniform in [0, 1) from the stream (seed, 'sample', i).
 *
 * @returns values 0 … levels - 1
 * @throws RangeError for a count, seed, temperature or known value out of range; NotFiniteError at the
 *   first logit that is not finite
 */
export async function sample(model: AutoregressiveModel, options: SampleOptions): Promise<Images> {
  const {count, seed, condition, method = 'cached'} = options;
  checkOptions(model, options);
  const values = model.order.length;
  const {height, width, channels} = model.image;
  const run: Run = {
    ...{model, options, full: new FullPass(model, count, condition)},
    uniforms: sampleUniforms(seed, count, values),
    signal: options.signal ?? stopButton(),
    pixels: new Uint8Array(count * values),
  };
  const incremental = method === 'cached' ? model.incremental?.(count, condition) : undefined;
  try {
    // Who asks for every value gets them one by one.
    if (incremental?.draw === undefined || options.onValue !== undefined)
      await valueByValue(run, incremental);
    else await manyAtOnce(run, incremental);
  } finally {
    incremental?.dispose();
  }
  return {pixels: run.pixels, count, height, width, channels};
}

/** What both ways of sampling work with. */
interface Run {
  readonly model: AutoregressiveModel;
  readonly options: SampleOptions;
  readonly full: FullPass;
  readonly signal: AbortSignal | undefined;
  /** Of each image, by flat index. */
  readonly uniforms: readonly Float32Array[];
  /** [count, values], by flat index. */
  readonly pixels: Uint8Array;
}

async function valueByValue(run: Run, incremental: IncrementalLogits | undefined): Promise<void> {
  const {model, options, full, signal, uniforms, pixels} = run;
  const {count, onProgress, onValue} = options;
  const values = model.order.length;
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
        const own = logits.subarray(i * numbers, (i + 1) * numbers);
        checkFinite(model, own, i, k);
        const choice = choose(options, own, uniforms[i][index]);
        value = choice.margin < TIE ? decide(run, i, k) : choice.value;
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
}

/** So long a sampler may draw before others get their turn. */
const MILLISECONDS = 50;

/** The sampler draws by itself. */
async function manyAtOnce(run: Run, sampler: IncrementalLogits): Promise<void> {
  const {model, options, signal, uniforms} = run;
  const {count, temperature = 1, argmax = false, onProgress} = options;
  const {order} = model;
  const values = order.length;
  const byPlace = {
    ...{uniforms: new Float32Array(count * values), pixels: new Uint8Array(count * values)},
    given: new Int16Array(count * values).fill(-1),
  };
  const inRasterOrder = order.every((index, place) => index === place);
  for (let i = 0; i < count; i++) {
    const own = inRasterOrder ? uniforms[i] : Float32Array.from(order, (index) => uniforms[i][index]);
    byPlace.uniforms.set(own, i * values);
    for (let k = 0; options.known !== undefined && k < values; k++) {
      byPlace.given[i * values + k] = knownValue(options, i, order[k]) ?? -1;
    }
  }
  let length = 1;
  for (let done = 0; done < values; ) {
    signal?.throwIfAborted();
    const until = Math.min(values, done + length);
    const started = performance.now();
    const wrong = sampler.draw?.({until, temperature, argmax, ...byPlace}) ?? null;
    if (wrong !== null) throw notFinite(model, 'not finite', wrong.image, wrong.place);
    done = until;
    // As many as the time allows, by what these took; timers are coarse.
    const times = MILLISECONDS / Math.max(performance.now() - started, 0.1);
    length = Math.max(1, Math.floor(length * Math.min(64, times)));
    onProgress?.(done / values);
    await yieldToOthers();
  }
  if (inRasterOrder) run.pixels.set(byPlace.pixels);
  for (let i = 0; i < count && !inRasterOrder; i++) {
    for (let k = 0; k < values; k++) run.pixels[i * values + order[k]] = byPlace.pixels[i * values + k];
  }
}

/**
 * A value that is too close to call, by what knows this image alone: a sampler that draws by itself, given
 * the values before, so that all ways of sampling choose alike; where a model has none, the whole model.
 */
function decide({model, options, full, uniforms, pixels}: Run, image: number, place: number): number {
  const {order} = model;
  const {condition, temperature = 1, argmax = false} = options;
  const alone = model.incremental?.(1, conditionAt(condition, [image]));
  try {
    if (alone?.draw === undefined) {
      const logits = full.logitsOfOne(order[place], image);
      checkFinite(model, logits, image, place);
      return choose(options, logits, uniforms[image][order[place]]).value;
    }
    const own = {
      ...{uniforms: Float32Array.from(order, (index) => uniforms[image][index])},
      ...{given: new Int16Array(order.length).fill(-1), pixels: new Uint8Array(order.length)},
    };
    for (let k = 0; k < place; k++) own.given[k] = pixels[image * order.length + order[k]];
    const wrong = alone.draw({until: place + 1, temperature, argmax, ...own});
    if (wrong !== null) throw notFinite(model, 'not finite', image, place);
    return own.pixels[place];
  } finally {
    alone?.dispose();
  }
}

function choose({argmax = false, temperature = 1}: SampleOptions, logits: Float32Array, u: number): Choice {
  return argmax ? likeliest(logits) : draw(logits, u, temperature);
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

/** @throws NotFiniteError */
function checkFinite(
  model: AutoregressiveModel,
  logits: Float32Array,
  image: number,
  position: number,
): void {
  const wrong = logits.findIndex((logit) => !Number.isFinite(logit));
  if (wrong === -1) return;
  throw notFinite(model, String(logits[wrong]), image, position);
}

/** Names the value in the model's order, and the parameter that it comes from. */
function notFinite(model: AutoregressiveModel, what: string, image: number, place: number): NotFiniteError {
  return new NotFiniteError(
    `sample: the logit of value ${place} of image ${image} is ${what}`,
    model.parameters,
  );
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
  const {images, mask} = known;
  checkImages(images);
  checkImageSize('sample: known images', images, model.image);
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
  checkLevels('sample: known values', images, model.levels, (place) => mask[place % mask.length] !== 0);
}
