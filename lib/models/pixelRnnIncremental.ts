import {rectify} from '../engine/pixelKernel';
import {PixelConv} from '../layers/pixelConv';
import type {PixelStates} from '../layers/stateLayer';
import type {IncrementalLogits} from '../types';
import type {PixelRnn} from './pixelRnn';
import {RasterCursor} from './rasterCursor';

/** The logits of a Row LSTM or a Diagonal BiLSTM value by value: the states of the pixels before are carried along. */
export class PixelRnnIncremental implements IncrementalLogits {
  private readonly first: PixelConv;
  private readonly layers: readonly PixelStates[];
  private readonly up: readonly PixelConv[];
  private readonly skip: readonly PixelConv[];
  private readonly head: readonly PixelConv[];
  private readonly cursor: RasterCursor;
  private readonly residual: boolean;

  constructor(model: PixelRnn, count: number) {
    const {width} = model.image;
    this.cursor = new RasterCursor(model, count);
    this.residual = model.config.residual;
    this.first = new PixelConv(model.first, width, count);
    this.layers = model.layers.map((layer) => layer.pixels(width, count));
    [this.up, this.skip] = [model.up, model.skip].map((convolutions) =>
      convolutions.map((conv) => new PixelConv(conv, width, count)),
    );
    this.head = model.head.map((conv, k) => new PixelConv(conv, width, count, k < 2 ? 'relu' : 'none'));
  }

  next(previous: Float32Array | null): Float32Array {
    const {cursor} = this;
    const finished = cursor.accept(previous);
    if (finished !== null) this.first.store(finished.x, finished.values);
    const {x} = cursor;
    if (x === 0 && cursor.atNewPixel) {
      for (const part of [this.first, ...this.layers, ...this.up, ...this.skip, ...this.head])
        part.beginRow();
    }
    let features = this.first.at(x, cursor.values);
    let skipped: Float32Array | null = null;
    this.layers.forEach((layer, k) => {
      const states = layer.at(x, features);
      features = this.up[k].at(x, states, this.residual ? features : null);
      if (this.skip.length > 0) skipped = this.skip[k].at(x, states, skipped);
    });
    const sum =
      skipped === null ? features : features.map((value, i) => value + (skipped as Float32Array)[i]);
    return cursor.take(this.head.reduce((below, conv) => conv.at(x, below), rectify(sum)));
  }

  dispose(): void {
    // Nothing is held outside plain arrays.
  }
}
