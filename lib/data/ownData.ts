import {createHash, randomBytes} from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import {errorCode, FileWriteError, isTaken, requireFreeSpace, writeFileAtomically} from '../storage/files';
import {dataFolder} from '../storage/paths';
import {type Binarization, type Images, SPLITS, type Split} from '../types';
import type {SourceFile} from './folder';
import {encodeIdx} from './idx';
import {checkImages} from './images';

/**
 * Data sets of one's own: kept under data/own/NAME as IDX files, with a manifest
 * that holds the sha256 of each.
 */

/** The version of the manifest. Another one is refused, never guessed at. */
export const MANIFEST_FORMAT = 1;
export const MANIFEST = 'manifest.json';

/** What a model has to know of a data set. */
export interface OwnShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /**
   * 2 black and white, up to 256. The files hold bytes: they are quantized or binarized when they are read.
   */
  readonly levels: number;
  /** How bytes become black and white; null for more levels. */
  readonly binarization: Binarization | null;
  /** Names of the classes in the order of their labels; empty where images have none. */
  readonly classes: readonly string[];
}

export interface OwnPart {
  readonly images: number;
  /** sha256 of each file, by its name. */
  readonly files: Readonly<Record<string, string>>;
  /** The file that each image was, in their order; empty where many images were in one file. */
  readonly sources: readonly SourceFile[];
}

export interface OwnManifest extends OwnShape {
  readonly format: typeof MANIFEST_FORMAT;
  readonly name: string;
  /** What the images are and how they were taken, a sentence each. */
  readonly notes: readonly string[];
  /** The files that held many images. */
  readonly sources: readonly SourceFile[];
  readonly parts: Readonly<Record<Split, OwnPart>>;
}

/** Names of data sets that are not one's own. */
const RESERVED = ['mnist', 'cifar10', 'binarized-mnist'];

/** @throws RangeError for what cannot be the name of a folder on every system, or is another data set's */
export function checkOwnName(name: string): string {
  if (!/^[a-z0-9][a-z0-9_-]{0,63}$/.test(name)) {
    throw new RangeError(
      `the name of a data set must be lower case letters, digits, - and _, such as my-shapes, got '${name}'`,
    );
  }
  if (RESERVED.includes(name)) {
    throw new RangeError(
      `'${name}' is a data set that everybody has: choose another name for your own, or leave --data out`,
    );
  }
  return name;
}

export function ownDataFolder(name: string): string {
  return path.join(dataFolder(), 'own', name);
}

/** The names of the data sets that are there. */
export function ownDataNames(): string[] {
  const folder = path.join(dataFolder(), 'own');
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder)
    .filter((name) => fs.existsSync(path.join(folder, name, MANIFEST)))
    .sort();
}

/**
 * To be asked before images are read. @returns the folder that a data set of this
 * name will have @throws RangeError
 */
export function checkNewName(name: string): string {
  const folder = ownDataFolder(checkOwnName(name));
  if (!fs.existsSync(folder)) return folder;
  throw new RangeError(
    `there is a data set ${name} already, in ${folder}; choose another name, or remove that folder ` +
      '(weights that were trained on it belong to it)',
  );
}

export interface KeepRequest extends OwnShape {
  readonly notes: readonly string[];
  /** The files that held many images. */
  readonly sources: readonly SourceFile[];
  /** Bytes 0 … 255, with labels where there are classes, and the file of each image where it had one. */
  readonly parts: Readonly<Record<Split, {readonly images: Images; readonly sources: readonly SourceFile[]}>>;
  /** Other files to lay beside, such as a picture to look at. */
  readonly extra?: Readonly<Record<string, Uint8Array>>;
}

/**
 * Keeps a data set. All is written into a folder of another name, which is then renamed: at every moment
 * data/own/NAME is not there, or whole.
 *
 * @returns the manifest and the folder
 * @throws RangeError for a bad name or one that is taken; FileWriteError; Error
 *   when the disk has not the space
 */
export function keepOwnData(name: string, request: KeepRequest): {manifest: OwnManifest; folder: string} {
  const folder = checkNewName(name);
  const {parts, extra = {}, notes, sources, ...shape} = request;
  const bytes = SPLITS.reduce((sum, part) => sum + parts[part].images.pixels.length, 0);
  const temporary = newFolder(folder, bytes);
  try {
    const kept = Object.fromEntries(
      SPLITS.map((part) => [part, writePart(temporary, part, parts[part].images, parts[part].sources)]),
    ) as Record<Split, OwnPart>;
    for (const [file, data] of Object.entries(extra)) writeFileAtomically(path.join(temporary, file), data);
    const manifest: OwnManifest = {format: MANIFEST_FORMAT, name, ...shape, notes, sources, parts: kept};
    writeFileAtomically(path.join(temporary, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`);
    try {
      fs.renameSync(temporary, folder);
    } catch (error) {
      // Another process has come first: that is said as if it had been there from the beginning.
      if (isTaken(error)) checkNewName(name);
      throw new FileWriteError(folder, errorCode(error), error);
    }
    return {manifest, folder};
  } catch (error) {
    fs.rmSync(temporary, {recursive: true, force: true});
    throw error;
  }
}

function writePart(folder: string, part: Split, images: Images, sources: readonly SourceFile[]): OwnPart {
  checkImages(images);
  const {count, height, width, channels, pixels, labels} = images;
  const contents: Record<string, Uint8Array> = {
    [imagesFile(part)]: encodeIdx({shape: [count, height, width, channels], values: pixels}),
    ...(labels === undefined ? {} : {[labelsFile(part)]: encodeIdx({shape: [count], values: labels})}),
  };
  const files: Record<string, string> = {};
  for (const [file, data] of Object.entries(contents)) {
    writeFileAtomically(path.join(folder, file), data);
    files[file] = createHash('sha256').update(data).digest('hex');
  }
  return {images: count, files, sources};
}

export const imagesFile = (part: Split): string => `${part}-images.idx`;
export const labelsFile = (part: Split): string => `${part}-labels.idx`;

/** A new folder beside the one that it will become; those that killed processes left are removed. */
function newFolder(folder: string, bytes: number): string {
  const parent = path.dirname(folder);
  const start = `.${path.basename(folder)}.`;
  try {
    fs.mkdirSync(parent, {recursive: true});
    for (const left of fs.readdirSync(parent)) {
      const pid = left.startsWith(start) && Number(/\.(\d+)\.[0-9a-f]+$/.exec(left)?.[1]);
      if (pid && pid !== process.pid && !isRunning(pid)) {
        fs.rmSync(path.join(parent, left), {recursive: true, force: true});
      }
    }
    requireFreeSpace(parent, bytes, 'The data set');
    const temporary = path.join(parent, `${start}${process.pid}.${randomBytes(4).toString('hex')}`);
    fs.mkdirSync(temporary);
    return temporary;
  } catch (error) {
    if (errorCode(error) === 'unknown cause') throw error;
    throw new FileWriteError(folder, errorCode(error), error);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}
