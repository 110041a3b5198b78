import {createHash} from 'node:crypto';
import {encodeSafetensors, type Safetensors, SafetensorsError} from './safetensors';

/**
 * A safetensors file that knows when it was altered. Its metadata `sha256` is that of the whole file with the
 * 64 digits of `sha256` itself set to 0, so that weights, names, shapes and config are all held by it.
 */

const BLANK = '0'.repeat(64);

/** Encodes like `encodeSafetensors`; a `sha256` that the metadata have already is replaced. */
export function encodeWithChecksum({tensors, metadata}: Safetensors): Uint8Array {
  const bytes = encodeSafetensors({tensors, metadata: {...metadata, sha256: BLANK}});
  const digits = new TextEncoder().encode(digest(bytes, BLANK));
  bytes.set(digits, placeOf(bytes, BLANK));
  return bytes;
}

/**
 * Files without a checksum, as other programs write them, pass.
 *
 * @param bytes of a file that could be decoded to these metadata
 * @throws SafetensorsError when the checksum is not that of the bytes
 */
export function checkChecksum(bytes: Uint8Array, {sha256}: Readonly<Record<string, string>>): void {
  if (sha256 === undefined) return;
  const found = /^[0-9a-f]{64}$/.test(sha256) ? digest(bytes, sha256) : 'not written like that';
  if (found !== sha256) {
    throw new SafetensorsError(
      `its sha256 is ${found}, but its metadata say ${sha256}: a byte of it was altered`,
    );
  }
}

function digest(bytes: Uint8Array, digits: string): string {
  const place = placeOf(bytes, digits);
  return createHash('sha256')
    .update(bytes.subarray(0, place))
    .update(BLANK)
    .update(bytes.subarray(place + BLANK.length))
    .digest('hex');
}

/** Where the digits begin: as the value of the key, which nothing before the tensors' bytes can look like. */
function placeOf(bytes: Uint8Array, digits: string): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const place = buffer.indexOf(`"${digits}"`);
  if (place === -1)
    throw new SafetensorsError(
      `its metadata sha256 must stand in plain digits, got ${digits} in other writing`,
    );
  return place + 1;
}
