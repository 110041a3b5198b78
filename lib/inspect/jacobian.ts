import * as tf from '@tensorflow/tfjs';
import {Random} from '../random';
import type {AutoregressiveModel} from '../types';

/**
 * What each logit depends on. Two ways that do not trust each other: by gradient, and by changing one pixel
 * at a time. In generation order the whole matrix must be strictly lower triangular.
 */

/** One row a logit, one column a pixel (value), both in raster order: [rows, columns]. */
export interface Jacobian {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/** All that is looked at of a model; it need not be autoregressive. */
export type LogitModel = Pick<AutoregressiveModel, 'image' | 'levels' | 'logits'>;

/** A logit and a pixel that it does, or does not, depend on. */
export interface Dependence {
  readonly logit: number;
  readonly pixel: number;
}

const BATCH = 128;

/**
 * ∂ logit / ∂ pixel at x, by gradient.
 *
 * @param x [H * W * C], scaled to [0, 1]
 * @throws RangeError when x is not of the model's size
 */
export async function jacobian(model: LogitModel, x: ArrayLike<number>): Promise<Jacobian> {
  const {rows, columns, values} = emptyJacobian(model, x);
  for (let start = 0; start < rows; start += BATCH) {
    const count = Math.min(BATCH, rows - start);
    const gradient = tf.tidy(() => {
      // Copy b of the image is asked for logit start + b, so that one backward pass gives `count` rows.
      const asked = tf.oneHot(tf.range(start, start + count, 1, 'int32'), rows);
      const askedLogits = (copies: tf.Tensor): tf.Scalar => {
        const logits = tf.reshape(model.logits(copies as tf.Tensor4D), [count, rows]);
        return tf.sum(tf.mul(logits, asked));
      };
      return tf.grad(askedLogits)(copiesOf(model, x, count));
    });
    values.set(await gradient.data(), start * columns);
    gradient.dispose();
  }
  return {rows, columns, values};
}

/**
 * The same by perturbation: each pixel is moved to the farther of 0 and 1, and the change of every logit
 * divided by the step. Changed and unchanged images go through batches of the same size at the same place, so
 * that "no dependence" gives exactly 0 whatever the rounding.
 */
export async function perturbationJacobian(model: LogitModel, x: ArrayLike<number>): Promise<Jacobian> {
  const {rows, columns, values} = emptyJacobian(model, x);
  for (let start = 0; start < columns; start += BATCH) {
    const count = Math.min(BATCH, columns - start);
    const target = (pixel: number): number => (x[pixel] < 0.5 ? 1 : 0);
    const change = tf.tidy(() => {
      const plain = copiesOf(model, x, count);
      const moved = plain.dataSync().slice();
      for (let b = 0; b < count; b++) moved[b * columns + start + b] = target(start + b);
      return tf.sub(model.logits(tf.tensor(moved, plain.shape)), model.logits(plain));
    });
    const differences = await change.data();
    change.dispose();
    for (let b = 0; b < count; b++) {
      const step = target(start + b) - x[start + b];
      for (let row = 0; row < rows; row++) {
        values[row * columns + start + b] = differences[b * rows + row] / step + 0; // + 0 turns -0 into 0
      }
    }
  }
  return {rows, columns, values};
}

export interface DependenceOptions {
  readonly seed: number;
  /** Random images to look at; a ReLU that sleeps for one of them is awake for another. Default 4. */
  readonly images?: number;
  readonly method?: 'gradient' | 'perturbation';
}

/** The largest |∂ logit / ∂ pixel| over some random images: exactly 0 where there is no path. */
export async function dependence(
  model: LogitModel,
  {seed, images = 4, method = 'gradient'}: DependenceOptions,
): Promise<Jacobian> {
  if (!Number.isInteger(images) || images < 1) {
    throw new RangeError(`dependence: images must be a positive integer, got ${images}`);
  }
  const {height, width, channels} = model.image;
  const columns = height * width * channels;
  const rows = columns * (model.levels === 2 ? 1 : model.levels);
  const values = new Float32Array(rows * columns);
  for (let i = 0; i < images; i++) {
    const random = new Random(seed, 'dependence', i);
    const x = Float32Array.from({length: columns}, () => random.integer(model.levels) / (model.levels - 1));
    const found = await (method === 'gradient' ? jacobian : perturbationJacobian)(model, x);
    found.values.forEach((value, k) => {
      values[k] = Math.max(values[k], Math.abs(value));
    });
  }
  return {rows, columns, values};
}

/**
 * Compares dependences with what the order allows.
 *
 * @param order order[k] is the pixel generated k-th
 * @returns `leaks`: dependences on a pixel that does not come before; `blind`: allowed ones that are missing
 */
export function orderViolations(
  {rows, columns, values}: Jacobian,
  order: ArrayLike<number>,
): {leaks: Dependence[]; blind: Dependence[]} {
  if (order.length !== columns || rows % columns !== 0) {
    throw new RangeError(
      `orderViolations: the order must have ${columns} pixels for a ${rows} x ${columns} Jacobian, got ${order.length}`,
    );
  }
  const place = placesOf(order);
  const logitsPerPixel = rows / columns;
  const leaks: Dependence[] = [];
  const blind: Dependence[] = [];
  for (let logit = 0; logit < rows; logit++) {
    for (let pixel = 0; pixel < columns; pixel++) {
      const allowed = place[pixel] < place[Math.floor(logit / logitsPerPixel)];
      const depends = values[logit * columns + pixel] !== 0;
      if (depends && !allowed) leaks.push({logit, pixel});
      if (!depends && allowed) blind.push({logit, pixel});
    }
  }
  return {leaks, blind};
}

/** Rows and columns put into the order of generation: strictly lower triangular if all is well. */
export function inOrder({rows, columns, values}: Jacobian, order: ArrayLike<number>): Jacobian {
  if (rows !== columns || order.length !== columns) {
    throw new RangeError(
      `inOrder: needs one logit a pixel and an order of all pixels, got ${rows} x ${columns} and ${order.length}`,
    );
  }
  const sorted = new Float32Array(values.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) sorted[i * columns + j] = values[order[i] * columns + order[j]];
  }
  return {rows, columns, values: sorted};
}

function emptyJacobian({image, levels}: LogitModel, x: ArrayLike<number>): Jacobian {
  const columns = image.height * image.width * image.channels;
  if (x.length !== columns) {
    throw new RangeError(`jacobian: x must have the ${columns} values of an image, got ${x.length}`);
  }
  const rows = columns * (levels === 2 ? 1 : levels);
  return {rows, columns, values: new Float32Array(rows * columns)};
}

function copiesOf({image}: LogitModel, x: ArrayLike<number>, count: number): tf.Tensor4D {
  const one = tf.tensor4d(Float32Array.from(x), [1, image.height, image.width, image.channels]);
  return tf.tile(one, [count, 1, 1, 1]);
}

function placesOf(order: ArrayLike<number>): Int32Array {
  const places = new Int32Array(order.length);
  for (let k = 0; k < order.length; k++) places[order[k]] = k;
  return places;
}
