import {CachedConv} from '../layers/cachedConv';
import type {MaskedConv2d} from '../layers/maskedConv2d';
import type {IncrementalLogits} from '../types';
import type {PixelCnn} from './pixelCnn';
import {RasterCursor} from './rasterCursor';

/** PixelCNN's logits value by value: each layer computes the new pixel only, from the features of those before it. */
export class PixelCnnIncremental implements IncrementalLogits {
  private readonly first: CachedConv;
  private readonly blocks: readonly {down: CachedConv; middle: CachedConv; up: CachedConv}[];
  private readonly head: readonly CachedConv[];
  private readonly cursor: RasterCursor;
  private readonly wide: Float64Array;
  private readonly rectified: Float64Array;
  private readonly narrow: Float64Array;
  private readonly added: Float64Array;
  private readonly headFeatures: Float64Array;
  private readonly outputs: Float64Array;

  constructor(model: PixelCnn, count: number) {
    const {width, features, head, channels, levels} = model.config;
    const cached = (conv: MaskedConv2d): CachedConv => new CachedConv(conv.numbers(), width, count);
    this.cursor = new RasterCursor(model, count);
    this.first = cached(model.first);
    this.blocks = model.blocks.map(({down, middle, up}) => ({
      down: cached(down),
      middle: cached(middle),
      up: cached(up),
    }));
    this.head = model.head.map(cached);
    this.wide = new Float64Array(count * 2 * features);
    this.rectified = new Float64Array(count * 2 * features);
    this.added = new Float64Array(count * 2 * features);
    this.narrow = new Float64Array(count * features);
    this.headFeatures = new Float64Array(count * head);
    this.outputs = new Float64Array(count * channels * (levels === 2 ? 1 : levels));
  }

  next(previous: Float32Array | null): Float32Array {
    const {cursor, wide, narrow, added} = this;
    const finished = cursor.accept(previous);
    if (finished !== null) this.first.store(finished.y, finished.x, finished.values);
    const {y, x} = cursor;
    this.first.store(y, x, cursor.pixel);
    this.first.apply(y, x, wide, 'none');
    for (const {down, middle, up} of this.blocks) {
      this.rectify();
      down.store(y, x, this.rectified);
      down.apply(y, x, narrow, 'relu');
      middle.store(y, x, narrow);
      middle.apply(y, x, narrow, 'relu');
      up.store(y, x, narrow);
      up.apply(y, x, added, 'none');
      for (let i = 0; i < wide.length; i++) wide[i] += added[i];
    }
    this.rectify();
    const [head1, head2, logits] = this.head;
    head1.store(y, x, this.rectified);
    head1.apply(y, x, this.headFeatures, 'relu');
    head2.store(y, x, this.headFeatures);
    head2.apply(y, x, this.headFeatures, 'relu');
    logits.store(y, x, this.headFeatures);
    logits.apply(y, x, this.outputs, 'none');
    return cursor.take(this.outputs);
  }

  private rectify(): void {
    for (let i = 0; i < this.wide.length; i++) this.rectified[i] = Math.max(0, this.wide[i]);
  }

  dispose(): void {
    // Nothing is held outside plain arrays.
  }
}
