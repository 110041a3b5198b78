import * as path from 'node:path';
import {type FolderOptions, loadFolder, type SourceFile} from '../../lib/data/folder';
import {loadIdxImages} from '../../lib/data/idxImages';
import {firstImages, pickImages} from '../../lib/data/images';
import {checkNewName, keepOwnData, type OwnShape} from '../../lib/data/ownData';
import {scoredDraw} from '../../lib/data/ownSource';
import {quantize} from '../../lib/data/quantize';
import {countCopies, type Shares, splitIndices} from '../../lib/data/split';
import {encodePng, imageGrid} from '../../lib/figures/png';
import {BINARIZATIONS, type Images, SPLITS, type Split} from '../../lib/types';
import {type Arguments, bar, endProgress, showProgress, UsageError, userPath} from '../cli';

/** `npm run data -- folder` and `idx`: images of one's own become a data set. */

/** Images and where they come from: each its own file, or all of them a few. */
interface Taken {
  readonly images: Images;
  readonly sources: readonly SourceFile[];
}

/** The split is drawn with it: the same images are always split alike. */
const SPLIT_SEED = 0;
/** Images on the contact sheet. */
const SHOWN = 100;
const CONTACT_SHEET = 'contact-sheet.png';

/** The options of folder and idx. */
export const OWN_OPTIONS = {
  name: {type: 'string'},
  size: {type: 'string'},
  channels: {type: 'string'},
  levels: {type: 'string'},
  binarize: {type: 'string'},
  split: {type: 'string'},
  labels: {type: 'string'},
  'test-images': {type: 'string'},
  'test-labels': {type: 'string'},
  transpose: {type: 'boolean'},
} as const;

/** The options of `folder` that `idx` does not take, and the other way round. */
const FOLDER_ONLY = ['size', 'channels', 'labels'];
const IDX_ONLY = ['test-images', 'test-labels', 'transpose'];

export async function keepFolder(args: Arguments, signal: AbortSignal): Promise<void> {
  const [, folder, ...rest] = args.positionals;
  if (folder === undefined || rest.length > 0)
    throw new UsageError('which folder? One, with the images in it');
  refuse(args, IDX_ONLY, 'idx');
  const wanted = wantedOf(args);
  const loaded = await loadFolder(userPath(folder), {
    ...folderOptions(args),
    signal,
    onProgress: (share) => showProgress(`reading images  ${bar(share)}`),
  });
  endProgress();
  const notes = [`${loaded.images.count} images of PNG and JPEG files`, ...loaded.notes];
  keep(wanted, {notes, taken: loaded, classes: loaded.classes});
}

export function keepIdx(args: Arguments): void {
  const [, images, labels, ...rest] = args.positionals;
  if (images === undefined || rest.length > 0) {
    throw new UsageError('which files? One of images and, where there is one, one of their labels');
  }
  refuse(args, FOLDER_ONLY, 'folder');
  const wanted = wantedOf(args);
  const transposed = args.flag('transpose') || undefined;
  const testImages = args.text('test-images');
  const testLabels = args.text('test-labels');
  if (testImages === undefined && testLabels !== undefined) {
    throw new UsageError('--test-labels goes with --test-images: give both, or neither');
  }
  if (testImages !== undefined && (labels === undefined) !== (testLabels === undefined)) {
    throw new UsageError('give labels for the images and for the test images, or for neither');
  }
  const main = loadIdxImages(userPath(images), labels && userPath(labels), {transposed});
  const test =
    testImages === undefined
      ? undefined
      : loadIdxImages(userPath(testImages), testLabels && userPath(testLabels), {transposed});
  if (test !== undefined && test.recognized?.set !== main.recognized?.set) {
    throw new UsageError(
      'the images and the test images are not of the same set, by their digests or names; give two files of one set',
    );
  }
  const all = [main, ...(test === undefined ? [] : [test])];
  const classes = all.reduce<readonly string[]>(
    (most, one) => (one.classes.length > most.length ? one.classes : most),
    [],
  );
  keep(wanted, {
    notes: all.flatMap(({notes}) => notes),
    taken: {images: main.images, sources: []},
    test: test && {images: test.images, sources: []},
    sources: all.flatMap(({sources}) => sources),
    classes,
  });
}

interface Found {
  readonly notes: readonly string[];
  readonly taken: Taken;
  /** Images that are for the test by their authors' will. */
  readonly test?: Taken;
  readonly sources?: readonly SourceFile[];
  readonly classes: readonly string[];
}

