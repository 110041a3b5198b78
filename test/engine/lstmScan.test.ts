import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {startEngine} from '../../lib/engine/index';
import {lstmScan, NEIGHBORS, type ScanDirection, type ScanWeights} from '../../lib/engine/lstmScan';
import {withPortableTwins} from '../../lib/engine/native';
import {Random} from '../../lib/random';
import {leftScan, type ReferenceScan, rightScan, rowScan} from '../reference/lstm';
import {inBothForms} from './backends';

test.before(() => startEngine());

const REFERENCE: Record<ScanDirection, (input: ReferenceScan) => Float64Array> = {
  rows: rowScan,
  'left-to-right': leftScan,
  'right-to-left': rightScan,
};
const DIRECTIONS = Object.keys(REFERENCE) as ScanDirection[];
const SIZES = [
  [1, 1, 1, 1],
  [1, 3, 4, 5],
  [6, 4, 3, 16],
  [5, 2, 5, 20],
] as const;

interface Inputs {
  gates: Float64Array;
  state: Float64Array;
  hidden: Float64Array;
  cell: Float64Array;
}

function inputs(direction: ScanDirection, [batch, height, width, h]: (typeof SIZES)[number]): Inputs {
  const random = new Random(3, direction, batch, h);
  const normals = (length: number, scale: number): Float64Array =>
    Float64Array.from({length}, () => scale * random.normal());
  return {
    gates: normals(batch * height * width * 4 * h, 1),
    state: normals(NEIGHBORS[direction].taps.length * h * 4 * h, 0.6 / Math.sqrt(h)),
    hidden: normals(h, 0.5),
    cell: normals(h, 0.5),
  };
}

function tensors(
  {gates, state, hidden, cell}: Inputs,
  [batch, height, width, h]: (typeof SIZES)[number],
): {gates: tf.Tensor4D; weights: ScanWeights} {
  const taps = state.length / (4 * h * h);
  return {
    gates: tf.tensor4d(Float32Array.from(gates), [batch, height, width, 4 * h]),
    weights: {
      state: tf.tensor3d(Float32Array.from(state), [taps, h, 4 * h]),
      hidden: tf.tensor1d(Float32Array.from(hidden)),
      cell: tf.tensor1d(Float32Array.from(cell)),
    },
  };
}

for (const direction of DIRECTIONS) {
  for (const size of SIZES) {
    test(`${direction}, ${size.join(' x ')}: values and gradients of slow loops, fused and composed`, () => {
      const [batch, height, width, h] = size;
      const given = inputs(direction, size);
      const expected = REFERENCE[direction]({...given, batch, height, width});
      const weights = Float64Array.from(expected, (_, i) => Math.cos(i));
      // Of the images from one to before another: what is moved in one image moves no other.
      const slowLoss = (from: number, to: number): number => {
        const [inputSize, size] = [given.gates, expected].map(({length}) => length / batch);
        const gates = given.gates.subarray(from * inputSize, to * inputSize);
        const states = REFERENCE[direction]({...given, gates, batch: to - from, height, width});
        return states.reduce((sum, value, i) => sum + value * weights[from * size + i], 0);
      };
      // Every seventh number of each input by central differences.
      const slopes = Object.values(given).map((values: Float64Array) => {
        const found = new Map<number, number>();
        for (let i = 0; i < values.length; i += values.length > 40 ? 7 : 1) {
          const value = values[i];
          const image = Math.floor((i * batch) / values.length);
          const images = values === given.gates ? ([image, image + 1] as const) : ([0, batch] as const);
          values[i] = value + 1e-4;
          const more = slowLoss(...images);
          values[i] = value - 1e-4;
          found.set(i, (more - slowLoss(...images)) / 2e-4);
          values[i] = value;
        }
        return found;
      });
      inBothForms((form) => {
        tf.tidy(() => {
          const {gates, weights: parts} = tensors(given, size);
          const states = lstmScan(gates, parts, direction);
          assert.deepEqual(states.shape, [batch, height, width, h]);
          states.dataSync().forEach((value, i) => {
            assert.ok(Math.abs(value - expected[i]) < 1e-5, `${i}: ${value}, not ${expected[i]}`);
          });
          const gradients = tf.grads((g, state, hidden, cell) => {
            const scanned = lstmScan(g as tf.Tensor4D, {state, hidden, cell} as ScanWeights, direction);
            return tf.sum(tf.mul(scanned, tf.tensor(Float32Array.from(weights), states.shape)));
          })([gates, parts.state, parts.hidden, parts.cell]);
          slopes.forEach((expectedSlopes, part) => {
            const found = gradients[part].dataSync();
            assert.equal(found.length, Object.values(given)[part].length);
            for (const [i, slope] of expectedSlopes) {
              assert.ok(
                Math.abs(found[i] - slope) < 2e-4 * Math.max(1, Math.abs(slope)),
                `input ${part}, ${i}, ${form}: gradient ${found[i]}, not ${slope}`,
              );
            }
          });
        });
      });
    });
  }
}

