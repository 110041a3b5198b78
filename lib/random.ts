import {type RandomGenerator, xoroshiro128plus} from 'pure-rand';

/**
 * The only source of randomness. A stream is named by a seed and a key, such as
 * `new Random(seed, 'binarize', epoch)`. The same name always gives the same numbers, so a position in a run
 * is all that a checkpoint has to remember: no generator state is ever stored, and image 7 is the same
 * whether it is sampled alone or among a hundred.
 */
export class Random {
  private readonly generator: RandomGenerator;
  private spareNormal: number | null = null;

  /**
   * @param seed a non-negative integer below 2^32
   * @param key what the stream is for, and where in the run: strings and non-negative integers
   * @throws RangeError when the seed or a number of the key is not such an integer
   */
  constructor(seed: number, ...key: readonly (string | number)[]) {
    checkSeed(seed);
    this.generator = xoroshiro128plus(hash(seed, key));
  }

  /** A multiple of 2^-24 in [0, 1): exact in 32-bit floats too, so that it never rounds up to 1. */
  uniform(): number {
    return (this.generator.unsafeNext() >>> 8) * 2 ** -24;
  }

  /** Fills and returns `out` with uniform numbers in [0, 1). */
  fillUniform(out: Float32Array): Float32Array {
    for (let i = 0; i < out.length; i++) out[i] = (this.generator.unsafeNext() >>> 8) * 2 ** -24;
    return out;
  }

  /** An integer in [0, n), without the bias of a plain remainder. */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 31) {
      throw new RangeError(`Random.integer: n must be an integer from 1 to 2^31, got ${n}`);
    }
    const limit = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const bits = this.generator.unsafeNext() >>> 0;
      if (bits < limit) return bits % n;
    }
  }

  /** A standard normal number (Marsaglia's polar method). */
  normal(): number {
    if (this.spareNormal !== null) {
      const spare = this.spareNormal;
      this.spareNormal = null;
      return spare;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) {
        const scale = Math.sqrt((-2 * Math.log(s)) / s);
        this.spareNormal = v * scale;
        return u * scale;
      }
    }
  }

  /** The numbers 0 … n - 1 in random order (Fisher and Yates). */
  permutation(n: number): Int32Array {
    const order = Int32Array.from({length: n}, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}

/** @throws RangeError when the seed is not an integer in [0, 2^32) */
export function checkSeed(seed: number): void {
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw new RangeError(`seed must be an integer from 0 to 4294967295, got ${seed}`);
  }
}

/** MurmurHash3's mixing of 32-bit words, over the seed and the key. */
function hash(seed: number, key: readonly (string | number)[]): number {
  let h = seed | 0;
  let words = 0;
  const mix = (word: number): void => {
    let k = Math.imul(word, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
    words++;
  };
  for (const part of key) {
    if (typeof part === 'string') {
      for (let i = 0; i < part.length; i++) mix(part.charCodeAt(i));
      mix(-1 - part.length);
    } else {
      if (!Number.isInteger(part) || part < 0 || part >= 2 ** 32) {
        throw new RangeError(`Random: numbers in a key must be integers from 0 to 4294967295, got ${part}`);
      }
      mix(part);
    }
  }
  h ^= words;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  // From a seed of 0 the generator starts with numbers just below 1; only seed 0 without a key leads there.
  return h ^ (h >>> 16) || 0x9e3779b9;
}
