import type {NamedTensors} from '../storage/checkpoints';
import type {ModelConfig} from '../types';

/**
 * The weights of a model whose first kernel is smaller than that of another, made those of the other: zeros
 * around the kernel. Both models give the same logits; training then finds a use for the new taps.
 *
 * @param tensors with `first.weights` [(n + 1) / 2, n, C, F], the live rows of an n x n kernel with mask A
 * @param from the config of the weights
 * @param to the config they are wanted for
 * @returns null where the configs differ in more than `firstSize`, or it is not larger
 */
export function widenFirst(tensors: NamedTensors, from: ModelConfig, to: ModelConfig): NamedTensors | null {
  const [small, large] = [Number(from.firstSize), Number(to.firstSize)];
  const kernel = tensors.get('first.weights');
  const isSame = JSON.stringify(sorted({...from, firstSize: large})) === JSON.stringify(sorted(to));
  if (kernel === undefined || !isSame || !(small < large)) return null;
  const [rows, columns, ...features] = kernel.shape;
  const [newRows, newColumns] = [(large + 1) / 2, large];
  const size = features.reduce((product, count) => product * count, 1);
  const data = new Float32Array(newRows * newColumns * size);
  // The center is in the middle of the last row of both.
  const [top, left] = [newRows - rows, (newColumns - columns) / 2];
  for (let row = 0; row < rows; row++) {
    const start = row * columns * size;
    data.set(kernel.data.subarray(start, start + columns * size), ((top + row) * newColumns + left) * size);
  }
  return new Map(tensors).set('first.weights', {...kernel, shape: [newRows, newColumns, ...features], data});
}

function sorted(config: ModelConfig): [string, unknown][] {
  return Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1));
}
