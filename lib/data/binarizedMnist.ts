import {createHash} from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import {readIfThere} from '../storage/files';
import {dataFolder} from '../storage/paths';
import {type Images, SPLITS, type Split} from '../types';
import {MissingDataError} from './cifar10';

/** One of the three files: as it is published, and as it is kept here. */
export interface BinarizedPart {
  /** The published name, without the ending of a compressed file. */
  readonly name: string;
  readonly images: number;
  /** sha256 of the unpacked text. */
  readonly sha256: string;
  /** The name here, and the sha256 of the bits: 98 bytes an image, the first pixel in the highest bit. */
  readonly kept: string;
  readonly keptSha256: string;
}
export type BinarizedLayout = Readonly<Record<Split, BinarizedPart>>;

/**
 * Side and pixels of an image, and bytes of an image in the text: digits with a blank between, one newline.
 */
const SIDE = 28;
export const BINARIZED_PIXELS = SIDE * SIDE;
export const BINARIZED_ROW = 2 * BINARIZED_PIXELS;

/**
 * The fixed draw of Salakhutdinov and Murray (2008), as Larochelle publishes it
 * and MADE and PixelRNN score it.
 */
export const BINARIZED_MNIST: BinarizedLayout = {
  train: {
    name: 'binarized_mnist_train.amat',
    images: 50000,
    sha256: 'ad693b29f94c14277b095f5238ddefbbdaaae0939789dd2f4f0205278cee3e4d',
    kept: 'train.bits',
    keptSha256: '727146c35424b019f3e350e1e69faa05644a0abaf787e3f4e1a9632220a13906',
  },
  validation: {
    name: 'binarized_mnist_valid.amat',
    images: 10000,
    sha256: '1de3d397c40fe8eeb33dafd4099a1f665ec01e96d9be234aaeeac8a34930e2e2',
    kept: 'validation.bits',
    keptSha256: 'a256ac44ae26be720fad8616a05ed6ecfd1619930d9a208379bb2a4405df5b6d',
  },
  test: {
    name: 'binarized_mnist_test.amat',
    images: 10000,
    sha256: 'e6687bfea3f820c174f33b7865140b2a2dd2930ef786f35d45795fc193b5ab2c',
    kept: 'test.bits',
    keptSha256: '9fcd8da6f0fdf09b2ba30fe63a0bb784042a0de82563172530229b983e294ff2',
  },
};

export interface BinarizedMnistOptions {
  /** Where the three kept files are; default `data/binarized-mnist`. */
  readonly folder?: string;
  readonly layout?: BinarizedLayout;
}

/** Where the three files are kept. */
export function binarizedMnistFolder(): string {
  return path.join(dataFolder(), 'binarized-mnist');
}

/** Whether all three files are there; they are checked when they are read. */
export function hasBinarizedMnist({folder = binarizedMnistFolder(), layout = BINARIZED_MNIST} = {}): boolean {
  return SPLITS.every((split) => fs.existsSync(path.join(folder, layout[split].kept)));
}

/**
 * The digits of the papers, black and white by a draw that is fixed: 50,000 for training, 10,000 for
 * validation, 10,000 for the test, in an order of their own and without classes.
 * `npm run data -- binarized-mnist` gets them.
 *
 * @returns pixels 0 and 1, [count, 28, 28, 1]
 * @throws MissingDataError when the file is missing; Error when it was cut short or altered;
 *   RangeError for an unknown split
 */
export async function loadBinarizedMnist(split: Split, options: BinarizedMnistOptions = {}): Promise<Images> {
  const {folder = binarizedMnistFolder(), layout = BINARIZED_MNIST} = options;
  if (!Object.hasOwn(layout, split)) {
    throw new RangeError(`loadBinarizedMnist: split must be train, validation or test, got ${split}`);
  }
  const {kept, keptSha256, images} = layout[split];
  const file = path.join(folder, kept);
  const bits = readIfThere(file);
  if (bits === null) {
    throw new MissingDataError(
      `the binarized MNIST of the papers is needed, but there is no ${file}; get it with: npm run data -- binarized-mnist`,
    );
  }
  const sha256 = createHash('sha256').update(bits).digest('hex');
  if (sha256 !== keptSha256) {
    throw new Error(
      `${file} was cut short or altered: its sha256 is ${sha256}, expected ${keptSha256}; ` +
        'get it again with: npm run data -- binarized-mnist',
    );
  }
  const pixels = new Uint8Array(images * BINARIZED_PIXELS);
  for (let i = 0; i < pixels.length; i++) pixels[i] = (bits[i >> 3] >> (7 - (i & 7))) & 1;
  return {pixels, count: images, height: SIDE, width: SIDE, channels: 1};
}
