import * as fs from 'node:fs';
import {hasBinarizedMnist} from '../data/binarizedMnist';
import {firstImages} from '../data/images';
import {sourceOfWeights, type WeightsSource} from '../data/ownSource';
import {type DataSource, fitsPapersDraw, PAPERS_DRAW} from '../data/sources';
import {type Evaluation, evaluate} from '../evaluate';
import {parameterCount} from '../layers/parameters';
import {ensembleNats, meanAndError} from '../likelihood';
import {companionPresets, createModel, hiddenWeights, type ModelName, presetNames} from '../models/index';
import {
  assignParameters,
  type Checkpoint,
  type NamedTensors,
  readParameters,
  saveCheckpoint,
} from '../storage/checkpoints';
import {rephrase, totalTraining} from '../storage/metadata';
import {checkpointFile} from '../storage/paths';
import {loadRunOrCheckpoint} from '../storage/runs';
import type {AutoregressiveModel, Images, Split} from '../types';

/** The committed weights: loaded, scored as they are stored, and published with their score. */

export interface Published {
  readonly model: AutoregressiveModel;
  readonly checkpoint: Checkpoint;
  readonly file: string;
  /**
   * The orders that are averaged over: the model's own, or those of the presets that
   * go with it; often only itself.
   */
  readonly members: readonly AutoregressiveModel[];
  /** The file of each model that has its weights from one: itself, and those of the other presets. */
  readonly files: ReadonlyMap<AutoregressiveModel, string>;
  /** Frees the weights, those of the other presets too. */
  dispose(): void;
}

/** The presets of a model whose weights are there, in the order of its presets. */
export function committedPresets(model: ModelName): string[] {
  return presetNames(model).filter((preset) => fs.existsSync(checkpointFile(model, preset)));
}

/**
 * Whether a preset is of a paper's size for color: too slow to be scored unless it is named, as a processor
 * needs an hour for its test images.
 */
export function isPaperSize(preset: string): boolean {
  return preset.endsWith('-paper');
}

/**
 * Builds the model of a preset, and those of the presets whose orders are averaged with it, and
 * gives them the committed weights.
 *
 * @param file other weights of that preset
 * @throws CheckpointError
 */
export function loadPublished(
  model: string,
  preset: string,
  file = checkpointFile(model, preset),
): Published {
  const companions: Published[] = [];
  try {
    for (const other of companionPresets(model, preset))
      companions.push(loadWeights(checkpointFile(model, other), model));
    const own = loadWeights(file, model);
    if (companions.length === 0) return own;
    const all = [own, ...companions];
    const members = all.map((one) => one.model);
    const files = new Map(all.map((one) => [one.model, one.file]));
    return {...own, members, files, dispose: () => disposeAll(members)};
  } catch (error) {
    for (const companion of companions) companion.dispose();
    throw error;
  }
}

/**
 * Builds the model that a file describes and gives it the weights: a checkpoint, or the state of a run that
 * goes on, which has the best ones so far.
 *
 * @param model which it must be, where that is known
 * @throws CheckpointError
 */
export function loadWeights(file: string, model?: string): Published {
  const checkpoint = loadRunOrCheckpoint(file, {model});
  const {metadata, tensors} = checkpoint;
  const remedy = 'Copy it again from where it came, or train again.';
  const built = rephrase(file, remedy, () => createModel(metadata.model, metadata.config));
  try {
    assignParameters(built.parameters, tensors, file);
    return {
      ...{model: built, checkpoint, file, members: built.ensemble?.() ?? [built]},
      files: new Map([[built, file]]),
      dispose: () => built.dispose(),
    };
  } catch (error) {
    built.dispose();
    throw error;
  }
}

function disposeAll(models: readonly AutoregressiveModel[]): void {
  for (const model of models) model.dispose();
}

