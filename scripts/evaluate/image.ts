import {classesOf} from '../../lib/condition';
import {drawingTarget, readDrawing} from '../../lib/data/drawing';
import {firstImages} from '../../lib/data/images';
import {evaluate} from '../../lib/evaluate';
import {labelPosterior, natsByLabel} from '../../lib/inspect/labelPosterior';
import {bitsPerDimension, ensembleNats} from '../../lib/likelihood';
import {type Published, trainedOn} from '../../lib/reproduction/published';
import type {AutoregressiveModel, Images} from '../../lib/types';
import {bar, endProgress, showProgress, userPath} from '../cli';

/** How many validation images an image of one's own is set beside. */
const BESIDE = 200;

export interface ImageScore {
  readonly file: string;
  /** What was done to make the file an image like those that the model knows. */
  readonly notes: readonly string[];
  readonly nats: number;
  readonly bitsPerDimension: number;
  readonly dataset: string;
  /** Validation images that it is set beside, their mean, and how many of them are as unlikely or more. */
  readonly beside: number;
  readonly besideNats: number;
  readonly asUnlikely: number;
  /** p(class | image) of each class, where the model is conditioned on classes. */
  readonly classes?: readonly number[];
}

/** Scores one file, and the first validation images of the weights' own data set to set it beside. */
export async function scoreImage(
  published: Published,
  given: string,
  signal: AbortSignal,
): Promise<ImageScore> {
  const {model} = published;
  const source = trainedOn(published);
  const file = userPath(given);
  const {images, notes} = readDrawing(file, await drawingTarget(source, model));
  const validation = await source.scored('validation');
  const others = firstImages(validation, Math.min(BESIDE, validation.count));
  const own = await natsOf(model, images, signal);
  const besides = await natsOf(model, others, signal);
  endProgress();
  const [nats] = own.nats;
  return {
    file,
    notes,
    nats,
    bitsPerDimension: bitsPerDimension(nats, model.image),
    dataset: source.name,
    beside: others.count,
    besideNats: besides.nats.reduce((a, b) => a + b, 0) / others.count,
    asUnlikely: besides.nats.filter((other) => other >= nats).length,
    ...(own.byLabel === undefined ? {} : {classes: [...labelPosterior(own.byLabel.map((nats) => nats[0]))]}),
  };
}

/** -log p(x) of each image; of a model that is conditioned on classes with all classes equally likely. */
async function natsOf(model: AutoregressiveModel, images: Images, signal: AbortSignal) {
  const options = {
    signal,
    onProgress: (share: number) => showProgress(bar(share), `scoring ${images.count} images`),
  };
  if (classesOf(model) === 0) return {nats: (await evaluate(model, images, options)).perImage};
  const byLabel = await natsByLabel(model, images, options);
  return {nats: ensembleNats(byLabel), byLabel};
}

export function printImage(what: string, score: ImageScore): void {
  const {file, notes, dataset, beside, classes} = score;
  console.log(
    `${file}: ${score.nats.toFixed(3)} nats (${score.bitsPerDimension.toFixed(4)} bits per dimension) by ${what}` +
      `${classes === undefined ? '' : ', all classes equally likely beforehand'}`,
  );
  for (const note of notes) console.log(`  ${note}`);
  console.log(
    `  the first ${beside} validation images of ${dataset} have ${score.besideNats.toFixed(3)} nats in the mean; ` +
      `${score.asUnlikely} of them are as unlikely or more`,
  );
  if (classes === undefined) return;
  const ranked = classes.map((share, label) => ({share, label})).sort((a, b) => b.share - a.share);
  const text = ranked.slice(0, 3).map(({share, label}) => `${label} (${(100 * share).toFixed(1)} %)`);
  console.log(`  its class, by Bayes' rule: ${text.join(', ')}`);
}
