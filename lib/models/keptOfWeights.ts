import {type NumbersOf, numbersOf, sameNumbers} from '../engine/numbersOf';
import type {Parameters} from '../types';

/** Something that is made of a model's weights, and kept while they stay as they are. */
export class KeptOfWeights<Made> {
  private kept: {readonly weights: NumbersOf; readonly made: Made} | null = null;
  private isDisposed = false;

  constructor(private readonly parameters: Parameters) {}

  /** @param make of the weights as they are */
  get(make: () => Made): Made {
    const weights = numbersOf(this.parameters.values());
    if (this.kept !== null && sameNumbers(this.kept.weights, weights)) return this.kept.made;
    const made = make();
    this.kept = this.isDisposed ? null : {weights, made};
    return made;
  }

  dispose(): void {
    this.isDisposed = true;
    this.kept = null;
  }
}
