import {type SampleOptions, sample} from './sample';
import type {AutoregressiveModel, Images} from './types';

/** A model that can be asked in an order of one's choice, as an order-agnostic MADE can. */
export interface ReorderableModel extends AutoregressiveModel {
  withOrder(order: Int32Array): AutoregressiveModel;
}

export interface Completion {
  readonly images: Images;
  /**
   * Whether every drawn value was conditioned on every known one. A model of a fixed order cannot look
   * ahead: what is known later than a drawn value does not guide it.
   */
  readonly conditionedOnAll: boolean;
}

/**
 * How many known values come after a value that has to be drawn: what a model of
 * this order cannot use in time.
 */
export function knownTooLate(order: Int32Array, mask: Uint8Array): number {
  const firstUnknown = order.findIndex((index) => mask[index] === 0);
  if (firstUnknown === -1) return 0;
  return order.subarray(firstUnknown).reduce((late, index) => late + (mask[index] === 0 ? 0 : 1), 0);
}

/** The known values first, then the rest, each in the order that they had. */
export function knownFirst(order: Int32Array, mask: Uint8Array): Int32Array {
  return Int32Array.from([...order.filter((i) => mask[i] !== 0), ...order.filter((i) => mask[i] === 0)]);
}

/**
 * Completes partly occluded images: known pixels are kept, the rest is sampled.
 *
 * @param mask [H * W * C], 1 where the value is known
 * @param options.count how many completions; with several known images there must be as many
 * @throws RangeError for a mask of another length, and as `sample` does
 */
export async function complete(
  model: AutoregressiveModel,
  images: Images,
  mask: Uint8Array,
  options: Omit<SampleOptions, 'known'>,
): Promise<Completion> {
  const drawn = await sample(model, {...options, known: {images, mask}});
  return {images: drawn, conditionedOnAll: knownTooLate(model.order, mask) === 0};
}

/**
 * The same in an order that puts the known pixels first, so that every drawn pixel sees all of them.
 *
 * @throws RangeError for a mask of another length, and as `sample` does
 */
export async function completeInAnyOrder(
  model: ReorderableModel,
  images: Images,
  mask: Uint8Array,
  options: Omit<SampleOptions, 'known'>,
): Promise<Completion> {
  if (mask.length !== model.order.length) {
    throw new RangeError(`complete: the mask must have ${model.order.length} entries, got ${mask.length}`);
  }
  const reordered = model.withOrder(knownFirst(model.order, mask));
  try {
    return await complete(reordered, images, mask, options);
  } finally {
    reordered.dispose();
  }
}
