import * as tf from '@tensorflow/tfjs';
import {convolve} from '../engine/conv';
import {matMul, sideBySide, sum} from '../engine/primitives';
import type {MaskedConv2d} from './maskedConv2d';
import type {PixelConvolution} from './pixelMath';

/** The last rows of a feature map, zeros above the image. */
export class RowWindow {
  /** Each [count, 1, width, features], the oldest first. */
  readonly rows: tf.Tensor4D[];

  /** @param size rows to keep; @param shape of one row, [count, 1, width, features] */
  constructor(size: number, shape: [number, number, number, number]) {
    this.rows = Array.from({length: size}, () => tf.keep(tf.zeros(shape)));
  }

  /** Takes over a new row; the oldest is forgotten. */
  push(row: tf.Tensor4D): void {
    this.rows.push(tf.keep(row));
    this.rows.shift()?.dispose();
  }

  dispose(): void {
    tf.dispose(this.rows);
  }
}

/**
 * A masked convolution for a sampler. What the rows above give to a row is computed once, for all its pixels, when the row
 * begins; then each pixel adds what its left neighbours and its own place give: one small product of matrices.
 */
export class RowConv implements PixelConvolution<tf.Tensor2D> {
  private readonly window: RowWindow | null;
  private readonly aboveKernel: tf.Tensor4D | null;
  /** What the row's pixel is given by the rows above and the bias. */
  private above: readonly tf.Tensor2D[];
  /** The inputs of the row so far, each [count, inputs]. */
  private readonly row: tf.Tensor2D[];
  /** How far the row's live taps lie to the left, nearest last, and the weights of the last k of them. */
  private readonly offsets: readonly number[];
  private readonly weights: readonly tf.Tensor2D[];
  /** The bias alone, [count, outputs]: what every pixel is given where no row above is seen. */
  private readonly given: tf.Tensor2D;

  constructor(
    private readonly conv: MaskedConv2d,
    private readonly width: number,
    private readonly count: number,
  ) {
    const {rows, columns, centreRow, centreColumn, dilation, inputs, outputs, kernel, bias} = conv.numbers();
    const size = inputs * outputs;
    const rowStart = centreRow * columns;
    const taps = Array.from({length: columns}, (_, c) => c).filter((c) => {
      return kernel.subarray((rowStart + c) * size, (rowStart + c + 1) * size).some((w) => w !== 0);
    });
    if (rows - 1 > centreRow || taps.some((c) => c > centreColumn)) {
      throw new RangeError('RowConv: no tap may lie after the centre in raster order');
    }
    this.row = [];
    this.above = [];
    this.offsets = taps.map((c) => (centreColumn - c) * dilation);
    this.weights = Array.from({length: taps.length + 1}, (_, k) => {
      const live = taps.slice(taps.length - k);
      const values = live.flatMap((c) => [
        ...kernel.subarray((rowStart + c) * size, (rowStart + c + 1) * size),
      ]);
      return tf.keep(tf.tensor2d(values, [k * inputs, outputs]));
    });
    this.given = tf.tidy(() => tf.tile(tf.tensor2d(bias, [1, outputs]), [count, 1]));
    const shape: [number, number, number, number] = [count, 1, width, inputs];
    this.window = centreRow === 0 ? null : new RowWindow(centreRow * dilation, shape);
    this.aboveKernel =
      centreRow === 0
        ? null
        : tf.keep(tf.tensor4d(kernel.subarray(0, rowStart * size), [centreRow, columns, inputs, outputs]));
  }

  /** Called before the first pixel of each row, inside tf.tidy. */
  beginRow(): void {
    if (this.window !== null && this.row.length === this.width) {
      const row = tf.stack(this.row, 1);
      this.window.push(tf.reshape(row, [this.count, 1, this.width, -1]));
    }
    tf.dispose(this.row);
    this.row.length = 0;
    if (this.window === null || this.aboveKernel === null) return;
    const [rows, columns] = this.aboveKernel.shape;
    const {dilation} = this.conv.spec;
    const left = ((columns - 1) / 2) * dilation;
    const given = convolve(
      tf.concat(this.window.rows.slice(0, (rows - 1) * dilation + 1), 1),
      this.aboveKernel,
      this.conv.bias,
      {padding: {top: 0, bottom: 0, left, right: left}, dilation},
      'none',
    );
    tf.dispose([...this.above]);
    this.above = tf
      .unstack(tf.reshape(given, [this.count, this.width, -1]), 1)
      .map((t) => tf.keep(t) as tf.Tensor2D);
  }

  /** Remembers the inputs of a pixel, in the place of those that were remembered for it before. */
  store(x: number, input: tf.Tensor2D): void {
    if (this.window === null && this.offsets.every((offset) => offset === 0)) return;
    if (this.row[x] !== input) this.row[x]?.dispose();
    this.row[x] = tf.keep(input);
  }

  /**
   * The convolution at pixel x of the row, inside tf.tidy.
   *
   * @param input [count, inputs], remembered for the pixels to come
   * @param added [count, outputs], added to the result
   * @returns [count, outputs]
   */
  at(x: number, input: tf.Tensor2D, ...added: tf.Tensor2D[]): tf.Tensor2D {
    this.store(x, input);
    const given = this.above[x] ?? this.given;
    const seen = this.offsets.filter((offset) => offset <= x);
    if (seen.length === 0) return sum([given, ...added]);
    const inputs = sideBySide(seen.map((offset) => (offset === 0 ? input : this.row[x - offset])));
    return sum([matMul(inputs, this.weights[seen.length]), given, ...added]);
  }

  dispose(): void {
    this.window?.dispose();
    this.aboveKernel?.dispose();
    tf.dispose([...this.row, ...this.above, ...this.weights, this.given]);
  }
}
