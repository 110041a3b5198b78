import * as fs from 'node:fs';
import {hasBinarizedMnist} from '../data/binarizedMnist';
import {firstImages} from '../data/images';
import {type DataSource, fitsPapersDraw, PAPERS_DRAW, sourceOf} from '../data/sources';
import {evaluate, evaluateEnsemble} from '../evaluate';
import {parameterCount} from '../layers/parameters';
import {companionPresets, createModel, type ModelName, presetNames} from '../models/index';
import {
  assignParameters,
  type Checkpoint,
  loadCheckpoint,
  readParameters,
  saveCheckpoint,
} from '../storage/checkpoints';
import {rephrase, totalTraining} from '../storage/metadata';
import {checkpointFile} from '../storage/paths';
import type {AutoregressiveModel, Split} from '../types';

/** The committed weights: loaded, scored as they are stored, and published with their score. */

export interface Published {
  readonly model: AutoregressiveModel;
  readonly checkpoint: Checkpoint;
  readonly file: string;
  /** The orders that are averaged over: the model's own, or those of the presets that go with it; often only itself. */
  readonly members: readonly AutoregressiveModel[];
  /** Frees the weights, those of the other presets too. */
  dispose(): void;
}

/** The presets of a model whose weights are there, in the order of its presets. */
export function committedPresets(model: ModelName): string[] {
  return presetNames(model).filter((preset) => fs.existsSync(checkpointFile(model, preset)));
}

/** Builds the model that a checkpoint describes and gives it the weights. @throws CheckpointError */
export function loadPublished(
  model: string,
  preset: string,
  file = checkpointFile(model, preset),
): Published {
  const companions = companionPresets(model, preset).map((other) => loadPublished(model, other));
  const loaded: AutoregressiveModel[] = companions.map((companion) => companion.model);
  try {
    const checkpoint = loadCheckpoint(file, {model});
    const remedy = 'Copy it again from where it came, or train again.';
    const built = rephrase(file, remedy, () => createModel(model, checkpoint.metadata.config));
    loaded.unshift(built);
    assignParameters(built.parameters, checkpoint.tensors, file);
    const members = companions.length > 0 ? loaded : (built.ensemble?.() ?? [built]);
    return {model: built, checkpoint, file, members, dispose: () => disposeAll(loaded)};
  } catch (error) {
    disposeAll(loaded);
    throw error;
  }
}

function disposeAll(models: readonly AutoregressiveModel[]): void {
  for (const model of models) model.dispose();
}

/** A likelihood with every condition under which it holds. */
export interface Score {
  readonly model: string;
  readonly preset: string;
  readonly dataset: DataSource['name'];
  readonly binarization: string;
  readonly split: Split;
  readonly images: number;
  readonly nats: number;
  readonly standardError: number;
  readonly bitsPerDimension: number;
  readonly parameters: number;
  readonly epochs: number;
  readonly trainingSeconds: number;
  readonly seconds: number;
  readonly ensembleNats?: number;
  readonly ensembleSize?: number;
}

/**
 * Scores stored weights on a split.
 *
 * @param options.source other images than the model's own, such as PAPERS_DRAW
 * @param options.images how many of its first images; all when not given
 * @param options.ensemble whether to average over the model's orders too, where it has several
 */
export async function scorePublished(
  published: Published,
  preset: string,
  split: Split,
  options: {
    source?: DataSource;
    images?: number;
    ensemble?: boolean;
    onProgress?: (share: number) => void;
    signal?: AbortSignal;
  } = {},
): Promise<Score> {
  const started = performance.now();
  const {model, checkpoint} = published;
  const total = totalTraining(checkpoint.metadata);
  const {source = sourceOf(model)} = options;
  const all = await source.scored(split);
  const images = options.images === undefined ? all : firstImages(all, options.images);
  const members = options.ensemble === false ? [model] : published.members;
  const hasEnsemble = members.length > 1;
  const single = await evaluate(model, images, {
    signal: options.signal,
    onProgress: (share) => options.onProgress?.(hasEnsemble ? share / (members.length + 1) : share),
  });
  const ensemble = hasEnsemble
    ? await evaluateEnsemble(members, images, {
        signal: options.signal,
        onProgress: (share) => options.onProgress?.((1 + share * members.length) / (members.length + 1)),
      })
    : undefined;
  return {
    model: model.name,
    preset,
    dataset: source.name,
    binarization: source.binarization,
    split,
    images: images.count,
    nats: single.nats,
    standardError: single.standardError,
    bitsPerDimension: single.bitsPerDimension,
    parameters: parameterCount(model.parameters),
    epochs: total.epoch,
    trainingSeconds: total.trainingSeconds,
    seconds: (performance.now() - started) / 1000,
    ...(ensemble === undefined ? {} : {ensembleNats: ensemble.nats, ensembleSize: members.length}),
  };
}

/** How many test images the quick score, which `npm start` measures again, is of. */
export const QUICK_IMAGES = 1000;

/**
 * Writes the model's weights as 16-bit floats, scores the file that was written, and records the scores in it.
 * The choice of the weights was made by validation; this is the one time that the test set is looked at.
 */
export async function publish(
  model: AutoregressiveModel,
  preset: string,
  metadata: Checkpoint['metadata'],
  file = checkpointFile(model.name, preset),
): Promise<Score> {
  saveCheckpoint(file, {tensors: readParameters(model.parameters), metadata}, {dtype: 'F16'});
  const stored = loadPublished(model.name, preset, file);
  try {
    const test = await scorePublished(stored, preset, 'test');
    const quick = await scorePublished(stored, preset, 'test', {images: QUICK_IMAGES});
    const validation = await scorePublished(stored, preset, 'validation');
    const score: Record<string, number> = {
      testNats: test.nats,
      testImages: test.images,
      quickNats: quick.nats,
      quickImages: quick.images,
      validationNats: validation.nats,
      validationImages: validation.images,
    };
    if (test.ensembleNats !== undefined && quick.ensembleNats !== undefined) {
      score.ensembleNats = test.ensembleNats;
      score.ensembleQuickNats = quick.ensembleNats;
      score.ensembleSize = test.ensembleSize as number;
    }
    if (fitsPapersDraw(model) && hasBinarizedMnist()) {
      const papers = await scorePublished(stored, preset, 'test', {source: PAPERS_DRAW});
      Object.assign(score, papersScore(papers));
    }
    saveCheckpoint(
      file,
      {tensors: stored.checkpoint.tensors, metadata: {...metadata, score}},
      {dtype: 'F16'},
    );
    return test;
  } finally {
    stored.dispose();
  }
}

/** The entries of a checkpoint's score for the papers' own test set. They are there where the files were, when it was scored. */
function papersScore({nats, ensembleNats}: Score): Record<string, number> {
  return {papersTestNats: nats, ...(ensembleNats === undefined ? {} : {papersEnsembleNats: ensembleNats})};
}

/** Writes a score on the papers' test set into a checkpoint that was published without. The weights stay as they are. */
export function recordPapersScore({checkpoint, file}: Published, papers: Score): void {
  const {tensors, metadata} = checkpoint;
  const score = {...metadata.score, ...papersScore(papers)};
  saveCheckpoint(file, {tensors, metadata: {...metadata, score}}, {dtype: 'F16'});
}
