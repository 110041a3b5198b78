import {knownFirst, knownTooLate, type ReorderableModel} from '../../lib/complete';
import {transposedOrder} from '../../lib/course/problems';
import {splitNats} from '../../lib/inspect/completionNats';
import {natsOfValue} from '../../lib/likelihood';
import {rasterOrder} from '../../lib/models/raster';
import {Random} from '../../lib/random';
import {sample} from '../../lib/sample';
import type {AutoregressiveModel} from '../../lib/types';
import type {DrawInput, Drawn, DrawnPart, OrderName, ScoreInput, SplitNats} from '../protocol';
import {modelOf} from './models';
import {otherMessages} from './queue';

/** How often the page is told, in milliseconds. */
const TELL_EVERY = 30;

/** Draws images, or the hidden rest of one, and tells the page of every step. */
export async function draw(
  input: DrawInput,
  tell: (part: DrawnPart) => void,
  signal: AbortSignal,
): Promise<Drawn> {
  const {count, seed, known} = input;
  const {model, dispose} = await asked(input.weights, input.order, known?.mask);
  const {order, image} = model;
  const size = order.length;
  const all = new Float32Array(count * size);
  const nats = new Float32Array(count * size);
  const mask = known?.mask ?? new Uint8Array(size);
  let logits: number[] = [];
  let values: number[] = [];
  let from = 0;
  let toldAt = 0;
  const flush = (to: number): void => {
    const part = {from, logits: Float32Array.from(logits), values: Uint8Array.from(values)};
    tell(from === 0 ? {...part, order} : part);
    [logits, values, from, toldAt] = [[], [], to, performance.now()];
  };
  const started = performance.now();
  try {
    const {pixels} = await sample(model, {
      count,
      seed,
      temperature: input.temperature,
      method: input.method,
      signal,
      ...(known === undefined ? {} : {known: {images: {pixels: known.pixels, count: 1, ...image}, mask}}),
      onValue: (step) => {
        for (let i = 0; i < count; i++) {
          all[i * size + step.index] = step.logits[i];
          nats[i * size + step.index] = natsOfValue(step.logits[i], step.values[i]);
        }
        logits.push(...step.logits);
        values.push(...step.values);
        if (performance.now() - toldAt < TELL_EVERY && step.place + 1 < size) return undefined;
        flush(step.place + 1);
        // The naive way takes long for a value: a stop must come through between two of them.
        return input.method === 'naive' ? otherMessages() : undefined;
      },
    });
    const seconds = (performance.now() - started) / 1000;
    return {pixels, nats: splitNats(order, mask, nats), late: knownTooLate(order, mask), seconds};
  } finally {
    dispose();
  }
}

/** The nats of an image that is wholly given, split at the mask as if it were not. */
export async function score(
  {weights, pixels, mask, order}: ScoreInput,
  signal: AbortSignal,
): Promise<SplitNats> {
  const {model, dispose} = await asked(weights, order, mask);
  const size = model.order.length;
  const nats = new Float32Array(size);
  try {
    await sample(model, {
      count: 1,
      seed: 0,
      signal,
      known: {images: {pixels, count: 1, ...model.image}, mask: new Uint8Array(size).fill(1)},
      onValue: ({index, logits, values}) => {
        nats[index] = natsOfValue(logits[0], values[0]);
      },
    });
    return splitNats(model.order, mask, nats);
  } finally {
    dispose();
  }
}

/** The model in the order that it is to be asked in. */
async function asked(
  weights: DrawInput['weights'],
  order: DrawInput['order'],
  mask: Uint8Array | undefined,
): Promise<{model: AutoregressiveModel; dispose: () => void}> {
  const model = await modelOf(weights);
  if (order === undefined) return {model, dispose: () => {}};
  const view = (model as ReorderableModel).withOrder(orderOf(order, model, mask));
  return {model: view, dispose: () => view.dispose()};
}

function orderOf(
  name: OrderName,
  {image, order}: AutoregressiveModel,
  mask: Uint8Array | undefined,
): Int32Array {
  const {height, width} = image;
  const raster = rasterOrder(image);
  const distance = (index: number): number =>
    Math.hypot(Math.floor(index / width) - (height - 1) / 2, (index % width) - (width - 1) / 2);
  switch (name) {
    case 'known first':
      return knownFirst(order, mask ?? new Uint8Array(order.length));
    case 'raster':
      return raster;
    case 'columns':
      return transposedOrder(image);
    case 'middle first':
      return raster.sort((a, b) => distance(a) - distance(b) || a - b);
    case 'random':
      return new Random(0, 'random order').permutation(order.length);
  }
}
