import type {AutoregressiveModel, Split} from '../types';
import {binarize} from './binarize';
import {loadCifar10} from './cifar10';
import type {LabelledImages} from './images';
import {loadMnist} from './mnist';

/** Which images belong to a model: the commands load what its image shape and levels ask for. */

/** The seed of the one static draw that validation and test images are scored on. */
export const STATIC_SEED = 0;

/** Part of MNIST as it is scored, black and white by the static draw. */
export async function scoringImages(split: Split): Promise<LabelledImages> {
  return binarize(await loadMnist(split), {rule: 'static', seed: STATIC_SEED});
}

export interface Dataset {
  readonly name: 'MNIST' | 'CIFAR-10';
  /** How the images that are scored were made black and white. */
  readonly binarization: string;
  /** Bytes 0 … 255, with classes. @throws Error that says how to get them, when they are not there */
  load(split: Split): Promise<LabelledImages>;
  /** As models are trained to see them: 0 … levels - 1. @throws Error as `load` */
  scored(split: Split): Promise<LabelledImages>;
}

const MNIST: Dataset = {
  name: 'MNIST',
  binarization: `static, seed ${STATIC_SEED}`,
  load: loadMnist,
  scored: scoringImages,
};

/** Colour stays as it is. */
const CIFAR_10: Dataset = {
  name: 'CIFAR-10',
  binarization: 'none (256 levels)',
  load: loadCifar10,
  scored: loadCifar10,
};

/**
 * The data set of a model: MNIST for black and white images of 28 x 28, CIFAR-10 for 32 x 32 in three colours of 256 levels.
 *
 * @throws RangeError for another shape or number of levels
 */
export function datasetOf({
  name,
  image,
  levels,
}: Pick<AutoregressiveModel, 'name' | 'image' | 'levels'>): Dataset {
  const shape = `${image.height} x ${image.width} x ${image.channels} with ${levels} levels`;
  if (shape === '28 x 28 x 1 with 2 levels') return MNIST;
  if (shape === '32 x 32 x 3 with 256 levels') return CIFAR_10;
  throw new RangeError(
    `${name}: there is no data set of images of ${shape}; MNIST has 28 x 28 x 1 with 2 levels, ` +
      'CIFAR-10 32 x 32 x 3 with 256',
  );
}
