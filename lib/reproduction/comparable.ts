import type {ImageShape} from '../types';

/** Under what a likelihood holds: all that has to be the same for two of them to be set side by side. */
export interface Conditions {
  /** The data set and its part. */
  readonly dataset: string;
  readonly split: string;
  readonly binarization: string;
  readonly levels: number;
  readonly image: ImageShape;
  /** Whether the model was given the class of each image. */
  readonly isGivenClasses: boolean;
}

/**
 * Why two likelihoods cannot be compared: the first difference that makes one of
 * them easier, whatever the models.
 *
 * @returns a sentence, or null when they can
 */
export function whyNotComparable(a: Conditions, b: Conditions): string | null {
  const size = ({height, width, channels}: ImageShape): string => `${height} x ${width} x ${channels}`;
  const differences: readonly [what: string, of: string, and: string][] = [
    ['of other images', a.dataset, b.dataset],
    ['of another part of the images', a.split, b.split],
    ['of images of another size', size(a.image), size(b.image)],
    ['of images of other levels', `${a.levels} levels`, `${b.levels} levels`],
    ['of another way to black and white', a.binarization, b.binarization],
    [
      'of models that are given other things',
      a.isGivenClasses ? 'given the class of each image' : 'not given classes',
      b.isGivenClasses ? 'given the class of each image' : 'not given classes',
    ],
  ];
  const found = differences.find(([, one, other]) => one !== other);
  if (found === undefined) return null;
  const [what, one, other] = found;
  return `these numbers cannot be compared, they are ${what}: ${one}, and ${other}`;
}
