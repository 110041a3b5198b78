import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs';
import {evaluate} from '../../lib/evaluate';
import {Random} from '../../lib/random';
import {sample} from '../../lib/sample';
import type {AutoregressiveModel} from '../../lib/types';
import type {ModelUnderTest} from './models';
import {allImages, chiSquare, imageNumber, randomize} from './tools';

/**
 * The properties that every autoregressive model must have, whatever its layers. Each throws an
 * AssertionError when the model has it not; properties.test.ts applies them to all models and to
 * controls that they must find wrong.
 */

const MOST_ORDERS = 3;

/** Runs `check` on the first orders that the model has, with weights that leave no path out. */
async function forEachOrder(
  kind: ModelUnderTest,
  height: number,
  width: number,
  check: (model: AutoregressiveModel, where: string) => void | Promise<void>,
): Promise<void> {
  const model = kind.create(height, width, 1);
  try {
    randomize(model.parameters, 11, 1.5);
    const members = model.ensemble?.() ?? [model];
    for (const [k, member] of members.slice(0, MOST_ORDERS).entries()) {
      await check(member, `${kind.name}, ${height} x ${width}, order ${k}`);
    }
  } finally {
    model.dispose();
  }
}

/** Holds the dependences that were found against the order, and against those that there should be. */
function checkDependences(
  kind: ModelUnderTest,
  model: AutoregressiveModel,
  found: Float64Array,
  where: string,
): void {
  const values = model.order.length;
  const place = new Int32Array(values);
  model.order.forEach((index, k) => {
    place[index] = k;
  });
  const sees = kind.sees(model);
  for (let from = 0; from < values; from++) {
    for (let to = 0; to < values; to++) {
      const size = found[from * values + to];
      const entry = `${where}: logit ${to} (place ${place[to]}) by value ${from} (place ${place[from]})`;
      if (place[from] >= place[to]) assert.equal(size, 0, `${entry} must be 0`);
      else if (sees[from * values + to] > 0) assert.ok(size > 1e-8, `${entry} is ${size}, must not be 0`);
      else assert.equal(size, 0, `${entry} must be 0: no path leads there`);
    }
  }
}

/** One number for each value, [B, D]: its logit, or its softmax logits added up with weights of their own. */
function oneLogitEach(model: AutoregressiveModel, x: tf.Tensor4D): tf.Tensor2D {
  const [batch] = x.shape;
  const values = model.order.length;
  const numbers = model.levels === 2 ? 1 : model.levels;
  const logits = tf.reshape(model.logits(x), [batch, values, numbers]);
  const weights = tf.tensor1d(Array.from({length: numbers}, (_, level) => Math.cos(level)));
  return tf.sum(tf.mul(logits, weights), 2) as tf.Tensor2D;
}

/** The full Jacobian of the logits, by gradients, its largest entries over several random inputs. */
export async function jacobianFollowsOrder(
  kind: ModelUnderTest,
  height: number,
  width: number,
): Promise<void> {
  await forEachOrder(kind, height, width, (model, where) => {
    const values = model.order.length;
    const found = new Float64Array(values * values);
    const random = new Random(2, 'inputs');
    tf.tidy(() => {
      const batch = 24;
      const inputs = Float32Array.from({length: batch * values}, () => random.normal());
      const x = tf.tensor4d(inputs, [batch, height, width, model.image.channels]);
      const logitSum = (input: tf.Tensor, choice: tf.Tensor): tf.Scalar =>
        tf.sum(tf.mul(oneLogitEach(model, input as tf.Tensor4D), choice));
      const gradient = tf.grads((input: tf.Tensor, choice: tf.Tensor) => logitSum(input, choice));
      for (let to = 0; to < values; to++) {
        tf.tidy(() => {
          const choice = tf.oneHot(tf.tensor1d([to], 'int32'), values).toFloat();
          const [dx] = gradient([x, choice]);
          const largest = tf.max(tf.abs(tf.reshape(dx, [batch, values])), 0).dataSync();
          for (let from = 0; from < values; from++) found[from * values + to] = largest[from];
        });
      }
    });
    checkDependences(kind, model, found, where);
  });
}

/** The same by changing one value after the other, which does not trust gradients. */
export async function perturbationFollowsOrder(
  kind: ModelUnderTest,
  height: number,
  width: number,
): Promise<void> {
  await forEachOrder(kind, height, width, (model, where) => {
    const values = model.order.length;
    const batch = 24;
    // Spread around 0, so that no ReLU sleeps for all of them.
    const random = new Random(3, 'inputs');
    const inputs = Float32Array.from({length: batch * values}, () => random.normal());
    const logits = (x: Float32Array): Float32Array =>
      tf.tidy(
        () =>
          oneLogitEach(
            model,
            tf.tensor4d(x, [batch, height, width, model.image.channels]),
          ).dataSync() as Float32Array,
      );
    const before = logits(inputs);
    const found = new Float64Array(values * values);
    for (let from = 0; from < values; from++) {
      const x = inputs.map((value, i) => (i % values === from ? 1 - value : value));
      logits(x).forEach((after, i) => {
        const entry = from * values + (i % values);
        found[entry] = Math.max(found[entry], Math.abs(after - before[i]));
      });
    }
    checkDependences(kind, model, found, where);
  });
}

/** The probabilities of all 512 black and white images of 3 x 3 pixels are those of a distribution. */
export async function sumsToOne(kind: ModelUnderTest): Promise<void> {
  await forEachOrder(kind, 3, 3, async (model, where) => {
    const {perImage} = await evaluate(model, allImages(model.image, model.levels));
    const sum = perImage.reduce((total, nats) => total + Math.exp(-nats), 0);
    assert.ok(Math.abs(sum - 1) < 1e-5, `${where}: the probabilities of all images sum to ${sum}`);
  });
}

/** How often each image is drawn is what the likelihood says of it. */
export async function samplerFollowsLikelihood(kind: ModelUnderTest): Promise<void> {
  await forEachOrder(kind, 2, 2, async (model, where) => {
    const images = allImages(model.image, model.levels);
    const {perImage} = await evaluate(model, images);
    const observed = new Array<number>(images.count).fill(0);
    const rounds = 80;
    const count = 250;
    for (let seed = 0; seed < rounds; seed++) {
      const {pixels} = await sample(model, {count, seed});
      for (let i = 0; i < count; i++) {
        observed[imageNumber(pixels.subarray(i * 4, (i + 1) * 4), model.levels)]++;
      }
    }
    const expected = Array.from(perImage, (nats) => rounds * count * Math.exp(-nats));
    const distance = chiSquare(observed, expected);
    // 15 degrees of freedom: one right sampler in 10,000 would exceed 44.3.
    assert.ok(distance < 44.3, `${where}: chi-square of ${rounds * count} samples is ${distance}`);
  });
}

/** The cache changes no pixel, and neither does the number of images drawn together. */
export async function cacheAndBatchChangeNothing(kind: ModelUnderTest): Promise<void> {
  await forEachOrder(kind, 5, 10, async (model, where) => {
    const size = model.order.length;
    const all = await sample(model, {count: 100, seed: 4, method: 'naive'});
    for (const count of [1, 3, 100]) {
      for (const method of ['cached', 'naive'] as const) {
        const {pixels} = await sample(model, {count, seed: 4, method});
        assert.deepEqual(
          pixels,
          all.pixels.subarray(0, count * size),
          `${where}: ${count} images, ${method}, differ from the first of 100, naive`,
        );
      }
    }
  });
}
