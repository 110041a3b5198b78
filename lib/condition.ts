import * as tf from '@tensorflow/tfjs';
import type {AutoregressiveModel, Condition, Images} from './types';

/** What a model is conditioned on: the classes of the images. A model without classes takes none. */

/** How many classes the model is conditioned on; 0 for none. */
export function classesOf({config}: Pick<AutoregressiveModel, 'config'>): number {
  return Number(config.classes ?? 0);
}

/**
 * The classes of images as a condition.
 *
 * @returns undefined for a model without classes
 * @throws RangeError when the model is conditioned on classes and the images have no labels,
 *   too few, or one out of range
 */
export function conditionOf(
  model: Pick<AutoregressiveModel, 'name' | 'config'>,
  {labels, count}: Images,
): Uint8Array | undefined {
  const classes = classesOf(model);
  if (classes === 0) return undefined;
  if (labels === undefined) {
    throw new RangeError(
      `${model.name}: the model is conditioned on the class of every image, but the images have no labels; ` +
        'use images with labels, or give the condition yourself',
    );
  }
  if (labels.length !== count) {
    throw new RangeError(`${model.name}: ${count} images need ${count} labels, got ${labels.length}`);
  }
  checkCondition(model, labels, count);
  return labels;
}

/**
 * @param count images of the batch
 * @throws RangeError when the condition is missing, is not wanted, is of another number of
 *   images, or holds what is no class
 */
export function checkCondition(
  model: Pick<AutoregressiveModel, 'name' | 'config'>,
  condition: Condition | undefined,
  count: number,
): void {
  const classes = classesOf(model);
  if (classes === 0) {
    if (condition !== undefined)
      throw new RangeError(
        `${model.name}: the model knows no classes, so the condition must be left out, got ${condition}`,
      );
    return;
  }
  if (condition === undefined) {
    throw new RangeError(
      `${model.name}: the condition must be a class from 0 to ${classes - 1}, got ${condition}; the model needs one`,
    );
  }
  const list = listOf(condition);
  const wrong = list.find((label) => !Number.isInteger(label) || label < 0 || label >= classes);
  if (wrong !== undefined) {
    throw new RangeError(`${model.name}: a class must be an integer from 0 to ${classes - 1}, got ${wrong}`);
  }
  if (list.length !== 1 && list.length !== count) {
    throw new RangeError(
      `${model.name}: the condition must be one class, or ${count} of them, got ${list.length}`,
    );
  }
}

/** The condition of some images of a batch. */
export function conditionAt(
  condition: Condition | undefined,
  indices: ArrayLike<number>,
): Condition | undefined {
  if (condition === undefined || typeof condition === 'number' || condition.length === 1) return condition;
  return Array.from(indices, (i) => condition[i]);
}

/**
 * The condition as the layers take it.
 *
 * @returns [1 or count, classes], or null for a model without classes; the caller disposes it
 * @throws RangeError as checkCondition
 */
export function oneHotCondition(
  model: Pick<AutoregressiveModel, 'name' | 'config'>,
  condition: Condition | undefined,
  count: number,
): tf.Tensor2D | null {
  checkCondition(model, condition, count);
  if (condition === undefined) return null;
  const [classes, list] = [classesOf(model), listOf(condition)];
  const values = new Float32Array(list.length * classes);
  list.forEach((label, i) => {
    values[i * classes + label] = 1;
  });
  return tf.tensor2d(values, [list.length, classes]);
}

function listOf(condition: Condition): number[] {
  return typeof condition === 'number' ? [condition] : Array.from(condition);
}
