import {MadeSampler, packMade} from '../engine/madeSampler';
import {native} from '../engine/native';
import type {RestartableLogits} from '../engine/pixelProgram';
import type {KeptOfWeights} from './keptOfWeights';
import type {Made} from './made';

/**
 * A sampler of MADE in the form that the active backend is fast at.
 *
 * @param packed what other samplers of the same weights and masks share
 */
export function startMade(made: Made, count: number, packed: KeptOfWeights<unknown>): RestartableLogits {
  const kernels = native();
  if (kernels === null) return new MadeIncremental(made, count);
  const weights = packed.get(() => packMade(kernels, made.tensors()));
  return new MadeSampler(kernels, weights, count);
}

/** Degrees whose values are handed on together. */
const BLOCK = 28;

/**
 * MADE's logits pixel by pixel, each weight used once for a whole image where
 * the naive loop uses it 784 times.
 *
 * A hidden unit of degree m is settled as soon as the first m pixels are: it is then computed once and added
 * to what it feeds. With the units of each layer sorted by degree, what a unit may feed is the rest of a row,
 * so the masks become starting places. The units of a block of degrees feed each other one by one; what they
 * feed after the block they feed together, in one product of matrices.
 */
class MadeIncremental implements RestartableLogits {
  /** Bias and what has arrived so far; the last are the logits, in order. */
  private readonly sums: readonly Units[];
  private readonly pixels: Units;
  private readonly links: readonly Link[];
  private readonly stages: readonly Units[];
  private position = 0;

  constructor(
    made: Made,
    private readonly count: number,
  ) {
    const numbers = (name: string): Float32Array => made.parameters.get(name)?.dataSync() as Float32Array;
    const hidden = made.config.hidden.map((_, k) => `hidden${k + 1}`);
    const [inputDegrees, ...hiddenDegrees] = made.degrees;
    const highest = inputDegrees.length;
    this.pixels = new Units(inputDegrees, highest, count);
    const present = new Units(inputDegrees, highest, count, new Float32Array(highest).fill(1));
    const inside = hidden.map(
      (name, k) => new Units(hiddenDegrees[k], highest, count, numbers(`${name}.bias`)),
    );
    const logits = new Units(inputDegrees, highest, count, numbers('output.bias'));
    this.sums = [...inside, logits];
    const layers = [this.pixels, ...inside];
    const links = inside.map(
      (units, k) => new Link(layers[k], units, numbers(`${hidden[k]}.weights`), false),
    );
    if (made.config.conditioned) links.push(new Link(present, inside[0], numbers('present.weights'), false));
    if (hidden.length > 0) {
      links.push(new Link(layers[hidden.length], logits, numbers('output.weights'), true));
    }
    if (made.config.direct) links.push(new Link(this.pixels, logits, numbers('direct.weights'), true));
    this.links = links;
    this.stages = made.config.conditioned ? [this.pixels, present, ...inside] : [this.pixels, ...inside];
  }

  next(previous: Float32Array | null): Float32Array {
    if ((previous === null) !== (this.position === 0)) {
      throw new Error(
        `MADE: what was chosen before must be null for the first pixel, and the pixels just chosen for every later one, got ${previous}`,
      );
    }
    if (previous !== null) this.settle(previous);
    const logits = this.sums[this.sums.length - 1];
    const next = Float32Array.from({length: this.count}, (_, b) => {
      return logits.values[b * logits.size + this.position];
    });
    this.position++;
    return next;
  }

  /** The pixel of degree `position` is known: so are the hidden units of that degree. */
  private settle(pixels: Float32Array): void {
    const {position, count, links, stages} = this;
    for (let b = 0; b < count; b++) this.pixels.values[b * this.pixels.size + position - 1] = pixels[b];
    for (const units of stages) {
      const [from, to] = units.settle(position, units !== this.pixels);
      for (const link of links) if (link.from === units) link.feedBlock(from, to, position);
    }
    if (position % BLOCK === 0) for (const link of links) link.feedRest(position);
  }

  restart(): void {
    this.position = 0;
    for (const units of new Set([...this.sums, ...this.stages])) units.restart();
  }

  dispose(): void {
    // Nothing is held outside plain arrays.
  }
}

