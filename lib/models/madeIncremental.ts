import type {IncrementalLogits} from '../types';
import type {Made} from './made';

/**
 * MADE's logits pixel by pixel, each weight used once for a whole image where the naive loop uses it 784 times.
 *
 * A hidden unit of degree m is settled as soon as the first m pixels are: it is then computed once and added to
 * what it feeds. With the units of each layer sorted by degree, what a unit may feed is the rest of a row, so the
 * masks become starting places. Plain numbers on purpose: a step is too small to be worth a call to TensorFlow.
 */
export class MadeIncremental implements IncrementalLogits {
  /** sums[l] of [count, units]: bias and what has arrived so far; the last are the logits, in order. */
  private readonly sums: Float64Array[];
  private readonly layers: readonly SortedLayer[];
  private readonly direct: SortedLayer | null;
  private readonly present: SortedLayer | null;
  private readonly ones: Float32Array;
  private readonly settled: number[];
  private position = 0;

  constructor(
    made: Made,
    private readonly count: number,
  ) {
    const degrees = [...made.degrees, made.degrees[0]];
    const sorted = degrees.map(byDegree);
    const numbers = (name: string): Float32Array => made.parameters.get(name)?.dataSync() as Float32Array;
    const hidden = made.config.hidden.length;
    const names = made.config.hidden.map((_, k) => `hidden${k + 1}`);
    if (hidden > 0) names.push('output');
    this.layers = names.map((name, k) => {
      const strict = k === hidden;
      return new SortedLayer(
        numbers(`${name}.weights`),
        degrees[k],
        degrees[k + 1],
        sorted[k],
        sorted[k + 1],
        strict,
      );
    });
    const last = sorted.length - 1;
    this.direct = made.config.direct
      ? new SortedLayer(numbers('direct.weights'), degrees[0], degrees[0], sorted[0], sorted[0], true)
      : null;
    this.present = made.config.conditioned
      ? new SortedLayer(numbers('present.weights'), degrees[0], degrees[1], sorted[0], sorted[1], false)
      : null;
    this.ones = new Float32Array(count).fill(1);
    const biases = hidden > 0 ? names : ['output'];
    this.sums = biases.map((name, k) => {
      const bias = numbers(`${name}.bias`);
      const places = sorted[hidden > 0 ? k + 1 : last];
      const sums = new Float64Array(count * places.length);
      return sums.map((_, i) => bias[places[i % places.length]]);
    });
    this.settled = names.map(() => 0);
  }

  next(previous: Float32Array | null): Float32Array {
    if ((previous === null) !== (this.position === 0)) {
      throw new Error('MADE: pass null for the first pixel, and the pixels just chosen for every later one');
    }
    if (previous !== null) this.settle(previous);
    const logits = this.sums[this.sums.length - 1];
    const outputs = logits.length / this.count;
    const next = Float32Array.from({length: this.count}, (_, b) => logits[b * outputs + this.position]);
    this.position++;
    return next;
  }

  /** The pixel of degree `position` is known: so are the hidden units of that degree. */
  private settle(pixels: Float32Array): void {
    const degree = this.position;
    const outputs = this.sums[this.sums.length - 1];
    const from = degree - 1;
    if (this.direct !== null) this.direct.feed(from, pixels, outputs, this.count);
    if (this.layers.length === 0) return;
    this.layers[0].feed(from, pixels, this.sums[0], this.count);
    if (this.present !== null) this.present.feed(from, this.ones, this.sums[0], this.count);
    const values = new Float32Array(this.count);
    for (let l = 1; l < this.layers.length; l++) {
      const layer = this.layers[l];
      while (this.settled[l] < layer.degrees.length && layer.degrees[this.settled[l]] <= degree) {
        const unit = this.settled[l]++;
        const below = this.sums[l - 1];
        for (let b = 0; b < this.count; b++) {
          values[b] = Math.max(0, below[b * layer.degrees.length + unit]);
        }
        layer.feed(unit, values, this.sums[l], this.count);
      }
    }
  }

  dispose(): void {
    // Nothing is held outside plain arrays.
  }
}

/** The weights of a layer with its rows and columns in rising degree. */
class SortedLayer {
  /** Degrees of the rows, rising. */
  readonly degrees: Int32Array;
  private readonly weights: Float32Array;
  private readonly starts: Int32Array;
  private readonly columns: number;

  constructor(
    weights: Float32Array,
    below: Int32Array,
    above: Int32Array,
    rows: Int32Array,
    columns: Int32Array,
    strict: boolean,
  ) {
    this.columns = columns.length;
    this.degrees = rows.map((unit) => below[unit]);
    this.weights = new Float32Array(weights.length);
    rows.forEach((row, i) => {
      columns.forEach((column, j) => {
        this.weights[i * columns.length + j] = weights[row * columns.length + column];
      });
    });
    const sortedAbove = columns.map((unit) => above[unit]);
    this.starts = this.degrees.map((degree) => {
      const start = sortedAbove.findIndex((to) => (strict ? to > degree : to >= degree));
      return start === -1 ? columns.length : start;
    });
  }

  /** sums[b, j] += values[b] * weights[row, j] for every column j that the row may feed. */
  feed(row: number, values: Float32Array, sums: Float64Array, count: number): void {
    const {weights, columns} = this;
    const start = this.starts[row];
    for (let b = 0; b < count; b++) {
      const value = values[b];
      if (value === 0) continue;
      const target = b * columns;
      const source = row * columns;
      for (let j = start; j < columns; j++) sums[target + j] += value * weights[source + j];
    }
  }
}

/** Unit numbers in rising degree; equal degrees keep their order. */
function byDegree(degrees: Int32Array): Int32Array {
  return Int32Array.from(degrees.keys()).sort((a, b) => degrees[a] - degrees[b] || a - b);
}
