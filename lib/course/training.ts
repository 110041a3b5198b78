import {learningRateAt} from '../train';
import type {HistoryRow} from '../types';
import {TRAIN_DEFAULTS} from '../types';
import {ask, exercise, type Hints, sideOf, toBit, Unanswered} from './check';

/** Lesson 10: the checks of its exercises. */

/** The learning rate of a step: up along a line, down along a cosine. */
export function checkSchedule(
  mine: (step: number, steps: number, highest: number, warmup: number) => number | undefined,
): string {
  return exercise('The learning rate', () => {
    for (const [steps, highest, warmup] of [
      [100, 4e-3, 0.1],
      [10, 1, 0],
      [50, 1e-2, 0.5],
    ]) {
      for (let step = 0; step < steps; step++) {
        const answer = ask(mine, step, steps, highest, warmup);
        const expected = learningRateAt(step, steps, {...TRAIN_DEFAULTS, learningRate: highest, warmup});
        if (!(Math.abs(answer - expected) <= 1e-9 + 1e-6 * expected)) {
          const phase = step < warmup * steps ? 'rises' : 'falls';
          throw new Error(
            `in step ${step} of ${steps} (highest ${highest}, warm-up ${warmup}), where it ${phase}, ` +
              `yours gave ${answer}, ${sideOf(answer, expected)}`,
          );
        }
      }
    }
  });
}

/** Which epoch's weights are kept. */
export function checkEpoch(mine: (history: readonly HistoryRow[]) => number | undefined): string {
  return exercise('The epoch to keep', () => {
    const histories = [
      [90, 86, 85, 84.5],
      [90, 86, 87, 88],
      [90, 85, 86, 84],
    ];
    for (const validation of histories) {
      const history: HistoryRow[] = validation.flatMap((nats, k) => {
        const row = {step: 10 * (k + 1), epoch: k + 1, seconds: k};
        // In training it only ever gets better.
        return [
          {...row, split: 'train', nats: 91 - 3 * k},
          {...row, split: 'validation', nats},
        ];
      });
      const answer = ask(mine, history);
      const best = validation.indexOf(Math.min(...validation)) + 1;
      if (answer === best) continue;
      const byTraining =
        answer === validation.length ? '; by its training nats every run ends at its best' : '';
      throw new Error(`with validation nats ${validation.join(', ')} it is not epoch ${answer}${byTraining}`);
    }
  });
}

/** Pairs of test likelihoods that somebody sets side by side, and why they may or may not be. */
export const COMPARISONS = [
  {
    pair: 'one model on all 10,000 test digits, another on the first 1,000 of them',
    fair: false,
    why: 'the first thousand are other digits: they cost every model a nat less',
  },
  {
    pair: 'one model on digits drawn by their gray value, another on another such draw of the same digits',
    fair: true,
    why: 'two draws from one distribution: they differ by tenths of a nat at most',
  },
  {
    pair: 'one model on drawn digits, another on thresholded ones',
    fair: false,
    why: 'the threshold takes the chance out of the data, and that is most of the nats',
  },
  {
    pair: 'a run that was chosen by validation, and the best of ten runs by their test nats',
    fair: false,
    why: 'the best of ten on the test digits was chosen by their luck',
  },
  {
    pair: 'bits per dimension on CIFAR-10, and bits per dimension on binarized MNIST',
    fair: false,
    why: 'other data: a black or white pixel holds one bit at most, a color value eight',
  },
  {
    pair: 'an ensemble of two orders (log of the mean of their probabilities), and a model of one order, on the same digits',
    fair: true,
    why: 'both are exact negative log-likelihoods of the same images',
  },
] as const;

/** Which of the comparisons are fair. */
export function checkFair(mine: readonly (boolean | number | undefined)[]): string {
  return exercise('Fair comparisons', () => {
    if (mine.length !== COMPARISONS.length) {
      throw new Error(`give ${COMPARISONS.length} answers, true or false; yours are ${mine.length}`);
    }
    COMPARISONS.forEach(({pair, fair, why}, k) => {
      const answer = mine[k];
      if (answer === undefined) throw new Unanswered();
      if (toBit(answer) !== Number(fair))
        throw new Error(`number ${k + 1}, ${pair}: think again. Hint: ${why}`);
    });
  });
}

/** Hints to the exercises of lesson 10. */
export const TRAINING_HINTS: Hints = {
  1: [
    'Two parts: steps before warmup * steps, and steps after it. Which share of its own part has a step done?',
    'Up: the step after this one, divided by the number of warm-up steps. Down: half of 1 + cos of pi times the share that is done.',
    'rising = warmup * steps. If step < rising: highest * (step + 1) / (rising + 1). Else: highest * (1 + Math.cos(Math.PI * (step - rising) / (steps - rising))) / 2.',
  ],
  2: [
    'Which split tells how good the weights are on digits that they were not trained on?',
    'Keep the rows whose `split` is validation, then look for the lowest `nats`.',
    'history.filter(({split}) => split === "validation"), then reduce to the row with the lowest nats, and return its epoch.',
  ],
  3: [
    'Two numbers may be compared when they are of the same images under the same rule, and when both were chosen without the test set.',
    'Ask of each pair: the same digits? the same binarization? the same unit on the same kind of data? who chose, and by what?',
    'Another draw from one distribution is fair. An exact likelihood of an ensemble is fair. A subset, a threshold, a choice by the test set, and other data are not.',
  ],
};
