import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {convolve} from '../../lib/engine/conv';
import {categoricalNegativeLogLikelihood} from '../../lib/engine/crossEntropy';
import {gate} from '../../lib/engine/gate';
import {startEngine} from '../../lib/engine/index';
import {relu} from '../../lib/engine/relu';
import {dependence, orderViolations} from '../../lib/inspect/jacobian';
import {MaskedConv2d, type MaskedConv2dSpec} from '../../lib/layers/maskedConv2d';
import {createParameters} from '../../lib/layers/parameters';
import {evenGroups, horizontalMask, rasterMask, verticalMask} from '../../lib/layers/rasterMasks';
import {Random} from '../../lib/random';

let native = false;
test.before(async () => {
  native = (await startEngine()).name === 'tensorflow';
});

const normals = (shape: number[], key: string): tf.Tensor => {
  const random = new Random(4, key);
  return tf.tensor(
    Float32Array.from({length: shape.reduce((a, b) => a * b, 1)}, () => random.normal()),
    shape,
  );
};
const spec = (part: Partial<MaskedConv2dSpec>): MaskedConv2dSpec => ({
  name: 'conv',
  mask: rasterMask(3, 'B'),
  type: 'B',
  inputs: new Int32Array(4),
  outputs: new Int32Array(5),
  dilation: 1,
  scale: 1,
  ...part,
});
function close(actual: tf.Tensor, expected: tf.Tensor, what: string): void {
  assert.deepEqual(actual.shape, expected.shape, what);
  const most = tf.tidy(() => tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]);
  assert.ok(most < 2e-5, `${what}: differs by ${most}`);
}

/** The kernel as the papers draw it, size x size with its dead taps, through tfjs's own convolution. */
function fullConvolution(conv: MaskedConv2d, x: tf.Tensor4D): tf.Tensor4D {
  const {rows, columns, centerRow, centerColumn, inputs, outputs, kernel, bias, dilation} = conv.numbers();
  const size = Math.sqrt(conv.spec.mask.length);
  const center = (size - 1) / 2;
  const [above, left] = [center - centerRow, center - centerColumn];
  const full = tf.pad(tf.tensor4d(kernel, [rows, columns, inputs, outputs]), [
    [above, size - rows - above],
    [left, size - columns - left],
    [0, 0],
    [0, 0],
  ]);
  return tf.add(tf.conv2d(x, full, 1, 'same', 'NHWC', dilation), tf.tensor1d(bias));
}

const CASES: Record<string, Partial<MaskedConv2dSpec>> = {
  '3 x 3, B': {},
  '3 x 3, B, dilation 2': {dilation: 2},
  '7 x 7, A': {mask: rasterMask(7, 'A'), type: 'A'},
  '1 x 1, B': {mask: rasterMask(1, 'B')},
  'vertical 7 x 7, A': {mask: verticalMask(7, 'A'), type: 'A'},
  'vertical 3 x 3, B': {mask: verticalMask(3, 'B')},
  'horizontal 5, A': {mask: horizontalMask(5, 'A'), type: 'A'},
  'RGB 3 x 3, A': {mask: rasterMask(3, 'A'), type: 'A', inputs: evenGroups(3, 3), outputs: evenGroups(6, 3)},
  'RGB 3 x 3, B': {inputs: evenGroups(6, 3), outputs: evenGroups(9, 3)},
};

for (const [name, part] of Object.entries(CASES)) {
  test(`${name}: live taps alone give what the full masked kernel gives`, () => {
    tf.tidy(() => {
      const parameters = createParameters(MaskedConv2d.parameters(spec(part)), 3);
      const conv = new MaskedConv2d(spec(part), parameters);
      const x = normals([2, 6, 7, conv.spec.inputs.length], name) as tf.Tensor4D;
      close(conv.apply(x, 'none'), fullConvolution(conv, x), name);
      close(conv.apply(x, 'relu'), tf.relu(fullConvolution(conv, x)), `${name}, relu`);
      conv.dispose();
      for (const value of parameters.values()) value.dispose();
    });
  });
}

test('weights that the mask hides have no gradient, and bring nothing to life', () => {
  tf.tidy(() => {
    const parameters = createParameters(MaskedConv2d.parameters(spec({})), 3);
    const conv = new MaskedConv2d(spec({}), parameters);
    const x = normals([2, 5, 5, 4], 'x') as tf.Tensor4D;
    const weights = parameters.get('conv.weights') as tf.Variable;
    const {grads} = tf.variableGrads(() => tf.sum(tf.square(conv.apply(x, 'relu'))) as tf.Scalar, [weights]);
    // Row 1 of the two live rows, right of the center.
    const hidden = tf.slice(grads[weights.name], [1, 2, 0, 0], [1, 1, 4, 5]);
    assert.ok(hidden.dataSync().every((value) => value === 0));
    const before = conv.apply(x, 'none');
    weights.assign(
      tf.add(
        weights,
        tf.pad(tf.ones([1, 1, 4, 5]), [
          [1, 0],
          [2, 0],
          [0, 0],
          [0, 0],
        ]),
      ),
    );
    close(conv.apply(x, 'none'), before, 'after a change of hidden weights');
    conv.dispose();
    for (const value of parameters.values()) value.dispose();
  });
});

