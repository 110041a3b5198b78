import * as tf from '@tensorflow/tfjs';
import {dependence, orderViolations} from '../inspect/jacobian';
import {DiagonalBiLstm} from '../layers/diagonalBiLstm';
import {PixelRnn, type StateLayerKind} from '../models/pixelRnn';
import {ask, exercise, type Hints, Unanswered} from './check';
import {placeOf} from './pixelCnnMasks';

/** Lesson 08: two directions joined by a student, and the checks of its exercises. */

/** How a student, or a mistake, joins the two directions of a Diagonal BiLSTM. */
export type JoinDirections = (left: tf.Tensor4D, right: tf.Tensor4D) => tf.Tensor4D;

/**
 * A Diagonal BiLSTM whose two maps of hidden states are joined in another way than by shifting the
 * right one down and adding. The same parameters under the same names; not to be sampled from its
 * cache, which joins them as it should be.
 */
export function joinedDiagonals(join: JoinDirections): StateLayerKind {
  return class extends DiagonalBiLstm {
    override get added(): null {
      return null;
    }

    override states(x: tf.Tensor4D): tf.Tensor4D {
      const [left, right] = this.lstms;
      return tf.tidy(() => join(left.apply(x), right.apply(x)));
    }
  };
}

/** Where pixel (row, column) lies in the skewed map. */
export function checkSkew(mine: (row: number, column: number) => readonly number[] | undefined): string {
  return exercise('Skewing', () => {
    for (let row = 0; row < 4; row++) {
      for (let column = 0; column < 5; column++) {
        const answer = ask(mine, row, column);
        if (answer.length !== 2 || answer[0] !== row || answer[1] !== row + column) {
          throw new Error(
            `pixel (${row}, ${column}) does not go to (${answer}): each row is shifted by more than the one above`,
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
      const answer = ask(mine, row, column, width);
      if (answer.length !== 2 || answer[0] !== row - 1 || answer[1] !== width - 1) {
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
  const library = new PixelRnn('library', 'Diagonal BiLSTM', config, DiagonalBiLstm, 1);
  let apart = 0;
  try {
    found = orderViolations(await dependence(model, {seed: 1}), model.order);
    apart = tf.tidy(() => {
      const x = tf.randomUniform([2, IMAGE.height, IMAGE.width, 1], 0, 1, 'float32', 5) as tf.Tensor4D;
      return tf.max(tf.abs(tf.sub(model.logits(x), library.logits(x)))).dataSync()[0];
    });
  } catch (error) {
    failure = error;
  } finally {
    model.dispose();
    library.dispose();
  }
  return exercise('Joining the two directions', () => {
    if (open) throw new Unanswered();
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
    if (!(apart <= 1e-5)) {
      throw new Error(
        'nothing leaks and nothing is lost, but the values differ from those of the paper: a plain sum',
      );
    }
  });
}

/** Hints to the exercises of lesson 08. */
export const DIAGONAL_BI_LSTM_HINTS: Hints = {
  1: [
    'Look at the figure of the skewed map: does a pixel ever change its row?',
    'Row 0 is not shifted. Row 1 begins one place later, row 2 two places later.',
    'The row stays; the column grows by the row.',
  ],
  2: [
    'The map from the right knows pixels to the right in its own row. Which row of it may a pixel be given?',
    '`shiftDown` gives each pixel what the pixel above had. Only one of the two maps needs it.',
    'tf.add of the left map and of the right map after shiftDown. Nothing else: no factor, no difference.',
  ],
  3: [
    'The recurrence from the right begins at the right end of a row. What does its first state know of its own pixel?',
    'Features never contain their own pixel (mask A), so the pixel at which the recurrence begins is missing. The map is shifted by one row: in which row is that?',
    'The row above, and there the last column.',
  ],
  4: [
    'It is the mirror image of the recurrence from the left, which reads [0, -1] and [-1, 0].',
    'Mirror left and right; above stays above.',
    'The place to the right in the same row, [0, 1], and the one above.',
  ],
};
