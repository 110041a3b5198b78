import type {AutoregressiveModel} from '../types';

/** Lessons 03 and 06: a model with other logits, for what goes wrong. */

/**
 * The model with other logits, for lessons on what goes wrong. It shares the parameters and owns nothing: to
 * dispose it does nothing. Sampling, evaluation and the Jacobian take it as any model; it has no cached
 * sampler, ensemble or steps of its own.
 *
 * @param model stays as it is; who made it disposes it
 */
export function withLogits(
  {name, config, image, levels, parameters, order}: AutoregressiveModel,
  logits: AutoregressiveModel['logits'],
): AutoregressiveModel {
  return {
    ...{name, config, image, levels, parameters, order},
    logits,
    dispose: () => {
      // The weights belong to the model that was given.
    },
  };
}
