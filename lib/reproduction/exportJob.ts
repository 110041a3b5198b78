import * as tf from '@tensorflow/tfjs';
import {classesOf, conditionAt, conditionOf} from '../condition';
import {Dataset} from '../data/dataset';
import {firstImages} from '../data/images';
import type {WeightsSource} from '../data/ownSource';
import {sourceOf} from '../data/sources';
import {checkModelImages} from '../evaluate';
import {negativeLogLikelihood} from '../likelihood';
import {readParameters} from '../storage/checkpoints';
import {writeJobFolder} from '../storage/jobFolder';
import type {Ancestor, DataIdentity} from '../storage/metadata';
import {encodeSafetensors, type StoredTensor} from '../storage/safetensors';
import type {AutoregressiveModel, Images, TrainOptions} from '../types';

/**
 * What a training elsewhere needs, and nothing else: pytorch/train.py takes it from
 * here. The test images stay here.
 */

export interface ExportRequest {
  /** With the weights to begin with. */
  readonly model: AutoregressiveModel;
  readonly preset: string;
  readonly recipe: TrainOptions;
  /** The trainings behind those weights, oldest first. */
  readonly ancestors?: readonly Ancestor[];
  /** Only so many training images, and a fifth as many for validation: for a trial. */
  readonly images?: number;
  readonly versions: Readonly<Record<string, string>>;
  /** Other images than the model's own. */
  readonly source?: WeightsSource;
  /** The same, where they are a data set of one's own: the weights that come back say so. */
  readonly data?: DataIdentity;
}

export interface Exported {
  readonly train: number;
  readonly validation: number;
  /** Mean over the images of the first batch that the other side checks. */
  readonly firstNats: number;
}

/** Images of the first batch whose nats the other side must find again. */
const CHECKED = 16;

/**
 * Writes the folder.
 *
 * @throws RangeError for an option out of range, or a folder that is not empty;
 *   MissingDataError; FileWriteError
 */
export async function exportJob(folder: string, request: ExportRequest): Promise<Exported> {
  const {model, preset, recipe} = request;
  const {source = sourceOf(model), images = Number.POSITIVE_INFINITY} = request;
  const first = (all: Images, count: number): Images =>
    firstImages(all, Math.min(all.count, Math.max(1, count)));
  const train = first(await source.load('train'), images);
  const validation = first(await source.scored('validation'), Math.floor(images / 5));
  checkModelImages(model, validation);
  const firstBatch = natsOfFirstBatch(model, train, recipe);
  const job = {
    ...{model: model.name, preset, config: model.config, recipe},
    ...{levels: model.levels, classes: classesOf(model)},
    images: {train: train.count, validation: validation.count},
    source: {name: source.name, validation: source.binarization},
    ...(request.data === undefined ? {} : {data: request.data}),
    ...{ancestors: request.ancestors ?? [], firstBatch, exportedBy: request.versions},
  };
  const weights = new Map<string, StoredTensor>();
  for (const [name, tensor] of readParameters(model.parameters)) weights.set(name, {...tensor, dtype: 'F32'});
  const data = new Map<string, StoredTensor>();
  for (const [split, {pixels, labels, count, height, width, channels}] of Object.entries({
    train,
    validation,
  })) {
    data.set(split, {dtype: 'U8', shape: [count, height, width, channels], data: pixels});
    // Labels that are missing, or too large, were found with the first batch.
    if (classesOf(model) > 0 && labels)
      data.set(`${split}.labels`, {dtype: 'U8', shape: [count], data: labels});
  }
  writeJobFolder(
    folder,
    new Map<string, Uint8Array | string>([
      ['job.json', `${JSON.stringify(job, null, 1)}\n`],
      ['start.safetensors', encodeSafetensors({tensors: weights, metadata: {}})],
      ['data.safetensors', encodeSafetensors({tensors: data, metadata: {}})],
    ]),
  );
  const {nats} = firstBatch;
  const firstNats = nats.reduce((sum, value) => sum + value, 0) / nats.length;
  return {train: train.count, validation: validation.count, firstNats};
}

/**
 * What training sees first, and how likely the weights find it: order, draw, masks
 * and network are checked at once.
 */
function natsOfFirstBatch(
  model: AutoregressiveModel,
  images: Images,
  recipe: TrainOptions,
): {indices: number[]; nats: number[]} {
  const binarization = model.levels === 2 ? recipe.binarization : undefined;
  const dataset = new Dataset(images, {levels: model.levels, binarization});
  const [batch] = dataset.epoch({...recipe, epoch: 0});
  const count = Math.min(CHECKED, recipe.batchSize);
  const indices = [...batch.indices.subarray(0, count)];
  const atStep = model.atStep?.(0) ?? model;
  const nats = tf.tidy(() => {
    const x = tf.slice(batch.x, 0, count);
    const condition = conditionAt(conditionOf(model, images), indices);
    return [...negativeLogLikelihood(model, x, atStep.logits(x, condition)).dataSync()];
  });
  batch.x.dispose();
  if (atStep !== model) atStep.dispose();
  return {indices, nats};
}
