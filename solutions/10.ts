/** Notebook 10: its exercises solved. Names are those of the answer cells. */

import {COMPARISONS} from '../lib/course/index';
import type {HistoryRow} from '../lib/index';

/** 1. Up along a line, down along half a cosine. */
export const mySchedule = (step: number, steps: number, highest: number, warmup: number): number => {
  const rising = warmup * steps;
  if (step < rising) return (highest * (step + 1)) / (rising + 1);
  return (highest * (1 + Math.cos((Math.PI * (step - rising)) / (steps - rising)))) / 2;
};

/** 2. The epoch of the lowest validation nats; the test split is kept for the one number at the end. */
export const myEpoch = (history: readonly HistoryRow[]): number => {
  const rows = history.filter(({split}) => split === 'validation');
  return rows.reduce((best, row) => (row.nats < best.nats ? row : best)).epoch;
};

/** 3. Same data, same rule, chosen without the test digits. */
export const myAnswers = COMPARISONS.map(({fair}) => fair);
