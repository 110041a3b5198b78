import {checkImageSize} from '../data/images';
import type {Images} from '../types';
import {type ImageGrid, imageGrid, type Picture} from './png';
import type {FigureText} from './style';

/** One image, what of it was known, and what a model made of the rest. */
export interface CompletionRow {
  /** One image. */
  readonly original: Images;
  /** [H * W * C], 1 where the value is known. */
  readonly mask: Uint8Array;
  readonly completions: Images;
}

/**
 * One row an image: the original, what the model was given (the rest covered), then the completions. Of
 * black-and-white images, what the model chose has a blue tint; a photograph keeps its colors.
 *
 * @throws RangeError when there is no row, an original is not one image, or a mask does not fit
 */
export function completionGrid(
  rows: readonly CompletionRow[],
  figure: FigureText & Pick<ImageGrid, 'scale' | 'white'>,
): Picture {
  if (rows.length === 0) throw new RangeError('completionGrid: rows is empty; give at least one');
  const covered: number[] = [];
  const known: number[] = [];
  for (const {original, mask, completions} of rows) {
    const {count, height, width, channels} = original;
    if (count !== 1)
      throw new RangeError(`completionGrid: an original must be 1 image, got ${count}; one row for each`);
    checkImageSize('completionGrid: completions', completions, original);
    if (mask.length !== height * width * channels) {
      throw new RangeError(
        `completionGrid: a mask must have ${height * width * channels} values, got ${mask.length}`,
      );
    }
    const seen = Array.from({length: height * width}, (_, pixel) => mask[pixel * channels]);
    const none = seen.map(() => 0);
    const all = seen.map(() => 1);
    const drawn = Array.from({length: completions.count});
    covered.push(...none, ...seen.map((value) => 1 - value), ...drawn.flatMap(() => none));
    known.push(...all, ...all, ...drawn.flatMap(() => seen));
  }
  return imageGrid({
    ...figure,
    images: rows.map(({original, completions}) => ({
      ...original,
      count: 2 + completions.count,
      pixels: Uint8Array.from([...original.pixels, ...original.pixels, ...completions.pixels]),
    })),
    covered: Uint8Array.from(covered),
    known: rows[0].original.channels === 1 ? Uint8Array.from(known) : undefined,
  });
}
