import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {fromHalf, toHalf} from '../../lib/storage/half';
import {
  decodeSafetensors,
  encodeSafetensors,
  parseStrictJson,
  SafetensorsError,
  type StoredTensor,
} from '../../lib/storage/safetensors';
import {build, malformed} from './malformed';

const everyDtype = new Map<string, StoredTensor>([
  ['bytes', {dtype: 'U8', shape: [3], data: Uint8Array.of(0, 128, 255)}],
  ['halves', {dtype: 'F16', shape: [1, 2], data: Float32Array.of(0.5, -65504)}],
  ['weights', {dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, -0, 1e-40, 3.5)}],
  ['numbers', {dtype: 'I32', shape: [], data: Int32Array.of(-(2 ** 31))}],
  ['empty', {dtype: 'F32', shape: [0, 5], data: new Float32Array(0)}],
  ['__proto__', {dtype: 'U8', shape: [1], data: Uint8Array.of(7)}],
]);

test('what is encoded is decoded, every dtype, to the bit', () => {
  const metadata = {model: 'made', 'schlüssel "☃"': 'line\nbreak \\ {"a":1}', __proto__x: ''};
  const decoded = decodeSafetensors(encodeSafetensors({tensors: everyDtype, metadata}));
  assert.deepEqual(decoded.metadata, metadata);
  assert.deepEqual(new Set(decoded.tensors.keys()), new Set(everyDtype.keys()));
  for (const [name, tensor] of everyDtype) assert.deepEqual(decoded.tensors.get(name), tensor, name);
});

test('decoding copies, at any alignment, and leaves the bytes alone', () => {
  const bytes = encodeSafetensors({tensors: everyDtype, metadata: {}});
  const shifted = new Uint8Array(bytes.length + 3).subarray(3);
  shifted.set(bytes);
  const {tensors} = decodeSafetensors(shifted);
  tensors.get('weights')?.data.fill(9);
  assert.deepEqual(shifted, bytes);
});

test('golden bytes of a small file', () => {
  const tensors = new Map<string, StoredTensor>([
    ['w', {dtype: 'F32', shape: [1, 2], data: Float32Array.of(1, -2)}],
  ]);
  const bytes = encodeSafetensors({tensors, metadata: {k: 'v'}});
  const json = '{"__metadata__":{"k":"v"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}';
  assert.equal(json.length, 81);
  assert.equal(
    Buffer.from(bytes).toString('latin1'),
    `\x58\0\0\0\0\0\0\0${json}       \0\0\x80\x3f\0\0\0\xc0`, // 88 = 0x58
  );
});

test('a tensor that does not fit its shape, or has a reserved name, is not encoded', () => {
  const data = new Float32Array(3);
  const encode = (name: string, shape: number[]) =>
    encodeSafetensors({tensors: new Map([[name, {dtype: 'F32', shape, data} as const]]), metadata: {}});
  assert.throws(() => encode('w', [2]), /tensor w of shape \[2\] must have 2 values, got 3/);
  assert.throws(() => encode('w', [-3]), /non-negative integers/);
  assert.throws(() => encode('w', [1.5, 2]), /non-negative integers/);
  assert.throws(
    () => encode('__metadata__', [3]),
    /another name than that of the metadata, got __metadata__/,
  );
});

for (const [name, bytes, message] of malformed) {
  test(`refuses ${name}`, () => {
    assert.throws(
      () => decodeSafetensors(bytes),
      (error: unknown) => error instanceof SafetensorsError && message.test(error.message),
    );
  });
}

test('every shorter piece of a good file is refused', () => {
  const bytes = encodeSafetensors({tensors: everyDtype, metadata: {a: 'b'}});
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeSafetensors(bytes.subarray(0, length)), SafetensorsError, `${length} bytes`);
  }
});

test('accepts tensors listed in any order, spaces as padding, white space inside', () => {
  const text =
    '{ "b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},\n"a" : {"shape":[],"dtype":"U8","data_offsets":[0,1]}}   ';
  const {tensors} = decodeSafetensors(build(text, Uint8Array.of(5, 6)));
  assert.deepEqual([...tensors.keys()], ['a', 'b']);
  assert.equal(tensors.get('b')?.data[0], 6);
});

test('strict JSON tells keys from strings, and bears long strings', () => {
  const long = JSON.stringify({history: '"{:\\'.repeat(500_000), list: ['a', 'a', {a: 1}, {a: -1.5e-3}]});
  assert.deepEqual(parseStrictJson(long), JSON.parse(long));
  assert.throws(() => parseStrictJson('{"a":{"b":1},"c":[{"b":1,"b":2}]}'), /got "b" twice/);
});

