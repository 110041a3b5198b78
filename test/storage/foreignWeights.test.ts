import assert from 'node:assert/strict';
import test from 'node:test';
import {startEngine} from '../../lib/engine/index';
import {createModel} from '../../lib/models/index';
import {type NamedTensor, readParameters} from '../../lib/storage/checkpoints';
import {fitTensors, type Mapping, readMapping, SAME} from '../../lib/storage/foreignWeights';
import {decodeSafetensors, type StoredTensor} from '../../lib/storage/safetensors';
import {randomize} from '../properties/tools';
import {SMALL} from '../pytorch/small';

test.before(() => startEngine());

/** A file of one tensor in a dtype that we read and never write. */
function fileOf(dtype: 'F64' | 'BF16', shape: readonly number[], bytes: Uint8Array): Uint8Array {
  const header = JSON.stringify({w: {dtype, shape, data_offsets: [0, bytes.length]}});
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, BigInt(header.length), true);
  return Buffer.concat([size, Buffer.from(header), bytes]);
}

test('wide and narrow floats are read where that is asked for, and come as 32 bits', () => {
  const wide = Float64Array.of(1.5, Math.PI, -1e-3);
  const file = fileOf('F64', [3], new Uint8Array(wide.buffer));
  assert.throws(() => decodeSafetensors(file), /dtype "F64", but only F32, I32, F16, U8 are known/);
  const read = decodeSafetensors(file, {foreign: true}).tensors.get('w');
  assert.deepEqual(read, {dtype: 'F32', shape: [3], data: Float32Array.from(wide)});
  // The upper halves of 1, -2.5, the largest finite one, infinity and not-a-number.
  const halves = Uint16Array.of(0x3f80, 0xc020, 0x7f7f, 0x7f80, 0x7fc0);
  const narrow = decodeSafetensors(fileOf('BF16', [5], new Uint8Array(halves.buffer)), {foreign: true});
  const {data} = narrow.tensors.get('w') as StoredTensor;
  assert.deepEqual([...data].slice(0, 2), [1, -2.5]);
  assert.ok(data[2] > 3.38e38 && data[2] < Number.POSITIVE_INFINITY);
  assert.deepEqual([...data].slice(3), [Number.POSITIVE_INFINITY, Number.NaN]);
  const short = fileOf('BF16', [5], new Uint8Array(8));
  assert.throws(() => decodeSafetensors(short, {foreign: true}), /spans 8 bytes, but .* BF16 takes 10/);
});

/** As PyTorch has it, by plain loops; a whole kernel has something, which means nothing, where ours ends. */
function pytorchLayout(name: string, {shape, data}: NamedTensor, whole: boolean): NamedTensor {
  if (shape.length === 4) {
    const [rows, columns, inputs, outputs] = shape;
    const height = whole ? 2 * rows - 1 : rows;
    const width = whole && rows === 1 ? 2 * columns - 1 : columns;
    const other = new Float32Array(outputs * inputs * height * width).fill(7);
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        for (let i = 0; i < inputs; i++) {
          for (let o = 0; o < outputs; o++) {
            other[((o * inputs + i) * height + r) * width + c] =
              data[((r * columns + c) * inputs + i) * outputs + o];
          }
        }
      }
    }
    return {shape: [outputs, inputs, height, width], data: other};
  }
  if (shape.length === 3) {
    const [taps, h, gates] = shape;
    const other = new Float32Array(data.length);
    for (let t = 0; t < taps; t++) {
      for (let i = 0; i < h; i++) {
        for (let g = 0; g < gates; g++) other[(g * h + i) * taps + t] = data[(t * h + i) * gates + g];
      }
    }
    return {shape: [gates, h, taps], data: other};
  }
  if (shape.length === 2 && name.endsWith('.weights')) {
    const [inputs, outputs] = shape;
    const other = new Float32Array(data.length);
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) other[o * inputs + i] = data[i * outputs + o];
    }
    return {shape: [outputs, inputs], data: other};
  }
  return {shape, data};
}

