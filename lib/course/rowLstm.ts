import {NEIGHBORS, type ScanDirection} from '../engine/lstmScan';
import {pixelLstmCell} from '../engine/pixelCells';
import {Random} from '../random';
import {ask, exercise, type Hints, sideOf, Unanswered} from './check';

/** Lesson 07: the checks of the exercises on Row LSTM. */

/** One step of an LSTM in plain numbers, from the four sums that go into its gates and the cell before. */
export type LstmStep = (
  sums: {readonly o: number; readonly f: number; readonly i: number; readonly g: number},
  cell: number,
) => {readonly cell: number; readonly hidden: number} | undefined;

/** Equation 3 of PixelRNN, whose one sigma stands for two activations. */
export function checkStep(mine: LstmStep): string {
  return exercise('An LSTM step', () => {
    const random = new Random(0, 'exercise');
    for (let k = 0; k < 8; k++) {
      const [o, f, i, g, before] = Array.from({length: 5}, () => 2 * random.normal());
      const answer = ask(mine, {o, f, i, g}, before);
      const cell = Float32Array.of(before);
      const [hidden] = pixelLstmCell(Float32Array.of(o, f, i, g), 1, cell, new Float32Array(1));
      const close = (value: number, expected: number): boolean => Math.abs(value - expected) < 1e-5;
      if (close(answer.cell, cell[0]) && close(answer.hidden, hidden)) continue;
      const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
      if (close(answer.cell, sigmoid(f) * before + sigmoid(i) * sigmoid(g))) {
        throw new Error(
          'the candidate g goes through tanh, not through a sigmoid: it must be able to be negative',
        );
      }
      throw new Error(
        `for o, f, i, g = ${[o, f, i, g].map((x) => x.toFixed(2))} and cell ${before.toFixed(2)} your new cell is ` +
          (close(answer.cell, cell[0])
            ? `right, but the hidden state ${answer.hidden}, ${sideOf(answer.hidden, hidden)}`
            : `${answer.cell}, ${sideOf(answer.cell, cell[0])}`),
      );
    }
  });
}

/** Which pixels a recurrence reads the states of, as [rows down, columns right]. */
export function checkNeighbors(
  direction: ScanDirection,
  mine: readonly (readonly [number, number])[] | undefined,
): string {
  return exercise(`Neighbors, ${direction}`, () => {
    if (mine === undefined) throw new Unanswered();
    const {taps} = NEIGHBORS[direction];
    const name = ([down, right]: readonly [number, number]): string => `[${down}, ${right}]`;
    const has = (list: readonly (readonly [number, number])[], tap: readonly [number, number]): boolean =>
      list.some(([down, right]) => down === tap[0] && right === tap[1]);
    const later = mine.find(([down]) => down > 0);
    if (later !== undefined)
      throw new Error(`${name(later)} lies in the row below: its pixels have not been drawn yet`);
    const extra = mine.find((tap) => !has(taps, tap));
    if (extra !== undefined) throw new Error(`${name(extra)} is none of them`);
    if (new Set(mine.map(name)).size < mine.length) throw new Error('one of yours stands there twice');
    const missing = taps.find((tap) => !has(mine, tap));
    if (missing !== undefined) throw new Error(`one is missing, ${mine.length} of ${taps.length} are right`);
  });
}

/**
 * How many features of the row n rows up reach a state of the Row LSTM: gates see two of
 * their row, states three above.
 */
export function checkTriangle(mine: (rowsUp: number) => number | undefined): string {
  return exercise('The width of the triangle', () => {
    for (let n = 0; n < 6; n++) {
      const answer = ask(mine, n);
      if (answer !== 2 * n + 2)
        throw new Error(`${n} rows up it is not ${answer} wide; draw it for n = 0 and n = 1`);
    }
  });
}

/** Hints to the exercises of lesson 07. */
export const ROW_LSTM_HINTS: Hints = {
  1: [
    'Two lines, as in the section "An LSTM by its gates": first the new cell, then the hidden state from it.',
    'o, f and i go through a sigmoid, because they are shares from 0 to 1. May the candidate g be negative?',
    'cell = sigmoid(f) * before + sigmoid(i) * tanh(g), and the hidden state is sigmoid(o) * tanh(cell).',
  ],
  2: [
    'Which rows are finished when this row is drawn?',
    'The state-to-state kernel is 3 wide and lies along one row: the one above.',
    'All three have -1 as their first number; the second numbers are -1, 0 and 1.',
  ],
  3: [
    'Begin with n = 0: which two places of its own row do the gates of a pixel see?',
    'One row up, three states are read, and each of them saw two places. How many different places are that?',
    'Each row up adds one place on the left and one on the right: begin with 2 and add 2 a row.',
  ],
};
