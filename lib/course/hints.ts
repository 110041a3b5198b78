import {AT_A_GLANCE_HINTS} from './atAGlance';
import {AUTOREGRESSION_HINTS} from './autoregression';
import type {Hints} from './check';
import {COMPLETIONS_HINTS} from './completions';
import {DIAGONAL_BI_LSTM_HINTS} from './diagonalBiLstm';
import {GATED_PIXEL_CNN_HINTS} from './gatedPixelCnn';
import {MADE_HINTS} from './made';
import {MADE_MASKS_HINTS} from './madeMasks';
import {NATURAL_IMAGES_HINTS} from './naturalImages';
import {PIXEL_CNN_HINTS} from './pixelCnn';
import {PIXEL_CNN_MASKS_HINTS} from './pixelCnnMasks';
import {PROBLEMS_HINTS} from './problems';
import {ROW_LSTM_HINTS} from './rowLstm';
import {SAMPLES_HINTS} from './samples';
import {TRAINING_HINTS} from './training';

/** All lessons: the hints stand beside the checks; here they are found by the number of the notebook. */
export const HINTS: Readonly<Record<string, Hints>> = {
  '00': AT_A_GLANCE_HINTS,
  '01': AUTOREGRESSION_HINTS,
  '02': MADE_MASKS_HINTS,
  '03': MADE_HINTS,
  '04': PIXEL_CNN_MASKS_HINTS,
  '05': PIXEL_CNN_HINTS,
  '06': GATED_PIXEL_CNN_HINTS,
  '07': ROW_LSTM_HINTS,
  '08': DIAGONAL_BI_LSTM_HINTS,
  '09': NATURAL_IMAGES_HINTS,
  '10': TRAINING_HINTS,
  '11': SAMPLES_HINTS,
  '12': COMPLETIONS_HINTS,
  '13': PROBLEMS_HINTS,
};

/**
 * The notebook's `hint`: `hint(2)` prints the first hint of exercise 2, the same call again the second, then
 * the third; after that it starts over.
 *
 * @param notebook its name or number, such as "02-made-masks"
 * @param print where the sentence goes
 * @throws RangeError when the notebook has no hints; the function itself, when the exercise has none
 */
export function hintsFor(
  notebook: string,
  print: (sentence: string) => void = console.log,
): (exercise: number) => void {
  const hints = HINTS[notebook.slice(0, 2)];
  if (hints === undefined) {
    throw new RangeError(
      `hintsFor: the notebook must be one of ${Object.keys(HINTS).join(', ')}, got '${notebook}'`,
    );
  }
  const given = new Map<number, number>();
  return (exercise) => {
    const texts = hints[exercise];
    if (texts === undefined) {
      throw new RangeError(
        `hint: the exercise must be one of ${Object.keys(hints).join(', ')}, got ${exercise}`,
      );
    }
    const next = (given.get(exercise) ?? 0) % texts.length;
    given.set(exercise, next + 1);
    print(`Exercise ${exercise}, hint ${next + 1} of ${texts.length}: ${texts[next]}`);
  };
}