/** The images that these weights were trained on. @throws Error when they are not there, or are others now */
export function trainedOn({model, checkpoint}: Pick<Published, 'model' | 'checkpoint'>): WeightsSource {
  return sourceOfWeights(model, checkpoint.metadata.data);
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

/** Scoring takes a while: its share of the work done, and a way to stop it. */
export interface ScoringOptions {
  readonly onProgress?: (share: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Scores stored weights on a split.
 *
 * @param options.source other images than the model's own, such as PAPERS_DRAW
 * @param options.images how many of its first images; all when not given
 * @param options.ensemble whether to average over the model's orders too, where it has several
 * @param options.onNats is given the nats of each image by the model's own order
 * @param options.scored what was scored before, by weights and images, of files that have not changed since:
 *   the members of an ensemble are in the next one, too
 */
export async function scorePublished(
  published: Published,
  preset: string,
  split: Split,
  options: ScoringOptions & {
    source?: DataSource;
    images?: number;
    ensemble?: boolean;
    onNats?: (nats: Float64Array, images: Images) => void;
    scored?: Map<string, Evaluation>;
  } = {},
): Promise<Score> {
  const started = performance.now();
  const {model, checkpoint} = published;
  const total = totalTraining(checkpoint.metadata);
  const source = options.source ?? trainedOn(published);
  const all = await source.scored(split);
  const images = options.images === undefined ? all : firstImages(all, options.images);
  const members = options.ensemble === false ? [model] : published.members;
  const others = members.filter((member) => member !== model);
  const nats = async (member: AutoregressiveModel, k: number): Promise<Evaluation> => {
    const file = published.files.get(member);
    const key = `${file}: ${images.count} ${split} images of ${source.name}`;
    const found =
      options.scored?.get(key) ??
      (await evaluate(member, images, {
        signal: options.signal,
        onProgress: (share) => options.onProgress?.((k + share) / (1 + others.length)),
      }));
    if (file !== undefined) options.scored?.set(key, found);
    return found;
  };
  const single = await nats(model, 0);
  options.onNats?.(single.perImage, images);
  // The orders of one set of weights are models of their own; their first is not the model itself.
  const perMember = others.length < members.length ? [single.perImage] : [];
  for (const [k, other] of others.entries()) perMember.push((await nats(other, 1 + k)).perImage);
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
    ...(members.length > 1
      ? {ensembleNats: meanAndError(ensembleNats(perMember)).mean, ensembleSize: members.length}
      : {}),
  };
}

/** How many test images the quick score, which `npm start` measures again, is of. */
export const QUICK_IMAGES = 1000;

/**
 * Writes the model's weights as 16-bit floats, scores the file that was written on the validation images, and
 * records that score in it. Nothing of the test set is seen.
 *
 * @returns validation nats per image
 */
export async function storeWeights(
  model: AutoregressiveModel,
  metadata: Checkpoint['metadata'],
  file: string,
  options: ScoringOptions = {},
): Promise<number> {
  const tensors = withoutHidden(readParameters(model.parameters), model);
  saveCheckpoint(file, {tensors, metadata}, {dtype: 'F16'});
  const stored = loadWeights(file, model.name);
  try {
    const validation = await scorePublished(stored, '', 'validation', {...options, ensemble: false});
    const score = {validationNats: validation.nats, validationImages: validation.images};
    saveCheckpoint(file, {tensors, metadata: {...metadata, score}}, {dtype: 'F16'});
    return validation.nats;
  } finally {
    stored.dispose();
  }
}

/**
 * Zeros for what a mask always hides: whoever reads the file may forget the mask and gets the same numbers.
 */
function withoutHidden(tensors: NamedTensors, {name, config}: AutoregressiveModel): NamedTensors {
  const masks = hiddenWeights(name, config);
  const shown = [...tensors].map(([key, {shape, data}]) => {
    const mask = masks.get(key);
    return [
      key,
      {shape, data: mask === undefined ? data : data.map((value, i) => (mask[i] === 0 ? 0 : value))},
    ] as const;
  });
  return new Map(shown);
}

/**
 * Makes stored weights the committed ones of a preset, with all their scores. The choice of the
 * weights was made by validation; this is the one time that the test set is looked at. The committed
 * file is replaced when all is scored.
 *
 * @param weights a file that `storeWeights` wrote
 */
export async function publish(
  model: string,
  preset: string,
  weights: string,
  file = checkpointFile(model, preset),
  options: ScoringOptions = {},
): Promise<Score> {
  const stored = loadPublished(model, preset, weights);
  const {tensors, metadata} = stored.checkpoint;
  if (metadata.data !== undefined) {
    stored.dispose();
    throw new RangeError(
      `weights that are published must be of the data sets that everybody has, got ${weights} of ${metadata.data.name}; ` +
        'use them with --weights',
    );
  }
  try {
    const test = await scorePublished(stored, preset, 'test', options);
    const quick = await scorePublished(stored, preset, 'test', {...options, images: QUICK_IMAGES});
    const score: Record<string, number> = {
      ...metadata.score,
      testNats: test.nats,
      testImages: test.images,
      quickNats: quick.nats,
      quickImages: quick.images,
    };
    if (test.ensembleNats !== undefined && quick.ensembleNats !== undefined) {
      score.ensembleNats = test.ensembleNats;
      score.ensembleQuickNats = quick.ensembleNats;
      score.ensembleSize = test.ensembleSize as number;
    }
    if (fitsPapersDraw(stored.model) && hasBinarizedMnist()) {
      const papers = await scorePublished(stored, preset, 'test', {...options, source: PAPERS_DRAW});
      Object.assign(score, papersScore(papers));
    }
    saveCheckpoint(file, {tensors, metadata: {...metadata, score}}, {dtype: 'F16'});
    return test;
  } finally {
    stored.dispose();
  }
}

/**
 * The entries of a checkpoint's score for the papers' own test set. They are there where the
 * files were, when it was scored.
 */
function papersScore({nats, ensembleNats}: Score): Record<string, number> {
  return {papersTestNats: nats, ...(ensembleNats === undefined ? {} : {papersEnsembleNats: ensembleNats})};
}

/**
 * Writes a score on the papers' test set into a checkpoint that was published
 * without. The weights stay as they are.
 */
export function recordPapersScore({checkpoint, file}: Published, papers: Score): void {
  const {tensors, metadata} = checkpoint;
  const score = {...metadata.score, ...papersScore(papers)};
  saveCheckpoint(file, {tensors, metadata: {...metadata, score}}, {dtype: 'F16'});
}
