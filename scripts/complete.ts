import {complete, completeInAnyOrder, knownTooLate} from '../lib/complete';
import {classesOf, conditionOf} from '../lib/condition';
import {drawingTarget, readDrawing} from '../lib/data/drawing';
import {pickImages} from '../lib/data/images';
import {OCCLUSIONS, type Occlusion, occlude} from '../lib/data/occlude';
import {startEngine} from '../lib/engine/index';
import {completionGrid} from '../lib/figures/completionGrid';
import {encodePng} from '../lib/figures/png';
import type {ModelName} from '../lib/models/index';
import {Made} from '../lib/models/made';
import {committedPresets, loadWeights, type Published, trainedOn} from '../lib/reproduction/published';
import {checkpointFile} from '../lib/storage/paths';
import type {AutoregressiveModel, Images} from '../lib/types';
import {
  bar,
  checkLabels,
  endProgress,
  labelArgument,
  readArguments,
  run,
  showProgress,
  stopSignal,
  UsageError,
  userPath,
} from './cli';
import {pngOutput} from './cli/output';
import {WEIGHTS_HELP, weightsArgument} from './cli/weights';

/** `sample` draws at most 256 images at once, and there are ten classes. */
const MOST = 25;

const HELP = `npm run complete -- MODEL [options]

Hides a part of test images, one of each class, and draws it again. Each row of the PNG is one image: as it
is, what the model is shown of it, and the completions, blue where the model chose the pixels.
  --occlude WHAT    bottom, top, right, left, center or stripes (default bottom)
  --count N         completions of each image, 1 to ${MOST} (default 6)
  --label L         what each image is said to be, or several with commas, for one completion after the other
                    (default: what it is; for weights that are conditioned on classes)
  --image FILE      one PNG or JPEG of your own instead, made like the images that the weights were trained on
  --seed S          (default 0)
  --out FILE.png    (default completions-MODEL.png)
  --preset P        which committed weights (default: those that can be asked in any order, where the model
                    has such)
  ${WEIGHTS_HELP}`;

run(async () => {
  const args = readArguments(HELP, {
    occlude: {type: 'string'},
    count: {type: 'string'},
    seed: {type: 'string'},
    out: {type: 'string'},
    preset: {type: 'string'},
    label: {type: 'string'},
    weights: {type: 'string'},
    data: {type: 'string'},
    image: {type: 'string'},
  });
  const weights = weightsArgument(args, HELP, defaultPreset);
  const {model: name, what} = weights;
  const occlusion = occlusionArgument(args.text('occlude') ?? 'bottom');
  const count = args.integer('count', 1) ?? 6;
  if (count > MOST) throw new UsageError(`--count must be an integer from 1 to ${MOST}, got '${count}'`);
  const seed = args.integer('seed', 0) ?? 0;
  const labels = labelArgument(args);
  const out = pngOutput(args.text('out') ?? `completions-${name}.png`);

  const engine = await startEngine();
  const published = weights.load();
  const {model} = published;
  const mask = occlude(model.image, occlusion);
  const {originals, of, notes} = await originalsOf(published, args.text('image'));
  const images = pickImages(
    originals,
    Array.from({length: originals.count * count}, (_, i) => Math.floor(i / count)),
  );
  const told = labels && Array.from({length: images.count}, (_, i) => labels[(i % count) % labels.length]);
  const condition = told ?? (images.labels === undefined ? undefined : conditionOf(model, images));
  checkLabels(model, condition);
  const options = {
    count: images.count,
    seed,
    ...(condition === undefined ? {} : {condition}),
    signal: stopSignal('stopping, nothing is written'),
    onProgress: (share: number) => showProgress(`${name} ${what}`, bar(share)),
  };
  const started = performance.now();
  const anyOrder = takesAnyOrder(model);
  const {images: drawn} = anyOrder
    ? await completeInAnyOrder(model, images, mask, options)
    : await complete(model, images, mask, options);
  endProgress();
  const seconds = (performance.now() - started) / 1000;

  const rows = Array.from({length: originals.count}, (_, row) => ({
    original: pickImages(originals, [row]),
    mask,
    completions: pickImages(
      drawn,
      Array.from({length: count}, (_, k) => row * count + k),
    ),
  }));
  const title = `Completions by ${name} ${what}, ${occlusion} hidden`;
  const description = `${of}, one a row: the image, what is shown of it, ${count} completions.`;
  const figure = {title, description, seed, scale: 4, white: model.levels - 1};
  out.write(encodePng(completionGrid(rows, figure)));
  console.log(
    `${out.shown}: ${count} completions of each of ${of}, ${occlusion} hidden, seed ${seed}, ` +
      `${seconds.toFixed(2)} s; ${engine.description}`,
  );
  for (const note of notes) console.log(`  ${note}`);
  console.log(`${name} ${what} ${whatGuides(published, mask, anyOrder)}`);
});

