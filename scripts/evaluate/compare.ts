import {classesOf} from '../../lib/condition';
import type {OwnSource} from '../../lib/data/ownSource';
import {PAPERS_DRAW, sourceOf} from '../../lib/data/sources';
import {type Conditions, whyNotComparable} from '../../lib/reproduction/comparable';
import type {Published, Score} from '../../lib/reproduction/published';
import type {ImageShape} from '../../lib/types';
import {UsageError} from '../cli';

/** Which numbers may be set side by side, and which must not even be computed. */

/**
 * @throws UsageError when weights cannot be scored on images of one's own, or only
 *   by a number that means nothing
 */
export function checkFits({model, checkpoint}: Published, {name, manifest}: OwnSource): void {
  const form = ({height, width, channels}: ImageShape, levels: number): string =>
    `${height} x ${width} x ${channels} with ${levels} levels`;
  const [wanted, given] = [form(model.image, model.levels), form(manifest, manifest.levels)];
  if (wanted !== given) {
    throw new UsageError(
      `for these weights images must be ${wanted}, got those of ${name}, ${given}; take images like that, or other weights`,
    );
  }
  if (classesOf(model) > 0 && checkpoint.metadata.data?.name !== name) {
    throw new UsageError(
      `for these weights the classes must be those that they learned, got those of ${name}; take weights without classes`,
    );
  }
}

/** Gathers what was printed, and says at the end which of it cannot be compared. */
export class Comparisons {
  private first: Conditions | undefined;
  private readonly said = new Set<string>();

  add({model, checkpoint}: Published, score: Score): void {
    const {levels, image} = model;
    const conditions = {...score, levels, image, isGivenClasses: classesOf(model) > 0};
    this.compare(this.first ?? conditions, conditions, (why) => why);
    this.first ??= conditions;
    // The papers' draw is of the same digits, and has a recorded number of its own.
    if (score.dataset === PAPERS_DRAW.name) return;
    const {data, score: recorded} = checkpoint.metadata;
    const dataset = data?.name ?? sourceOf(model).name;
    const number = recorded.testNats ?? recorded.validationNats;
    const before = number === undefined ? '' : `, ${number.toFixed(3)} nats recorded`;
    this.compare({...conditions, dataset}, conditions, (why) => `trained on ${dataset}${before}: ${why}`);
  }

  private compare(a: Conditions, b: Conditions, sentence: (why: string) => string): void {
    const why = whyNotComparable(a, b);
    if (why !== null) this.said.add(sentence(why));
  }

  sentences(): readonly string[] {
    return [...this.said];
  }
}
