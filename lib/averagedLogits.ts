import * as tf from '@tensorflow/tfjs';
import type {AutoregressiveModel} from './types';

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
