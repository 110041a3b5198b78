import {fromHalf, toHalf} from './half';

/**
 * The safetensors format, read strictly and written plainly: bytes <-> named tensors and a map of strings.
 *
 *   8 bytes: length N of the header, little-endian | N bytes: JSON, padded with spaces | the tensors' bytes
 *
 * Pure: no file is touched. Typed arrays are taken to be little-endian, as on
 * every machine that runs TensorFlow.
 * Source: https://github.com/huggingface/safetensors, section Format.
 */

/** A tensor as it is stored. F16 is kept in memory as Float32Array, and rounded when it is encoded. */
export type StoredTensor =
  | {readonly dtype: 'F32' | 'F16'; readonly shape: readonly number[]; readonly data: Float32Array}
  | {readonly dtype: 'I32'; readonly shape: readonly number[]; readonly data: Int32Array}
  | {readonly dtype: 'U8'; readonly shape: readonly number[]; readonly data: Uint8Array};

export type Dtype = StoredTensor['dtype'];

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Bytes that are not a valid safetensors file, or tensors that cannot be made one.
 * The message names value and rule.
 */
export class SafetensorsError extends Error {
  override readonly name = 'SafetensorsError';
}

const bytesPerValue: Readonly<Record<Dtype, number>> = {F32: 4, I32: 4, F16: 2, U8: 1};
/** What other programs store weights in; it is read where that is asked for, and never written. */
const foreignBytes = {F64: 8, BF16: 2} as const;
type ForeignDtype = keyof typeof foreignBytes;
const maximumHeader = 100_000_000;
const metadataKey = '__metadata__';

/**
 * Encodes tensors in the order given, but the wider dtypes first, so that every tensor is aligned to its
 * values. The header is padded with spaces to a multiple of 8 bytes.
 *
 * @throws SafetensorsError when a shape does not fit its data, or a name is reserved
 */
export function encodeSafetensors({tensors, metadata}: Safetensors): Uint8Array {
  const entries: [string, unknown][] = Object.keys(metadata).length > 0 ? [[metadataKey, metadata]] : [];
  const ordered = [...tensors].sort(([, a], [, b]) => bytesPerValue[b.dtype] - bytesPerValue[a.dtype]);
  const chunks: Uint8Array[] = [];
  let offset = 0;
  for (const [name, tensor] of ordered) {
    if (name === metadataKey)
      throw new SafetensorsError(`a tensor must have another name than that of the metadata, got ${name}`);
    const {dtype, shape, data} = tensor;
    const count = sizeOf(name, shape);
    if (count !== data.length) {
      throw new SafetensorsError(
        `tensor ${name} of shape [${shape}] must have ${count} values, got ${data.length}`,
      );
    }
    const chunk = toBytes(dtype === 'F16' ? toHalf(data) : data);
    entries.push([name, {dtype, shape, data_offsets: [offset, offset + chunk.length]}]);
    chunks.push(chunk);
    offset += chunk.length;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const header = Math.ceil(text.length / 8) * 8;
  if (header > maximumHeader) {
    throw new SafetensorsError(`the header may take ${maximumHeader} bytes at most, got ${header}`);
  }
  const bytes = new Uint8Array(8 + header + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header), true);
  bytes.fill(0x20, 8, 8 + header);
  bytes.set(text, 8);
  let position = 8 + header;
  for (const chunk of chunks) {
    bytes.set(chunk, position);
    position += chunk.length;
  }
  return bytes;
}

