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

  constructor(private readonly parameters: Parameters) {}

  /** @param start makes a sampler for so many images, of the weights as they are */
  take(count: number, start: () => RestartableLogits): IncrementalLogits {
    const weights = numbersOf(this.parameters.values());
    const {kept} = this;
    // Who draws at the same time gets one of its own.
    this.kept = null;
    if (kept === null || kept.count !== count || !sameNumbers(kept.weights, weights)) {
      return new Lent(start(), (sampler) => {
        this.kept = {count, weights, sampler};
      });
    }
    kept.sampler.restart();
    return new Lent(kept.sampler, () => {
      this.kept = kept;
    });
  }

  dispose(): void {
    this.kept = null;
  }
}

interface Kept {
  readonly count: number;
  readonly weights: NumbersOf;
  readonly sampler: RestartableLogits;
}

/** It is given back when it is disposed of. */
class Lent implements IncrementalLogits {
  readonly draw?: (drawing: Drawing) => PlaceOfImage | null;

  constructor(
    private readonly sampler: RestartableLogits,
    private readonly giveBack: (sampler: RestartableLogits) => void,
  ) {
    if (sampler.draw !== undefined) this.draw = sampler.draw.bind(sampler);
  }

  next(previous: Float32Array | null): Float32Array {
    return this.sampler.next(previous);
  }

  dispose(): void {
    this.giveBack(this.sampler);
  }
}
