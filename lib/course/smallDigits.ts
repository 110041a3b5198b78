import {binarize} from '../data/binarize';
import {firstImages, type LabeledImages} from '../data/images';
import {loadMnist} from '../data/mnist';
import {shrinkImages} from '../data/shrink';
import type {Split} from '../types';

/** Lessons 06 to 08: what the models are trained on that a student builds. */

/**
 * Digits of 14 x 14 pixels, each the mean of four,
 * black or white by a threshold at one half. No chance is in the pixels, so a small model shows in its
 * samples what it has learned; nats of these digits are to be compared with each other only.
 *
 * @param count of the first digits of the split
 * @returns values 0 or 1, with the classes
 */
export async function smallDigits(split: Split, count: number): Promise<LabeledImages> {
  const digits = shrinkImages(firstImages(await loadMnist(split), count), 2);
  return binarize(digits, {rule: 'threshold', seed: 0});
}
