import * as tf from '@tensorflow/tfjs';
import {convolve} from '../engine/conv';
import {gate} from '../engine/kernels';
import type {GatedLayer} from '../layers/gated';
import type {MaskedConv2d} from '../layers/maskedConv2d';
import type {PixelConvolution, PixelMath} from '../layers/pixelMath';
import {RowWindow} from '../layers/rowConv';
import type {IncrementalLogits} from '../types';
import type {GatedPixelCnn} from './gatedPixelCnn';
import {RasterCursor} from './rasterCursor';

/**
 * Gated PixelCNN's logits value by value. The vertical stack of a row knows the rows above only, so it is computed for
 * the whole row when the row begins; then the horizontal stack computes one pixel at a time.
 */
export class GatedIncremental<T> implements IncrementalLogits {
  private readonly layers: readonly IncrementalLayer<T>[];
  private readonly head: readonly PixelConvolution<T>[];
  private readonly cursor: RasterCursor;
  /** The pixels of the row so far, [count, width, channels]. */
  private readonly row: Float32Array;
  private readonly rowShape: [number, number, number, number];

  constructor(
    model: GatedPixelCnn,
    count: number,
    private readonly math: PixelMath<T>,
  ) {
    const {width, channels} = model.image;
    this.cursor = new RasterCursor(model, count);
    this.rowShape = [count, 1, width, channels];
    this.row = new Float32Array(count * width * channels);
    const labels = model.oneHotLabels(count);
    this.layers = model.layers.map((layer) => new IncrementalLayer(layer, labels, width, count, math));
    labels?.dispose();
    this.head = model.head.map((conv) => math.convolution(conv));
  }

  next(previous: Float32Array | null): Float32Array {
    const {cursor, math} = this;
    return math.scope(() => {
      const finished = cursor.accept(previous);
      if (finished !== null) {
        this.layers[0].horizontal.store(finished.x, math.from(finished.values, cursor.channels));
        this.remember(finished.x, finished.values);
      }
      if (cursor.x === 0 && cursor.atNewPixel) this.beginRow();
      let features = math.from(cursor.values, cursor.channels);
      for (const layer of this.layers) features = layer.at(cursor.x, features);
      const logits = this.head.reduce((below, conv) => conv.at(cursor.x, math.rectify(below)), features);
      return cursor.take(math.numbers(logits));
    });
  }

  private remember(x: number, values: Float32Array): void {
    const [count, , width, channels] = this.rowShape;
    for (let b = 0; b < count; b++) {
      this.row.set(values.subarray(b * channels, (b + 1) * channels), (b * width + x) * channels);
    }
  }

  private beginRow(): void {
    tf.tidy(() => {
      if (this.cursor.y > 0) this.layers[0].pushRow(tf.tensor4d(this.row.slice(), this.rowShape));
      // The first layer's mask hides the row itself, so that zeros do for it.
      let vertical: tf.Tensor4D = tf.zeros(this.rowShape);
      this.layers.forEach((layer, k) => {
        const above = layer.beginRow(vertical);
        if (k > 0) layer.pushRow(vertical);
        vertical = above;
      });
      for (const conv of this.head) conv.beginRow();
    });
  }

  dispose(): void {
    for (const layer of this.layers) layer.dispose();
    for (const conv of this.head) conv.dispose();
  }
}

/** One layer: its vertical convolution by rows, its horizontal one by pixels. */
class IncrementalLayer<T> {
  readonly horizontal: PixelConvolution<T>;
  private readonly point: PixelConvolution<T>;
  private readonly first: boolean;
  private readonly vertical: RowKernel;
  private readonly link: RowKernel;
  private readonly window: RowWindow;
  private readonly classBias: {readonly vertical: tf.Tensor4D; readonly horizontal: tf.Tensor4D} | null;
  /** What the vertical stack gives to each pixel of the row. */
  private given: T[] = [];

  constructor(
    layer: GatedLayer,
    labels: tf.Tensor2D | null,
    width: number,
    count: number,
    private readonly math: PixelMath<T>,
  ) {
    this.first = layer.spec.first;
    this.horizontal = math.convolution(layer.horizontal);
    this.point = math.convolution(layer.point);
    this.vertical = new RowKernel(layer.vertical);
    this.link = new RowKernel(layer.link);
    this.window = new RowWindow(this.vertical.rows - 1, [count, 1, width, layer.spec.inputs]);
    const bias = (stack: 'vertical' | 'horizontal', told: tf.Tensor2D): tf.Tensor4D =>
      tf.tidy(() => tf.reshape(layer.classBias(stack, told), [-1, 1, 1, 2 * layer.spec.features]));
    this.classBias =
      labels === null ? null : {vertical: bias('vertical', labels), horizontal: bias('horizontal', labels)};
  }

  /** The vertical stack's row, from its own row of the layer below and those remembered. Inside tf.tidy. */
  beginRow(vertical: tf.Tensor4D): tf.Tensor4D {
    this.horizontal.beginRow();
    this.point.beginRow();
    const above = this.vertical.apply(tf.concat([...this.window.rows, vertical], 1));
    const link = this.link.apply(above);
    this.math.release(this.given);
    this.given = this.math.pixels(this.classBias === null ? link : tf.add(link, this.classBias.horizontal));
    return gate(this.classBias === null ? above : tf.add(above, this.classBias.vertical));
  }

  pushRow(row: tf.Tensor4D): void {
    this.window.push(row);
  }

  /** The horizontal stack at pixel x. */
  at(x: number, below: T): T {
    const gated = this.math.gate(this.horizontal.at(x, below, this.given[x]));
    return this.first ? this.point.at(x, gated) : this.point.at(x, gated, below);
  }

  dispose(): void {
    for (const part of [this.horizontal, this.point, this.vertical, this.link, this.window]) part.dispose();
    this.math.release(this.given);
    tf.dispose([this.classBias?.vertical ?? [], this.classBias?.horizontal ?? []]);
  }
}

/** A convolution of a window of rows, which leaves one row. */
class RowKernel {
  readonly rows: number;
  private readonly kernel: tf.Tensor4D;
  private readonly side: number;

  constructor(private readonly conv: MaskedConv2d) {
    this.kernel = tf.keep(conv.kernel());
    this.rows = this.kernel.shape[0];
    this.side = (this.kernel.shape[1] - 1) / 2;
  }

  apply(window: tf.Tensor4D): tf.Tensor4D {
    const padding = {top: 0, bottom: 0, left: this.side, right: this.side};
    return convolve(window, this.kernel, this.conv.bias, {padding, dilation: 1}, 'none');
  }

  dispose(): void {
    this.kernel.dispose();
  }
}
