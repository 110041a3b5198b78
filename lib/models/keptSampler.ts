import {type NumbersOf, numbersOf, sameNumbers} from '../engine/numbersOf';
import type {RestartableLogits} from '../engine/pixelProgram';
import type {Drawing, IncrementalLogits, Parameters, PlaceOfImage} from '../types';

/**
 * A model's sampler, kept from one draw to the next while the weights stay as they are: to copy them out of
 * the runtime and to put them in order costs a third of what it costs to draw one image. One is kept, for the
 * last number of images.
 */
export class KeptSampler {
  private kept: Kept | null = null;
  private isDisposed = false;

  constructor(private readonly parameters: Parameters) {}

  /** @param start makes a sampler for so many images, of the weights as they are */
  take(count: number, start: () => RestartableLogits): IncrementalLogits {
    const weights = numbersOf(this.parameters.values());
    const {kept} = this;
    // Who draws at the same time gets one of its own.
    this.kept = null;
    const fits = kept !== null && kept.count === count && sameNumbers(kept.weights, weights);
    const lent: Kept = fits ? kept : {count, weights, sampler: start()};
    if (fits) lent.sampler.restart();
    return new Lent(lent.sampler, () => {
      if (!this.isDisposed) this.kept = lent;
    });
  }

  dispose(): void {
    this.isDisposed = true;
    this.kept = null;
  }
}

interface Kept {
  readonly count: number;
  readonly weights: NumbersOf;
  readonly sampler: RestartableLogits;
}

/** It is given back when it is disposed of, once; from then on it may be somebody else's. */
class Lent implements IncrementalLogits {
  readonly draw?: (drawing: Drawing) => PlaceOfImage | null;
  private isOver = false;

  constructor(
    private readonly sampler: RestartableLogits,
    private readonly giveBack: () => void,
  ) {
    if (sampler.draw !== undefined) this.draw = (drawing) => this.own.draw?.(drawing) ?? null;
  }

  next(previous: Float32Array | null): Float32Array {
    return this.own.next(previous);
  }

  dispose(): void {
    if (!this.isOver) this.giveBack();
    this.isOver = true;
  }

  /** @throws Error when it was disposed of */
  private get own(): RestartableLogits {
    if (this.isOver)
      throw new Error(
        'incremental: it must be used before it is disposed of, got a call after that; ask the model for another one',
      );
    return this.sampler;
  }
}
