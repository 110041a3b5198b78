/** The activations of a sampler that computes one pixel of several images at a time, in plain loops. */

/** out = max(x, 0), and NaN for NaN; both may be the same. @throws RangeError when lengths differ */
export function rectify(x: Float32Array, out: Float32Array = new Float32Array(x.length)): Float32Array {
  checkLengths('rectify', {x: [x, x.length], out: [out, x.length]}, 1);
  // Without a branch, which features of either sign would mispredict half of the time.
  for (let i = 0; i < x.length; i++) out[i] = Math.max(0, x[i]);
  return out;
}

/**
 * @param arrays each with the length that it must have; @param features of an image, of
 *   which there are whole images
 */
function checkLengths(
  operation: string,
  arrays: Record<string, readonly [Float32Array, number]>,
  features: number,
): void {
  if (!Number.isInteger(features) || features < 1) {
    throw new RangeError(`${operation}: the number of features must be a positive integer, got ${features}`);
  }
  for (const [name, [array, length]] of Object.entries(arrays)) {
    if (!(array instanceof Float32Array) || array.length !== length || length % features !== 0) {
      throw new RangeError(
        `${operation}: ${name} must be a Float32Array of ${length} numbers, in images of ${features} features, ` +
          `got ${array instanceof Float32Array ? array.length : typeof array}`,
      );
    }
  }
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/**
 * The gated activation at one pixel (van den Oord et al. 2016b, equation 2).
 *
 * @param x [count, 2 features]
 * @param out [count, features], overwritten
 * @returns out: tanh of the first half of the features times sigmoid of the second
 * @throws RangeError when lengths do not fit each other
 */
export function pixelGate(
  x: Float32Array,
  features: number,
  out: Float32Array = new Float32Array(x.length / 2),
): Float32Array {
  checkLengths('pixelGate', {x: [x, 2 * out.length], out: [out, x.length / 2]}, features);
  for (let i = 0; i < out.length; i++) {
    const start = i + Math.floor(i / features) * features;
    out[i] = Math.tanh(x[start]) * sigmoid(x[start + features]);
  }
  return out;
}

/**
 * One step of an LSTM at one pixel (van den Oord et al. 2016a, equation 3): c = f · c
 * before + i · g, h = o · tanh(c).
 *
 * @param gates [count, 4 h]: o, f, i, g before their activations, which are
 *   sigmoid, sigmoid, sigmoid and tanh
 * @param cell [count, h]: c before, replaced by c
 * @param hidden [count, h], overwritten
 * @returns hidden: the hidden state
 * @throws RangeError when lengths do not fit each other
 */
export function pixelLstmCell(
  gates: Float32Array,
  h: number,
  cell: Float32Array,
  hidden: Float32Array = new Float32Array(cell.length),
): Float32Array {
  checkLengths('pixelLstmCell', {gates: [gates, 4 * cell.length], hidden: [hidden, cell.length]}, h);
  for (let i = 0; i < cell.length; i++) {
    const o = i + 3 * h * Math.floor(i / h);
    cell[i] = sigmoid(gates[o + h]) * cell[i] + sigmoid(gates[o + 2 * h]) * Math.tanh(gates[o + 3 * h]);
    hidden[i] = sigmoid(gates[o]) * Math.tanh(cell[i]);
  }
  return hidden;
}
