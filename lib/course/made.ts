import * as tf from '@tensorflow/tfjs';
import {knownTooLate} from '../complete';
import {tabulate} from '../inspect/joint';
import {inputDegrees} from '../layers/madeMasks';
import {ensembleNats} from '../likelihood';
import {Made} from '../models/made';
import type {MadeConfig} from '../models/madeConfig';
import type {AutoregressiveModel} from '../types';
import {ask, exercise, expectNumber, type Hints, Unanswered} from './check';
import {withLogits} from './withLogits';

/** Lesson 03: a mistake made on purpose, and the checks of its exercises. */

/**
 * The mistake: one "model" whose logits are the mean of its members' logits.
 * If the members' orders differ, a pixel's mean logit depends on pixels that depend on it in turn, the
 * product of the conditionals no longer sums to 1 over all images, and its "nats" are no likelihood. If all
 * members have the same order, it is a proper model. The ensemble that is always proper averages whole-image
 * probabilities: `ensembleNats`.
 *
 * @param members models of the same images; none is disposed
 * @throws RangeError when there is no member
 */
export function averagedLogits(members: readonly AutoregressiveModel[]): AutoregressiveModel {
  if (members.length === 0) throw new RangeError('averagedLogits: members is empty; give at least one');
  return withLogits(members[0], (x) =>
    tf.tidy(() => tf.div(tf.addN(members.map((member) => member.logits(x))), members.length)),
  );
}

/**
 * The ensemble's nats of one image from those of its members, also where
 * exp(-nats) is too small for a number.
 */
export function checkEnsemble(mine: (nats: readonly number[]) => number | undefined): string {
  return exercise('A mean of probabilities', () => {
    for (const nats of [
      [1, 2, 4],
      [84, 85.5, 91],
      [900, 903],
    ]) {
      const [expected] = ensembleNats(nats.map((value) => Float64Array.of(value)));
      const answer = ask(mine, nats);
      const mean = nats.reduce((a, b) => a + b) / nats.length;
      if (Math.abs(answer - mean) < 1e-6) {
        throw new Error(`for ${nats.join(', ')} nats that is the mean of the nats, not of the probabilities`);
      }
      expectNumber(`for members of ${nats.join(', ')} nats`, expected, answer);
    }
  });
}

/** An order in which every pixel that has to be drawn sees all the known ones. */
export function checkOrder(order: ArrayLike<number> | undefined, mask: Uint8Array): string {
  return exercise('The known pixels first', () => {
    if (order === undefined) throw new Unanswered();
    if (order.length !== mask.length)
      throw new Error(`an order names each of the ${mask.length} pixels once`);
    const checked = Int32Array.from(order);
    inputDegrees(checked);
    const late = knownTooLate(checked, mask);
    if (late > 0) throw new Error(`${late} known pixels come after a pixel that has to be drawn`);
  });
}

/** A MADE of several sets of masks for which averaged logits do sum to one. */
export function checkAveraged(config: MadeConfig): Promise<string> {
  return exercise('Averaged logits that are a likelihood', async () => {
    if (config.masks < 2) throw new Error(`there must be 2 sets of masks at least, got ${config.masks}`);
    const made = Made.create(config, 0);
    try {
      const table = await tabulate(averagedLogits(made.ensemble()));
      const total = table.reduce((sum, p) => sum + p, 0);
      if (Math.abs(total - 1) > 1e-5)
        throw new Error(`the sum over all images is ${total.toFixed(5)}, not 1`);
    } finally {
      made.dispose();
    }
  });
}

/** Hints to the exercises of lesson 03. */
export const MADE_HINTS: Hints = {
  1: [
    'From nats to probability: p = exp(-nats). From the mean probability back to nats: -log.',
    'Math.exp(-900) is 0. But exp(-900) / exp(-900) is 1: take a common factor out first.',
    'log(mean of exp(-n)) = -least + log(mean of exp(least - n)), where least is the smallest of the nats.',
  ],
  2: [
    'An order is a list of all pixels, each once. Which of them should stand first?',
    '`stripes[i]` is 1 where pixel i is known. Make two lists, and join them.',
    'Filter the numbers 0 to 783 by `stripes[i] === 1`, and then by `stripes[i] === 0`.',
  ],
  3: [
    'Why did averaged logits fail? In one order pixel a was predicted from b, in another b from a.',
    'If all members had the same order, each mean logit would see only what comes before it.',
    'Which word of the configuration gives each set of masks an order of its own?',
  ],
};
