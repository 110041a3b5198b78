import {checkSeed} from '../random';
import type {ModelConfig} from '../types';
import {checkKeys} from './configKeys';
import {checkPositive} from './raster';

/** MADE: a masked autoencoder whose outputs are conditionals (Germain et al. 2015). */
export interface MadeConfig extends ModelConfig {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Units of each hidden layer; none at all gives the fully visible sigmoid belief net. */
  readonly hidden: readonly number[];
  /**
   * How many sets of masks training cycles through, and the ensemble averages over (sections 4.2 and
   * 4.3); 0: fresh masks at every step.
   */
  readonly masks: number;
  /** Whether each set of masks has an order of its own (order-agnostic, section 4.2). */
  readonly orderAgnostic: boolean;
  /** The first set's order; the other sets' are random. */
  readonly order: 'raster' | 'random';
  /** Masked connections straight from input to output, which the paper adds to its deep networks too. */
  readonly direct: boolean;
  /**
   * Weights through which the first hidden layer learns which inputs it sees, (U ∘ M) 1, so that
   * a masked input is not taken for a black one. Of use only where masks change (Uria et al.
   * 2014 feed the mask in as well).
   */
  readonly conditioned: boolean;
  /** Orders and degrees are drawn from it. */
  readonly maskSeed: number;
}

const KEYS = [
  ...['height', 'width', 'channels', 'hidden', 'masks', 'orderAgnostic', 'order', 'direct'],
  ...['conditioned', 'maskSeed'],
];

/** @throws RangeError that names the field, its value and the rule */
export function checkMadeConfig(config: MadeConfig): void {
  checkKeys('MADE', config, KEYS);
  if (!Array.isArray(config.hidden)) {
    throw new RangeError(`MADE: hidden must be a list of units, one for each layer, got ${config.hidden}`);
  }
  if (!Number.isInteger(config.masks) || config.masks < 0) {
    throw new RangeError(`MADE: masks must be an integer of at least 0, got ${config.masks}`);
  }
  if (config.masks === 0 && !config.orderAgnostic) {
    throw new RangeError(
      `MADE: masks = 0 draws an order at every step, so orderAgnostic must be true, got ${config.orderAgnostic}`,
    );
  }
  for (const field of ['height', 'width', 'channels'] as const) checkPositive('MADE', field, config[field]);
  for (const units of config.hidden) checkPositive('MADE', 'the units of a hidden layer', units);
  if (config.order !== 'raster' && config.order !== 'random') {
    throw new RangeError(`MADE: order must be 'raster' or 'random', got '${config.order}'`);
  }
  if (config.hidden.length === 0 && !config.direct) {
    throw new RangeError(
      `MADE: without hidden layers direct must be true, or no pixel sees another, got ${config.direct}`,
    );
  }
  if (config.conditioned && config.hidden.length === 0) {
    throw new RangeError(`MADE: conditioned needs at least one hidden layer, got ${config.hidden.length}`);
  }
  checkSeed(config.maskSeed);
}
