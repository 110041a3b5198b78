import {firstImages, type LabeledImages} from '../data/images';
import {loadMnist} from '../data/mnist';
import {shrinkImages} from '../data/shrink';
import {channelMask, type MaskType} from '../layers/rasterMasks';
import {Random} from '../random';
import type {Split} from '../types';
import {ask, exercise, expectNumber, type Hints, sideOf, Unanswered} from './check';

/** Lesson 09: the checks of its exercises. */

const COLORS = ['R', 'G', 'B'] as const;
type Color = (typeof COLORS)[number];

/** Bits per dimension of a model that knows nothing. */
export function checkUniform(mine: (levels: number) => number | undefined): string {
  return exercise('Bits of a model that knows nothing', () => {
    for (const levels of [2, 3, 256])
      expectNumber(`with ${levels} levels`, Math.log2(levels), ask(mine, levels));
  });
}

/** The nats of a pixel of three colors, from the distributions of its three conditionals. */
export function checkColorNats(
  mine: (
    conditionals: Readonly<Record<Color, readonly number[]>>,
    value: Readonly<Record<Color, number>>,
  ) => number | undefined,
): string {
  return exercise('The nats of a color', () => {
    const random = new Random(0, 'exercise');
    const distribution = (): number[] => {
      const weights = Array.from({length: 256}, () => Math.exp(random.normal()));
      const sum = weights.reduce((a, b) => a + b, 0);
      return weights.map((weight) => weight / sum);
    };
    const conditionals = {R: distribution(), G: distribution(), B: distribution()};
    const value = {R: random.integer(256), G: random.integer(256), B: random.integer(256)};
    const answer = ask(mine, conditionals, value);
    const expected = -COLORS.reduce((sum, color) => sum + Math.log(conditionals[color][value[color]]), 0);
    if (Math.abs(answer - expected) < 1e-6) return;
    if (Math.abs(answer - expected / Math.LN2) < 1e-6)
      throw new Error('those are bits: nats use the natural logarithm');
    if (Math.abs(answer - expected / 3) < 1e-6)
      throw new Error('that is the mean of the three; a product of probabilities gives a sum');
    throw new Error(`yours gave ${answer}, ${sideOf(answer, expected)}`);
  });
}

/** Which colors of its own pixel a color's features see, as [from, to]. */
export function checkColorPairs(
  type: MaskType,
  mine: readonly (readonly [Color, Color])[] | undefined,
): string {
  return exercise(`Mask ${type} at the center`, () => {
    if (mine === undefined) throw new Unanswered();
    const groups = Int32Array.of(0, 1, 2);
    const strange = mine.find((pair) => pair.length !== 2 || !pair.every((one) => COLORS.includes(one)));
    if (strange !== undefined) throw new Error(`[${strange}] is no pair of 'R', 'G' or 'B'`);
    if (new Set(mine.map(String)).size < mine.length) throw new Error('a pair stands there twice');
    const point = {rows: 1, columns: 1, centerRow: 0, centerColumn: 0, values: Float32Array.of(1)};
    const mask = channelMask(point, type, groups, groups);
    COLORS.forEach((from, i) => {
      COLORS.forEach((to, j) => {
        const given = mine.some(([a, b]) => a === from && b === to);
        const seen = mask[3 * i + j] === 1;
        if (given !== seen) throw new Error(`${to} ${seen ? 'sees' : 'does not see'} ${from}`);
      });
    });
  });
}

/** The inks of `paintedDigits`: which of R, G and B are bright. */
const INKS = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
  [1, 1, 0],
  [1, 0, 1],
  [0, 1, 1],
] as const;

/**
 * Color images that are there without a download: digits of 14 x 14 pixels, each painted in one
 * of six inks, four levels a color. A bright pixel's red says something of its green, and both
 * of its blue, as in photographs.
 *
 * @param count of the first digits of the split
 * @param seed of the inks
 * @returns three channels, values 0 … 3, with the classes
 */
export async function paintedDigits(split: Split, count: number, seed: number): Promise<LabeledImages> {
  const gray = shrinkImages(firstImages(await loadMnist(split), count), 2);
  const random = new Random(seed, 'painted digits', split);
  const size = gray.height * gray.width;
  const pixels = new Uint8Array(3 * gray.pixels.length);
  for (let image = 0; image < count; image++) {
    const ink = INKS[random.integer(INKS.length)];
    for (let i = image * size; i < (image + 1) * size; i++) {
      const level = Math.round((3 * gray.pixels[i]) / 255);
      ink.forEach((bright, color) => {
        pixels[3 * i + color] = bright * level;
      });
    }
  }
  return {...gray, channels: 3, pixels};
}

/** Hints to the exercises of lesson 09. */
export const NATURAL_IMAGES_HINTS: Hints = {
  1: [
    'If each of L levels has the same probability, what is that probability?',
    'The cost in bits is minus the base-2 logarithm of it.',
    '-log2(1 / L) is log2(L).',
  ],
  2: [
    'The probability of the color is a product of three. What becomes of a product under a logarithm?',
    'Take from each list the probability of the value that occurred: `conditionals.R[value.R]`, and so on.',
    'Add -Math.log of the three probabilities. Natural logarithm, a sum and no mean.',
  ],
  3: [
    'With mask A a color sees the colors before its own. In which order do they come?',
    'R comes first and sees nothing of its own pixel under mask A. Under mask B each also sees features of its own color.',
    'Mask A: R to G, R to B, G to B. Mask B: these three, and each color to itself.',
  ],
};
