import {hiddenWeights} from '../lib/models/index';
import type {AutoregressiveModel} from '../lib/types';

/**
 * What a machine of a measured speed needs at least for a piece of work: the time of its multiply-adds at the
 * peak of the matrix product, or the time in which memory gives and takes its bytes, whichever is longer.
 */

/** What one core, or all together, can do. */
export interface Speed {
  /** 10⁹ floating point operations a second of a large matrix product; a multiply-add is two. */
  readonly gflops: number;
  /** 10⁹ bytes a second of reading an array that no cache holds. */
  readonly gigabytes: number;
}

export interface MachineSpeed {
  readonly all: Speed;
  readonly one: Speed;
}

/** What must be done for a network, counted. Entries that a mask hides are not: no one has to touch them. */
export interface Work {
  /** Of one image forward: each live weight once for each pixel (MADE: once). */
  readonly forward: number;
  /**
   * Of one image in training: forward, the gradient of the weights, and the gradient of what each layer is
   * given, which is not needed of the image itself.
   */
  readonly train: number;
  /** Numbers that are live in all parameters, biases too. */
  readonly numbers: number;
  /** Values of an image: passes of the naive sampler. */
  readonly values: number;
}

/** Weights that act on the image; all others act on features. */
const ON_IMAGE: Readonly<Record<string, RegExp>> = {
  made: /^(hidden1|direct)\.weights$/,
  gated: /^layer1\.(vertical|horizontal)\.weights$/,
};
const FIRST = /^first\.weights$/;

export function workOf(model: AutoregressiveModel): Work {
  const {name, config, image, parameters, order} = model;
  const pixels = name === 'made' ? 1 : image.height * image.width;
  const masks = hiddenWeights(name, config);
  let [weights, onImage, numbers] = [0, 0, 0];
  for (const [key, {size}] of parameters) {
    const live = masks.get(key)?.reduce((sum, entry) => sum + entry, 0) ?? size;
    numbers += live;
    if (!key.endsWith('.weights') && !key.endsWith('.state')) continue;
    weights += live;
    if ((ON_IMAGE[name] ?? FIRST).test(key)) onImage += live;
  }
  return {
    forward: pixels * weights,
    train: pixels * (3 * weights - onImage),
    numbers,
    values: order.length,
  };
}

/** Of 32 bits. */
const NUMBER = 4;
/**
 * How often training moves a parameter: the passes read the weight; Adam reads weight, gradient, both moments
 * and the average, and writes all of them but the gradient.
 */
const TRAINING_MOVES = 1 + 5 + 4;

export interface Limit {
  readonly seconds: number;
  readonly by: 'arithmetic' | 'memory';
}

/**
 * The limit of one call for so many images at once.
 *
 * Bytes are those of the parameters: read once a call, in a naive sampler once a pass; in training
 * TRAINING_MOVES times. Images and features are not counted, as caches can hold them. Weights that stay in
 * a large last-level cache from call to call are read faster than memory allows, so a share above 1 is
 * possible.
 * Processors: one cached image is drawn by one core, as each pixel waits for the one before; everything else
 * by all cores.
 */
export function limitOf(
  work: Work,
  what: 'train' | 'evaluate' | 'sample-naive' | 'sample-cached',
  count: number,
  machine: MachineSpeed,
): Limit {
  const {gflops, gigabytes} = what === 'sample-cached' && count === 1 ? machine.one : machine.all;
  const passes = what === 'sample-naive' ? work.values : 1;
  const multiplyAdds = count * (what === 'train' ? work.train : work.forward);
  const bytes = NUMBER * work.numbers * (what === 'train' ? TRAINING_MOVES : 1);
  const arithmetic = (2 * multiplyAdds) / (gflops * 1e9);
  const memory = bytes / (gigabytes * 1e9);
  return {
    seconds: passes * Math.max(arithmetic, memory),
    by: arithmetic >= memory ? 'arithmetic' : 'memory',
  };
}
