import {startEngine} from '../engine/index';
import type {Picture} from '../figures/png';
import {type SaveOptions, saveFigure} from '../figures/save';
import {type Display, type Note, show, showProgress} from '../figures/show';
import type {Chart} from '../figures/style';
import {type TrainResult, train} from '../train';
import type {AutoregressiveModel, Images, TrainOptions} from '../types';
import {hintsFor} from './hints';

/** All lessons: what a notebook does again and again. */

/** Which notebook this is, and the seed of all its random numbers: every figure carries both. */
export interface Here {
  /** The file's name without its ending, such as "02-made-masks". */
  readonly notebook: string;
  readonly seed: number;
}

/** What the kernel shows with: the module `tslab`. */
export interface Screen {
  readonly display: Display;
  newDisplay(): Display;
}

/** What every notebook does again and again. The functions can be taken out of the object. */
export interface Lesson {
  /** Shows a figure in the running cell. */
  show(figure: Chart | Picture | Note): void;
  /** Shows a figure and keeps it under this name; `minutes` is 1 where it is left out. */
  draw(id: string, figure: Chart | Picture, options?: Partial<SaveOptions>): void;
  /**
   * A progress bar in a place of its own: call it with the share that is done, 0 to 1, and
   * with what else is worth seeing.
   */
  bar(): (share: number, note?: string) => void;
  /** Trains with a progress bar that shows the nats. See `train`. */
  train(
    model: AutoregressiveModel,
    data: {readonly train: Images; readonly validation: Images},
    recipe: TrainOptions,
    name?: string,
  ): Promise<TrainResult>;
  /** The next hint to the exercise of this number. */
  hint(exercise: number): void;
}

/**
 * Starts TensorFlow and says which one; the first cell of a notebook.
 *
 * @param screen the module `tslab`, as the kernel has it
 */
export async function startLesson({notebook, seed}: Here, screen: Screen): Promise<Lesson> {
  const engine = await startEngine();
  console.log(`${engine.description}; Node ${process.version}; seed ${seed}`);
  const bar: Lesson['bar'] = () => {
    const progress = showProgress(screen.newDisplay());
    const began = performance.now();
    return (share, note) =>
      progress({
        done: share,
        total: 1,
        seconds: (performance.now() - began) / 1000,
        ...(note === undefined ? {} : {note}),
      });
  };
  let hint: Lesson['hint'] | undefined;
  return {
    show: (figure) => show(screen.display, figure),
    draw: (id, figure, options = {}) => {
      show(screen.display, figure);
      saveFigure(id, figure, {minutes: 1, ...options});
    },
    bar,
    train: (model, data, recipe, name) => {
      const tell = bar();
      return train(model, data, recipe, {
        onProgress: ({step, steps, nats}) =>
          tell(step / steps, `${name === undefined ? '' : `${name}: `}${nats.toFixed(2)} nats`),
      });
    },
    hint: (exercise) => {
      hint ??= hintsFor(notebook);
      hint(exercise);
    },
  };
}