/** Only a model trained with a fresh order at every step has learned to be asked in whichever order. */
function takesAnyOrder(model: AutoregressiveModel): model is Made {
  return model instanceof Made && model.config.masks === 0;
}

function whatGuides({model, checkpoint}: Published, mask: Uint8Array, anyOrder: boolean): string {
  if (anyOrder) {
    return 'draws in an order that puts the known pixels first: every drawn pixel is guided by all of them';
  }
  const late = knownTooLate(model.order, mask);
  if (late === 0) {
    return 'draws in a fixed order in which the known pixels come first: every drawn pixel is guided by all of them';
  }
  const known = mask.reduce((sum, value) => sum + value, 0);
  // Committed weights know nothing of images of one's own.
  const fitting = checkpoint.metadata.data === undefined ? fittingPreset(model, mask) : undefined;
  const advice = fitting === undefined ? '' : `; with --preset ${fitting} all of them do`;
  return (
    `draws in a fixed order: ${late} of the ${known} known pixels come after the first hidden one, ` +
    `and do not guide what is drawn before them${advice}`
  );
}

/** Committed weights of the same model in an order that puts all the known pixels first. */
function fittingPreset(model: AutoregressiveModel, mask: Uint8Array): string | undefined {
  return committedPresets(model.name as ModelName).find((preset) => {
    const other = loadWeights(checkpointFile(model.name, preset), model.name);
    const {order} = other.model;
    const isAlike = order.length === mask.length && classesOf(other.model) === classesOf(model);
    const takesAll = isAlike && (takesAnyOrder(other.model) || knownTooLate(order, mask) === 0);
    other.dispose();
    return takesAll;
  });
}

function defaultPreset(name: ModelName): string | undefined {
  return name === 'made' ? 'any-order' : undefined;
}

function occlusionArgument(given: string): Occlusion {
  const found = OCCLUSIONS.find((occlusion) => occlusion === given);
  if (found === undefined) {
    throw new UsageError(`--occlude must be one of ${OCCLUSIONS.join(', ')}, got '${given}'`);
  }
  return found;
}

interface Originals {
  readonly originals: Images;
  /** In words, with their number. */
  readonly of: string;
  readonly notes: readonly string[];
}

/** The image of the user, or test images that the weights were not trained on. */
async function originalsOf(published: Published, file: string | undefined): Promise<Originals> {
  const source = trainedOn(published);
  if (file !== undefined) {
    const {images, notes} = readDrawing(userPath(file), await drawingTarget(source, published.model));
    return {originals: images, of: `1 image (${file})`, notes};
  }
  const test = await source.scored('test');
  const originals = pickImages(test, oneOfEachClass(test));
  return {originals, of: `${originals.count} test images`, notes: []};
}

/** The first image of each of the first ten classes; the first ten images where they have no classes. */
function oneOfEachClass({labels, count}: Images): number[] {
  if (labels === undefined) return Array.from({length: Math.min(10, count)}, (_, i) => i);
  return Array.from({length: 10}, (_, label) => labels.indexOf(label)).filter((first) => first !== -1);
}