/**
 * Decodes a whole safetensors file. Tensors come in the order of their bytes; their data are copies.
 *
 * @param options.foreign whether F64 and BF16 are read, too; they come as F32
 * @throws SafetensorsError for anything that is not exactly as the format says
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  {foreign = false}: {readonly foreign?: boolean} = {},
): Safetensors {
  const header = decodeHeader(bytes);
  const dataStart = 8 + header.length;
  const known = foreign ? {...bytesPerValue, ...foreignBytes} : bytesPerValue;
  const entries = Object.entries(header.json).filter(([name]) => name !== metadataKey);
  const layouts = entries.map(([name, value]) => decodeLayout(name, value, known));
  layouts.sort((a, b) => a.begin - b.begin || a.end - b.end);

  const tensors = new Map<string, StoredTensor>();
  let expected = 0;
  for (const {name, dtype, shape, begin, end} of layouts) {
    if (begin !== expected) {
      const gap = begin > expected ? 'a hole' : 'an overlap';
      throw new SafetensorsError(
        `tensor ${name} begins at ${begin}, but the one before ends at ${expected}: ${gap}`,
      );
    }
    if (dataStart + end > bytes.length) {
      const present = bytes.length - dataStart;
      throw new SafetensorsError(
        `tensor ${name} ends at ${end}, but the file has ${present} bytes of data: it is cut short`,
      );
    }
    const copy = new Uint8Array(bytes.subarray(dataStart + begin, dataStart + end));
    tensors.set(name, fromBytes(dtype, shape, copy.buffer));
    expected = end;
  }
  if (dataStart + expected !== bytes.length) {
    const extra = bytes.length - dataStart - expected;
    throw new SafetensorsError(`${extra} bytes follow the last tensor, but it must end the file`);
  }
  return {tensors, metadata: decodeMetadata(header.json[metadataKey])};
}

interface Layout {
  readonly name: string;
  readonly dtype: Dtype | ForeignDtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function decodeHeader(bytes: Uint8Array): {length: number; json: Record<string, unknown>} {
  if (bytes.length < 8) {
    throw new SafetensorsError(
      `the file has ${bytes.length} bytes, but the length of the header alone takes 8`,
    );
  }
  const declared = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (declared > BigInt(maximumHeader)) {
    throw new SafetensorsError(`the header's length is ${declared}, but it may be ${maximumHeader} at most`);
  }
  const length = Number(declared);
  if (8 + length > bytes.length) {
    throw new SafetensorsError(
      `the header's length is ${length}, but only ${bytes.length - 8} bytes follow it`,
    );
  }
  if (length === 0) throw new SafetensorsError("the header's length must be at least 2, got 0");
  if (bytes[8] !== 0x7b) throw new SafetensorsError(`the header must start with {, got byte ${bytes[8]}`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes.subarray(8, 8 + length));
  } catch {
    throw new SafetensorsError('the header must be UTF-8, got other bytes');
  }
  if (text[text.length - 1 - trailingSpaces(text)] !== '}') {
    throw new SafetensorsError(
      `the header must end with } and be padded with spaces only, got ${JSON.stringify(text.slice(-8))}`,
    );
  }
  const json = parseStrictJson(text, /^(0|[1-9]\d*)$/);
  if (!isRecord(json))
    throw new SafetensorsError(`the header must be a JSON object, got ${text.slice(0, 40)}`);
  return {length, json};
}

function trailingSpaces(text: string): number {
  let count = 0;
  while (text.charCodeAt(text.length - 1 - count) === 0x20) count++;
  return count;
}

/**
 * JSON.parse that also refuses what it would let pass in silence: a key given twice in one object
 * (the last would win), and numbers that are not written as `number` asks.
 *
 * @throws SafetensorsError
 */
export function parseStrictJson(text: string, number = /^-?\d/): unknown {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new SafetensorsError(`not valid JSON: ${error instanceof Error ? error.message : error}`);
  }
  // The text is valid JSON, so its tokens are easily told apart. A string before a colon is
  // a key of the innermost object.
  const keysOfOpenObjects: Set<string>[] = [];
  for (let start = 0, end = 0; start < text.length; start = end) {
    end = start + 1;
    if (text[start] === '{') {
      keysOfOpenObjects.push(new Set());
    } else if (text[start] === '}') {
      keysOfOpenObjects.pop();
    } else if (text[start] === '"') {
      while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
      end++;
      if (!matchAt(/\s*:/y, text, end)) continue;
      const keys = keysOfOpenObjects[keysOfOpenObjects.length - 1];
      const key = String(JSON.parse(text.slice(start, end)));
      if (keys.has(key)) throw new SafetensorsError(`a key may be given once, got "${key}" twice`);
      keys.add(key);
    } else if (/[-\d]/.test(text[start])) {
      const token = matchAt(/[-+.\deE]+/y, text, start);
      if (!number.test(token))
        throw new SafetensorsError(`a number must be a plain non-negative integer, got ${token}`);
      end = start + token.length;
    }
  }
  return json;
}