/** The units of a layer in rising degree. */
class Units {
  /** [count, units]: sums, and once a unit is settled its value. */
  readonly values: Float32Array;
  readonly degrees: Int32Array;
  /** places[k] is the number that the k-th unit has in the model. */
  readonly places: Int32Array;
  /** upTo[d]: how many units have at most degree d. */
  readonly upTo: Int32Array;
  /** What every image begins with, in the order of `places`. */
  private readonly first: Float32Array;
  private settled = 0;

  /** @param highest degree of all layers; @param first of each unit, as the model counts them */
  constructor(
    degrees: Int32Array,
    highest: number,
    readonly count: number,
    first: Float32Array = new Float32Array(degrees.length),
  ) {
    this.places = Int32Array.from(degrees.keys()).sort((a, b) => degrees[a] - degrees[b] || a - b);
    this.degrees = this.places.map((place) => degrees[place]);
    this.upTo = Int32Array.from({length: highest + 1}, (_, d) => {
      const next = this.degrees.findIndex((degree) => degree > d);
      return next === -1 ? this.size : next;
    });
    this.values = new Float32Array(count * this.size);
    this.first = Float32Array.from(this.places, (place) => first[place]);
    this.restart();
  }

  restart(): void {
    this.settled = 0;
    for (let b = 0; b < this.count; b++) this.values.set(this.first, b * this.size);
  }

  get size(): number {
    return this.degrees.length;
  }

  /** Whether the model has them in rising degree, too, as in raster order. */
  get inOrder(): boolean {
    return this.places.every((place, k) => place === k);
  }

  /** Settles the units up to the given degree; returns the first of them and the one after the last. */
  settle(degree: number, rectified: boolean): [number, number] {
    const {values, size, count} = this;
    const from = this.settled;
    this.settled = this.upTo[degree];
    if (rectified) {
      for (let b = 0; b < count; b++) {
        for (let k = from; k < this.settled; k++) values[b * size + k] = Math.max(0, values[b * size + k]);
      }
    }
    return [from, this.settled];
  }
}

/** A matrix with its rows and columns in another order. */
function sorted(matrix: Float32Array, rows: Int32Array, columns: Int32Array): Float32Array {
  const result = new Float32Array(matrix.length);
  for (const [i, row] of rows.entries()) {
    const [from, to] = [row * columns.length, i * columns.length];
    for (let j = 0; j < columns.length; j++) result[to + j] = matrix[from + columns[j]];
  }
  return result;
}

/** The weights from one layer to another, with rows and columns in rising degree. */
class Link {
  private readonly weights: Float32Array;
  /** The first unit that each unit feeds. */
  private readonly starts: Int32Array;
  private readonly finite: boolean;

  /** @param strict whether a unit feeds higher degrees only, or also its own */
  constructor(
    readonly from: Units,
    private readonly to: Units,
    weights: Float32Array,
    strict: boolean,
  ) {
    this.weights = from.inOrder && to.inOrder ? weights : sorted(weights, from.places, to.places);
    this.finite = weights.every(Number.isFinite);
    this.starts = from.degrees.map((degree) => to.upTo[strict ? degree : degree - 1]);
  }

  /** Units first … last - 1, just settled, feed those of the block of degrees that the given one lies in. */
  feedBlock(first: number, last: number, degree: number): void {
    const end = this.to.upTo[Math.min(Math.ceil(degree / BLOCK) * BLOCK, this.to.upTo.length - 1)];
    for (let row = first; row < last; row++) this.feed(row, row + 1, this.starts[row], end);
  }

  /** The units of the block that ends with the given degree feed all those of higher degrees. */
  feedRest(degree: number): void {
    const {from, to} = this;
    this.feed(from.upTo[degree - BLOCK], from.upTo[degree], to.upTo[degree], to.size);
  }

  private feed(first: number, last: number, start: number, end: number): void {
    if (first >= last || start >= end) return;
    const {from, to, weights} = this;
    const [inner, columns] = [last - first, end - start];
    for (let b = 0; b < from.count; b++) {
      const out = b * to.size + start;
      for (let k = 0; k < inner; k++) {
        const value = from.values[b * from.size + first + k];
        // 0 times a weight that is not finite is not 0.
        if (value === 0 && this.finite) continue;
        const row = (first + k) * to.size + start;
        for (let j = 0; j < columns; j++) to.values[out + j] += value * weights[row + j];
      }
    }
  }
}
