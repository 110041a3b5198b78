import {classesOf} from '../condition';
import {type EvaluateOptions, evaluate} from '../evaluate';
import type {AutoregressiveModel, Images} from '../types';

/**
 * What a model of p(x | class) says of the class of an image, by Bayes' rule with all classes equally
 * likely beforehand. The likelihood without a class is their mean, so `ensembleNats` of what
 * `natsByLabel` gives is -log p(x).
 */

/**
 * -log p(x | class) of every image under each class in turn.
 *
 * @param model one that is conditioned on classes
 * @returns one list for each class, nats of each image
 * @throws RangeError when the model knows no classes
 */
export async function natsByLabel(
  model: AutoregressiveModel,
  images: Images,
  options: EvaluateOptions = {},
): Promise<Float64Array[]> {
  const classes = classesOf(model);
  if (classes === 0) {
    throw new RangeError(
      `natsByLabel: the model must be conditioned on classes, got ${model.name}, which is not`,
    );
  }
  const nats: Float64Array[] = [];
  for (let label = 0; label < classes; label++) {
    const onProgress = (share: number): void => options.onProgress?.((label + share) / classes);
    nats.push((await evaluate(model, images, {...options, condition: label, onProgress})).perImage);
  }
  return nats;
}

/**
 * p(class | x) of one image from its nats under each class.
 *
 * p(class | x) = p(x | class) / sum of p(x | other) over all of them
 *
 * @returns as many probabilities, which sum to 1
 */
export function labelPosterior(nats: ArrayLike<number>): Float64Array {
  // exp(-80) times 10 is nothing to be divided by: only differences are taken out of the logarithm.
  const least = Array.from(nats).reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const shares = Float64Array.from(nats, (value) => Math.exp(least - value));
  const total = shares.reduce((a, b) => a + b, 0);
  return shares.map((share) => share / total);
}
