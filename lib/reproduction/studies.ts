import * as fs from 'node:fs';
import {binarize} from '../data/binarize';
import {firstImages} from '../data/images';
import {loadMnist} from '../data/mnist';
import {scoringImages} from '../data/sources';
import {evaluate, evaluateEnsemble} from '../evaluate';
import {parameterCount} from '../layers/parameters';
import {createModel, findPreset, type ModelName} from '../models/index';
import {studyFile} from '../storage/paths';
import {train} from '../train';
import type {HistoryRow, ModelConfig, TrainOptions} from '../types';

/**
 * Small runs that change one thing at a time, as the papers' figures and tables do at a large scale.
 * `npm run study` makes them; their results are committed, so that notebook 10 has them at once.
 */
export interface Study {
  /** What of the papers it is a small copy of. */
  readonly source: string;
  /** Digits seen in an epoch, and digits scored: the first ones of the split. */
  readonly images: number;
  readonly validationImages: number;
  readonly runs: readonly StudyRun[];
}

export interface StudyRun {
  readonly name: string;
  readonly model: ModelName;
  readonly config: ModelConfig;
  readonly recipe: TrainOptions;
}

export interface StudyRow {
  readonly name: string;
  readonly parameters: number;
  /** Validation nats per image: digits drawn once by their gray value, as everywhere in this course. */
  readonly nats: number;
  /** The same digits made black and white at half the highest gray value. */
  readonly thresholdNats: number;
  /** Of the ensemble of all sets of masks; null for a model that is no ensemble. */
  readonly ensembleNats: number | null;
  readonly seconds: number;
  readonly history: readonly HistoryRow[];
}

export interface StudyResult {
  readonly study: string;
  readonly source: string;
  readonly images: number;
  readonly validationImages: number;
  readonly engine: string;
  /** What was run, so that a result that is out of date is found out. */
  readonly runs: readonly StudyRun[];
  readonly rows: readonly StudyRow[];
}

function recipeOf(model: ModelName, preset: string, changes: Partial<TrainOptions>): TrainOptions {
  return {...findPreset(model, preset).recipe, seed: 0, ...changes};
}

/** @returns the studies by name */
export function studies(): Readonly<Record<string, Study>> {
  const made = findPreset('made', 'small').config;
  const row = findPreset('rowlstm', 'small').config;
  const rowRecipe = recipeOf('rowlstm', 'small', {epochs: 3, learningRate: 8e-3, averageDecay: 0.99});
  const pixelRecipe = recipeOf('pixelcnn', 'small', {epochs: 3, learningRate: 8e-3, averageDecay: 0.99});
  return {
    masks: {
      source: 'MADE, figure 2: one hidden layer, number of masks',
      images: 20000,
      validationImages: 2000,
      runs: [1, 2, 4, 8, 16, 32].map((masks) => ({
        name: `${masks}`,
        model: 'made',
        config: {...made, masks},
        recipe: recipeOf('made', 'small', {epochs: 8}),
      })),
    },
    depth: {
      source: 'PixelRNN, table 3: Row LSTM, number of layers',
      images: 8000,
      validationImages: 1000,
      runs: [1, 2, 3, 6].map((layers) => ({
        name: `${layers}`,
        model: 'rowlstm',
        config: {...row, layers},
        recipe: rowRecipe,
      })),
    },
    connections: {
      source: 'PixelRNN, table 2: Row LSTM, residual and skip connections',
      images: 8000,
      validationImages: 1000,
      runs: [
        ['neither', false, false],
        ['skip', false, true],
        ['residual', true, false],
        ['both', true, true],
      ].map(([name, residual, skip]) => ({
        name: `${name}`,
        model: 'rowlstm',
        config: {...row, layers: 6, residual, skip} as ModelConfig,
        recipe: rowRecipe,
      })),
    },
    binarization: {
      source: 'no paper: what public code compares with the papers',
      images: 8000,
      validationImages: 2000,
      runs: (['dynamic', 'static', 'threshold'] as const).map((binarization) => ({
        name: binarization,
        model: 'pixelcnn',
        config: findPreset('pixelcnn', 'small').config,
        recipe: {...pixelRecipe, binarization},
      })),
    },
  };
}

/** @throws RangeError for an unknown study, naming those there are */
export function findStudy(name: string): Study {
  const all = studies();
  if (!Object.hasOwn(all, name)) {
    throw new RangeError(`unknown study '${name}'; there are ${Object.keys(all).join(', ')}`);
  }
  return all[name];
}

/**
 * Trains all runs of a study from their seeds and scores them on validation digits; the
 * test digits are not looked at.
 */
export async function runStudy(
  name: string,
  study: Study,
  engine: string,
  hooks: {readonly signal?: AbortSignal; readonly onProgress?: (share: number, what: string) => void} = {},
): Promise<StudyResult> {
  const gray = firstImages(await loadMnist('validation'), study.validationImages);
  const validation = firstImages(await scoringImages('validation'), study.validationImages);
  const data = {train: firstImages(await loadMnist('train'), study.images), validation};
  const threshold = binarize(gray, {rule: 'threshold', seed: 0});
  const rows: StudyRow[] = [];
  for (const [k, run] of study.runs.entries()) {
    const model = createModel(run.model, run.config, run.recipe.seed);
    try {
      const result = await train(model, data, run.recipe, {
        signal: hooks.signal,
        onProgress: ({step, steps}) =>
          hooks.onProgress?.((k + step / steps) / study.runs.length, `${name} ${run.name}`),
      });
      hooks.signal?.throwIfAborted();
      const members = model.ensemble?.() ?? [model];
      rows.push({
        name: run.name,
        parameters: parameterCount(model.parameters),
        nats: (await evaluate(model, validation)).nats,
        thresholdNats: (await evaluate(model, threshold)).nats,
        ensembleNats: members.length > 1 ? (await evaluateEnsemble(members, validation)).nats : null,
        seconds: result.seconds,
        history: result.history,
      });
    } finally {
      model.dispose();
    }
  }
  const {source, images, validationImages, runs} = study;
  return {study: name, source, images, validationImages, engine, runs, rows};
}

/**
 * The committed result of a study. @throws Error that says how to make it, when
 * it is not there or of other runs
 */
export function loadStudy(name: string, file = studyFile(name)): StudyResult {
  const study = findStudy(name);
  const remedy = `make it with: npm run study -- ${name} --record`;
  let result: StudyResult;
  try {
    result = JSON.parse(fs.readFileSync(file, 'utf8')) as StudyResult;
  } catch (error) {
    throw new Error(`${file} cannot be read (${(error as Error).message}); ${remedy}`);
  }
  if (!Array.isArray(result?.rows) || !result.rows.every(isRow)) {
    throw new Error(`${file} is not what a study writes; ${remedy}`);
  }
  const wanted = JSON.stringify([study.images, study.validationImages, study.runs]);
  if (JSON.stringify([result.images, result.validationImages, result.runs]) !== wanted) {
    throw new Error(`${file} is of other runs than lib/reproduction/studies.ts describes; ${remedy}`);
  }
  return result;
}

function isRow(row: Partial<StudyRow> | null): boolean {
  const numbers = [row?.parameters, row?.nats, row?.thresholdNats, row?.seconds];
  return (
    typeof row?.name === 'string' && Array.isArray(row.history) && numbers.every((n) => Number.isFinite(n))
  );
}
