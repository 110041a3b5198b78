import {nearestImages} from '../data/nearest';
import {crossEntropy, entropy} from '../inspect/joint';
import {Random} from '../random';
import {ask, exercise, type Hints, sideOf} from './check';

/** Lesson 11: the checks of its exercises. */

/**
 * Expected nats of a model's own samples and of real data, both scored by the
 * model: entropy and cross-entropy.
 */
export function checkOwnNats(
  mine: (model: readonly number[], data: readonly number[]) => {own: number; test: number} | undefined,
): string {
  return exercise('Own samples and test data', () => {
    const cases = [
      {model: [0.5, 0.5], data: [0.9, 0.1]},
      {model: [0.7, 0.1, 0.1, 0.1], data: [0.85, 0.05, 0.05, 0.05]},
      {model: [0.25, 0.25, 0.5], data: [0, 0, 1]},
    ];
    for (const {model, data} of cases) {
      const answer = ask(mine, model, data);
      const expected = {own: entropy(model), test: crossEntropy(data, model)};
      for (const [name, drawn] of [
        ['own', 'the model'],
        ['test', 'the data'],
      ] as const) {
        if (Math.abs(answer[name] - expected[name]) <= 1e-6) continue;
        const hint =
          Math.abs(answer[name] * Math.LN2 - expected[name]) <= 1e-6
            ? '; yours is in bits'
            : `; the images come from ${drawn}, the probabilities that are paid for from the model`;
        throw new Error(
          `with model [${model.join(', ')}] and data [${data.join(', ')}] your ${name} is ${answer[name]}, ` +
            `${sideOf(answer[name], expected[name])}${hint}`,
        );
      }
    }
  });
}

/** The nearest of some training digits, by the number of pixels that differ. */
export function checkNearest(
  mine: (
    query: readonly number[],
    training: readonly (readonly number[])[],
  ) => {index: number; distance: number} | undefined,
): string {
  return exercise('The nearest training digit', () => {
    const random = new Random(0, 'exercise nearest');
    const bits = (): number[] => Array.from({length: 12}, () => random.integer(2));
    for (let round = 0; round < 20; round++) {
      const [query, training] = [bits(), Array.from({length: 6}, bits)];
      const answer = ask(mine, query, training);
      const shape = {height: 3, width: 4, channels: 1};
      const {indices, distances} = nearestImages(
        {...shape, count: 1, pixels: Uint8Array.from(query)},
        {...shape, count: training.length, pixels: Uint8Array.from(training.flat())},
      );
      if (answer.distance !== distances[0]) {
        throw new Error(
          `${query.join('')} beside ${training.map((one) => one.join('')).join(', ')}: your distance is ` +
            `${answer.distance}, ${sideOf(answer.distance, distances[0])}; a pixel that should be white and one that should be black both count`,
        );
      }
      if (answer.index !== indices[0]) {
        throw new Error(
          `the distance is right, number ${answer.index} is not: of equally near digits take the first`,
        );
      }
    }
  });
}

/** The probability of white after a logit was divided by the temperature. */
export function checkTemperature(mine: (p: number, temperature: number) => number | undefined): string {
  return exercise('Temperature', () => {
    for (const temperature of [0.5, 1, 2, 0.01]) {
      for (const p of [0.5, 0.1, 0.9, 0.3]) {
        const answer = ask(mine, p, temperature);
        const expected = 1 / (1 + Math.exp(-Math.log(p / (1 - p)) / temperature));
        if (Math.abs(answer - expected) <= 1e-6) continue;
        const unnormalized = Math.abs(answer - p ** (1 / temperature)) <= 1e-6;
        const hint = unnormalized ? '; p and 1 - p must still sum to 1 afterwards' : '';
        throw new Error(
          `p = ${p} at temperature ${temperature}: yours gave ${answer}, ${sideOf(answer, expected)}${hint}`,
        );
      }
    }
  });
}

/** Hints to the exercises of lesson 11. */
export const SAMPLES_HINTS: Hints = {
  1: [
    'Both are means of -log(model[k]). What differs is how often outcome k occurs.',
    'Own samples: k occurs with probability model[k]. Test data: with probability data[k].',
    'own = sum of -model[k] * Math.log(model[k]); test = sum of -data[k] * Math.log(model[k]); leave out outcomes that never occur.',
  ],
  2: [
    'The distance of two images of 0 and 1 is the number of places where they differ.',
    'Both kinds of difference count: 1 where the other has 0, and 0 where the other has 1.',
    'Count query[i] !== one[i] for each training image; `indexOf` of the smallest count gives the first of equals.',
  ],
  3: [
    'From p to its logit, then divide, then back to a probability.',
    'The logit of p is Math.log(p / (1 - p)). The way back is 1 / (1 + Math.exp(-logit)).',
    '1 / (1 + Math.exp(-Math.log(p / (1 - p)) / temperature)).',
  ],
};
