import * as tf from '@tensorflow/tfjs';
import {Random} from '../../lib/random';
import type {AutoregressiveModel, ImageShape, Images} from '../../lib/types';

/** What the tests of models share. */

/**
 * Gives every parameter values that chance has drawn, none of them near 0, and small positive biases: no path
 * is too weak to be seen, and no ReLU sleeps for every input.
 */
export function randomize(parameters: AutoregressiveModel['parameters'], seed: number, scale = 1): void {
  for (const [name, parameter] of parameters) {
    const random = new Random(seed, 'randomize', name);
    const fanIn = parameter.rank > 1 ? parameter.size / parameter.shape[parameter.rank - 1] : 1;
    const values = Float32Array.from({length: parameter.size}, () => {
      const size = (scale * (0.5 + random.uniform())) / Math.sqrt(fanIn);
      if (parameter.rank === 1) return size / 10;
      return random.uniform() < 0.5 ? -size : size;
    });
    tf.tidy(() => parameter.assign(tf.tensor(values, parameter.shape)));
  }
}

/** Black and white images by chance: bytes 0 and 1, or 0 and `white`. */
export function randomImages(count: number, shape: ImageShape, seed: number, white = 1): Images {
  const random = new Random(seed, 'random images');
  const pixels = new Uint8Array(count * shape.height * shape.width * shape.channels);
  return {...shape, count, pixels: pixels.map(() => (random.uniform() < 0.5 ? 0 : white))};
}

/**
 * Every image there is: levels ** values of them; image n has the digits of n, the first value the lowest.
 */
export function allImages(shape: ImageShape, levels = 2): Images {
  const values = shape.height * shape.width * shape.channels;
  const count = levels ** values;
  const pixels = new Uint8Array(count * values);
  for (let n = 0; n < count; n++) {
    for (let d = 0, rest = n; d < values; d++, rest = Math.floor(rest / levels)) {
      pixels[n * values + d] = rest % levels;
    }
  }
  return {...shape, count, pixels};
}

/** The number of an image in allImages. */
export function imageNumber(pixels: Uint8Array, levels = 2): number {
  return pixels.reduceRight((number, value) => number * levels + value, 0);
}

/** sum of (observed - expected)^2 / expected */
export function chiSquare(observed: readonly number[], expected: readonly number[]): number {
  return observed.reduce((sum, count, i) => sum + (count - expected[i]) ** 2 / expected[i], 0);
}
