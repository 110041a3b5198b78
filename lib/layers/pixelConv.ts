import {createPixelKernel, type PixelKernel} from '../engine/pixelKernel';
import type {ConvNumbers, MaskedConv2d} from './maskedConv2d';

const NOTHING = new Float32Array();

/** A masked convolution at one pixel at a time, row by row, from inputs that it remembers: what a sampler needs. */
export class PixelConv {
  private readonly numbers: ConvNumbers;
  private readonly kernel: PixelKernel;
  /** The last rows of inputs, [row modulo kept, width, count, inputs]; none where nothing is remembered. */
  private rows: Float32Array | undefined;
  private readonly keptRows: number;
  /** Live taps: their number in the kernel, and their offsets in pixels. */
  private readonly taps: readonly {readonly tap: number; readonly dy: number; readonly dx: number}[];
  private readonly seen: Int32Array;
  /** Whether a pixel's outputs depend on its own inputs alone. */
  private readonly pointwise: boolean;
  private last: Float32Array | undefined;
  private y = -1;

  /** @param activation of the outputs */
  constructor(
    conv: MaskedConv2d,
    private readonly width: number,
    private readonly count: number,
    activation: 'relu' | 'none' = 'none',
  ) {
    this.numbers = conv.numbers();
    const {rows, columns, centerRow, centerColumn, dilation, inputs, outputs, kernel, bias} = this.numbers;
    this.keptRows = centerRow * dilation + 1;
    const size = inputs * outputs;
    this.taps = Array.from({length: rows * columns}, (_, tap) => ({
      tap,
      dy: (Math.floor(tap / columns) - centerRow) * dilation,
      dx: ((tap % columns) - centerColumn) * dilation,
    })).filter(({tap}) => kernel.subarray(tap * size, (tap + 1) * size).some((w) => w !== 0));
    this.seen = new Int32Array(2 * this.taps.length);
    this.pointwise = this.taps.length === 1 && this.taps[0].dy === 0 && this.taps[0].dx === 0;
    const shape = {taps: rows * columns, inputs, outputs, count, weights: kernel, bias};
    this.kernel = createPixelKernel({...shape, rectified: activation === 'relu'});
  }

  /** To be called before the first pixel of each row. */
  beginRow(): void {
    this.y++;
  }

  /** Remembers the inputs [count, inputs] of pixel x of the row, in the place of those that were remembered for it before. */
  store(x: number, input: Float32Array): void {
    this.rows ??= new Float32Array(this.keptRows * this.width * this.count * this.numbers.inputs);
    this.rows.set(input, this.place(this.y, x));
  }

  /** The same for all pixels of the row. */
  storeRow(inputs: readonly Float32Array[]): void {
    for (const [x, input] of inputs.entries()) this.store(x, input);
  }

  /**
   * The outputs of pixel x, from what has been stored for the pixels that it sees.
   *
   * @param added [count, outputs], added before the activation
   * @param out [count, outputs], overwritten
   * @returns out
   */
  outputs(
    x: number,
    added: Float32Array | null = null,
    out: Float32Array = new Float32Array(this.count * this.numbers.outputs),
  ): Float32Array {
    const {seen, y, width} = this;
    let taps = 0;
    for (const {tap, dy, dx} of this.taps) {
      if (y + dy < 0 || x + dx < 0 || x + dx >= width) continue;
      seen[2 * taps] = tap;
      seen[2 * taps + 1] = this.place(y + dy, x + dx);
      taps++;
    }
    // Where nothing is remembered, nothing is seen either: then only the bias is left.
    this.kernel.apply(this.rows ?? NOTHING, seen, this.rows === undefined ? 0 : taps, added, out);
    return out;
  }

  /**
   * Stores the inputs of pixel x and returns its outputs. A convolution of one tap, at the pixel itself, stores nothing.
   *
   * @param out [count, outputs], overwritten; an array of its own, which the next call overwrites, where it is left out
   */
  at(x: number, input: Float32Array, added: Float32Array | null = null, out = this.own()): Float32Array {
    if (!this.pointwise) {
      this.store(x, input);
      return this.outputs(x, added, out);
    }
    this.seen[0] = this.taps[0].tap;
    this.seen[1] = 0;
    this.kernel.apply(input, this.seen, 1, added, out);
    return out;
  }

  private own(): Float32Array {
    this.last ??= new Float32Array(this.count * this.numbers.outputs);
    return this.last;
  }

  private place(y: number, x: number): number {
    return ((y % this.keptRows) * this.width + x) * this.count * this.numbers.inputs;
  }
}
