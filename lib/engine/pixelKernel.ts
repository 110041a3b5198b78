import {native} from './native';

/**
 * The arithmetic of a sampler that computes one pixel of several images at a time: too little to be worth a call to
 * TensorFlow. Each function has a form in C++ and a twin in plain loops.
 */

/** The weights of a convolution of which one pixel at a time is asked for. */
export interface PixelKernelSpec {
  readonly taps: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Images side by side. */
  readonly count: number;
  /** [taps, inputs, outputs] */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  /** Whether results below 0 become 0. */
  readonly rectified: boolean;
}

export interface PixelKernel {
  /**
   * out = bias + sum over the seen taps of inputs · weights of the tap + added
   *
   * @param inputs where the inputs of all taps lie
   * @param seen [taps, 2]: the number of a tap, and where in `inputs` its [count, inputs] starts
   * @param taps how many of them are seen
   * @param added [count, outputs], or null
   * @param out [count, outputs], overwritten
   */
  apply(
    inputs: Float32Array,
    seen: Int32Array,
    taps: number,
    added: Float32Array | null,
    out: Float32Array,
  ): void;
}

export function createPixelKernel(spec: PixelKernelSpec): PixelKernel {
  const kernels = native();
  if (kernels === null) return new LoopKernel(spec);
  const {weights, bias, taps, inputs, outputs, count, rectified} = spec;
  const handle = kernels.createPixelKernel(weights, bias, taps, inputs, outputs, count, rectified ? 1 : 0);
  return {
    apply: (from, seen, used, added, out) => kernels.applyPixelKernel(handle, from, seen, used, added, out),
  };
}

/** The features after a ReLU are half zeros, and zeros are skipped. */
class LoopKernel implements PixelKernel {
  /** The non-zero inputs of one image, gathered over the taps, and where their weights start. */
  private readonly values: Float32Array;
  private readonly starts: Int32Array;

  constructor(private readonly spec: PixelKernelSpec) {
    this.values = new Float32Array(spec.taps * spec.inputs + 4);
    this.starts = new Int32Array(spec.taps * spec.inputs + 4);
  }

  apply(
    inputs: Float32Array,
    seen: Int32Array,
    taps: number,
    added: Float32Array | null,
    out: Float32Array,
  ): void {
    const {bias, count, outputs, rectified} = this.spec;
    for (let b = 0; b < count; b++) {
      out.set(bias, b * outputs);
      this.accumulate(this.gather(inputs, seen, taps, b), out, b * outputs);
    }
    if (added !== null) for (let i = 0; i < out.length; i++) out[i] += added[i];
    if (rectified) for (let i = 0; i < out.length; i++) out[i] = Math.max(0, out[i]);
  }

  /** Lists the non-zero inputs of image b, padded with zeros to a multiple of four. */
  private gather(from: Float32Array, seen: Int32Array, taps: number, b: number): number {
    const {values, starts} = this;
    const {inputs, outputs} = this.spec;
    let found = 0;
    for (let k = 0; k < taps; k++) {
      const weights = seen[2 * k] * inputs * outputs;
      const start = seen[2 * k + 1] + b * inputs;
      for (let i = 0; i < inputs; i++) {
        const value = from[start + i];
        if (value === 0) continue;
        values[found] = value;
        starts[found++] = weights + i * outputs;
      }
    }
    while (found % 4 !== 0) {
      values[found] = 0;
      starts[found++] = 0;
    }
    return found;
  }

  /** Four rows of weights at a time: each running sum is read and written a quarter as often. */
  private accumulate(found: number, out: Float32Array, start: number): void {
    const {values, starts} = this;
    const {weights, outputs} = this.spec;
    for (let k = 0; k < found; k += 4) {
      const a = values[k];
      const b = values[k + 1];
      const c = values[k + 2];
      const d = values[k + 3];
      const p = starts[k];
      const q = starts[k + 1];
      const r = starts[k + 2];
      const s = starts[k + 3];
      for (let j = 0; j < outputs; j++) {
        out[start + j] += a * weights[p + j] + b * weights[q + j] + c * weights[r + j] + d * weights[s + j];
      }
    }
  }
}

/** A part of a matrix: where it starts, and how far its rows lie apart. */
export interface MatrixPart {
  readonly values: Float32Array;
  readonly start: number;
  readonly stride: number;
}

/** out [rows, columns] += a [rows, inner] · weights [inner, columns]. */
export function addMatrixProduct(
  a: MatrixPart,
  weights: MatrixPart,
  out: MatrixPart,
  {rows, inner, columns}: {readonly rows: number; readonly inner: number; readonly columns: number},
): void {
  const kernels = native();
  if (kernels !== null) {
    const places = [a, weights, out].flatMap(({start, stride}) => [start, stride]);
    const sizes = Int32Array.of(rows, inner, columns, ...places);
    kernels.addMatrixProduct(a.values, weights.values, out.values, sizes);
    return;
  }
  for (let r = 0; r < rows; r++) {
    const to = out.start + r * out.stride;
    for (let k = 0; k < inner; k++) {
      const value = a.values[a.start + r * a.stride + k];
      if (value === 0) continue;
      const from = weights.start + k * weights.stride;
      for (let j = 0; j < columns; j++) out.values[to + j] += value * weights.values[from + j];
    }
  }
}

/** out = max(x, 0); both may be the same. */
export function rectify(x: Float32Array, out: Float32Array = new Float32Array(x.length)): Float32Array {
  const kernels = native();
  if (kernels !== null) {
    kernels.applyRectifier(x, out);
    return out;
  }
  // Without a branch, which features of either sign would mispredict half of the time.
  for (let i = 0; i < x.length; i++) out[i] = Math.max(0, x[i]);
  return out;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/**
 * The gated activation at one pixel (van den Oord et al. 2016b, equation 2).
 *
 * @param x [count, 2 features]
 * @param out [count, features], overwritten
 * @returns out: tanh of the first half of the features times sigmoid of the second
 */
export function pixelGate(
  x: Float32Array,
  features: number,
  out: Float32Array = new Float32Array(x.length / 2),
): Float32Array {
  const kernels = native();
  if (kernels !== null) {
    kernels.applyGate(x, features, out);
    return out;
  }
  for (let i = 0; i < out.length; i++) {
    const start = i + Math.floor(i / features) * features;
    out[i] = Math.tanh(x[start]) * sigmoid(x[start + features]);
  }
  return out;
}

/**
 * One step of an LSTM at one pixel (van den Oord et al. 2016a, equation 3): c = f · c before + i · g, h = o · tanh(c).
 *
 * @param gates [count, 4 h]: o, f, i, g before their activations, which are sigmoid, sigmoid, sigmoid and tanh
 * @param cell [count, h]: c before, replaced by c
 * @param hidden [count, h], overwritten
 * @returns hidden: the hidden state
 */
export function pixelLstmCell(
  gates: Float32Array,
  h: number,
  cell: Float32Array,
  hidden: Float32Array = new Float32Array(cell.length),
): Float32Array {
  const kernels = native();
  if (kernels !== null) {
    kernels.applyLstmCell(gates, h, cell, hidden);
    return hidden;
  }
  for (let i = 0; i < cell.length; i++) {
    const o = i + 3 * h * Math.floor(i / h);
    cell[i] = sigmoid(gates[o + h]) * cell[i] + sigmoid(gates[o + 2 * h]) * Math.tanh(gates[o + 3 * h]);
    hidden[i] = sigmoid(gates[o]) * Math.tanh(cell[i]);
  }
  return hidden;
}
