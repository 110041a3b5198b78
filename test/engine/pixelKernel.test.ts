import assert from 'node:assert/strict';
import test from 'node:test';
import {startEngine} from '../../lib/engine/index';
import {
  addMatrixProduct,
  createPixelKernel,
  pixelGate,
  pixelLstmCell,
  rectify,
} from '../../lib/engine/pixelKernel';
import {Random} from '../../lib/random';
import {inBothForms} from './backends';

test.before(() => startEngine());

const numbers = (count: number, key: string, scale = 1): Float32Array => {
  const random = new Random(7, key);
  return Float32Array.from({length: count}, () => scale * random.normal());
};
function close(actual: Float32Array, expected: ArrayLike<number>, what: string): void {
  assert.equal(actual.length, expected.length, what);
  actual.forEach((value, i) => {
    assert.ok(
      Math.abs(value - expected[i]) < 1e-5 * Math.max(1, Math.abs(expected[i])),
      `${what}, ${i}: ${value}, not ${expected[i]}`,
    );
  });
}
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

test('a pixel: the sum over the seen taps, for any sizes and numbers of images', () => {
  inBothForms((form) => {
    for (const [taps, inputs, outputs, count] of [
      [1, 1, 1, 1],
      [3, 5, 7, 2],
      [4, 16, 32, 6],
      [2, 33, 50, 9],
    ]) {
      const weights = numbers(taps * inputs * outputs, 'weights');
      const bias = numbers(outputs, 'bias');
      const from = numbers((taps + 1) * count * inputs, 'inputs').map((value, i) =>
        i % 3 === 0 ? 0 : value,
      );
      const added = numbers(count * outputs, 'added');
      // All taps but the first, each from a place of its own, in reverse.
      const seen = Int32Array.from(
        Array.from({length: taps - 1}, (_, k) => [k + 1, (taps - k) * count * inputs]).flat(),
      );
      for (const rectified of [false, true]) {
        const kernel = createPixelKernel({taps, inputs, outputs, count, weights, bias, rectified});
        for (const more of [null, added]) {
          const expected = new Float64Array(count * outputs);
          for (let b = 0; b < count; b++) {
            for (let j = 0; j < outputs; j++) {
              let sum = bias[j] + (more === null ? 0 : more[b * outputs + j]);
              for (let k = 0; k + 1 < taps; k++) {
                for (let i = 0; i < inputs; i++) {
                  const weight = weights[(seen[2 * k] * inputs + i) * outputs + j];
                  sum += from[seen[2 * k + 1] + b * inputs + i] * weight;
                }
              }
              expected[b * outputs + j] = rectified ? Math.max(0, sum) : sum;
            }
          }
          const out = new Float32Array(count * outputs).fill(Number.NaN);
          kernel.apply(from, seen, taps - 1, more, out);
          close(out, expected, `${form}, ${taps} taps, ${count} images`);
        }
      }
    }
  });
});

test('a product of parts of matrices is added, and nothing beside the part is touched', () => {
  inBothForms((form) => {
    for (const [rows, inner, columns] of [
      [1, 1, 1],
      [5, 3, 17],
      [9, 28, 70],
    ]) {
      const part = (key: string, height: number, width: number, start: number) => {
        const stride = width + 5;
        return {values: numbers(start + height * stride, key), start, stride};
      };
      const [a, weights, out] = [
        part('a', rows, inner, 2),
        part('b', inner, columns, 3),
        part('c', rows, columns, 1),
      ];
      const expected = Float64Array.from(out.values);
      for (let r = 0; r < rows; r++) {
        for (let j = 0; j < columns; j++) {
          for (let k = 0; k < inner; k++) {
            expected[out.start + r * out.stride + j] +=
              a.values[a.start + r * a.stride + k] * weights.values[weights.start + k * weights.stride + j];
          }
        }
      }
      addMatrixProduct(a, weights, out, {rows, inner, columns});
      close(out.values, expected, `${form}, ${rows} x ${inner} x ${columns}`);
    }
  });
});

test('the gate and the LSTM cell, by hand', () => {
  inBothForms(() => {
    for (const [count, h] of [
      [1, 1],
      [3, 5],
      [2, 20],
    ]) {
      const x = numbers(count * 2 * h, 'gate', 3);
      const gated = Array.from({length: count * h}, (_, i) => {
        const [b, j] = [Math.floor(i / h), i % h];
        return Math.tanh(x[b * 2 * h + j]) * sigmoid(x[b * 2 * h + h + j]);
      });
      close(pixelGate(x, h), gated, 'gate');
      const gates = numbers(count * 4 * h, 'gates', 3);
      const before = numbers(count * h, 'cell');
      const cell = before.slice();
      const hidden = pixelLstmCell(gates, h, cell);
      const expected = Array.from({length: count * h}, (_, i) => {
        const gate = (k: number): number => gates[(Math.floor(i / h) * 4 + k) * h + (i % h)];
        const c = sigmoid(gate(1)) * before[i] + sigmoid(gate(2)) * Math.tanh(gate(3));
        return {c, h: sigmoid(gate(0)) * Math.tanh(c)};
      });
      close(
        cell,
        expected.map(({c}) => c),
        'cell',
      );
      close(
        hidden,
        expected.map(({h}) => h),
        'hidden',
      );
    }
  });
});

test('gates stay exact where they are forced open or shut', () => {
  inBothForms(() => {
    // o open, f open, i shut: the cell is kept and shown.
    const cell = Float32Array.of(0.5);
    close(pixelLstmCell(Float32Array.of(200, 200, -200, 3), 1, cell), [Math.tanh(0.5)], 'kept');
    close(cell, [0.5], 'kept cell');
    // f shut, i open: the candidate replaces it; o shut: nothing is shown.
    close(pixelLstmCell(Float32Array.of(-200, -200, 200, -200), 1, cell), [0], 'hidden');
    close(cell, [-1], 'replaced cell');
  });
});

test('rectify', () => {
  inBothForms(() => {
    const x = Float32Array.of(-1, 0, 2, -0, 1e-30, Number.NEGATIVE_INFINITY);
    assert.deepEqual([...rectify(x)].map(Math.abs), [0, 0, 2, 0, Math.fround(1e-30), 0]);
    assert.equal(rectify(x, x), x);
    assert.equal(x[0], 0);
  });
});
