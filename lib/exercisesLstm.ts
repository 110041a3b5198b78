import type * as tf from '@tensorflow/tfjs';
import {joinedDiagonals} from './diagonalJoin';
import {pixelLstmCell} from './engine/pixelKernel';
import {exercise} from './exercises';
import {dependence, orderViolations} from './jacobian';
import {NEIGHBOURS, type ScanDirection} from './layers/lstmScan';
import {placeOf} from './maskedStack';
import {PixelRnn} from './models/pixelRnn';
import {Random} from './random';

/**
 * The checks of the exercises in notebooks 07 and 08: one sentence each, never an error, so that an unsolved exercise does not
 * stop a notebook. test/exercisesLstm.test.ts solves each of them.
 */

const UNANSWERED = 'write your answer above, then run this cell again';

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
      const answer = mine({o, f, i, g}, before);
      if (answer === undefined) throw new Error(UNANSWERED);
      const cell = Float32Array.of(before);
      const [hidden] = pixelLstmCell(Float32Array.of(o, f, i, g), 1, cell, new Float32Array(1), null);
      const close = (value: number, expected: number): boolean => Math.abs(value - expected) < 1e-5;
      if (close(answer.cell, cell[0]) && close(answer.hidden, hidden)) continue;
      const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
      if (close(answer.cell, sigmoid(f) * before + sigmoid(i) * sigmoid(g))) {
        throw new Error(
          'the candidate g goes through tanh, not through a sigmoid: it must be able to be negative',
        );
      }
      throw new Error(
        `for o, f, i, g = ${[o, f, i, g].map((x) => x.toFixed(2))} and cell ${before.toFixed(2)} the cell is ` +
          `${cell[0].toFixed(4)} and the hidden state ${hidden.toFixed(4)}, yours ${answer.cell} and ${answer.hidden}`,
      );
    }
  });
}

/** Which pixels a recurrence reads the states of, as [rows down, columns right]. */
export function checkNeighbours(
  direction: ScanDirection,
  mine: readonly (readonly [number, number])[] | undefined,
): string {
  return exercise(`Neighbours, ${direction}`, () => {
    if (mine === undefined) throw new Error(UNANSWERED);
    const {taps} = NEIGHBOURS[direction];
    const name = ([down, right]: readonly [number, number]): string => `[${down}, ${right}]`;
    const has = (list: readonly (readonly [number, number])[], tap: readonly [number, number]): boolean =>
      list.some(([down, right]) => down === tap[0] && right === tap[1]);
    const later = mine.find(([down]) => down > 0);
    if (later !== undefined)
      throw new Error(`${name(later)} lies in the row below: its pixels have not been drawn yet`);
    const extra = mine.find((tap) => !has(taps, tap));
    if (extra !== undefined) throw new Error(`${name(extra)} is none of them`);
    const missing = taps.find((tap) => !has(mine, tap));
    if (missing !== undefined) throw new Error(`one is missing, ${mine.length} of ${taps.length} are right`);
  });
}

/** How many features of the row n rows up reach a state of the Row LSTM: gates see two of their row, states three above. */
export function checkTriangle(mine: (rowsUp: number) => number | undefined): string {
  return exercise('The width of the triangle', () => {
    for (let n = 0; n < 6; n++) {
      const answer = mine(n);
      if (answer === undefined) throw new Error(UNANSWERED);
      if (answer !== 2 * n + 2)
        throw new Error(`${n} rows up it is not ${answer} wide; draw it for n = 0 and n = 1`);
    }
  });
}

/** Where pixel (row, column) lies in the skewed map. */
export function checkSkew(mine: (row: number, column: number) => readonly number[] | undefined): string {
  return exercise('Skewing', () => {
    for (let row = 0; row < 4; row++) {
      for (let column = 0; column < 5; column++) {
        const answer = mine(row, column);
        if (answer === undefined) throw new Error(UNANSWERED);
        if (answer[0] !== row || answer[1] !== row + column) {
          throw new Error(
            `pixel (${row}, ${column}) does not go to (${answer}): row r is shifted by r places`,
          );
        }
      }
    }
  });
}

/** The earlier pixel that never reaches (row, column) where the first kernel does not see it. */
export function checkUnseen(
  mine: (row: number, column: number, width: number) => readonly number[] | undefined,
): string {
  return exercise('The pixel that is never seen', () => {
    for (const [row, column, width] of [
      [14, 14, 28],
      [3, 0, 9],
      [7, 2, 12],
    ]) {
      const answer = mine(row, column, width);
      if (answer === undefined) throw new Error(UNANSWERED);
      if (answer[0] !== row - 1 || answer[1] !== width - 1) {
        throw new Error(
          `(${answer}) does reach (${row}, ${column}) in an image ${width} wide; follow the state from the right`,
        );
      }
    }
  });
}

const IMAGE = {height: 5, width: 6, channels: 1};

/** The two directions joined by the student: the library's property test runs on a model built with it. */
export async function checkJoin(
  mine: (left: tf.Tensor4D, right: tf.Tensor4D) => tf.Tensor4D | undefined,
): Promise<string> {
  const config = {
    ...IMAGE,
    levels: 2,
    features: 12,
    layers: 1,
    firstSize: 3,
    residual: true,
    skip: false,
    head: 12,
  };
  let open = false;
  let found: ReturnType<typeof orderViolations> | undefined;
  let failure: unknown;
  const kind = joinedDiagonals((left, right) => {
    const joined = mine(left, right);
    open ||= joined === undefined;
    return joined ?? left;
  });
  const model = new PixelRnn('exercise', 'Diagonal BiLSTM', config, kind, 1);
  try {
    found = orderViolations(await dependence(model, {seed: 1}), model.order);
  } catch (error) {
    failure = error;
  } finally {
    model.dispose();
  }
  return exercise('Joining the two directions', () => {
    if (open) throw new Error(UNANSWERED);
    if (found === undefined) throw failure;
    const place = (index: number): string => {
      const {row, column} = placeOf(index, IMAGE);
      return `row ${row}, column ${column}`;
    };
    const [leak] = found.leaks;
    if (leak !== undefined) {
      throw new Error(
        `${found.leaks.length} leaks, such as the pixel at ${place(leak.pixel)} into the logit at ${place(leak.logit)}`,
      );
    }
    // Only the last pixel of the row above may be missing, where the first kernel of 3 x 3 does not see it.
    const last = ({logit, pixel}: {logit: number; pixel: number}): boolean => {
      const to = placeOf(logit, IMAGE);
      return pixel === to.row * IMAGE.width - 1 && to.column < IMAGE.width - 2;
    };
    const blind = found.blind.filter((one) => !last(one));
    if (blind.length > 0) {
      throw new Error(
        `no leak, but ${blind.length} dependences are missing, such as of ${place(blind[0].logit)} on ${place(blind[0].pixel)}`,
      );
    }
  });
}
