/**
 * Files that are not safetensors, each wrong in one way. Both readers must refuse them:
 * lib's, and the one of pytorch/.
 */

/** A file from its parts, right or wrong. */
export function build(
  header: string | Uint8Array,
  data: number | Uint8Array = 0,
  length?: bigint,
): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  return Buffer.concat([size, text, typeof data === 'number' ? new Uint8Array(data) : data]);
}

/** A header with one tensor `a`, its description changed in places. */
function header(changes: object, begin = 0, end = 8): string {
  return JSON.stringify({a: {dtype: 'F32', shape: [2], data_offsets: [begin, end], ...changes}});
}

/** What is wrong, the bytes, and what the message says. */
export const malformed: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['an empty file', new Uint8Array(0), /has 0 bytes/],
  ['seven bytes', new Uint8Array(7), /has 7 bytes/],
  ['a header of length 0', build(''), /length must be at least 2, got 0/],
  ['a header longer than the file', build('{}', 0, 3n), /length is 3, but only 2/],
  ['a header of 2^63 bytes', build('{}', 0, 2n ** 63n), /100000000 at most/],
  ['a header over the limit', build('{}', 0, 100_000_001n), /100000000 at most/],
  ['a header that starts with a space', build(' {}'), /must start with \{, got byte/],
  ['a header that starts with a byte order mark', build('\ufeff{}'), /must start with \{, got byte/],
  ['a header that is a list', build('[]'), /must start with \{, got byte/],
  ['invalid UTF-8', build(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x30, 0x7d)), /must be UTF-8/],
  ['padding with zeros', build('{}\0\0'), /padded with spaces only/],
  ['padding with line breaks', build('{} \n'), /padded with spaces only/],
  ['broken JSON', build('{"a":}'), /not valid JSON/],
  ['two JSON values', build('{}{}'), /not valid JSON/],
  ['a tensor given twice', build('{"a":{},"a":{}}'), /given once, got "a" twice/],
  ['a tensor given twice, once in escapes', build('{"a":{},"\\u0061" :{}}'), /given once, got "a" twice/],
  [
    'a dtype given twice',
    build('{"a":{"dtype":"U8","dtype":"F32","shape":[2],"data_offsets":[0,8]}}', 8),
    /given once, got "dtype" twice/,
  ],
  ['metadata given twice', build('{"__metadata__":{"k":"v","k":"w"}}'), /given once, got "k" twice/],
  ['a tensor that is a list', build('{"a":[]}'), /must have exactly/],
  ['a tensor that is null', build('{"a":null}'), /must have exactly/],
  ['a missing shape', build('{"a":{"dtype":"F32","data_offsets":[0,0]}}'), /must have exactly/],
  ['an unknown field', build(header({extra: 0}), 8), /must have exactly/],
  ['an unknown dtype', build(header({dtype: 'F64'}), 8), /dtype "F64"/],
  ['a dtype of every object', build(header({dtype: 'toString'}), 8), /dtype "toString"/],
  ['a dtype in a list', build(header({dtype: ['F32']}), 8), /dtype \["F32"\]/],
  ['a negative side', build(header({shape: [-2]}), 8), /a plain non-negative integer, got -2/],
  ['a fractional side', build(header({shape: [0.5, 4]}), 8), /integer, got 0.5/],
  ['a side written 2.0', build(header({}).replace('[2]', '[2.0]'), 8), /integer, got 2.0/],
  ['a side written 2e0', build(header({}).replace('[2]', '[2e0]'), 8), /integer, got 2e0/],
  ['a side written -0', build(header({}).replace('[2]', '[-0]'), 8), /integer, got -0/],
  ['a side as a string', build(header({shape: ['2']}), 8), /got \["2"\]/],
  ['a side of 2^53', build(header({shape: [2 ** 53]}), 8), /non-negative integers/],
  ['a product beyond 2^53', build(header({shape: [2 ** 30, 2 ** 30]}), 8), /more values than can be counted/],
  [
    'a product that wraps to 2',
    build(header({shape: [2 ** 52, 2 ** 13, 2]}), 8),
    /more values than can be counted/,
  ],
  ['three offsets', build(header({data_offsets: [0, 4, 8]}), 8), /\[begin, end\]/],
  ['offsets that run backwards', build(header({}, 8, 0), 8), /\[begin, end\]/],
  ['a span that does not fit the shape', build(header({shape: [3]}), 8), /spans 8 bytes, but .* takes 12/],
  ['a hole at the start', build(header({}, 4, 12), 12), /a hole/],
  [
    'a hole in the middle',
    build(
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}',
      3,
    ),
    /tensor b begins at 2, .*a hole/,
  ],
  [
    'an overlap',
    build(
      '{"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}',
      3,
    ),
    /tensor b begins at 1, .*an overlap/,
  ],
  ['data cut short', build(header({}), 7), /cut short/],
  ['a byte too many', build(header({}), 9), /1 bytes follow the last tensor/],
  ['data without tensors', build('{}', 1), /1 bytes follow/],
  ['metadata that is a list', build('{"__metadata__":[]}'), /must map strings to strings/],
  ['metadata that is null', build('{"__metadata__":null}'), /must map strings to strings/],
  ['metadata with a number', build('{"__metadata__":{"k":1}}'), /got 1 for k/],
];