/** Splits, looks at and keeps what was read, and says so. */
function keep({name, shares, levels}: Wanted, {notes, taken, test, sources = [], classes}: Found): void {
  const {height, width, channels} = taken.images;
  const shape: OwnShape = {height, width, channels, ...levels(channels), classes};
  const parts = split(taken, test, shares);
  const copies = (['validation', 'test'] as const).flatMap((part) => {
    const count = countCopies(parts[part].images, parts.train.images);
    return count === 0
      ? []
      : [`${count} of ${parts[part].images.count} ${part} images are also training images, to the byte`];
  });
  const all = [...notes, ...copies];
  const extra = {[CONTACT_SHEET]: contactSheet(name, parts.train.images, shape)};
  const {manifest, folder} = keepOwnData(name, {...shape, notes: all, sources, parts, extra});
  console.log(
    `${folder}: ${height} x ${width} pixels, ${channels === 1 ? 'gray' : 'color'}, ${shape.levels} levels` +
      `${shape.binarization === null ? '' : ` (${shape.binarization})`}; ` +
      SPLITS.map((part) => `${part} ${manifest.parts[part].images}`).join(', '),
  );
  if (classes.length > 0) console.log(`  ${classes.length} classes: ${classes.join(', ')}`);
  for (const note of all) console.log(`  ${note}`);
  console.log(`  look at ${path.join(folder, CONTACT_SHEET)} before you train on it`);
}

function split(taken: Taken, test: Taken | undefined, shares: Shares): Record<Split, Taken> {
  const part = ({images, sources}: Taken, indices: Int32Array): Taken => ({
    images: pickImages(images, indices),
    sources: sources.length === 0 ? [] : Array.from(indices, (i) => sources[i]),
  });
  const indices = splitIndices(taken.images.count, shares, SPLIT_SEED);
  if (test === undefined) {
    return {
      train: part(taken, indices.train),
      validation: part(taken, indices.validation),
      test: part(taken, indices.test),
    };
  }
  const {height, width, channels} = taken.images;
  const other = test.images;
  if (other.height !== height || other.width !== width || other.channels !== channels) {
    throw new UsageError(
      `the test images must be ${height} x ${width} x ${channels} like the others, ` +
        `got ${other.height} x ${other.width} x ${other.channels}; give test images of that size`,
    );
  }
  // The test's share is of no use here: those images go back to training.
  const train = Int32Array.from([...indices.train, ...indices.test]);
  return {train: part(taken, train), validation: part(taken, indices.validation), test};
}

/** The first training images as a model sees them. */
function contactSheet(name: string, images: Images, {levels, binarization}: OwnShape): Uint8Array {
  const first = firstImages(images, Math.min(SHOWN, images.count));
  const seen = binarization === null ? quantize(first, levels) : scoredDraw(first, binarization);
  const title = `${name}: ${first.count} training images`;
  const description = `The first ${first.count} training images of ${name}, as a model sees them.`;
  return encodePng(imageGrid({images: seen, title, description, white: levels - 1, scale: 2}));
}

/** What both kinds are told. */
interface Wanted {
  readonly name: string;
  readonly shares: Shares;
  /** Depends on the channels where the command line does not say. */
  readonly levels: (channels: number) => Pick<OwnShape, 'levels' | 'binarization'>;
}

/** All is looked at before an image is read. */
function wantedOf(args: Arguments): Wanted {
  const name = args.text('name');
  if (name === undefined)
    throw new UsageError('--name is missing: the data set needs a name, such as --name my-shapes');
  checkNewName(name);
  levelsOf(args, 1);
  return {name, shares: sharesOf(args), levels: (channels) => levelsOf(args, channels)};
}

function refuse(args: Arguments, names: readonly string[], kind: string): void {
  const given = names.find((name) => args.text(name) !== undefined || args.flag(name));
  if (given !== undefined) throw new UsageError(`--${given} is for npm run data -- ${kind}`);
}

function folderOptions(args: Arguments): FolderOptions {
  const channels = args.integer('channels', 1) ?? 1;
  if (channels !== 1 && channels !== 3) {
    throw new UsageError(`--channels must be 1 (gray) or 3 (color), got '${channels}'`);
  }
  const labels = args.text('labels');
  if (labels !== undefined && labels !== 'from-folders') {
    throw new UsageError(`--labels must be from-folders, got '${labels}'`);
  }
  return {size: args.integer('size', 1) ?? 28, channels, labels};
}

/** As MNIST's where nothing is said and the images are gray: black and white, drawn anew for each epoch. */
function levelsOf(args: Arguments, channels: number): Pick<OwnShape, 'levels' | 'binarization'> {
  const levels = args.integer('levels', 2) ?? (channels === 1 ? 2 : 256);
  if (![2, 4, 16, 256].includes(levels)) {
    throw new UsageError(`--levels must be 2, 4, 16 or 256, got '${levels}'`);
  }
  const given = args.text('binarize');
  if (levels > 2) {
    if (given !== undefined)
      throw new UsageError(`--binarize gives two levels, but --levels is ${levels}; leave one out`);
    return {levels, binarization: null};
  }
  const binarization = BINARIZATIONS.find((rule) => rule === (given ?? 'dynamic'));
  if (binarization === undefined) {
    throw new UsageError(`--binarize must be threshold, static or dynamic, got '${given}'`);
  }
  return {levels, binarization};
}

function sharesOf(args: Arguments): Shares {
  const given = args.text('split') ?? '80/10/10';
  if (!/^\d{1,3}\/\d{1,3}\/\d{1,3}$/.test(given)) {
    throw new UsageError(
      `--split must be shares of training, validation and test, such as 80/10/10, got '${given}'`,
    );
  }
  const [train, validation, test] = given.split('/').map(Number);
  return {train, validation, test};
}
