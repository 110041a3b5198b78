import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {startEngine} from '../../lib/engine/index';
import {withPortableTwins} from '../../lib/engine/native';
import {reluConvolutions} from '../../lib/engine/reluConvolutions';
import {MaskedConv2d, type MaskedConv2dSpec} from '../../lib/layers/maskedConv2d';
import {createParameters} from '../../lib/layers/parameters';
import {evenGroups, rasterMask} from '../../lib/layers/rasterMasks';
import {Random} from '../../lib/random';

let native = false;
test.before(async () => {
  native = (await startEngine()).name === 'tensorflow';
});

const normals = (shape: readonly number[], key: string): tf.Tensor4D => {
  const random = new Random(4, key);
  const values = Float32Array.from({length: shape.reduce((a, b) => a * b, 1)}, () => random.normal());
  const tensor: tf.Tensor = tf.tensor(values, [...shape]);
  return tensor as tf.Tensor4D;
};

/** Channels before and after each of three convolutions, and how the second looks around. */
interface Case {
  /** How many such blocks there are; 1 where nothing is said. Each looks twice as far as the one before. */
  readonly blocks?: number;
  readonly channels: readonly [number, number, number, number];
  readonly size: number;
  readonly dilation: number;
  readonly groups: number;
  readonly image: readonly [batch: number, height: number, width: number];
  readonly residual: boolean;
}

const CASES: readonly Case[] = [
  {channels: [4, 3, 3, 4], size: 3, dilation: 1, groups: 1, image: [1, 1, 1], residual: true},
  {channels: [16, 8, 8, 16], size: 3, dilation: 1, groups: 1, image: [3, 5, 6], residual: true},
  {channels: [18, 9, 9, 18], size: 3, dilation: 2, groups: 3, image: [2, 7, 13], residual: true},
  {channels: [40, 20, 20, 40], size: 5, dilation: 4, groups: 1, image: [9, 9, 9], residual: true},
  {channels: [64, 32, 32, 64], size: 3, dilation: 1, groups: 1, image: [10, 12, 28], residual: true},
  {channels: [64, 48, 40, 1], size: 1, dilation: 1, groups: 1, image: [4, 6, 9], residual: false},
  {channels: [96, 48, 48, 96], size: 3, dilation: 2, groups: 3, image: [2, 5, 9], residual: true},
  {channels: [8, 5, 7, 8], size: 3, dilation: 1, groups: 1, image: [9, 6, 5], residual: true, blocks: 3},
  {channels: [12, 6, 9, 12], size: 3, dilation: 1, groups: 3, image: [3, 5, 6], residual: true, blocks: 2},
  {channels: [33, 60, 90, 3 * 17], size: 1, dilation: 1, groups: 3, image: [2, 4, 5], residual: false},
  // Where six rows stay in registers, the last tile of 47 or 23 inputs ends past the padding.
  {channels: [94, 47, 23, 94], size: 3, dilation: 1, groups: 1, image: [2, 3, 4], residual: true},
  {channels: [12, 33, 6, 70], size: 1, dilation: 1, groups: 1, image: [2, 3, 5], residual: false},
];

for (const {channels, size, dilation, groups, image, residual, blocks: count = 1} of CASES) {
  const name = `${channels.join(' -> ')}, ${size} x ${size}, dilation ${dilation}, ${image.join(' x ')}`;
  const what = `${count} times three convolutions`;
  test(`one operation gives the values and the gradients of ${what}: ${name}`, (t) => {
    if (!native) {
      t.skip('the native kernels are absent');
      return;
    }
    const spec = (k: number, block: number): MaskedConv2dSpec => ({
      name: `block${block}.conv${k}`,
      type: 'B',
      scale: 1,
      mask: rasterMask(k === 1 ? size : 1, 'B'),
      dilation: k === 1 ? dilation * 2 ** block : 1,
      inputs: evenGroups(channels[k], groups),
      outputs: evenGroups(channels[k + 1], groups),
    });
    const specs = Array.from({length: 3 * count}, (_, i) => spec(i % 3, Math.floor(i / 3)));
    const parameters = createParameters(specs.flatMap(MaskedConv2d.parameters), 3);
    // Biases of 0 would hide a bias that is forgotten.
    for (const [key, value] of parameters) if (key.endsWith('bias')) value.assign(normals(value.shape, key));
    const layers = specs.map((one) => new MaskedConv2d(one, parameters));
    const blocks = Array.from({length: count}, (_, b) => layers.slice(3 * b, 3 * b + 3));
    const {numTensors} = tf.memory();
    tf.tidy(() => {
      const x = normals([...image, channels[0]], 'x');
      const dy = normals([...image, channels[3]], 'dy');
      const run = (): Map<string, tf.Tensor> => {
        const y = reluConvolutions(x, blocks, residual);
        const loss = (input: tf.Tensor): tf.Scalar =>
          tf.sum(tf.mul(reluConvolutions(input as tf.Tensor4D, blocks, residual), dy));
        const {grads} = tf.variableGrads(() => loss(x), [...parameters.values()]);
        return new Map([['y', y], ['dx', tf.grad(loss)(x)], ...Object.entries(grads)]);
      };
      const composed = withPortableTwins(run);
      for (const [key, value] of run()) {
        const expected = composed.get(key) as tf.Tensor;
        assert.deepEqual(value.shape, expected.shape, key);
        const scale = Math.max(1, tf.max(tf.abs(expected)).dataSync()[0]);
        const most = tf.max(tf.abs(tf.sub(value, expected))).dataSync()[0];
        assert.ok(most < 2e-5 * scale, `${key} differs by ${most} where the largest is ${scale}`);
      }
    });
    assert.equal(tf.memory().numTensors, numTensors, 'tensors left behind');
    for (const layer of layers) layer.dispose();
    for (const value of parameters.values()) value.dispose();
  });
}

test('gradients are the same sums in the same order, run after run', (t) => {
  if (!native) {
    t.skip('the native kernels are absent');
    return;
  }
  const specs = [0, 1, 2].map((k): MaskedConv2dSpec => {
    const part = {
      inputs: new Int32Array(8),
      outputs: new Int32Array(8),
      mask: rasterMask(k === 1 ? 3 : 1, 'B'),
    };
    return {...part, name: `conv${k}`, type: 'B', dilation: 1, scale: 1};
  });
  const parameters = createParameters(specs.flatMap(MaskedConv2d.parameters), 3);
  const layers = specs.map((one) => new MaskedConv2d(one, parameters));
  const x = normals([19, 11, 7, 8], 'x');
  const gradients = (): number[][] =>
    tf.tidy(() => {
      const {grads} = tf.variableGrads(
        () => tf.sum(reluConvolutions(x, [layers], true)) as tf.Scalar,
        [...parameters.values()],
      );
      return Object.values(grads).map((gradient) => [...gradient.dataSync()]);
    });
  const first = gradients();
  for (let k = 0; k < 5; k++) assert.deepEqual(gradients(), first);
});
