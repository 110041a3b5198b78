import type {IncrementalLogits} from '../types';
import {LSTM_GATES, NEIGHBORS, type ScanDirection} from './lstmScan';
import {native} from './native';
import {startNatively} from './nativeSampler';
import {LoopSampler} from './pixelLoops';
import {isForRow, type Phase} from './pixelPhase';

/**
 * A network in raster order as a list of steps that compute it one pixel at a time, from what they remember
 * of the pixels before: what a sampler needs. A model writes the list once; the native kernels run it for
 * many pixels at a call, and plain loops are the twin.
 */

/** Numbers of each image at a pixel: the result of one step, which others use. */
export interface PixelBuffer {
  readonly index: number;
  readonly size: number;
  /** How many rows of pixels are remembered; 0 for the pixel in hand alone. */
  rows: number;
  /** Of so many equal parts each channel has a share of each; else one share of all. */
  parts: number;
  /**
   * [size] or [count, size]: the state of all pixels outside the image; of a buffer without rows its content.
   */
  readonly constant: Float32Array | null;
}

/** A masked convolution in plain numbers. */
export interface PixelConvolution {
  readonly rows: number;
  readonly columns: number;
  readonly centerRow: number;
  readonly centerColumn: number;
  readonly dilation: number;
  readonly inputs: number;
  readonly outputs: number;
  /** [rows, columns, inputs, outputs]: masked. */
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

/**
 * A recurrence in plain numbers: state-to-state weights [taps, h, 4 h], and the
 * state outside the image, [h] each.
 */
export interface PixelRecurrence {
  readonly state: Float32Array;
  readonly hidden: Float32Array;
  readonly cell: Float32Array;
  readonly direction: ScanDirection;
}

export interface PixelTap {
  /** Its number in the kernel. */
  readonly index: number;
  readonly dy: number;
  readonly dx: number;
}

export interface PixelStep {
  readonly kind: 'convolve' | 'rectify' | 'gate' | 'recur' | 'add';
  readonly phase: Phase;
  readonly in: PixelBuffer;
  readonly out: PixelBuffer;
  /** Added to the result, from the pixel in hand or from that above it. */
  readonly added: PixelBuffer | null;
  readonly addedRows: 0 | -1;
  readonly rectified: boolean;
  /** Of a convolution: outside the image its input has a state, and is not zero. */
  readonly outside: boolean;
  /** Of a recurrence: its cells, and how many rows and columns away the pixel is that hands on its cell. */
  readonly cells: PixelBuffer | null;
  readonly cellFrom: readonly [number, number];
  readonly leftwards: boolean;
  /** [given taps, inputs, outputs], of which only those in `taps` are of use. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly givenTaps: number;
  readonly taps: readonly PixelTap[];
}

/** What a step may have beside its input. */
interface More {
  readonly phase?: Phase;
  readonly added?: PixelBuffer | null;
  /** Where the result goes, which may be what is added. */
  readonly out?: PixelBuffer | null;
}

/** Logits value by value that can begin anew, with the same weights. */
export interface RestartableLogits extends IncrementalLogits {
  restart(): void;
}

/** The halves of what goes into a gated activation. */
const GATE_PARTS = 2;

const NOTHING = new Float32Array();

export class PixelProgram {
  readonly buffers: PixelBuffer[] = [];
  readonly steps: PixelStep[] = [];
  /** [count, channels] of each pixel: what is chosen, 0 where nothing is yet. */
  readonly image: PixelBuffer;

  /** @param levels of each value; 2 have one logit, more have as many logits */
  constructor(
    readonly size: {readonly height: number; readonly width: number; readonly channels: number},
    readonly levels: number,
  ) {
    this.image = this.buffer(size.channels, 1);
  }

  /** Logits of each value. */
  get numbers(): number {
    return this.levels === 2 ? 1 : this.levels;
  }

  /** Numbers that are the same at every pixel, [count, size]. */
  constant(values: Float32Array, count: number): PixelBuffer {
    return this.buffer(values.length / count, 0, values);
  }

