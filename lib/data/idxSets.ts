import {createHash} from 'node:crypto';

/**
 * The data sets that come as IDX files, recognized by the bytes of a file where a digest of it
 * is published, else by its name.
 */

/** What has to be known of such a set to read it rightly. */
export interface IdxSet {
  readonly name: string;
  /** The names of its classes, in the order of their labels. */
  readonly classes: readonly string[];
  /** The label of the first class. */
  readonly firstLabel: number;
  /** Whether rows are stored as columns. */
  readonly transposed: boolean;
}

export interface RecognizedIdx {
  readonly set: IdxSet;
  /** In words: by which digest, or that it was recognized by its name and nothing was verified. */
  readonly how: string;
  readonly isVerified: boolean;
}

const DIGITS = [...'0123456789'];
const CAPITALS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];

const set = (name: string, classes: readonly string[], firstLabel = 0, transposed = false): IdxSet => ({
  name,
  classes,
  firstLabel,
  transposed,
});

const MNIST = set('MNIST', DIGITS);
const FASHION = set('Fashion-MNIST', [
  ...['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat'],
  ...['Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
]);
const KUZUSHIJI = set('KMNIST', ['o', 'ki', 'su', 'tsu', 'na', 'ha', 'ma', 'ya', 're', 'wo']);

/** Lower case letters that do not look like their capitals, as EMNIST's merged classes have them. */
const MERGED = [...DIGITS, ...CAPITALS, ...'abdefghnqrt'];

/** EMNIST (Cohen et al. 2017): images transposed; the letters' labels count from 1. */
const EMNIST: Readonly<Record<string, IdxSet>> = {
  balanced: set('EMNIST balanced', MERGED, 0, true),
  bymerge: set('EMNIST by merge', MERGED, 0, true),
  byclass: set('EMNIST by class', [...DIGITS, ...CAPITALS, ...CAPITALS.map((c) => c.toLowerCase())], 0, true),
  letters: set('EMNIST letters', CAPITALS, 1, true),
  digits: set('EMNIST digits', DIGITS, 0, true),
  mnist: set('EMNIST MNIST', DIGITS, 0, true),
};

/**
 * Digests of the files as their authors give them away, gzipped: MD5 as in the README of Fashion-MNIST and
 * as torchvision checks its downloads of all three. Of EMNIST only the digest of the whole archive is
 * published, not of the files in it.
 */
const PUBLISHED_MD5: ReadonlyMap<string, IdxSet> = new Map([
  ['f68b3c2dcbeaaa9fbdd348bbdeb94873', MNIST],
  ['d53e105ee54ea40749a09fcbcd1e9432', MNIST],
  ['9fb629c4189551a2d022fa330f9573f3', MNIST],
  ['ec29112dd5afa0611ce80d1b7f02629c', MNIST],
  ['8d4fb7e6c68d591d4c3dfef9ec88bf0d', FASHION],
  ['25c81989df183df01b3e8a0aad5dffbe', FASHION],
  ['bef4ecab320f06d8554ea6380940ec79', FASHION],
  ['bb300cfdad3c16e7a12a480ee83cd310', FASHION],
  ['bdb82020997e1d708af4cf47b453dcf7', KUZUSHIJI],
  ['e144d726b3acfaa3e44228e80efcd344', KUZUSHIJI],
  ['5c965bf0a639b31b8f53240b1b52f4d7', KUZUSHIJI],
  ['7320c461ea6c1c855c0b718fb2a4b134', KUZUSHIJI],
]);

/** Unpacked files whose digest this project knows because it has them (data/README.md). */
const KNOWN_SHA256: ReadonlyMap<string, IdxSet> = new Map([
  ['ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db', MNIST],
  ['65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5', MNIST],
  ['0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7', MNIST],
  ['ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2', MNIST],
]);

/**
 * Which set a file is of.
 *
 * @param file its path: the folder's name tells as well
 * @param bytes as they lie on the disk, gzipped or not
 * @returns undefined when neither digest nor name is known
 */
export function recognizeIdx(file: string, bytes: Uint8Array): RecognizedIdx | undefined {
  const digest = (kind: 'md5' | 'sha256'): string => createHash(kind).update(bytes).digest('hex');
  const published = PUBLISHED_MD5.get(digest('md5'));
  if (published !== undefined) {
    return {set: published, how: 'its MD5 is the published one', isVerified: true};
  }
  const known = KNOWN_SHA256.get(digest('sha256'));
  if (known !== undefined) {
    return {set: known, how: 'its sha256 is that of the unpacked original', isVerified: true};
  }
  const named = byName(file);
  return (
    named && {
      set: named,
      how: 'recognized by its name; no digest of these bytes is known here, so that they are the original is not verified',
      isVerified: false,
    }
  );
}

function byName(file: string): IdxSet | undefined {
  const parts = file.toLowerCase().split(/[\\/]/);
  const kind = /^emnist-([a-z]+)-(train|test)-(images-idx3|labels-idx1)-ubyte/.exec(parts.at(-1) ?? '')?.[1];
  if (kind !== undefined && Object.hasOwn(EMNIST, kind)) return EMNIST[kind];
  const near = parts.slice(-2).join('/');
  if (/fashion/.test(near)) return FASHION;
  if (/kmnist|kuzushiji/.test(near)) return KUZUSHIJI;
  return undefined;
}