/** What a sticky pattern matches at this very position; empty when it does not match. */
function matchAt(pattern: RegExp, text: string, position: number): string {
  pattern.lastIndex = position;
  return pattern.exec(text)?.[0] ?? '';
}

/** True for a JSON object: not null, not an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isIntegers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function decodeLayout(name: string, value: unknown, known: Readonly<Record<string, number>>): Layout {
  if (!isRecord(value) || Object.keys(value).sort().join() !== 'data_offsets,dtype,shape') {
    throw new SafetensorsError(
      `tensor ${name} must have exactly dtype, shape and data_offsets, got ${JSON.stringify(value)}`,
    );
  }
  const {dtype, shape, data_offsets: offsets} = value;
  if (!isDtype(dtype, known)) {
    throw new SafetensorsError(
      `tensor ${name} has dtype ${JSON.stringify(dtype)}, but only ${Object.keys(known).join(', ')} are known`,
    );
  }
  if (!isIntegers(shape)) {
    throw new SafetensorsError(
      `the shape of tensor ${name} must be a list of non-negative integers, got ${JSON.stringify(shape)}`,
    );
  }
  if (!isIntegers(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw new SafetensorsError(
      `the data_offsets of tensor ${name} must be [begin, end], got ${JSON.stringify(offsets)}`,
    );
  }
  const [begin, end] = offsets;
  const size = sizeOf(name, shape) * known[dtype];
  if (end - begin !== size) {
    throw new SafetensorsError(
      `tensor ${name} spans ${end - begin} bytes, but shape [${shape}] of ${dtype} takes ${size}`,
    );
  }
  return {name, dtype, shape, begin, end};
}

function isDtype(value: unknown, known: Readonly<Record<string, number>>): value is Dtype | ForeignDtype {
  return typeof value === 'string' && Object.hasOwn(known, value);
}

/** The number of values of a shape; checked, so that no product is silently rounded. */
function sizeOf(name: string, shape: readonly number[]): number {
  if (!isIntegers(shape))
    throw new SafetensorsError(
      `the shape of tensor ${name} must be of non-negative integers, got [${shape}]`,
    );
  const size = shape.reduce(
    (product, side) => (Number.isSafeInteger(product * side) ? product * side : Number.NaN),
    1,
  );
  if (Number.isNaN(size))
    throw new SafetensorsError(
      `the shape of tensor ${name} must not have more values than can be counted, got [${shape}]`,
    );
  return size;
}

function decodeMetadata(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!isRecord(value))
    throw new SafetensorsError(`${metadataKey} must map strings to strings, got ${JSON.stringify(value)}`);
  const entries = Object.entries(value).map(([key, text]): [string, string] => {
    if (typeof text === 'string') return [key, text];
    throw new SafetensorsError(
      `${metadataKey} must map strings to strings, got ${JSON.stringify(text)} for ${key}`,
    );
  });
  return Object.fromEntries(entries);
}

function toBytes(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function fromBytes(
  dtype: Dtype | ForeignDtype,
  shape: readonly number[],
  buffer: ArrayBufferLike,
): StoredTensor {
  switch (dtype) {
    case 'F64':
      return {dtype: 'F32', shape, data: Float32Array.from(new Float64Array(buffer))};
    case 'BF16': {
      // The upper half of a 32-bit float.
      const bits = Uint32Array.from(new Uint16Array(buffer), (half) => half << 16);
      return {dtype: 'F32', shape, data: new Float32Array(bits.buffer)};
    }
    case 'F32':
      return {dtype, shape, data: new Float32Array(buffer)};
    case 'F16':
      return {dtype, shape, data: fromHalf(new Uint16Array(buffer))};
    case 'I32':
      return {dtype, shape, data: new Int32Array(buffer)};
    case 'U8':
      return {dtype, shape, data: new Uint8Array(buffer)};
  }
}
