/** A file in the IDX format: an array of bytes and its shape, the first axis counting the items. */
export interface Idx {
  readonly shape: readonly number[];
  /** In row order; a view of the file's bytes. */
  readonly values: Uint8Array;
}

/**
 * Reads the IDX format of MNIST: two zero bytes, the type (8: unsigned byte), the number of axes, each axis as a big-endian
 * 32-bit number, then the values.
 *
 * @param name stands for the file in error messages
 * @param expected the shape that the file must have; without it any shape is accepted
 * @throws Error when the header is no such header, the shape another one, or the length not what the header says
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
