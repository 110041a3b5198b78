import {createHash} from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import {setImmediate} from 'node:timers/promises';
import {errorCode} from '../storage/files';
import type {Images} from '../types';
import {type DecodedImage, decodeImageFile} from './imageFile';
import {isSmallScale} from './images';
import {type Fit, fitToSquare, withChannels} from './scale';

export interface FolderOptions {
  /** Side of the images in pixels; 28 where it is left out. */
  readonly size?: number;
  /** 1 gray (default), 3 red, green and blue. */
  readonly channels?: 1 | 3;
  /** 'from-folders': each folder inside is a class, in alphabetical order. */
  readonly labels?: 'from-folders';
  readonly signal?: AbortSignal;
  /** Share of the files that are read, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/** Where an image comes from. */
export interface SourceFile {
  /** Relative to the folder, with '/' between. */
  readonly file: string;
  readonly sha256: string;
}

/** The images of a folder in the order of their paths. */
export interface LoadedFolder {
  /** Bytes 0 … 255, [count, size, size, channels]; with labels where they were asked for. */
  readonly images: Images;
  /** The names of the classes; none where labels were not asked for. */
  readonly classes: readonly string[];
  readonly sources: readonly SourceFile[];
  /** What was done to the images and which files were left out, a sentence each. */
  readonly notes: readonly string[];
}

const IMAGE_NAME = /\.(png|jpe?g)$/i;
/** What systems leave in folders: not worth a word. */
const CLUTTER = /^(\..*|thumbs\.db|desktop\.ini)$/i;
/** Names of folders that are parts of a data set, hardly ever its classes. */
const PARTS = /^(train|training|test|testing|val|valid|validation)$/i;
/** How many files a message names. */
const NAMED = 5;

/**
 * All PNG and JPEG files of a folder and the folders in it, each made a square of `size` pixels: kept, scaled
 * down (mean of the area), or cropped to its middle square first.
 *
 * @throws Error that names the files that cannot be read or are too small (all are looked at); RangeError for
 *   a folder without images, an option out of range, or classes that cannot be found
 */
export async function loadFolder(folder: string, options: FolderOptions = {}): Promise<LoadedFolder> {
  const {size = 28, channels = 1, labels, signal, onProgress} = options;
  if (!Number.isInteger(size) || size < 1 || size > 1024) {
    throw new RangeError(`loadFolder: size must be an integer from 1 to 1024, got ${size}`);
  }
  if (channels !== 1 && channels !== 3) {
    throw new RangeError(`loadFolder: channels must be 1 (gray) or 3 (color), got ${channels}`);
  }
  const {files, others} = filesOf(folder);
  const classes = labels === undefined ? [] : classNames(folder, files);
  const values = size * size * channels;
  const pixels = new Uint8Array(files.length * values);
  const sources: SourceFile[] = [];
  const counts = new Map<string, number>();
  const count = (note: string): void => void counts.set(note, (counts.get(note) ?? 0) + 1);
  const failed: string[] = [];
  for (const [i, file] of files.entries()) {
    signal?.throwIfAborted();
    try {
      const bytes = fs.readFileSync(path.join(folder, file));
      const {image, notes} = asWanted(decodeImageFile(bytes), size, channels);
      for (const note of notes) count(note);
      pixels.set(image, i * values);
      sources.push({file, sha256: createHash('sha256').update(bytes).digest('hex')});
    } catch (error) {
      failed.push(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    }
    onProgress?.((i + 1) / files.length);
    // Ctrl-C is heard between two files.
    await setImmediate();
  }
  if (failed.length > 0) {
    throw new Error(
      `${failed.length} of ${files.length} images in ${folder} cannot be used, so none is taken:\n  ` +
        `${named(failed, '\n  ')}\nrepair or remove them, and run the command again`,
    );
  }
  const largest = pixels.reduce((a, b) => Math.max(a, b), 0);
  if (isSmallScale(largest)) {
    throw new RangeError(
      `white must be 255, got no value larger than ${largest} in the ${files.length} images in ${folder}: they hold numbers of ` +
        `classes or another scale; multiply by 255 / ${largest} first`,
    );
  }
  const images = {pixels, count: files.length, height: size, width: size, channels};
  const told = classes.map((name) => `${name}/`);
  return {
    images:
      labels === undefined
        ? images
        : {
            ...images,
            labels: Uint8Array.from(files, (file) => told.findIndex((start) => file.startsWith(start))),
          },
    classes,
    sources,
    notes: [
      ...[...counts].map(([note, n]) => `${n} of ${files.length} images: ${note}`),
      ...(others.length > 0 ? [`left out, no PNG or JPEG by name: ${named(others, ', ')}`] : []),
    ],
  };
}

const FITS: Readonly<Record<Exclude<Fit, 'kept'>, string>> = {
  scaled: 'scaled down to',
  cropped: 'cropped to the middle square and scaled to',
};

function asWanted(decoded: DecodedImage, size: number, channels: 1 | 3) {
  const {image, fit} = fitToSquare(decoded, size);
  const notes = [...decoded.notes];
  if (fit !== 'kept') notes.push(`${FITS[fit]} ${size} x ${size} (mean of the area)`);
  if (decoded.channels > channels) {
    // Many gray drawings are stored as color.
    const isColored = image.data.some((value, i) => value !== image.data[i - (i % 3)]);
    if (isColored) notes.push('color made gray (0.299 R + 0.587 G + 0.114 B)');
  }
  return {image: withChannels(image, channels).data, notes};
}

/** Image files and others, as paths with '/', in an order that is the same on every machine. */
function filesOf(folder: string): {files: string[]; others: string[]} {
  const paths = entriesOf(folder)
    .map((entry) => entry.split(path.sep))
    .filter((parts) => !parts.some((part) => CLUTTER.test(part)))
    .map((parts) => parts.join('/'))
    .sort((a, b) => (a < b ? -1 : 1));
  const files: string[] = [];
  const others: string[] = [];
  for (const entry of paths) {
    const place = path.join(folder, entry);
    const found = targetOf(place);
    if (found?.isFile()) (IMAGE_NAME.test(entry) ? files : others).push(entry);
    // Links to folders are not followed: they may lead in circles.
    else if (fs.lstatSync(place).isSymbolicLink()) {
      others.push(`${entry} (${found === undefined ? 'a link to nothing' : 'a link to a folder'})`);
    }
  }
  if (files.length === 0) {
    const there = others.length === 0 ? '' : `; there are only ${named(others, ', ')}`;
    throw new RangeError(
      `${folder} has no file that ends in .png, .jpg or .jpeg; convert the images first${there}`,
    );
  }
  return {files, others};
}

/** What a path leads to; nothing where it is a link to nothing, or to itself by way of others. */
function targetOf(place: string): fs.Stats | undefined {
  try {
    return fs.statSync(place, {throwIfNoEntry: false});
  } catch (error) {
    if (errorCode(error) === 'ELOOP') return undefined;
    throw error;
  }
}

/**
 * The paths of all that is in a folder and the folders in it. `recursive` of Node itself is of no use here:
 * from Node 24 on it follows links to folders.
 */
function entriesOf(folder: string, inside = ''): string[] {
  return read(path.join(folder, inside)).flatMap((entry) => {
    const place = path.join(inside, entry.name);
    return entry.isDirectory() ? [place, ...entriesOf(folder, place)] : [place];
  });
}

function read(folder: string): fs.Dirent[] {
  try {
    return fs.readdirSync(folder, {withFileTypes: true});
  } catch (error) {
    const code = errorCode(error);
    const why =
      code === 'ENOENT' ? 'there is no such folder' : code === 'ENOTDIR' ? 'it is a file, no folder' : code;
    throw new RangeError(`${folder} cannot be read: ${why}; give the folder that the images are in`);
  }
}

/** The first part of each path. */
function classNames(folder: string, files: readonly string[]): string[] {
  const outside = files.filter((file) => !file.includes('/'));
  if (outside.length > 0) {
    throw new RangeError(
      `labels from folders: ${outside.length} images lie in ${folder} itself and so are of no class: ` +
        `${named(outside, ', ')}; move them into a folder of their class`,
    );
  }
  const names = [...new Set(files.map((file) => file.slice(0, file.indexOf('/'))))];
  if (names.length > 256) {
    throw new RangeError(
      `labels from folders: there may be 256 classes at most, got ${names.length} in ${folder}`,
    );
  }
  if (names.length < 2 || names.every((name) => PARTS.test(name))) {
    throw new RangeError(
      `labels from folders: a class is a folder in ${folder}, but there is only ${names.join(', ')}; ` +
        'give the folder that holds the classes, or leave --labels out',
    );
  }
  return names;
}

function named(all: readonly string[], between: string): string {
  const more = all.length > NAMED ? [`and ${all.length - NAMED} more`] : [];
  return [...all.slice(0, NAMED), ...more].join(between);
}
