import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import test from 'node:test';
import {Random} from '../../lib/random';
import {checkChecksum, encodeWithChecksum} from '../../lib/storage/checksum';
import {decodeSafetensors, encodeSafetensors, type Safetensors} from '../../lib/storage/safetensors';

const random = new Random(1, 'checksum');
const content: Safetensors = {
  tensors: new Map([
    ['a', {dtype: 'F16', shape: [20], data: Float32Array.from({length: 20}, () => random.normal())}],
    ['b', {dtype: 'F16', shape: [20], data: Float32Array.from({length: 20}, () => random.normal())}],
  ]),
  metadata: {config: '{"dilations":[1,2,4]}', note: '"sha256":"0"'},
};
const read = (bytes: Uint8Array): Safetensors => {
  const decoded = decodeSafetensors(bytes);
  checkChecksum(bytes, decoded.metadata);
  return decoded;
};

test('what was written is read, with the sha256 that the README of the checkpoints describes', () => {
  const bytes = encodeWithChecksum(content);
  const {metadata, tensors} = read(bytes);
  const {sha256, ...rest} = metadata;
  assert.deepEqual(rest, content.metadata);
  assert.deepEqual([...tensors.keys()], ['a', 'b']);
  const text = Buffer.from(bytes).toString('latin1').replace(sha256, '0'.repeat(64));
  assert.equal(createHash('sha256').update(text, 'latin1').digest('hex'), sha256);
  assert.deepEqual(encodeWithChecksum({tensors, metadata}), bytes, 'an old checksum is replaced');
});

test('every altered byte of the weights, and of the words beside them, is noticed', () => {
  const bytes = encodeWithChecksum(content);
  const start = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const words = Buffer.from(bytes).indexOf('[1,2,4]');
  const places = Array.from({length: bytes.length - start}, (_, i) => start + i);
  for (const place of [...places, words + 3]) {
    const altered = bytes.slice();
    altered[place] ^= 1 << random.integer(3);
    assert.throws(
      () => read(altered),
      /its sha256 is [0-9a-f]{64}, but its metadata say .*: a byte of it was altered/,
    );
  }
});

test('a file without a checksum passes; one whose checksum is no sha256 does not', () => {
  read(encodeSafetensors(content));
  for (const sha256 of ['', 'x', 'F'.repeat(64)]) {
    const bytes = encodeSafetensors({...content, metadata: {...content.metadata, sha256}});
    assert.throws(() => read(bytes), /its sha256 is not written like that/);
  }
});
