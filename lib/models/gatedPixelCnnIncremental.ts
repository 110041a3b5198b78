import type * as tf from '@tensorflow/tfjs';
import {pixelGate, rectify} from '../engine/pixelKernel';
import type {GatedLayer} from '../layers/gated';
import {PixelConv} from '../layers/pixelConv';
import type {IncrementalLogits} from '../types';
import type {GatedPixelCnn} from './gatedPixelCnn';
import {RasterCursor} from './rasterCursor';

/**
 * Gated PixelCNN's logits value by value. The vertical stack of a row knows the rows above only, so it is computed for
 * the whole row when the row begins; then the horizontal stack computes one pixel at a time.
 */
export class GatedIncremental implements IncrementalLogits {
  private readonly layers: readonly IncrementalLayer[];
  private readonly head: readonly PixelConv[];
  private readonly cursor: RasterCursor;
  /** The pixels of the row so far, each [count, channels]. */
  private readonly row: Float32Array[];

  /** @param classes [1 or count, classes] of the images, or null; disposed here */
  constructor(model: GatedPixelCnn, count: number, classes: tf.Tensor2D | null) {
    const {width, channels} = model.image;
    this.cursor = new RasterCursor(model, count);
    this.row = Array.from({length: width}, () => new Float32Array(count * channels));
    this.layers = model.layers.map((layer) => new IncrementalLayer(layer, classes, width, count));
    classes?.dispose();
    this.head = model.head.map((conv, k) => new PixelConv(conv, width, count, k < 2 ? 'relu' : 'none'));
  }

  next(previous: Float32Array | null): Float32Array {
    const {cursor} = this;
    const finished = cursor.accept(previous);
    if (finished !== null) {
      this.layers[0].horizontal.store(finished.x, finished.values);
      this.row[finished.x] = finished.values;
    }
    if (cursor.x === 0 && cursor.atNewPixel) this.beginRow();
    let features: Float32Array = cursor.values;
    for (const layer of this.layers) features = layer.at(cursor.x, features);
    return cursor.take(this.head.reduce((below, conv) => conv.at(cursor.x, below), rectify(features)));
  }

  private beginRow(): void {
    // The row above is complete now. The first layer's mask hides the row itself, so that whatever is stored for it will do.
    if (this.cursor.y > 0) this.layers[0].vertical.storeRow(this.row);
    let vertical: readonly Float32Array[] = this.row;
    for (const layer of this.layers) vertical = layer.beginRow(vertical);
    for (const conv of this.head) conv.beginRow();
  }

  dispose(): void {
    // Nothing is held outside plain arrays.
  }
}

/** One layer: its vertical convolution row by row, its horizontal one pixel by pixel. */
class IncrementalLayer {
  readonly vertical: PixelConv;
  readonly horizontal: PixelConv;
  private readonly link: PixelConv;
  private readonly point: PixelConv;
  private readonly first: boolean;
  private readonly features: number;
  /** [count, 2 features], or null for a model without classes. */
  private readonly classBias: {readonly vertical: Float32Array; readonly horizontal: Float32Array} | null;
  /** The row in hand, by column. */
  private memory: readonly RowMemory[] | null = null;
  /** The horizontal stack behind its gate, at the pixel in hand. */
  private readonly gated: Float32Array;

  constructor(
    layer: GatedLayer,
    classes: tf.Tensor2D | null,
    width: number,
    private readonly count: number,
  ) {
    this.first = layer.spec.first;
    this.features = layer.spec.features;
    this.vertical = new PixelConv(layer.vertical, width, count);
    this.horizontal = new PixelConv(layer.horizontal, width, count);
    this.link = new PixelConv(layer.link, width, count);
    this.point = new PixelConv(layer.point, width, count);
    this.classBias = classBias(layer, classes, count);
    this.gated = new Float32Array(count * this.features);
  }

  /** The vertical stack's row [width] of [count, features], from its row of the layer below and those remembered. */
  beginRow(below: readonly Float32Array[]): readonly Float32Array[] {
    for (const conv of [this.vertical, this.horizontal, this.link, this.point]) conv.beginRow();
    this.vertical.storeRow(below);
    const {features, classBias, count} = this;
    const added = classBias?.horizontal ?? null;
    const rows = this.memory ?? below.map(() => new RowMemory(count, features));
    this.memory = rows;
    rows.forEach(({above, given, gated}, x) => {
      this.vertical.outputs(x, classBias?.vertical, above);
      this.link.at(x, above, added, given);
      pixelGate(above, features, gated);
    });
    return rows.map(({gated}) => gated);
  }

  /** The horizontal stack at pixel x. */
  at(x: number, below: Float32Array): Float32Array {
    const given = this.memory?.[x].given ?? null;
    pixelGate(this.horizontal.at(x, below, given), this.features, this.gated);
    return this.point.at(x, this.gated, this.first ? null : below);
  }
}

/** What the vertical stack of a layer has at one pixel of the row. */
class RowMemory {
  /** Before the gate, and what the link makes of it for the horizontal stack, [count, 2 features]. */
  readonly above: Float32Array;
  readonly given: Float32Array;
  /** Behind the gate, [count, features]. */
  readonly gated: Float32Array;

  constructor(count: number, features: number) {
    this.above = new Float32Array(count * 2 * features);
    this.given = new Float32Array(count * 2 * features);
    this.gated = new Float32Array(count * features);
  }
}

/** What the class adds to the two stacks of each image. */
function classBias(
  layer: GatedLayer,
  classes: tf.Tensor2D | null,
  count: number,
): IncrementalLayer['classBias'] {
  if (classes === null) return null;
  const bias = (stack: 'vertical' | 'horizontal'): Float32Array => {
    const added = layer.classBias(stack, classes);
    const values = added.dataSync() as Float32Array;
    added.dispose();
    return Float32Array.from({length: count * 2 * layer.spec.features}, (_, i) => values[i % values.length]);
  };
  return {vertical: bias('vertical'), horizontal: bias('horizontal')};
}
