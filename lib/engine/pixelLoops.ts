import {ofImages} from './nativeSampler';
import {pixelGate, pixelLstmCell, rectify} from './pixelCells';
import {isForRow} from './pixelPhase';
import type {PixelBuffer, PixelProgram, PixelStep, PixelTap, RestartableLogits} from './pixelProgram';

/** A program run by plain loops, the twin of the native samplers: one value of all images at a call. */
export class LoopSampler implements RestartableLogits {
  private readonly memory: readonly Float32Array[];
  private readonly kernels = new Map<PixelStep, LoopKernel>();
  private readonly rowSteps: readonly PixelStep[];
  private readonly pixelSteps: readonly PixelStep[];
  private position = -1;

  constructor(
    private readonly program: PixelProgram,
    private readonly count: number,
  ) {
    const {width} = program.size;
    this.memory = program.buffers.map(({size, rows, constant}) => {
      const inside = rows * width * count * size;
      const memory = new Float32Array(inside + (rows === 0 || constant !== null ? count * size : 0));
      if (constant !== null) memory.set(ofImages(constant, size, 0, count, count), inside);
      return memory;
    });
    for (const step of program.steps) {
      if (step.taps.length > 0) this.kernels.set(step, new LoopKernel(step, count));
    }
    this.rowSteps = program.steps.filter(({phase}) => isForRow(phase));
    this.pixelSteps = program.steps.filter(({phase}) => !isForRow(phase));
  }

  next(previous: Float32Array | null): Float32Array {
    const {channels, width, height} = this.program.size;
    const {numbers, image} = this.program;
    if ((previous === null) !== this.position < 0) {
      throw new Error(
        `incremental: what was chosen before must be null for the first value, and the values just chosen for every later one, got ${previous}`,
      );
    }
    if (this.position + 1 === height * width * channels) {
      throw new Error(
        'incremental: after the last value of the images there must be no further call, got one',
      );
    }
    if (previous !== null) {
      const values = this.at(image, ...this.placeOf(this.position));
      for (let b = 0; b < this.count; b++) {
        values[b * channels + (this.position % channels)] = previous[b];
      }
    }
    this.position++;
    const [y, x] = this.placeOf(this.position);
    const channel = this.position % channels;
    if (channel === 0) {
      if (x === 0) for (const step of this.rowSteps) this.runRow(step, y);
      this.at(image, y, x).fill(0);
    }
    for (const step of this.pixelSteps) this.run(step, y, x);
    const logits = this.at(this.pixelSteps[this.pixelSteps.length - 1].out, y, x);
    const next = new Float32Array(this.count * numbers);
    for (let b = 0; b < this.count; b++) {
      const start = (b * channels + channel) * numbers;
      next.set(logits.subarray(start, start + numbers), b * numbers);
    }
    return next;
  }

  restart(): void {
    this.position = -1;
  }

  dispose(): void {
    // Nothing is held outside plain arrays.
  }

  private placeOf(position: number): [number, number] {
    const {channels, width} = this.program.size;
    const pixel = Math.floor(position / channels);
    return [Math.floor(pixel / width), pixel % width];
  }

  private runRow(step: PixelStep, y: number): void {
    const {width} = this.program.size;
    const row = step.phase === 'row before' ? y - 1 : y;
    if (row < 0) return;
    for (let x = 0; x < width; x++) this.run(step, row, step.leftwards ? width - 1 - x : x);
  }

  private run(step: PixelStep, y: number, x: number): void {
    const out = this.at(step.out, y, x);
    const from = this.at(step.in, y, x);
    const above = step.addedRows === -1;
    const added =
      step.added === null || (above && y === 0) ? null : this.at(step.added, above ? y - 1 : y, x);
    switch (step.kind) {
      case 'convolve':
        this.kernels.get(step)?.apply(this.seen(step, step.in, y, x, step.outside), added, out);
        if (step.taps.length === 0) fillBias(step.bias, added, out);
        if (step.rectified) rectify(out, out);
        break;
      case 'rectify':
        rectify(from, out);
        break;
      case 'gate':
        pixelGate(from, step.out.size, out);
        break;
      case 'add':
        for (let i = 0; i < out.length; i++) out[i] = from[i] + (added === null ? 0 : added[i]);
        break;
      case 'recur': {
        const cells = step.cells as PixelBuffer;
        const gates = new Float32Array(this.count * 4 * step.out.size);
        const kernel = this.kernels.get(step);
        if (kernel === undefined) gates.set(from);
        else kernel.apply(this.seen(step, step.out, y, x, true), from, gates);
        const [dy, dx] = step.cellFrom;
        const cell = this.at(cells, y, x);
        cell.set(this.at(cells, y + dy, x + dx));
        pixelLstmCell(gates, step.out.size, cell, out);
      }
    }
  }