  /**
   * activation(convolution of `from` + added). At a pixel where nothing is added, what rows above give is a
   * step of its own: it is known when a row begins.
   */
  convolve(
    from: PixelBuffer,
    convolution: PixelConvolution,
    activation: 'relu' | 'none' = 'none',
    {phase = 'pixel', added = null, out = null}: More = {},
  ): PixelBuffer {
    const {rows, columns, centerRow, centerColumn, dilation, inputs, outputs, kernel, bias} = convolution;
    const size = inputs * outputs;
    const all = Array.from({length: rows * columns}, (_, index) => ({
      index,
      dy: (Math.floor(index / columns) - centerRow) * dilation,
      dx: ((index % columns) - centerColumn) * dilation,
    })).filter(({index}) => kernel.subarray(index * size, (index + 1) * size).some((w) => w !== 0));
    const pointwise = all.every(({dy, dx}) => dy === 0 && dx === 0);
    const highest = Math.max(0, ...all.map(({dy}) => -dy));
    if (!pointwise || phase !== 'pixel') remember(from, (phase === 'row before' ? 2 : 1) + highest);
    const more = {weights: kernel, bias, givenTaps: rows * columns, taps: all, added};
    const rectified = activation === 'relu';
    const [above, here] = [all.filter(({dy}) => dy < 0), all.filter(({dy}) => dy === 0)];
    if (phase !== 'pixel' || added !== null || above.length === 0) {
      return this.step('convolve', phase, from, out ?? outputs, {...more, rectified});
    }
    const share = this.step('convolve', 'early', from, outputs, {...more, taps: above});
    const rest = {taps: here, bias: new Float32Array(outputs), added: share, rectified};
    return this.step('convolve', phase, from, share, {...more, ...rest});
  }

  /** max(from, 0) */
  rectify(from: PixelBuffer): PixelBuffer {
    return this.step('rectify', 'pixel', from, from.size, {});
  }

  /** tanh of the first half of the features times sigmoid of the second. */
  gate(from: PixelBuffer, phase: Phase = 'pixel'): PixelBuffer {
    from.parts = GATE_PARTS;
    return this.step('gate', phase, from, from.size / GATE_PARTS, {});
  }

  /** The sum of two buffers; of the second what it has at the pixel above, if that is asked for. */
  add(from: PixelBuffer, added: PixelBuffer, above = false): PixelBuffer {
    return this.step('add', 'pixel', from, from.size, {added, addedRows: above ? -1 : 0});
  }

  /**
   * The hidden states of an LSTM over the pixels, whose gates see `from` through a convolution. What states
   * of the row above give the gates is a step of its own, too.
   */
  recur(
    from: PixelBuffer,
    input: PixelConvolution,
    {state, hidden, cell, direction}: PixelRecurrence,
    phase: Phase = 'pixel',
  ): PixelBuffer {
    const neighbors = NEIGHBORS[direction];
    const out = this.buffer(hidden.length, 2, hidden);
    const cells = this.buffer(hidden.length, 2, cell);
    const taps = neighbors.taps.map(([dy, dx], index) => ({index, dy, dx}));
    const [above, here] = [taps.filter(({dy}) => dy < 0), taps.filter(({dy}) => dy === 0)];
    const bias = new Float32Array(LSTM_GATES * hidden.length);
    const weights = {weights: state, bias, givenTaps: taps.length};
    const share = this.step('convolve', phase === 'pixel' ? 'early' : phase, out, bias.length, {
      ...weights,
      taps: above,
      outside: true,
    });
    const gates = this.convolve(from, input, 'none', {phase, added: share, out: share});
    gates.parts = LSTM_GATES;
    const cellFrom = neighbors.taps[neighbors.cell];
    const leftwards = direction === 'right-to-left';
    return this.step('recur', phase, gates, out, {cells, cellFrom, leftwards, ...weights, taps: here});
  }

  /**
   * Starts it; the last step must give the logits, [count, channels · numbers].
   *
   * @param count images at once
   */
  start(count: number): RestartableLogits {
    const kernels = native();
    return kernels === null ? new LoopSampler(this, count) : startNatively(kernels, this, count);
  }

  private step(
    kind: PixelStep['kind'],
    phase: Phase,
    from: PixelBuffer,
    to: PixelBuffer | number,
    more: Partial<PixelStep>,
  ): PixelBuffer {
    // What is computed for a whole row is asked for pixel by pixel.
    const out = typeof to === 'number' ? this.buffer(to, isForRow(phase) ? 1 : 0) : to;
    // Of the row before more is kept: what is early may have written the row in hand already.
    const kept = phase === 'row before' ? 2 : 1;
    const read = [from, more.added ?? null].filter((buffer) => buffer !== null && buffer.constant === null);
    if (isForRow(phase)) for (const buffer of read) remember(buffer as PixelBuffer, kept);
    const none = {
      added: null,
      addedRows: 0,
      rectified: false,
      outside: false,
      cells: null,
      cellFrom: [0, 0],
      leftwards: false,
    } as const;
    const without = {weights: NOTHING, bias: NOTHING, givenTaps: 0, taps: []};
    this.steps.push({...none, ...without, ...more, kind, phase, in: from, out});
    return out;
  }

  private buffer(size: number, rows: number, constant: Float32Array | null = null): PixelBuffer {
    const buffer = {index: this.buffers.length, size, rows, parts: 1, constant};
    this.buffers.push(buffer);
    return buffer;
  }
}

function remember(buffer: PixelBuffer, rows: number): void {
  buffer.rows = Math.max(buffer.rows, rows);
}
