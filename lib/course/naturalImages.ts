import {channelMask, type MaskType} from '../layers/rasterMasks';
import {Random} from '../random';
import {ask, exercise, expectNumber, sideOf, Unanswered} from './check';

/** The checks of the exercises of lesson 09. */

const COLOURS = ['R', 'G', 'B'] as const;
type Colour = (typeof COLOURS)[number];

/** Bits per dimension of a model that knows nothing. */
export function checkUniform(mine: (levels: number) => number | undefined): string {
  return exercise('Bits of a model that knows nothing', () => {
    for (const levels of [2, 3, 256])
      expectNumber(`with ${levels} levels`, Math.log2(levels), ask(mine, levels));
  });
}

/** The nats of a pixel of three colours, from the distributions of its three conditionals. */
export function checkColourNats(
  mine: (
    conditionals: Readonly<Record<Colour, readonly number[]>>,
    value: Readonly<Record<Colour, number>>,
  ) => number | undefined,
): string {
  return exercise('The nats of a colour', () => {
    const random = new Random(0, 'exercise');
    const distribution = (): number[] => {
      const weights = Array.from({length: 256}, () => Math.exp(random.normal()));
      const sum = weights.reduce((a, b) => a + b, 0);
      return weights.map((weight) => weight / sum);
    };
    const conditionals = {R: distribution(), G: distribution(), B: distribution()};
    const value = {R: random.integer(256), G: random.integer(256), B: random.integer(256)};
    const answer = ask(mine, conditionals, value);
    const expected = -COLOURS.reduce((sum, colour) => sum + Math.log(conditionals[colour][value[colour]]), 0);
    if (Math.abs(answer - expected) < 1e-6) return;
    if (Math.abs(answer - expected / Math.LN2) < 1e-6)
      throw new Error('those are bits: nats use the natural logarithm');
    if (Math.abs(answer - expected / 3) < 1e-6)
      throw new Error('that is the mean of the three; a product of probabilities gives a sum');
    throw new Error(`yours gave ${answer}, ${sideOf(answer, expected)}`);
  });
}

/** Which colours of its own pixel a colour's features see, as [from, to]. */
export function checkColourPairs(
  type: MaskType,
  mine: readonly (readonly [Colour, Colour])[] | undefined,
): string {
  return exercise(`Mask ${type} at the centre`, () => {
    if (mine === undefined) throw new Unanswered();
    const groups = Int32Array.of(0, 1, 2);
    const strange = mine.find((pair) => pair.length !== 2 || !pair.every((one) => COLOURS.includes(one)));
    if (strange !== undefined) throw new Error(`[${strange}] is no pair of 'R', 'G' or 'B'`);
    if (new Set(mine.map(String)).size < mine.length) throw new Error('a pair stands there twice');
    const point = {rows: 1, columns: 1, centreRow: 0, centreColumn: 0, values: Float32Array.of(1)};
    const mask = channelMask(point, type, groups, groups);
    COLOURS.forEach((from, i) => {
      COLOURS.forEach((to, j) => {
        const given = mine.some(([a, b]) => a === from && b === to);
        const seen = mask[3 * i + j] === 1;
        if (given !== seen) throw new Error(`${to} ${seen ? 'sees' : 'does not see'} ${from}`);
      });
    });
  });
}
