import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import {gunzipSync} from 'node:zlib';
import {errorCode, FileWriteError, isTaken, requireFreeSpace, writeFileAtomically} from '../storage/files';
import {SPLITS, type Split} from '../types';
import {
  BINARIZED_MNIST,
  BINARIZED_PIXELS,
  BINARIZED_ROW,
  type BinarizedLayout,
  type BinarizedPart,
  binarizedMnistFolder,
} from './binarizedMnist';

/**
 * The published files of binarized MNIST: from a folder or from Larochelle's page,
 * checked, kept at a bit a pixel.
 */

const LAROCHELLE = 'http://www.cs.toronto.edu/~larocheh/public/datasets/binarized_mnist';

/** Gives the unpacked text of a part, and what to call it in a message. */
export type PartSource = (part: BinarizedPart) => Promise<{text: Uint8Array; from: string}>;

/**
 * Takes the three parts from a source and keeps them. All are checked before anything is written, and
 * they come into place together.
 *
 * @throws Error in one sentence when a part is missing, cut short, altered, swapped or something
 *   else; nothing is written then
 */
export async function keepBinarizedMnist(
  source: PartSource,
  {folder = binarizedMnistFolder(), layout = BINARIZED_MNIST} = {},
): Promise<void> {
  const packed: [string, Uint8Array][] = [];
  for (const split of SPLITS) {
    const {text, from} = await source(layout[split]);
    checkText(text, split, layout, from);
    packed.push([layout[split].kept, pack(text)]);
  }
  let temporary: string | undefined;
  try {
    fs.mkdirSync(path.dirname(folder), {recursive: true});
    const bytes = packed.reduce((sum, [, bits]) => sum + bits.length, 0);
    requireFreeSpace(path.dirname(folder), bytes, 'binarized MNIST');
    temporary = fs.mkdtempSync(`${folder}.`);
    for (const [name, bits] of packed) writeFileAtomically(path.join(temporary, name), bits);
    putInPlace(temporary, folder);
  } catch (error) {
    if (temporary !== undefined) fs.rmSync(temporary, {recursive: true, force: true});
    throw errorCode(error).startsWith('E') ? new FileWriteError(folder, errorCode(error), error) : error;
  }
}

/**
 * What was there goes aside as a whole, so that two processes never take each other's files out of one
 * folder. What another has put there in the meantime is the same, so whoever comes first is right.
 */
function putInPlace(temporary: string, folder: string): void {
  const aside = `${temporary}.before`;
  try {
    fs.renameSync(folder, aside);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  try {
    fs.renameSync(temporary, folder);
  } catch (error) {
    if (!isTaken(error)) {
      if (fs.existsSync(aside)) fs.renameSync(aside, folder);
      throw error;
    }
    fs.rmSync(temporary, {recursive: true, force: true});
  } finally {
    fs.rmSync(aside, {recursive: true, force: true});
  }
}

/** The parts in a folder: NAME.amat, NAME.amat.gz or NAME.amat.xz, the first of these that is there. */
export function fromFolder(folder: string): PartSource {
  return async ({name}) => {
    const file = ['', '.gz', '.xz'].map((ending) => path.join(folder, name + ending)).find(fs.existsSync);
    if (file === undefined) {
      throw new Error(
        `there is no ${name}, ${name}.gz or ${name}.xz in ${folder}; copy all three parts there, or leave out --from to fetch them`,
      );
    }
    return {text: unpack(file), from: file};
  };
}

/** The parts from a page. @param base the address of the folder that holds them */
export function fromPage(base = LAROCHELLE, signal?: AbortSignal): PartSource {
  return async ({name}) => {
    const address = `${base}/${name}`;
    const remedy = 'try again when the network is there, or take the files from a folder with --from FOLDER';
    try {
      const answer = await fetch(address, {signal});
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      return {text: new Uint8Array(await answer.arrayBuffer()), from: address};
    } catch (error) {
      if (signal?.aborted) throw error;
      const {message, cause} = error as Error & {cause?: {code?: string; message?: string}};
      throw new Error(`could not fetch ${address} (${cause?.code ?? cause?.message ?? message}); ${remedy}`);
    }
  };
}

function unpack(file: string): Uint8Array {
  if (file.endsWith('.xz')) return unxz(file);
  const bytes = fs.readFileSync(file);
  if (!file.endsWith('.gz')) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (error) {
    throw new Error(
      `${file} is no whole gzip file (${(error as Error).message}): it was cut short or altered; copy it again`,
    );
  }
}

/**
 * Node has no xz. The program is on nearly every Linux and Mac; a package for three
 * files would be one more to trust.
 */
function unxz(file: string): Uint8Array {
  const {status, stdout, stderr, error} = spawnSync('xz', ['--decompress', '--stdout', '--', file], {
    maxBuffer: 2 ** 28,
  });
  if (error !== undefined && errorCode(error) === 'ENOENT') {
    throw new Error(
      `${file} is packed with xz, but there is no program xz here; install it (xz-utils or xz), or unpack the file first`,
    );
  }
  if (error !== undefined || status !== 0) {
    const said = (error?.message ?? String(stderr)).trim();
    throw new Error(`${file} is no whole xz file (${said}): it was cut short or altered; copy it again`);
  }
  return stdout;
}

/** @throws Error that says what the text is in place of the part */
function checkText(text: Uint8Array, split: Split, layout: BinarizedLayout, from: string): void {
  const {name, images, sha256: expected} = layout[split];
  const sha256 = createHash('sha256').update(text).digest('hex');
  if (sha256 === expected) return;
  const remedy = 'get it again; nothing was written';
  const other = SPLITS.find((one) => layout[one].sha256 === sha256);
  if (other !== undefined) {
    throw new Error(
      `${from} holds ${layout[other].name}, not ${name}: the files were swapped; rename them. Nothing was written`,
    );
  }
  const start = Buffer.from(text.subarray(0, 200)).toString('latin1').trimStart();
  if (start.startsWith('<')) throw new Error(`${from} is an HTML page in place of ${name}; ${remedy}`);
  const size = images * BINARIZED_ROW;
  if (text.length < size) {
    throw new Error(`${from} was cut short: it has ${text.length} bytes, expected ${size}; ${remedy}`);
  }
  if (text.length > size) {
    throw new Error(`${from} is too long: it has ${text.length} bytes, expected ${size}; ${remedy}`);
  }
  throw new Error(`${from} was altered: its sha256 is ${sha256}, expected ${expected}; ${remedy}`);
}

/** A bit a pixel. The text is checked: every second byte is the digit 0 or 1. */
function pack(text: Uint8Array): Uint8Array {
  const bits = new Uint8Array((text.length / BINARIZED_ROW) * (BINARIZED_PIXELS / 8));
  for (let i = 0; i < text.length / 2; i++) bits[i >> 3] |= (text[2 * i] & 1) << (7 - (i & 7));
  return bits;
}
