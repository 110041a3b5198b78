import {classesOf} from '../condition';
import type {AutoregressiveModel, Images, Split} from '../types';
import {binarize, STATIC_SEED} from './binarize';
import {loadBinarizedMnist} from './binarizedMnist';
import {loadCifar10} from './cifar10';
import type {LabeledImages} from './images';
import {loadMnist} from './mnist';

/** Which images belong to a model: the commands load what its image shape and levels ask for. */

/** Part of MNIST as it is scored, black and white by the static draw. */
export async function scoringImages(split: Split): Promise<LabeledImages> {
  return binarize(await loadMnist(split), {rule: 'static', seed: STATIC_SEED});
}

export interface DataSource {
  /** `MNIST`, `CIFAR-10`, `binarized MNIST`, or the name of a data set of one's own. */
  readonly name: string;
  /** How the images that are scored were made black and white. */
  readonly binarization: string;
  /**
   * As models are trained to see them: 0 … levels - 1. @throws Error that says how to
   * get them, when they are not there
   */
  scored(split: Split): Promise<Images>;
}

/** A data set that models are trained on. */
export interface TrainingSource extends DataSource {
  /** Bytes 0 … 255, with classes. @throws Error as `scored` */
  load(split: Split): Promise<LabeledImages>;
  scored(split: Split): Promise<LabeledImages>;
}

const MNIST: TrainingSource = {
  name: 'MNIST',
  binarization: `static, seed ${STATIC_SEED}`,
  load: loadMnist,
  scored: scoringImages,
};

/** Color stays as it is. */
const CIFAR_10: TrainingSource = {
  name: 'CIFAR-10',
  binarization: 'none (256 levels)',
  load: loadCifar10,
  scored: loadCifar10,
};

/** The draw of the papers: the bits that MADE and PixelRNN report. It has no classes. */
export const PAPERS_DRAW: DataSource = {
  name: 'binarized MNIST',
  binarization: "the papers' draw",
  scored: loadBinarizedMnist,
};

/** Whether a model can be scored on the papers' draw: black and white digits, and no class to be given. */
export function fitsPapersDraw(
  model: Pick<AutoregressiveModel, 'name' | 'image' | 'levels' | 'config'>,
): boolean {
  return sourceOf(model) === MNIST && classesOf(model) === 0;
}

/**
 * The data set of a model: MNIST for black and white images of 28 x 28, CIFAR-10 for 32 x 32
 * in three colors of 256 levels.
 *
 * @throws RangeError for another shape or number of levels
 */
export function sourceOf({
  name,
  image,
  levels,
}: Pick<AutoregressiveModel, 'name' | 'image' | 'levels'>): TrainingSource {
  const shape = `${image.height} x ${image.width} x ${image.channels} with ${levels} levels`;
  if (shape === '28 x 28 x 1 with 2 levels') return MNIST;
  if (shape === '32 x 32 x 3 with 256 levels') return CIFAR_10;
  throw new RangeError(
    `${name}: images of MNIST must be 28 x 28 x 1 with 2 levels, of CIFAR-10 32 x 32 x 3 with 256, ` +
      `got ${shape}; give images of your own with --data`,
  );
}
