import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type {LabeledImages} from '../../lib/data/images';
import {createModel} from '../../lib/models/index';
import {Random} from '../../lib/random';
import {type ExportRequest, exportJob} from '../../lib/reproduction/exportJob';
import type {AutoregressiveModel, Split, TrainOptions} from '../../lib/types';
import {TRAIN_DEFAULTS} from '../../lib/types';
import {SMALL} from './small';

/** Small jobs, with images by chance. */

export const RECIPE: TrainOptions = {
  ...TRAIN_DEFAULTS,
  ...{epochs: 2, batchSize: 8, seed: 4, learningRate: 3e-3, averageDecay: 0.5, clipNorm: 20},
};

/** Gray for models of two levels, else values that are levels. */
function images({image, levels}: AutoregressiveModel, split: Split, count: number): LabeledImages {
  const random = new Random(9, 'job images', split);
  const bytes = count * image.height * image.width * image.channels;
  const pixels = Uint8Array.from({length: bytes}, () => random.integer(levels === 2 ? 256 : levels));
  const labels = Uint8Array.from({length: count}, () => random.integer(10));
  return {...image, count, pixels, labels};
}

/** As lib/data/sources.ts has MNIST: 0 and 1 where it is scored. */
export function sourceFor(model: AutoregressiveModel, count: number): NonNullable<ExportRequest['source']> {
  const scored = (all: LabeledImages): LabeledImages =>
    model.levels > 2 ? all : {...all, pixels: all.pixels.map((value) => (value < 128 ? 0 : 1))};
  return {
    name: 'images by chance',
    binarization: 'threshold',
    load: async (split) => images(model, split, count),
    scored: async (split) => scored(images(model, split, 6)),
  };
}

export const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'jobs-'));

/** Exports a small job. */
export async function smallJob(
  name: keyof typeof SMALL,
  folder: string,
  recipe: Partial<TrainOptions> = {},
  count = 28,
): Promise<{folder: string; model: AutoregressiveModel; recipe: TrainOptions}> {
  const {model: of, config} = SMALL[name];
  const model = createModel(of, config, 2);
  const full = {...RECIPE, ...recipe};
  const place = path.join(temporary, folder);
  const request = {model, preset: name, recipe: full, versions: {node: process.version}};
  await exportJob(place, {...request, source: sourceFor(model, count)});
  return {folder: place, model, recipe: full};
}
