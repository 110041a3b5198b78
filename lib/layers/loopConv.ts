import type {ConvNumbers} from './maskedConv2d';
import type {PixelConvolution} from './pixelMath';

/**
 * A masked convolution at one pixel at a time, from inputs that it remembers. Plain numbers on purpose: what one pixel
 * needs is too small to be worth a call to TensorFlow. The features after a ReLU are half zeros, and zeros are skipped.
 */
export class LoopConv implements PixelConvolution<Float64Array> {
  /** The last rows of inputs, [row modulo kept, width, count, inputs]. */
  private readonly rows: Float32Array;
  private readonly keptRows: number;
  private readonly kernel: Float64Array;
  private readonly bias: Float64Array;
  /** Live taps as offsets in pixels, and where their weights start. */
  private readonly taps: readonly {readonly dy: number; readonly dx: number; readonly weights: number}[];
  /** The non-zero inputs of one image, gathered over the taps. */
  private readonly values: Float64Array;
  private readonly starts: Int32Array;
  private y = -1;

  constructor(
    private readonly conv: ConvNumbers,
    private readonly width: number,
    private readonly count: number,
  ) {
    const {rows, columns, centreRow, centreColumn, dilation, inputs, outputs} = conv;
    this.keptRows = centreRow * dilation + 1;
    this.rows = new Float32Array(this.keptRows * width * count * inputs);
    this.kernel = Float64Array.from(conv.kernel);
    this.bias = Float64Array.from(conv.bias);
    const size = inputs * outputs;
    const all = Array.from({length: rows * columns}, (_, tap) => ({
      dy: (Math.floor(tap / columns) - centreRow) * dilation,
      dx: ((tap % columns) - centreColumn) * dilation,
      weights: tap * size,
    }));
    this.taps = all.filter(({weights}) => conv.kernel.subarray(weights, weights + size).some((w) => w !== 0));
    this.values = new Float64Array(this.taps.length * inputs + 4);
    this.starts = new Int32Array(this.taps.length * inputs + 4);
  }

  beginRow(): void {
    this.y++;
  }

  store(x: number, input: Float64Array): void {
    this.rows.set(input, this.place(this.y, x));
  }

  /** bias + kernel * inputs + added, from what was stored for the pixel and for those before it. */
  at(x: number, input: Float64Array, ...added: Float64Array[]): Float64Array {
    this.store(x, input);
    const {outputs} = this.conv;
    const out = new Float64Array(this.count * outputs);
    for (let b = 0; b < this.count; b++) {
      out.set(this.bias, b * outputs);
      this.accumulate(this.gather(this.y, x, b), out, b * outputs);
    }
    for (const part of added) for (let i = 0; i < out.length; i++) out[i] += part[i];
    return out;
  }

  dispose(): void {
    // Nothing is held outside plain arrays.
  }

  private place(y: number, x: number): number {
    return ((y % this.keptRows) * this.width + x) * this.count * this.conv.inputs;
  }

  /** Lists the non-zero inputs of image b that the pixel sees, padded with zeros to a multiple of four. */
  private gather(y: number, x: number, b: number): number {
    const {rows, values, starts, width} = this;
    const {inputs, outputs} = this.conv;
    let found = 0;
    for (const {dy, dx, weights} of this.taps) {
      if (y + dy < 0 || x + dx < 0 || x + dx >= width) continue;
      const from = this.place(y + dy, x + dx) + b * inputs;
      for (let i = 0; i < inputs; i++) {
        const value = rows[from + i];
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
  private accumulate(found: number, out: Float64Array, start: number): void {
    const {kernel, values, starts} = this;
    const {outputs} = this.conv;
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
        out[start + j] += a * kernel[p + j] + b * kernel[q + j] + c * kernel[r + j] + d * kernel[s + j];
      }
    }
  }
}
