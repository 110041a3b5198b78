import {evaluate} from '../evaluate';
import type {AutoregressiveModel, ImageShape, Images} from '../types';

/**
 * Distributions of so few bits that every one of their 2^D outcomes can be written down. Outcome number k has
 * the binary digits of k as its bits, the first bit being the highest digit: 6 of three bits is 1, 1, 0.
 */

const MOST_BITS = 16;

/**
 * Every image of a size and number of levels, in the order of counting.
 *
 * @param levels values are 0 … levels - 1
 * @throws RangeError when there are more than 2^16 of them
 */
export function allImages({height, width, channels}: ImageShape, levels: number): Images {
  const values = height * width * channels;
  const count = levels ** values;
  if (
    !Number.isInteger(values) ||
    values < 1 ||
    !Number.isInteger(levels) ||
    levels < 2 ||
    count > 2 ** MOST_BITS
  ) {
    throw new RangeError(
      `allImages: there must be at most ${2 ** MOST_BITS} images, got ${levels} levels to the power of ${values} values`,
    );
  }
  const pixels = new Uint8Array(count * values);
  for (let k = 0; k < count; k++) {
    for (let i = values - 1, rest = k; i >= 0; i--, rest = Math.floor(rest / levels)) {
      pixels[k * values + i] = rest % levels;
    }
  }
  return {pixels, count, height, width, channels};
}

/**
 * Every black-and-white image of a size, image k showing outcome k. @throws
 * RangeError for more than 16 values
 */
export function allBinaryImages(shape: ImageShape): Images {
  return allImages(shape, 2);
}

/**
 * What a model calls p(x), for every x in the order of allImages: [levels^D]. A true distribution sums to 1.
 */
export async function tabulate(model: AutoregressiveModel): Promise<Float64Array> {
  const {perImage} = await evaluate(model, allImages(model.image, model.levels));
  return perImage.map((nats) => Math.exp(-nats));
}

/** How often each outcome occurs among black-and-white images: [2^D], sums to 1. */
export function frequencies(images: Images): Float64Array {
  const bits = images.height * images.width * images.channels;
  if (images.count < 1 || bits > MOST_BITS) {
    throw new RangeError(
      `frequencies: needs images of at most ${MOST_BITS} values, got ${images.count} of ${bits}`,
    );
  }
  const counts = new Float64Array(2 ** bits);
  for (let i = 0; i < images.count; i++) counts[outcome(images.pixels.subarray(i * bits, (i + 1) * bits))]++;
  return counts.map((count) => count / images.count);
}

/**
 * The factors of the chain rule: p(x_o1), p(x_o2 | x_o1), p(x_o3 | x_o1, x_o2), … Their
 * product is p(x), whatever the order.
 *
 * @param joint [2^D] probabilities
 * @param order a permutation of 0 … D - 1
 * @param x D bits
 * @throws RangeError when the sizes do not fit, or a condition has probability 0
 */
export function conditionals(
  joint: ArrayLike<number>,
  order: ArrayLike<number>,
  x: ArrayLike<number>,
): number[] {
  const bits = order.length;
  const places = new Set(Array.from(order));
  if (joint.length !== 2 ** bits || x.length !== bits || places.size !== bits) {
    throw new RangeError(
      `conditionals: an order of ${bits} different bits needs ${2 ** bits} probabilities and ${bits} values, ` +
        `got ${joint.length} and ${x.length} (order ${Array.from(order).join(', ')})`,
    );
  }
  // p(x_o1 … x_ok): the sum over all outcomes that agree with x in the first k places.
  const agreeing = (places: number): number => {
    let sum = 0;
    for (let k = 0; k < joint.length; k++) {
      const y = bitsOf(k, bits);
      if (Array.from(order).every((bit, place) => place >= places || y[bit] === x[bit])) sum += joint[k];
    }
    return sum;
  };
  return Array.from(order, (_, place) => {
    const condition = agreeing(place);
    if (condition === 0) {
      throw new RangeError(
        `conditionals: what comes before place ${place} must have a probability above 0, got ${condition}`,
      );
    }
    return agreeing(place + 1) / condition;
  });
}

/** All orders of n things: n! of them, in lexical order. */
export function allOrders(n: number): number[][] {
  if (!Number.isInteger(n) || n < 1 || n > 8) {
    throw new RangeError(`allOrders: n must be an integer from 1 to 8, got ${n}`);
  }
  const extend = (chosen: number[]): number[][] =>
    chosen.length === n
      ? [chosen]
      : Array.from({length: n}, (_, i) => i)
          .filter((i) => !chosen.includes(i))
          .flatMap((i) => extend([...chosen, i]));
  return extend([]);
}

/** H(p) = -sum of p log p, in nats. */
export function entropy(p: ArrayLike<number>): number {
  return crossEntropy(p, p);
}

/**
 * H(p, q) = -sum of p log q in nats: what outcomes of p cost on average in a
 * code made for q. Never below H(p).
 */
export function crossEntropy(p: ArrayLike<number>, q: ArrayLike<number>): number {
  if (p.length !== q.length) {
    throw new RangeError(`crossEntropy: both must have as many outcomes, got ${p.length} and ${q.length}`);
  }
  return Array.from(p).reduce((sum, pk, k) => (pk === 0 ? sum : sum - pk * Math.log(q[k])), 0);
}

/** The outcome's number as bits, the highest digit first. */
export function bitsOf(number: number, bits: number): number[] {
  return Array.from({length: bits}, (_, i) => (number >> (bits - 1 - i)) & 1);
}

function outcome(bits: Uint8Array): number {
  return bits.reduce((number, bit) => 2 * number + bit, 0);
}
