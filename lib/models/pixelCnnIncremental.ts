import type {PixelConvolution, PixelMath} from '../layers/pixelMath';
import type {IncrementalLogits} from '../types';
import type {PixelCnn} from './pixelCnn';
import {RasterCursor} from './rasterCursor';

/** PixelCNN's logits value by value: each layer computes the new pixel only, from the features of those before it. */
export class PixelCnnIncremental<T> implements IncrementalLogits {
  private readonly first: PixelConvolution<T>;
  private readonly blocks: readonly {
    readonly down: PixelConvolution<T>;
    readonly middle: PixelConvolution<T>;
    readonly up: PixelConvolution<T>;
  }[];
  private readonly head: readonly PixelConvolution<T>[];
  private readonly layers: readonly PixelConvolution<T>[];
  private readonly cursor: RasterCursor;

  constructor(
    model: PixelCnn,
    count: number,
    private readonly math: PixelMath<T>,
  ) {
    this.cursor = new RasterCursor(model, count);
    this.first = math.convolution(model.first);
    this.blocks = model.blocks.map(({down, middle, up}) => ({
      down: math.convolution(down),
      middle: math.convolution(middle),
      up: math.convolution(up),
    }));
    this.head = model.head.map((conv) => math.convolution(conv));
    const inside = this.blocks.flatMap(({down, middle, up}) => [down, middle, up]);
    this.layers = [this.first, ...inside, ...this.head];
  }

  next(previous: Float32Array | null): Float32Array {
    const {cursor, math} = this;
    return math.scope(() => {
      const finished = cursor.accept(previous);
      if (finished !== null) this.first.store(finished.x, math.from(finished.values, cursor.channels));
      const {x} = cursor;
      if (x === 0 && cursor.atNewPixel) for (const layer of this.layers) layer.beginRow();
      let wide = this.first.at(x, math.from(cursor.values, cursor.channels));
      for (const {down, middle, up} of this.blocks) {
        const narrow = math.rectify(down.at(x, math.rectify(wide)));
        wide = up.at(x, math.rectify(middle.at(x, narrow)), wide);
      }
      const logits = this.head.reduce((features, layer) => layer.at(x, math.rectify(features)), wide);
      return cursor.take(math.numbers(logits));
    });
  }

  dispose(): void {
    for (const layer of this.layers) layer.dispose();
  }
}
