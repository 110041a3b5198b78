import {NEIGHBORS, type ScanDirection} from '../engine/lstmScan';
import {createPixelKernel, type PixelKernel, pixelLstmCell} from '../engine/pixelKernel';
import type {Lstm} from './lstm';
import {PixelConv} from './pixelConv';

/** An LSTM over the image at one pixel at a time, in the order of its scan: what a sampler needs. */
export class PixelScan {
  private readonly input: PixelConv;
  private readonly kernel: PixelKernel;
  private readonly hidden: number;
  private readonly direction: ScanDirection;
  /** Hidden states of two rows, [row modulo 2, width, count, h], then those outside the image [count, h]; cells likewise. */
  private readonly states: Float32Array;
  private readonly cells: Float32Array;
  private readonly seen: Int32Array;
  /** What the input gives to the gates, the gates [count, 4 h], and the cells [count, h] of the pixel in hand. */
  private readonly given: Float32Array;
  private readonly gates: Float32Array;
  private readonly cell: Float32Array;
  private y = -1;

  constructor(
    lstm: Lstm,
    private readonly width: number,
    private readonly count: number,
  ) {
    const {direction, hidden} = lstm.spec;
    this.direction = direction;
    this.hidden = hidden;
    this.input = new PixelConv(lstm.input, width, count);
    const {taps} = NEIGHBORS[direction];
    const {state, hidden: noHidden, cell: noCell} = lstm.weights;
    this.kernel = createPixelKernel({
      taps: taps.length,
      inputs: hidden,
      outputs: 4 * hidden,
      count,
      rectified: false,
      weights: state.dataSync() as Float32Array,
      bias: new Float32Array(4 * hidden),
    });
    this.seen = new Int32Array(2 * taps.length);
    this.given = new Float32Array(count * 4 * hidden);
    this.gates = new Float32Array(count * 4 * hidden);
    this.cell = new Float32Array(count * hidden);
    const outside = 2 * width * count * hidden;
    const memory = (state: Float32Array): Float32Array => {
      const values = new Float32Array(outside + count * hidden);
      for (let b = 0; b < count; b++) values.set(state, outside + b * hidden);
      return values;
    };
    this.states = memory(noHidden.dataSync() as Float32Array);
    this.cells = memory(noCell.dataSync() as Float32Array);
  }

  /** To be called before the first pixel of each row. */
  beginRow(): void {
    this.y++;
    this.input.beginRow();
  }

  /** Remembers the inputs [count, inputs] of pixel x of the row. */
  store(x: number, input: Float32Array): void {
    this.input.store(x, input);
  }

  /**
   * The hidden states of pixel x, whose inputs and those of its neighbors have been stored.
   *
   * @param out [count, h], overwritten
   * @returns out
   */
  outputs(x: number, out: Float32Array = new Float32Array(this.count * this.hidden)): Float32Array {
    const {seen, count, hidden, gates} = this;
    const {taps, cell} = NEIGHBORS[this.direction];
    taps.forEach(([dy, dx], tap) => {
      seen[2 * tap] = tap;
      seen[2 * tap + 1] = this.place(this.y + dy, x + dx);
    });
    this.kernel.apply(this.states, seen, taps.length, this.input.outputs(x, null, this.given), gates);
    const before = seen[2 * cell + 1];
    this.cell.set(this.cells.subarray(before, before + count * hidden));
    pixelLstmCell(gates, hidden, this.cell, out);
    const place = this.place(this.y, x);
    this.states.set(out, place);
    this.cells.set(this.cell, place);
    return out;
  }

  private place(y: number, x: number): number {
    const size = this.count * this.hidden;
    const inside = y >= 0 && x >= 0 && x < this.width;
    return (inside ? (y % 2) * this.width + x : 2 * this.width) * size;
  }
}
