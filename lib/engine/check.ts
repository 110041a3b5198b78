import * as tf from '@tensorflow/tfjs';

/**
 * What an operation is given, checked before either of its forms runs: a native kernel would read past the
 * end of its inputs, and tfjs would broadcast. Each error is one sentence that names the operation, the
 * argument, what was found and the rule.
 */

/** A size by its number, or by a letter that must stand for the same number in all arguments. */
export type Size = number | string;

export class Arguments {
  private readonly sizes = new Map<string, number>();

  constructor(private readonly operation: string) {}

  /**
   * Checks one tensor; letters that are new get their sizes from it.
   *
   * @param alternative another shape that is allowed, where the rank tells which is meant
   * @throws RangeError when it is no tensor of that type and shape, or has no elements
   */
  tensor(
    argument: string,
    x: tf.Tensor,
    shape: readonly Size[],
    dtype: 'float32' | 'int32' = 'float32',
    alternative?: readonly Size[],
  ): void {
    const isTensor = x instanceof tf.Tensor;
    const wanted =
      alternative !== undefined && isTensor && x.rank === alternative.length ? alternative : shape;
    const fits =
      isTensor &&
      x.dtype === dtype &&
      x.rank === wanted.length &&
      wanted.every((size, axis) => this.fits(size, x.shape[axis]));
    if (fits) return;
    const shapes = [shape, ...(alternative === undefined ? [] : [alternative])].map((one) => this.text(one));
    const found = isTensor ? `${x.dtype} [${x.shape.join(', ')}]` : typeof x;
    throw new RangeError(
      `${this.operation}: ${argument} must be a tensor ${dtype} ${shapes.join(' or ')}, got ${found}`,
    );
  }

  /** The size that a letter stands for. */
  size(letter: string): number {
    return this.sizes.get(letter) as number;
  }

  /** @throws RangeError when the rule does not hold */
  rule(holds: boolean, argument: string, rule: string, found: unknown): void {
    if (!holds) throw new RangeError(`${this.operation}: ${argument} must ${rule}, got ${String(found)}`);
  }

  /** @throws RangeError when there is no such activation */
  activation(found: string): void {
    this.rule(found === 'relu' || found === 'none', 'the activation', "be 'relu' or 'none'", found);
  }

  private fits(size: Size, found: number): boolean {
    if (found < 1) return false;
    if (typeof size === 'number') return found === size;
    const known = this.sizes.get(size);
    if (known === undefined) this.sizes.set(size, found);
    return known === undefined || known === found;
  }

  private text(shape: readonly Size[]): string {
    return `[${shape.map((size) => (this.sizes.has(String(size)) ? `${size} = ${this.sizes.get(String(size))}` : size)).join(', ')}]`;
  }
}
