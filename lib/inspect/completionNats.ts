import type {AutoregressiveModel, Images} from '../types';
import {natsPerValue} from './natsPerValue';

/** The nats of images of which a part is known, split where the chain rule splits them. */
export interface CompletionNats {
  /** Of known values that come before every hidden one: -log p(prefix), [count]. */
  readonly prefix: Float64Array;
  /** Of the hidden values, each given all that comes before it in the model's order, [count]. */
  readonly hidden: Float64Array;
  /**
   * Of known values that come after a hidden one, [count]. They were given, but the hidden values before them
   * did not hear of them; these nats say how badly the two fit.
   */
  readonly late: Float64Array;
}

/**
 * -log p(x) = prefix + hidden + late. Where nothing is late, `hidden` is -log p(hidden | known):
 * exact, for a completion and for the truth alike. Where something is late it is not, and the sum
 * is -log p(hidden, known) only.
 *
 * @param images a few, completed or true, values 0 … levels - 1
 * @param mask [H * W * C], 1 where the value is known
 * @throws RangeError when the mask or the images do not fit the model
 */
export function completionNats(model: AutoregressiveModel, images: Images, mask: Uint8Array): CompletionNats {
  const {order} = model;
  if (mask.length !== order.length) {
    throw new RangeError(`completionNats: the mask must have ${order.length} entries, got ${mask.length}`);
  }
  return splitNats(order, mask, natsPerValue(model, images));
}

/**
 * The nats of each value, such as a sampler has as it draws, put where the chain rule splits them.
 *
 * @param order order[k] is the flat index of the value that is generated k-th
 * @param mask [H * W * C], 1 where the value is known
 * @param nats [count, H * W * C]
 */
export function splitNats(
  order: ArrayLike<number>,
  mask: ArrayLike<number>,
  nats: ArrayLike<number>,
): CompletionNats {
  const count = nats.length / order.length;
  const sums = () => new Float64Array(count);
  const split = {prefix: sums(), hidden: sums(), late: sums()};
  let part: 'prefix' | 'late' = 'prefix';
  for (const index of Array.from(order)) {
    if (mask[index] === 0) part = 'late';
    const sum = split[mask[index] === 0 ? 'hidden' : part];
    for (let i = 0; i < count; i++) sum[i] += nats[i * order.length + index];
  }
  return split;
}