/** Value, its bits as a half, the half's value. */
const halves: readonly (readonly [number, number, number])[] = [
  [0, 0x0000, 0],
  [-0, 0x8000, -0],
  [1, 0x3c00, 1],
  [-2, 0xc000, -2],
  [1 / 3, 0x3555, 0.333251953125],
  [1 + 2 ** -11, 0x3c00, 1], // tie, to even: down
  [1 + 3 * 2 ** -11, 0x3c02, 1 + 2 ** -9], // tie, to even: up
  [1 + 2 ** -11 + 2 ** -23, 0x3c01, 1 + 2 ** -10], // just above a tie
  [2 - 2 ** -11, 0x4000, 2], // rounds into the next exponent
  [65504, 0x7bff, 65504], // the largest
  [65519.996, 0x7bff, 65504],
  [65520, 0x7c00, Number.POSITIVE_INFINITY],
  [-1e30, 0xfc00, Number.NEGATIVE_INFINITY],
  [Number.POSITIVE_INFINITY, 0x7c00, Number.POSITIVE_INFINITY],
  [Number.NaN, 0x7e00, Number.NaN],
  [2 ** -14, 0x0400, 2 ** -14], // the smallest normal
  [2 ** -14 - 2 ** -24, 0x03ff, 2 ** -14 - 2 ** -24], // the largest subnormal
  [2 ** -14 - 2 ** -25, 0x0400, 2 ** -14], // tie, rounds into the normal ones
  [2 ** -24, 0x0001, 2 ** -24], // the smallest subnormal
  [2 ** -25, 0x0000, 0], // tie, to even
  [2 ** -25 + 2 ** -48, 0x0001, 2 ** -24],
  [3 * 2 ** -25, 0x0002, 2 ** -23], // tie, to even
  [-5 * 2 ** -25, 0x8002, -(2 ** -23)],
  [1e-40, 0x0000, 0], // subnormal as F32
];

test('halves: known values', () => {
  const values = Float32Array.from(halves, ([value]) => value);
  assert.deepEqual(
    [...toHalf(values)],
    halves.map(([, bits]) => bits),
  );
  assert.deepEqual(
    [...fromHalf(Uint16Array.from(halves, ([, bits]) => bits))],
    halves.map(([, , value]) => value),
  );
});

test('halves: all 65,536 return to themselves, and midpoints go to the even neighbor', () => {
  const all = Uint16Array.from({length: 65536}, (_, i) => i);
  const values = fromHalf(all);
  const back = toHalf(values);
  for (let i = 0; i < 65536; i++) {
    assert.equal(back[i], Number.isNaN(values[i]) ? (i & 0x8000) | 0x7e00 : i);
  }
  const middles = Float32Array.from({length: 0x7bff}, (_, i) => (values[i] + values[i + 1]) / 2);
  const rounded = toHalf(middles);
  for (let i = 0; i < 0x7bff; i++) assert.equal(rounded[i], i + (i & 1));
});

test('halves: 12 million values take less than a second each way', () => {
  const values = Float32Array.from({length: 12_000_000}, (_, i) => Math.sin(i));
  const start = performance.now();
  const bits = toHalf(values);
  const middle = performance.now();
  fromHalf(bits);
  const end = performance.now();
  // Three times the target, because other tests may run at the same time.
  assert.ok(middle - start < 3000 && end - middle < 3000, `${middle - start} and ${end - middle} ms`);
});

const python = process.env.PYTHON ?? 'python3';
const hasPackage = spawnSync(python, ['-c', 'import safetensors.numpy']).status === 0;

test("Python's own package reads the file, and we read what it writes", {
  skip: !hasPackage && 'no Python package safetensors',
}, () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'safetensors-'));
  const ours = path.join(folder, 'ours.safetensors');
  const theirs = path.join(folder, 'theirs.safetensors');
  fs.writeFileSync(ours, encodeSafetensors({tensors: everyDtype, metadata: {model: 'made'}}));
  const script = [
    'import sys, safetensors, safetensors.numpy as n',
    'a = n.load_file(sys.argv[1])',
    'print(safetensors.safe_open(sys.argv[1], "np").metadata()["model"], sorted((k, str(v.dtype), v.tolist()) for k, v in a.items()))',
    'n.save_file(a, sys.argv[2], {"by": "python"})',
  ].join('\n');
  const run = spawnSync(python, ['-c', script, ours, theirs], {encoding: 'utf8'});
  assert.equal(run.status, 0, run.stderr);
  assert.match(run.stdout, /^made .*\('halves', 'float16', \[\[0.5, -65504.0\]\]\)/);
  const {tensors, metadata} = decodeSafetensors(fs.readFileSync(theirs));
  assert.deepEqual(metadata, {by: 'python'});
  for (const [name, tensor] of everyDtype) assert.deepEqual(tensors.get(name), tensor, name);
  fs.rmSync(folder, {recursive: true});
});
