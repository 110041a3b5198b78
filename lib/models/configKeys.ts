import type {ModelConfig} from '../types';

/**
 * A field that nobody knows is a mistake in a name, and would be kept without a word and change nothing.
 *
 * @param keys of the model's config, all of them
 * @throws RangeError that names the field, and one that may be missing
 */
export function checkKeys(model: string, config: ModelConfig, keys: readonly string[]): void {
  const given = Object.keys(config);
  const unknown = given.find((key) => !keys.includes(key));
  const missing = keys.filter((key) => !given.includes(key));
  if (unknown !== undefined) {
    const rest = missing.length > 0 ? `; ${missing.join(', ')} is missing` : '';
    throw new RangeError(
      `${model}: the fields of a config must be ${keys.join(', ')}, got '${unknown}'${rest}`,
    );
  }
  if (missing.length > 0)
    throw new RangeError(
      `${model}: the config must have all of ${keys.join(', ')}, got none for ${missing.join(', ')}`,
    );
}
