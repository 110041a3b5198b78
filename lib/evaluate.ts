import * as tf from '@tensorflow/tfjs';
import {checkCondition, conditionAt, conditionOf} from './condition';
import {Dataset} from './data/dataset';
import {checkImageSize, checkImages, checkLevels} from './data/images';
import {stopButton} from './engine/stopButton';
import {yieldToOthers} from './engine/yieldToOthers';
import {NotFiniteError} from './finite';
import {bitsPerDimension, ensembleNats, meanAndError, negativeLogLikelihood} from './likelihood';
import type {AutoregressiveModel, Condition, Images} from './types';

export interface EvaluateOptions {
  /** Images that go through the model together; default: as many as have 2^24 logits, 500 at most. */
  readonly batchSize?: number;
  /**
   * The class of all images, or one for each; default: their labels, for a model
   * that is conditioned on classes.
   */
  readonly condition?: Condition;
  readonly signal?: AbortSignal;
  /** Share of the work that is done, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

export interface Evaluation {
  /** Mean over images of -log p(x). */
  readonly nats: number;
  readonly standardError: number;
  readonly bitsPerDimension: number;
  /** -log p(x) of each image. */
  readonly perImage: Float64Array;
}

/**
 * The exact negative log-likelihood of every image; given its class, where the
 * model is conditioned on classes.
 *
 * @param images values 0 … levels - 1, of the model's size; with labels, where the
 *   model is conditioned on them
 * @throws RangeError when the images are of another size, hold a value that is no level, lack labels that
 *   are needed, or are none, or when batchSize is no positive integer; NotFiniteError at the first
 *   likelihood that is not finite
 */
export async function evaluate(
  model: AutoregressiveModel,
  images: Images,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const {batchSize = mostAtOnce(model), signal = stopButton(), onProgress} = options;
  checkModelImages(model, images);
  const condition = options.condition ?? conditionOf(model, images);
  checkCondition(model, condition, images.count);
  const perImage = new Float64Array(images.count);
  let done = 0;
  for (const {x, indices} of new Dataset(images, {levels: model.levels}).inOrder(batchSize)) {
    const nats = tf.tidy(() =>
      negativeLogLikelihood(model, x, model.logits(x, conditionAt(condition, indices))),
    );
    x.dispose();
    const values = await nats.data();
    nats.dispose();
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (wrong !== -1) {
      throw new NotFiniteError(
        `${model.name}: the nats of image ${done + wrong} are ${values[wrong]}`,
        model.parameters,
      );
    }
    perImage.set(values, done);
    done += indices.length;
    onProgress?.(done / images.count);
    await yieldToOthers();
    signal?.throwIfAborted();
  }
  return summary(model, perImage);
}

/** The likelihood of the average over the model's orders of the probability of the whole image. */
export async function evaluateEnsemble(
  members: readonly AutoregressiveModel[],
  images: Images,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const nats: Float64Array[] = [];
  for (const [k, member] of members.entries()) {
    const onProgress = (share: number): void => options.onProgress?.((k + share) / members.length);
    nats.push((await evaluate(member, images, {...options, onProgress})).perImage);
  }
  return summary(members[0], ensembleNats(nats));
}

/** The logits of one color image are 786,432 numbers, those of a digit 784. */
function mostAtOnce({order, levels}: AutoregressiveModel): number {
  const logits = order.length * (levels === 2 ? 1 : levels);
  return Math.max(1, Math.min(500, Math.floor(2 ** 24 / logits)));
}

function summary(model: AutoregressiveModel, perImage: Float64Array): Evaluation {
  const {mean, standardError} = meanAndError(perImage);
  return {nats: mean, standardError, bitsPerDimension: bitsPerDimension(mean, model.image), perImage};
}

/** @throws RangeError when there is no image, or they are of another size than the model's */
export function checkModelShape(model: AutoregressiveModel, images: Images): void {
  checkImages(images);
  if (images.count < 1) throw new RangeError(`${model.name}: needs at least one image, got ${images.count}`);
  checkImageSize(`${model.name}: images`, images, model.image);
}

/** @throws RangeError that says what does not fit: size, or a value that is none of the model's levels */
export function checkModelImages(model: AutoregressiveModel, images: Images): void {
  checkModelShape(model, images);
  checkLevels(`${model.name}: values`, images, model.levels);
}
