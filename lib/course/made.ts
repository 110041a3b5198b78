import * as tf from '@tensorflow/tfjs';
import {knownTooLate} from '../complete';
import {tabulate} from '../inspect/joint';
import {inputDegrees} from '../layers/madeMasks';
import {ensembleNats} from '../likelihood';
import {Made} from '../models/made';
import type {MadeConfig} from '../models/madeConfig';
import type {AutoregressiveModel} from '../types';

/**
 * The mistake of notebook 03, made on purpose: one "model" whose logits are the mean of its members' logits.
 * If the members' orders differ, a pixel's mean logit depends on pixels that depend on it in turn, the product of the
 * conditionals no longer sums to 1 over all images, and its "nats" are no likelihood. If all members have the same
 * order, it is a proper model. The ensemble that is always proper averages whole-image probabilities: `ensembleNats`.
 *
 * @param members models of the same images; none is disposed
 * @throws RangeError when there is no member
 */
export function averagedLogits(members: readonly AutoregressiveModel[]): AutoregressiveModel {
  if (members.length === 0) throw new RangeError('averagedLogits: needs at least one member, got none');
  const {name, config, image, levels, parameters, order} = members[0];
  return {
    ...{name, config, image, levels, parameters, order},
    logits: (x) => tf.tidy(() => tf.div(tf.addN(members.map((member) => member.logits(x))), members.length)),
    dispose: () => {},
  };
}

/** The checks of the exercises of lesson 03. */

/** The ensemble's nats of one image from those of its members, also where exp(-nats) is too small for a number. */
export async function checkEnsemble(mine: (nats: readonly number[]) => number | undefined): Promise<string> {
  return verdict('the log of a mean of probabilities', () => {
    for (const nats of [
      [1, 2, 4],
      [84, 85.5, 91],
      [900, 903],
    ]) {
      const answer = mine(nats);
      if (answer === undefined) throw new Error('write your answer above, then run this cell again');
      const [expected] = ensembleNats(nats.map((value) => Float64Array.of(value)));
      if (!(Math.abs(answer - expected) < 1e-6)) {
        throw new Error(
          `members of ${nats.join(', ')} nats make ${expected.toFixed(4)}, yours gave ${answer}`,
        );
      }
    }
  });
}

/** An order in which every pixel that has to be drawn sees all the known ones. */
export async function checkOrder(order: ArrayLike<number> | undefined, mask: Uint8Array): Promise<string> {
  return verdict('the known pixels first', () => {
    if (order?.length !== mask.length)
      throw new Error(`an order names each of the ${mask.length} pixels once`);
    const checked = Int32Array.from(order);
    inputDegrees(checked);
    const late = knownTooLate(checked, mask);
    if (late > 0) throw new Error(`${late} known pixels come after a pixel that has to be drawn`);
  });
}

/** A MADE of several sets of masks for which averaged logits do sum to one. */
export async function checkAveraged(config: MadeConfig): Promise<string> {
  return verdict('averaged logits that are a likelihood', async () => {
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

/** "Right: …" or "Not yet: …"; whatever the student's code throws is a "not yet" too. */
async function verdict(title: string, check: () => void | Promise<void>): Promise<string> {
  try {
    await check();
    return `Right: ${title}.`;
  } catch (error) {
    return `Not yet (${title}): ${error instanceof Error ? error.message : String(error)}.`;
  }
}