  /**
   * The taps that pixel (y, x) sees, with their inputs; those outside the image
   * have a state, or are left out.
   */
  private seen(step: PixelStep, buffer: PixelBuffer, y: number, x: number, outside: boolean): Seen[] {
    const {width} = this.program.size;
    return step.taps
      .filter(({dy, dx}) => outside || (y + dy >= 0 && x + dx >= 0 && x + dx < width))
      .map((tap) => ({tap, from: this.at(buffer, y + tap.dy, x + tap.dx)}));
  }

  /** [count, size] of a buffer at a pixel, or outside the image. */
  private at(buffer: PixelBuffer, y: number, x: number): Float32Array {
    const {width} = this.program.size;
    const size = this.count * buffer.size;
    const inside = y >= 0 && x >= 0 && x < width;
    const slot = buffer.rows === 0 ? 0 : inside ? (y % buffer.rows) * width + x : buffer.rows * width;
    return this.memory[buffer.index].subarray(slot * size, (slot + 1) * size);
  }
}

interface Seen {
  readonly tap: PixelTap;
  /** [count, inputs] */
  readonly from: Float32Array;
}

function fillBias(bias: Float32Array, added: Float32Array | null, out: Float32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = bias[i % bias.length] + (added === null ? 0 : added[i]);
}

/**
 * out = bias + added + the sum over taps of inputs · weights. The features after a ReLU are
 * half zeros, and zeros are skipped.
 */
class LoopKernel {
  private readonly inputs: number;
  private readonly outputs: number;
  /** The inputs of one image, gathered over the taps, and where their weights start. */
  private readonly values: Float32Array;
  private readonly starts: Int32Array;
  /** 0 · NaN is NaN: a weight that is not finite must be found. */
  private readonly skipZeros: boolean;

  constructor(
    private readonly step: PixelStep,
    private readonly count: number,
  ) {
    this.outputs = step.bias.length;
    this.inputs = step.weights.length / step.givenTaps / this.outputs;
    this.values = new Float32Array(step.taps.length * this.inputs + 4);
    this.starts = new Int32Array(step.taps.length * this.inputs + 4);
    this.skipZeros = step.weights.every(Number.isFinite);
  }

  apply(seen: readonly Seen[], added: Float32Array | null, out: Float32Array): void {
    fillBias(this.step.bias, added, out);
    for (let b = 0; b < this.count; b++) this.accumulate(this.gather(seen, b), out, b * this.outputs);
  }

  /** Lists the inputs of image b, padded with zeros to a multiple of four. */
  private gather(seen: readonly Seen[], b: number): number {
    const {values, starts, inputs, outputs, skipZeros} = this;
    let found = 0;
    for (const {tap, from} of seen) {
      const weights = tap.index * inputs * outputs;
      for (let i = 0; i < inputs; i++) {
        const value = from[b * inputs + i];
        if (value === 0 && skipZeros) continue;
        values[found] = value;
        starts[found++] = weights + i * outputs;
      }
    }
    while (found % 4 !== 0) {
      values[found] = 0;
      starts[found++] = 0;
    }
    return found;
  }

  /** Four rows of weights at a time: each running sum is read and written a quarter as often. */
  private accumulate(found: number, out: Float32Array, start: number): void {
    const {values, starts, outputs} = this;
    const {weights} = this.step;
    for (let k = 0; k < found; k += 4) {
      const a = values[k];
      const b = values[k + 1];
      const c = values[k + 2];
      const d = values[k + 3];
      const p = starts[k];
      const q = starts[k + 1];
      const r = starts[k + 2];
      const s = starts[k + 3];
      for (let j = 0; j < outputs; j++) {
        out[start + j] += a * weights[p + j] + b * weights[q + j] + c * weights[r + j] + d * weights[s + j];
      }
    }
  }
}
