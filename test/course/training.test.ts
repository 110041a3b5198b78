import assert from 'node:assert/strict';
import test from 'node:test';
import {COMPARISONS, checkEpoch, checkFair, checkSchedule} from '../../lib/course/training';

test('the schedule: right, without warm-up, open', () => {
  const right = (step: number, steps: number, highest: number, warmup: number): number => {
    const rising = warmup * steps;
    if (step < rising) return (highest * (step + 1)) / (rising + 1);
    return (highest * (1 + Math.cos((Math.PI * (step - rising)) / Math.max(1, steps - rising)))) / 2;
  };
  assert.match(checkSchedule(right), /: right$/);
  assert.match(
    checkSchedule((step, steps, highest) => right(step, steps, highest, 0)),
    /step 0 of 100 .* where it rises/,
  );
  assert.match(
    checkSchedule(() => undefined),
    /: open$/,
  );
});

test('the epoch to keep: by validation, by training, the first that got no better, open', () => {
  const best = (split: 'train' | 'validation'): Parameters<typeof checkEpoch>[0] => {
    return (history) => {
      const rows = history.filter((row) => row.split === split);
      return rows.reduce((a, b) => (b.nats < a.nats ? b : a)).epoch;
    };
  };
  assert.match(checkEpoch(best('validation')), /: right$/);
  assert.match(checkEpoch(best('train')), /by its training nats every run ends at its best/);
  assert.match(
    checkEpoch(() => 2),
    /it is not epoch 2/,
  );
  assert.match(
    checkEpoch(() => undefined),
    /: open$/,
  );
});

test('comparisons: right, each wrong answer with its hint, too few, open', () => {
  const right = COMPARISONS.map(({fair}) => fair);
  assert.match(checkFair(right), /: right$/);
  for (const k of right.keys()) {
    const wrong = right.map((fair, i) => (i === k ? !fair : fair));
    assert.match(checkFair(wrong), new RegExp(`number ${k + 1}, .*Hint`));
  }
  assert.match(checkFair([true]), /give 6 answers/);
  assert.match(checkFair(right.map(() => undefined)), /: open$/);
});