test('hidden taps: those at the end of the stored kernel of which no output sees anything', () => {
  const counts: [Partial<MaskedConv2dSpec>, number][] = [
    [{}, 1],
    [{mask: rasterMask(5, 'B')}, 2],
    [{mask: rasterMask(7, 'A'), type: 'A'}, 4],
    [{mask: rasterMask(1, 'B')}, 0],
    [{mask: horizontalMask(3, 'B')}, 0],
    [{mask: verticalMask(3, 'B')}, 0],
    [{mask: verticalMask(7, 'A'), type: 'A'}, 7],
    // The center is hidden from the first color alone.
    [{type: 'A', inputs: evenGroups(6, 3), outputs: evenGroups(9, 3)}, 1],
  ];
  for (const [part, count] of counts) {
    const made = spec(part);
    const parameters = createParameters(MaskedConv2d.parameters(made), 1);
    const layer = new MaskedConv2d(made, parameters);
    assert.equal(layer.hiddenTaps, count, JSON.stringify(part));
    tf.tidy(() => {
      const kernel = layer.kernel();
      const size = kernel.shape[2] * kernel.shape[3];
      const numbers = kernel.dataSync();
      assert.ok(numbers.slice(numbers.length - count * size).every((weight) => weight === 0));
    });
    layer.dispose();
    for (const value of parameters.values()) value.dispose();
  }
});

test('the scale of the features is kept whatever the mask hides', () => {
  for (const [name, part] of Object.entries(CASES)) {
    if (part.inputs !== undefined) continue;
    const wide = {inputs: new Int32Array(24), outputs: new Int32Array(40)};
    tf.tidy(() => {
      const parameters = createParameters(MaskedConv2d.parameters(spec({...part, ...wide})), 3);
      const conv = new MaskedConv2d(spec({...part, ...wide}), parameters);
      const y = conv.apply(normals([4, 16, 16, 24], name) as tf.Tensor4D, 'none');
      const {variance} = tf.moments(tf.slice(y, [0, 6, 6, 0], [4, 10, 4, 40]));
      const deviation = Math.sqrt(variance.dataSync()[0]);
      assert.ok(deviation > 0.7 && deviation < 1.35, `${name}: deviation ${deviation}`);
      conv.dispose();
      for (const value of parameters.values()) value.dispose();
    });
  }
});

test('the convolution and its gradients agree with tfjs and with the portable twin', async (t) => {
  const shapes = {x: [2, 5, 6, 3], kernel: [2, 3, 3, 4], bias: [4]};
  const padding = {top: 1, bottom: 0, left: 1, right: 1};
  for (const dilation of [1, 2]) {
    const place = {
      dilation,
      padding: {...padding, top: dilation, left: dilation, right: dilation},
    };
    for (const activation of ['none', 'relu'] as const) {
      const run = (): number[][] =>
        tf.tidy(() => {
          const inputs = Object.entries(shapes).map(([key, shape]) => normals(shape, key));
          const dy = normals([2, 5, 6, 4], 'dy');
          const own = (x: tf.Tensor, k: tf.Tensor, b: tf.Tensor): tf.Tensor =>
            convolve(x as tf.Tensor4D, k as tf.Tensor4D, b as tf.Tensor1D, place, activation);
          const {value, grads} = tf.valueAndGrads((x, k, b) => tf.sum(tf.mul(own(x, k, b), dy)))(inputs);
          const y = own(inputs[0], inputs[1], inputs[2]);
          return [y, value, ...grads].map((tensor) => [...tensor.dataSync()]);
        });
      const here = run();
      const {top, left, right} = place.padding;
      const plain = tf.tidy(() => {
        const [x, k, b] = Object.entries(shapes).map(([key, shape]) => normals(shape, key));
        const padded = tf.pad(x as tf.Tensor4D, [
          [0, 0],
          [top, 0],
          [left, right],
          [0, 0],
        ]);
        const sum = tf.add(tf.conv2d(padded, k as tf.Tensor4D, 1, 'valid', 'NHWC', dilation), b);
        return [...(activation === 'relu' ? tf.relu(sum) : sum).dataSync()];
      });
      here[0].forEach((value, i) => {
        assert.ok(Math.abs(value - plain[i]) < 1e-4, `value ${i}: ${value}, not ${plain[i]}`);
      });
      if (!native) continue;
      await tf.setBackend('cpu');
      try {
        const twin = run();
        here.forEach((values, part) => {
          values.forEach((value, i) => {
            const expected = twin[part][i];
            assert.ok(
              Math.abs(value - expected) < 1e-4 * Math.max(1, Math.abs(expected)),
              `dilation ${dilation}, ${activation}, part ${part}, ${i}: ${value}, not ${expected}`,
            );
          });
        });
      } finally {
        await tf.setBackend('tensorflow');
      }
    }
  }
  if (!native) t.diagnostic('native runtime absent: only the portable form was tried');
});

