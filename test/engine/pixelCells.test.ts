import assert from 'node:assert/strict';
import test from 'node:test';
import {pixelGate, pixelLstmCell, rectify} from '../../lib/engine/pixelCells';
import {Random} from '../../lib/random';

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

test('the gate and the LSTM cell, by hand', () => {
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

test('gates stay exact where they are forced open or shut', () => {
  {
    // o open, f open, i shut: the cell is kept and shown.
    const cell = Float32Array.of(0.5);
    close(pixelLstmCell(Float32Array.of(200, 200, -200, 3), 1, cell), [Math.tanh(0.5)], 'kept');
    close(cell, [0.5], 'kept cell');
    // f shut, i open: the candidate replaces it; o shut: nothing is shown.
    close(pixelLstmCell(Float32Array.of(-200, -200, 200, -200), 1, cell), [0], 'hidden');
    close(cell, [-1], 'replaced cell');
  }
});

test('rectify', () => {
  {
    const x = Float32Array.of(-1, 0, 2, -0, 1e-30, Number.NEGATIVE_INFINITY);
    assert.deepEqual([...rectify(x)].map(Math.abs), [0, 0, 2, 0, Math.fround(1e-30), 0]);
    assert.equal(rectify(x, x), x);
    assert.equal(x[0], 0);
  }
});

test('lengths that do not fit each other are named', () => {
  assert.throws(
    () => rectify(new Float32Array(3), new Float32Array(2)),
    /rectify: out must be .* 3 numbers.* got 2/,
  );
  assert.throws(() => rectify([1, -2] as unknown as Float32Array), /rectify: x must be a Float32Array/);
  assert.throws(() => pixelGate(new Float32Array(5), 2), /pixelGate: x must be/);
  assert.throws(
    () => pixelGate(new Float32Array(4), 2, new Float32Array(4)),
    /pixelGate: x must be .* 8 numbers/,
  );
  assert.throws(() => pixelGate(new Float32Array(4), 0), /positive integer, got 0/);
  assert.throws(
    () => pixelLstmCell(new Float32Array(8), 2, new Float32Array(3)),
    /pixelLstmCell: gates must be/,
  );
});
