import {maskedStack} from '../../lib/course/pixelCnnMasks';
import {binarize, STATIC_SEED} from '../../lib/data/binarize';
import {PixelCnn} from '../../lib/models/pixelCnn';
import {sample} from '../../lib/sample';
import {train} from '../../lib/train';
import {type AutoregressiveModel, type Images, TRAIN_DEFAULTS} from '../../lib/types';
import type {LearnEvent, LearnInput} from '../protocol';
import {engine} from './engine';
import {part} from './parts';

/** Digits of 14 x 14 in gray: what the page's small models learn from. */
const SIDE = 14;
const VALIDATION = 200;
const SAMPLES = 8;

let digits: Promise<Images> | undefined;

async function loadDigits(): Promise<Images> {
  const bytes = await part('learning-digits');
  // Two pixels a byte: 16 grays are enough to draw black and white from.
  const pixels = new Uint8Array(bytes.length * 2);
  bytes.forEach((byte, i) => {
    pixels[2 * i] = (byte >> 4) * 17;
    pixels[2 * i + 1] = (byte & 15) * 17;
  });
  return {pixels, count: pixels.length / (SIDE * SIDE), height: SIDE, width: SIDE, channels: 1};
}

function create({kind, features, seed}: LearnInput): AutoregressiveModel {
  const image = {height: SIDE, width: SIDE, channels: 1};
  if (kind === 'pixelcnn') {
    const sizes = {firstSize: 5, size: 3, features, dilations: [1, 2], head: 2 * features};
    return PixelCnn.create({...image, levels: 2, ...sizes}, seed);
  }
  return maskedStack({image, types: [kind === 'stack A' ? 'A' : 'B', 'B', 'B'], features, seed});
}

/** Trains a small model with the library's loop; after each epoch it is scored and draws digits. */
export async function learn(
  input: LearnInput,
  tell: (event: LearnEvent) => void,
  signal: AbortSignal,
): Promise<{stopped: boolean}> {
  await engine();
  digits ??= loadDigits();
  digits.catch(() => {
    digits = undefined;
  });
  const all = await digits;
  const size = SIDE * SIDE;
  const images = (from: number, to: number): Images => ({
    ...all,
    pixels: all.pixels.subarray(from * size, to * size),
    count: to - from,
  });
  const validation = binarize(images(0, VALIDATION), {rule: 'static', seed: STATIC_SEED});
  const model = create(input);
  const draw = async (step: number): Promise<void> => {
    const {pixels, count} = await sample(model, {count: SAMPLES, seed: 0, signal});
    tell({kind: 'samples', step, pixels, count});
  };
  try {
    const data = {train: images(VALIDATION, all.count), validation};
    const {seed, learningRate, epochs} = input;
    await draw(0);
    let epochSum = 0;
    const {outcome} = await train(
      model,
      data,
      {...TRAIN_DEFAULTS, seed, learningRate, epochs, batchSize: 20, averageDecay: 0.98},
      {
        signal,
        onProgress: ({step, steps, epoch, nats}) => {
          // The loop tells the mean of the epoch so far; the curve shows each batch.
          const batch = step - (epoch * steps) / epochs;
          const sum = batch * nats;
          tell({kind: 'step', step, steps, nats: batch === 1 ? nats : sum - epochSum});
          epochSum = sum;
        },
        onEvaluation: async ({split, step, nats}) => {
          if (split !== 'validation') return;
          tell({kind: 'validation', step, nats});
          await draw(step);
        },
      },
    );
    return {stopped: outcome === 'interrupted'};
  } finally {
    model.dispose();
  }
}