for (const [name, {model: of, config}] of Object.entries(SMALL)) {
  test(`${name}: other names, prefixes and PyTorch's layout lead to the same tensors`, () => {
    const model = createModel(of, config);
    randomize(model.parameters, 5);
    const ours = readParameters(model.parameters);
    for (const whole of [false, true]) {
      const stored = new Map<string, StoredTensor>();
      const tensors: Record<string, string> = {};
      for (const [key, tensor] of ours) {
        const theirs = key.replace('weights', 'weight').replace('layer', 'blocks.');
        stored.set(`module._orig_mod.${theirs}`, {dtype: 'F32', ...pytorchLayout(key, tensor, whole)});
        if (theirs !== key) tensors[theirs] = key;
      }
      stored.set('module._orig_mod.mask', {dtype: 'U8', shape: [1], data: Uint8Array.of(1)});
      const mapping = readMapping({layout: 'pytorch', tensors, ignore: ['mask']}, 'map.json');
      const fitted = fitTensors('theirs', stored, model.parameters, mapping);
      assert.equal(fitted.size, ours.size);
      for (const [key, {shape, data}] of ours) {
        assert.deepEqual(fitted.get(key)?.shape, shape, key);
        assert.deepEqual(fitted.get(key)?.data, data, key);
      }
    }
    model.dispose();
  });
}

test('what does not fit is named tensor by tensor', () => {
  const {model: of, config} = SMALL.pixelcnn;
  const model = createModel(of, config);
  const stored = new Map<string, StoredTensor>();
  for (const [key, tensor] of readParameters(model.parameters)) stored.set(key, {dtype: 'F32', ...tensor});
  assert.equal(fitTensors('f', stored, model.parameters).size, stored.size);
  stored.delete('head1.bias');
  stored.set('head2.bias', {dtype: 'F32', shape: [3], data: new Float32Array(3)});
  stored.set('mask', {dtype: 'U8', shape: [1], data: new Uint8Array(1)});
  stored.set('logits.bias', {dtype: 'I32', shape: [15], data: new Int32Array(15)});
  (stored.get('first.bias') as StoredTensor).data[2] = Number.NaN;
  const all = new RegExp(
    [
      'Checkpoint f: 5 tensors do not fit: ',
      'first.bias has NaN as value 2, but every value must be finite; ',
      'head2.bias has shape \\[3\\], but the model needs \\[9\\]; ',
      'logits.bias is I32, but weights are floats; ',
      'mask is no parameter of the model; ',
      'head1.bias of shape \\[9\\] is missing. Name the preset',
    ].join('[^;]*?'),
  );
  assert.throws(
    () => fitTensors('f', stored, model.parameters),
    (error: Error) => {
      for (const part of all.source.split('[^;]*?')) assert.match(error.message, new RegExp(part));
      return true;
    },
  );
  const mapped = (mapping: Partial<Mapping>): (() => unknown) => {
    return () => fitTensors('f', stored, model.parameters, {...SAME, ...mapping});
  };
  assert.throws(mapped({ignore: ['masks']}), /masks, which the mapping names, is not in the file/);
  assert.throws(mapped({tensors: {mask: 'first.bias'}}), /mask \(our first.bias\) is there twice/);
  // A kernel of another size is not cut to fit.
  const larger = new Map(stored).set('first.weights', {
    ...{dtype: 'F32', shape: [12, 3, 9, 9], data: new Float32Array(12 * 3 * 81)},
  });
  assert.throws(
    () => fitTensors('f', larger, model.parameters, {...SAME, layout: 'pytorch'}),
    /first.weights has shape \[12,3,9,9\], but the model needs \[4,7,3,12\]/,
  );
  model.dispose();
});

test('a mapping that says what it may not is refused', () => {
  const cases: [unknown, RegExp][] = [
    [[], /m.json: it must be an object with layout, tensors and ignore/],
    [{layout: 'caffe'}, /layout must be library or pytorch, got "caffe"/],
    [{tensors: {a: 1}}, /tensors must map each name of theirs to one of ours/],
    [{ignore: 'a'}, /ignore must be a list of names/],
    [{names: {}}, /names is no field; there are layout, tensors and ignore/],
  ];
  for (const [value, rule] of cases) assert.throws(() => readMapping(value, 'm.json'), rule);
  assert.deepEqual(readMapping({}, 'm.json'), SAME);
});
