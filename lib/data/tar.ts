import {gunzipSync} from 'node:zlib';

const BLOCK = 512;
const REGULAR_FILE = ['0', '\0'];

/**
 * The files of a gzipped tar archive (POSIX ustar): each has a header of 512 bytes, then its bytes,
 * filled up to a multiple of 512; blocks of zeros end the archive. Folders, links and the headers
 * of extensions are passed over.
 *
 * @param name stands for the archive in error messages
 * @returns the bytes of each file by its path in the archive: views of one buffer
 * @throws Error when the archive is no gzip file, was cut short, or a header is damaged
 */
export function readTarGz(archive: Uint8Array, name: string): Map<string, Uint8Array> {
  const bytes = unzip(archive, name);
  const files = new Map<string, Uint8Array>();
  let at = 0;
  while (at + BLOCK <= bytes.length && bytes[at] !== 0) {
    const header = bytes.subarray(at, at + BLOCK);
    const text = (start: number, length: number): string =>
      header
        .subarray(start, start + length)
        .toString('latin1')
        .replace(/\0.*$/s, '');
    const number = (start: number, length: number): number =>
      Number.parseInt(text(start, length).trim() || '0', 8);
    if (number(148, 8) !== checksum(header)) {
      throw new Error(`${name} is not the tar archive it should be: the header at byte ${at} is damaged`);
    }
    const size = number(124, 12);
    at += BLOCK;
    if (!(size >= 0 && at + size <= bytes.length)) {
      throw new Error(
        `${name} is not the tar archive it should be: it ends within ${text(0, 100)} (it was cut short)`,
      );
    }
    const prefix = text(257, 5) === 'ustar' ? text(345, 155) : '';
    const file = prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`;
    if (REGULAR_FILE.includes(String.fromCharCode(header[156])))
      files.set(file, bytes.subarray(at, at + size));
    at += Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

function unzip(archive: Uint8Array, name: string): Buffer {
  try {
    return gunzipSync(archive);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new Error(`${name} is no whole gzip file (${cause}): it was cut short or altered`);
  }
}

/** The sum of the header's bytes, its own eight read as spaces. */
function checksum(header: Uint8Array): number {
  return header.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 32 : byte), 0);
}
