import {rectify} from '../engine/pixelKernel';
import {PixelConv} from '../layers/pixelConv';
import type {IncrementalLogits} from '../types';
import type {PixelCnn} from './pixelCnn';
import {RasterCursor} from './rasterCursor';

/** PixelCNN's logits value by value: each layer computes the new pixel only, from the features of those before it. */
export class PixelCnnIncremental implements IncrementalLogits {
  private readonly first: PixelConv;
  private readonly blocks: readonly {
    readonly down: PixelConv;
    readonly middle: PixelConv;
    readonly up: PixelConv;
  }[];
  private readonly head: readonly PixelConv[];
  private readonly layers: readonly PixelConv[];
  private readonly cursor: RasterCursor;
  /** What a block's first convolution is given. */
  private readonly rectified: Float32Array;

  constructor(model: PixelCnn, count: number) {
    const {width} = model.image;
    this.cursor = new RasterCursor(model, count);
    this.first = new PixelConv(model.first, width, count);
    this.blocks = model.blocks.map(({down, middle, up}) => ({
      down: new PixelConv(down, width, count, 'relu'),
      middle: new PixelConv(middle, width, count, 'relu'),
      up: new PixelConv(up, width, count),
    }));
    this.head = model.head.map((conv, k) => new PixelConv(conv, width, count, k < 2 ? 'relu' : 'none'));
    this.rectified = new Float32Array(count * 2 * model.config.features);
    const inside = this.blocks.flatMap(({down, middle, up}) => [down, middle, up]);
    this.layers = [this.first, ...inside, ...this.head];
  }

  next(previous: Float32Array | null): Float32Array {
    const {cursor} = this;
    const finished = cursor.accept(previous);
    if (finished !== null) this.first.store(finished.x, finished.values);
    const {x} = cursor;
    if (x === 0 && cursor.atNewPixel) for (const layer of this.layers) layer.beginRow();
    let wide = this.first.at(x, cursor.values);
    for (const {down, middle, up} of this.blocks) {
      wide = up.at(x, middle.at(x, down.at(x, rectify(wide, this.rectified))), wide);
    }
    return cursor.take(
      this.head.reduce((features, conv) => conv.at(x, features), rectify(wide, this.rectified)),
    );
  }

  dispose(): void {
    // Nothing is held outside plain arrays.
  }
}
