import type * as tf from '@tensorflow/tfjs';
import type {Parameters} from './types';

/** A value that must be finite and is not: training, evaluation and sampling stop at the first. */
export class NotFiniteError extends Error {
  /** @param what the value, where it was met, and what it is */
  constructor(what: string, parameters: Parameters) {
    super(`${what}; it must be finite. ${whereNotFinite(parameters)}`);
    this.name = 'NotFiniteError';
  }
}

/**
 * Names the first tensor with a value that is not finite. To be asked when something is
 * wrong: it looks at every weight.
 */
export function whereNotFinite(tensors: ReadonlyMap<string, tf.Tensor>, of = 'parameter'): string {
  for (const [name, tensor] of tensors) {
    const values = tensor.dataSync();
    const wrong = values.filter((value) => !Number.isFinite(value)).length;
    if (wrong > 0) return `The first ${of} that is not is '${name}', in ${wrong} of ${values.length} values`;
  }
  return `Every ${of} is: what is computed from them grows beyond what 32-bit numbers hold`;
}