test('the twin asks the backend for as many operations for a large image as for a small one', async () => {
  const operations = async (side: number): Promise<number> => {
    const size = [1, side, side, 4] as unknown as (typeof SIZES)[number];
    const {gates, weights} = tensors(inputs('rows', size), size);
    const loss = (g: tf.Tensor): tf.Scalar => tf.sum(lstmScan(g as tf.Tensor4D, weights, 'rows'));
    let profile: ReturnType<typeof tf.profile> | undefined;
    withPortableTwins(() => {
      profile = tf.profile(() => tf.tidy(() => tf.grad(loss)(gates)));
    });
    const count = (await profile)?.kernels.length ?? 0;
    tf.dispose([gates, ...Object.values(weights)]);
    return count;
  };
  const few = await operations(2);
  assert.ok(few > 0);
  assert.equal(await operations(12), few);
});

test('a gate forced open or shut does what its name says', () => {
  // One feature, one row from left to right; the state weights are 0, so each gate is what it is given.
  const run = (gates: readonly (readonly [o: number, f: number, i: number, g: number])[]): number[] =>
    tf.tidy(() => {
      const states = lstmScan(
        tf.tensor4d(gates.flat(), [1, 1, gates.length, 4]),
        {state: tf.zeros([2, 1, 4]), hidden: tf.zeros([1]), cell: tf.tensor1d([0.5])},
        'left-to-right',
      );
      return [...states.dataSync()];
    });
  const [open, shut] = [60, -60];
  const close = (actual: number[], expected: number[]): void => {
    actual.forEach((value, k) => {
      assert.ok(Math.abs(value - expected[k]) < 1e-6, `${actual}, not ${expected}`);
    });
  };
  // Kept for ever, whatever is offered.
  close(
    run([
      [open, open, shut, 3],
      [open, open, shut, -3],
    ]),
    [Math.tanh(0.5), Math.tanh(0.5)],
  );
  // Forgotten, and nothing taken in.
  close(run([[open, shut, shut, 3]]), [0]);
  // Replaced by the candidate, which lies between -1 and 1 (a sigmoid in its place could not be negative).
  close(
    run([
      [open, shut, open, open],
      [open, shut, open, shut],
    ]),
    [Math.tanh(1), Math.tanh(-1)],
  );
  // Added up: two candidates of 1 and what was there before.
  close(
    run([
      [open, open, open, open],
      [open, open, open, open],
    ]),
    [Math.tanh(1.5), Math.tanh(2.5)],
  );
  // Held back: the cell goes on, but does not show.
  close(
    run([
      [shut, open, open, open],
      [open, open, shut, 0],
    ]),
    [0, Math.tanh(1.5)],
  );
});

test('a scan and its gradient leave no tensor behind', () => {
  for (const direction of DIRECTIONS) {
    inBothForms((form) => {
      const {numTensors} = tf.memory();
      tf.tidy(() => {
        const {gates, weights} = tensors(inputs(direction, SIZES[1]), SIZES[1]);
        lstmScan(gates, weights, direction);
        tf.grad((g) => tf.sum(lstmScan(g as tf.Tensor4D, weights, direction)))(gates);
      });
      assert.equal(tf.memory().numTensors, numTensors, `${direction}, ${form}`);
    });
  }
});
