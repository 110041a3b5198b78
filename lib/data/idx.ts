import * as fs from 'node:fs';
import {gunzipSync} from 'node:zlib';
import {errorCode} from '../storage/files';

/** A file in the IDX format: an array of bytes and its shape, the first axis counting the items. */
export interface Idx {
  readonly shape: readonly number[];
  /** In row order; a view of the file's bytes. */
  readonly values: Uint8Array;
}

/** The largest IDX file that is read: 2 GiB, a hundred times MNIST. */
const MOST_BYTES = 2 ** 31;

/**
 * Reads an IDX file of bytes, as MNIST, Fashion-MNIST, KMNIST and EMNIST have them, gzipped or not.
 *
 * @returns the shape and the values; `toImages` makes images of them
 * @throws Error when the file cannot be read, is no such file, or was cut short or altered
 */
export function readIdx(file: string): Idx {
  return parseIdx(unzipped(readBytes(file), file), file);
}

/** The bytes of a file. @throws Error in one sentence */
export function readBytes(file: string): Buffer {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    throw new Error(`${file} cannot be read (${errorCode(error)}); check the path`);
  }
}

/** What a gzip file holds; other bytes as they are. @throws Error when it was cut short or altered */
export function unzipped(bytes: Buffer, name: string): Buffer {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, {maxOutputLength: MOST_BYTES});
  } catch (error) {
    throw new Error(
      `${name} is a gzip file that was cut short or altered (${errorCode(error)}); get it again`,
    );
  }
}

/** An IDX file of bytes: the counterpart of `parseIdx`. */
export function encodeIdx({shape, values}: Idx): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + values.length);
  const header = new DataView(bytes.buffer);
  header.setUint32(0, 0x0800 + shape.length);
  shape.forEach((size, axis) => void header.setUint32(4 + 4 * axis, size));
  bytes.set(values, 4 + 4 * shape.length);
  return bytes;
}

/**
 * Reads the IDX format of MNIST: two zero bytes, the type (8: unsigned byte), the number of axes, each axis
 * as a big-endian 32-bit number, then the values.
 *
 * @param name stands for the file in error messages
 * @param expected the shape that the file must have; without it any shape is accepted
 * @throws Error when the header is no such header, the shape another one, or the
 *   length not what the header says
 */
export function parseIdx(bytes: Uint8Array, name: string, expected?: readonly number[]): Idx {
  const fail = (what: string): never => {
    throw new Error(`${name} is not the IDX file it should be: ${what}`);
  };
  if (bytes.length < 4) fail(`it has ${bytes.length} bytes, too few for a header (it was cut short)`);
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = header.getUint32(0);
  const axes = magic & 0xff;
  const expectedMagic = expected && 0x0800 + expected.length;
  if (magic >>> 8 !== 0x08 || axes === 0 || (expectedMagic !== undefined && magic !== expectedMagic)) {
    const wanted = expectedMagic === undefined ? 'an array of bytes (2049 to 2303)' : `${expectedMagic}`;
    fail(`its magic number is ${magic}${meaning(magic)}, expected ${wanted}`);
  }
  const start = 4 + 4 * axes;
  if (bytes.length < start)
    fail(`it has ${bytes.length} bytes, its header alone needs ${start} (it was cut short)`);
  const shape = Array.from({length: axes}, (_, axis) => header.getUint32(4 + 4 * axis));
  if (expected && !shape.every((size, axis) => size === expected[axis])) {
    fail(`its shape is ${shape.join(' x ')}, expected ${expected.join(' x ')}`);
  }
  const needed = start + shape.reduce((product, size) => product * size, 1);
  if (bytes.length !== needed) {
    const what = bytes.length < needed ? 'it was cut short' : 'something was added';
    fail(`it has ${bytes.length} bytes, its header announces ${needed} (${what})`);
  }
  // Not bytes.subarray: of a Buffer that would be a Buffer, whose slice does not copy.
  return {shape, values: new Uint8Array(bytes.buffer, bytes.byteOffset + start, bytes.length - start)};
}

function meaning(magic: number): string {
  if (magic === 2049) return ' (a list of labels)';
  if (magic === 2051) return ' (images)';
  if (magic >>> 16 === 0x1f8b) return ' (a gzip file; unpack it first)';
  return '';
}