test('gate: values and gradients against plain tfjs; its halves', async () => {
  const forms = (): number[][] =>
    tf.tidy(() => {
      const x = normals([2, 3, 3, 8], 'gate') as tf.Tensor4D;
      const dy = normals([2, 3, 3, 4], 'gate dy');
      const plain = (input: tf.Tensor): tf.Tensor => {
        const [a, b] = tf.split(input, 2, 3);
        return tf.mul(tf.tanh(a), tf.sigmoid(b));
      };
      const own = tf.valueAndGrad((input) => tf.sum(tf.mul(gate(input as tf.Tensor4D), dy)))(x);
      const expected = tf.valueAndGrad((input) => tf.sum(tf.mul(plain(input), dy)))(x);
      close(gate(x), plain(x), 'gate');
      close(own.grad, expected.grad, 'gradient of the gate');
      return [[...own.grad.dataSync()]];
    });
  forms();
  if (native) {
    await tf.setBackend('cpu');
    forms();
    await tf.setBackend('tensorflow');
  }
  tf.tidy(() => {
    // Open: sigmoid of 50 is 1, so tanh passes. Shut: sigmoid of -50 is 0.
    const open = gate(tf.tensor4d([0.5, 50], [1, 1, 1, 2])).dataSync()[0];
    const shut = gate(tf.tensor4d([0.5, -50], [1, 1, 1, 2])).dataSync()[0];
    assert.ok(Math.abs(open - Math.tanh(0.5)) < 1e-6);
    assert.ok(Math.abs(shut) < 1e-6);
  });
});

test('relu: values and gradient', () => {
  tf.tidy(() => {
    const x = tf.tensor1d([-2, 0, 3]);
    assert.deepEqual([...relu(x).dataSync()], [0, 0, 3]);
    assert.deepEqual(
      [
        ...tf
          .grad((y) => tf.sum(relu(y)))(x)
          .dataSync(),
      ],
      [0, 0, 1],
    );
  });
});

test('categorical likelihood: by hand, uniform, and where a plain softmax would overflow', () => {
  tf.tidy(() => {
    const nats = (logits: number[], levels: number, x: number[]): number =>
      categoricalNegativeLogLikelihood(
        tf.tensor3d(logits, [1, x.length, levels]),
        tf.tensor2d(x, [1, x.length], 'int32'),
      ).dataSync()[0];
    const p = Math.exp(1) / (Math.exp(1) + Math.exp(2) + Math.exp(0.5));
    assert.ok(Math.abs(nats([1, 2, 0.5], 3, [0]) + Math.log(p)) < 1e-6);
    assert.ok(Math.abs(nats(new Array(512).fill(0), 256, [7, 255]) - 2 * Math.log(256)) < 1e-5);
    assert.ok(Math.abs(nats([1000, 0], 2, [1]) - 1000) < 1e-3);
  });
});

test('mask B in the first layer leaks, mask A twice sees too little: both are found', async () => {
  const image = {height: 4, width: 4, channels: 1};
  const order = Int32Array.from({length: 16}, (_, i) => i);
  const net = async (types: readonly ('A' | 'B')[]): Promise<{leaks: number; blind: number}> => {
    const specs = types.map((type, k) =>
      spec({
        name: `conv${k}`,
        mask: rasterMask(3, type),
        type,
        inputs: new Int32Array(k === 0 ? 1 : 12),
        outputs: new Int32Array(k === types.length - 1 ? 1 : 12),
      }),
    );
    const parameters = createParameters(specs.flatMap(MaskedConv2d.parameters), 6);
    const layers = specs.map((one) => new MaskedConv2d(one, parameters));
    const logits = (x: tf.Tensor4D): tf.Tensor4D =>
      tf.tidy(() => layers.reduce((y, layer) => layer.apply(tf.tanh(y), 'none'), x));
    const found = orderViolations(await dependence({image, levels: 2, logits}, {seed: 1}), order);
    for (const layer of layers) layer.dispose();
    for (const value of parameters.values()) value.dispose();
    return {leaks: found.leaks.length, blind: found.blind.length};
  };
  const right = await net(['A', 'B', 'B']);
  assert.equal(right.leaks, 0);
  assert.ok((await net(['B', 'B', 'B'])).leaks >= 16, 'B first: every pixel sees itself');
  assert.ok((await net(['A', 'A', 'A'])).blind > right.blind, 'A throughout: more is hidden');
});
