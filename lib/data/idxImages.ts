import {createHash} from 'node:crypto';
import * as path from 'node:path';
import type {Images} from '../types';
import type {SourceFile} from './folder';
import {type Idx, parseIdx, readBytes, unzipped} from './idx';
import {type IdxSet, type RecognizedIdx, recognizeIdx} from './idxSets';
import {isSmallScale} from './images';
import {transposeImages} from './rearrange';
import {toImages} from './toImages';

/** Images of IDX files, with all that is known of them. */
export interface LoadedIdx {
  /** Bytes 0 … 255, upright; with labels from 0 where there is a file of them. */
  readonly images: Images;
  readonly classes: readonly string[];
  readonly sources: readonly SourceFile[];
  /** What was recognized and changed, a sentence each. */
  readonly notes: readonly string[];
  /** The data set that the images are of, where it is known. */
  readonly recognized?: RecognizedIdx;
}

/**
 * Reads a pair of IDX files as the known sets have them: images of [count, height, width] or
 * [count, height, width, channels] and their labels. EMNIST is turned upright and its letters counted from 0.
 *
 * @param options.transposed turns images of a set that is not known
 * @throws Error when a file cannot be read or is no such file; RangeError when images and labels do not
 *   belong together, the values are no bytes, or a label is no class of the set
 */
export function loadIdxImages(
  imagesFile: string,
  labelsFile?: string,
  options: {readonly transposed?: boolean} = {},
): LoadedIdx {
  const images = open(imagesFile);
  const labels = labelsFile === undefined ? undefined : open(labelsFile);
  const {shape, values} = images.idx;
  const [count, height, width, channels = 1] = shape;
  if (shape.length < 3 || shape.length > 4 || count === 0) {
    throw new RangeError(
      `${imagesFile} holds ${shape.join(' x ')} values, not images (count x height x width); give the file of images first`,
    );
  }
  const {recognized} = images;
  const known = recognized?.set;
  const notes = [recognitionOf(images)];
  if (labels?.recognized !== undefined && labels.recognized.set !== known) {
    throw new RangeError(
      `images and labels must be of one set, got images of ${known?.name ?? 'no set that is known'} ` +
        `and labels of ${labels.recognized.set.name}; give two files of one set`,
    );
  }
  if (labels !== undefined) notes.push(recognitionOf(labels));
  const {counted, classes} = labelsOf(labels, count, known, notes);
  const largest = values.reduce((a, b) => Math.max(a, b), 0);
  if (isSmallScale(largest)) {
    throw new RangeError(
      `${imagesFile}: bytes must reach from 0 to 255, got no value of ${values.length} larger than ${largest}; ` +
        `multiply them by 255 / ${largest}, round, and write the file again`,
    );
  }
  const asStored = toImages(values, {height, width, channels}, {levels: 256, labels: counted});
  const isTransposed = options.transposed ?? known?.transposed ?? false;
  if (isTransposed) notes.push('each image was turned over its diagonal: rows are stored as columns');
  return {
    images: isTransposed ? transposeImages(asStored) : asStored,
    classes,
    sources: labels === undefined ? [images.source] : [images.source, labels.source],
    notes,
    recognized,
  };
}

interface OpenIdx {
  readonly idx: Idx;
  readonly source: SourceFile;
  readonly recognized?: RecognizedIdx;
}

function open(file: string): OpenIdx {
  const bytes = readBytes(file);
  return {
    idx: parseIdx(unzipped(bytes, file), file),
    source: {file: path.basename(file), sha256: createHash('sha256').update(bytes).digest('hex')},
    recognized: recognizeIdx(path.resolve(file), bytes),
  };
}

function recognitionOf({source, recognized}: OpenIdx): string {
  if (recognized === undefined) return `${source.file}: of no set that is known by its digest or name`;
  return `${source.file}: ${recognized.set.name} (${recognized.how})`;
}

/** The labels counted from 0, and the names of the classes; both empty where there is no file of labels. */
function labelsOf(labels: OpenIdx | undefined, count: number, known: IdxSet | undefined, notes: string[]) {
  if (labels === undefined) return {counted: undefined, classes: []};
  const {shape, values} = labels.idx;
  if (shape.length !== 1 || shape[0] !== count) {
    throw new RangeError(
      `${labels.source.file} holds ${shape.join(' x ')} values, but ${count} images need ${count} labels; ` +
        'give the labels that belong to the images',
    );
  }
  const first = known?.firstLabel ?? 0;
  const most = first + (known?.classes.length ?? 256) - 1;
  const wrong = values.findIndex((label) => label < first || label > most);
  if (wrong !== -1) {
    throw new RangeError(
      `${labels.source.file}: labels of ${known?.name} must be from ${first} to ${most}, got ${values[wrong]} at image ${wrong}`,
    );
  }
  if (first !== 0) notes.push(`labels ${first} to ${most} are counted from 0 here`);
  const classes =
    known?.classes ?? Array.from({length: 1 + values.reduce((a, b) => Math.max(a, b), 0)}, (_, k) => `${k}`);
  const counted = values.map((label) => label - first);
  const seen = new Set(counted);
  const unseen = classes.filter((_, label) => !seen.has(label));
  if (unseen.length > 0) {
    const shown = unseen.length > 10 ? [...unseen.slice(0, 10), '…'] : unseen;
    notes.push(
      `no image in ${labels.source.file} is of ${unseen.length} of the ${classes.length} classes: ${shown.join(', ')}` +
        `${known === undefined ? '; labels should be counted from 0 without gaps' : ''}`,
    );
  }
  return {counted, classes};
}
