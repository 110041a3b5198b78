import * as tf from '@tensorflow/tfjs';
import type {Neighbors, ScanWeights} from './lstmScan';

/**
 * The scan in plain loops, forward and backward, pixel after pixel: the twin of the native kernel. On a
 * backend without that kernel each small operation costs more than its numbers, and a scan needs thousands.
 * A pixel to which no gradient comes is passed over, so that the map of one place costs little.
 *
 * @param gates [B, H, W, 4 h]; the shapes are checked by lstmScan
 * @returns [B, H, W, h]; differentiable in gates and weights; the caller disposes it
 */
export function loopScan(
  gates: tf.Tensor4D,
  {state, hidden, cell}: ScanWeights,
  neighbors: Neighbors,
): tf.Tensor4D {
  const run = tf.customGrad((...args) => {
    const save = args.pop() as unknown as tf.GradSaveFunc;
    const given = args as tf.Tensor[];
    save([]);
    const scan = new LoopScan(given, neighbors);
    const [batch, height, width, numbers] = given[0].shape;
    return {
      value: tf.tensor(scan.hidden, [batch, height, width, numbers / 4]),
      gradFunc: (dy: tf.Tensor) =>
        scan.gradients(dy.dataSync() as Float32Array).map((values, k) => tf.tensor(values, given[k].shape)),
    };
  });
  return run(gates, state, hidden, cell) as tf.Tensor4D;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

class LoopScan {
  private readonly h: number;
  private readonly height: number;
  private readonly width: number;
  private readonly places: number;
  private readonly state: Float32Array;
  private readonly firstHidden: Float32Array;
  private readonly firstCell: Float32Array;
  /** o, f, i, g after their activations, [B, H, W, 4 h]. */
  private readonly gates: Float32Array;
  /** [B, H, W, h] */
  private readonly cells: Float32Array;
  readonly hidden: Float32Array;

  constructor(
    given: readonly tf.Tensor[],
    private readonly neighbors: Neighbors,
  ) {
    const numbers = (k: number): Float32Array => given[k].dataSync() as Float32Array;
    const [batch, height, width] = given[0].shape as [number, number, number];
    [this.height, this.width] = [height, width];
    this.places = batch * height * width;
    this.gates = numbers(0).slice();
    [this.state, this.firstHidden, this.firstCell] = [numbers(1), numbers(2), numbers(3)];
    this.h = this.firstCell.length;
    this.cells = new Float32Array(this.places * this.h);
    this.hidden = new Float32Array(this.places * this.h);
    for (let step = 0; step < this.places; step++) this.forward(this.placeOf(step));
  }

  /** Places in an order in which all neighbors of one come before it. */
  private placeOf(step: number): number {
    const leftwards = this.neighbors.taps[0][0] === 0 && this.neighbors.taps[0][1] > 0;
    const x = step % this.width;
    return leftwards ? step - x + this.width - 1 - x : step;
  }

  /** The place of a neighbor; -1 outside the image. */
  private neighborOf(place: number, tap: number): number {
    const [down, right] = this.neighbors.taps[tap];
    const y = (Math.floor(place / this.width) % this.height) + down;
    const x = (place % this.width) + right;
    return y < 0 || x < 0 || x >= this.width ? -1 : place + down * this.width + right;
  }

  private forward(place: number): void {
    const {h, gates, state, neighbors} = this;
    const wide = 4 * h;
    const at = place * wide;
    for (let tap = 0; tap < neighbors.taps.length; tap++) {
      const from = this.neighborOf(place, tap);
      const source = from < 0 ? this.firstHidden : this.hidden;
      const start = from < 0 ? 0 : from * h;
      for (let k = 0; k < h; k++) {
        const value = source[start + k];
        const row = (tap * h + k) * wide;
        for (let j = 0; j < wide; j++) gates[at + j] += value * state[row + j];
      }
    }
    const from = this.neighborOf(place, neighbors.cell);
    const before = from < 0 ? this.firstCell : this.cells;
    const start = from < 0 ? 0 : from * h;
    for (let k = 0; k < h; k++) {
      const [o, f, i, g] = [at + k, at + h + k, at + 2 * h + k, at + 3 * h + k];
      gates[o] = sigmoid(gates[o]);
      gates[f] = sigmoid(gates[f]);
      gates[i] = sigmoid(gates[i]);
      gates[g] = Math.tanh(gates[g]);
      const next = gates[f] * before[start + k] + gates[i] * gates[g];
      this.cells[place * h + k] = next;
      this.hidden[place * h + k] = gates[o] * Math.tanh(next);
    }
  }

  /** Of gates, state weights, hidden state and cell outside, given that of the result [B, H, W, h]. */
  gradients(dy: Float32Array): Float32Array[] {
    const {h, gates, state, neighbors} = this;
    const wide = 4 * h;
    const dGates = new Float32Array(gates.length);
    const dState = new Float32Array(state.length);
    const dFirstHidden = new Float32Array(h);
    const dFirstCell = new Float32Array(h);
    const dHidden = dy.slice();
    const dCells = new Float32Array(dy.length);
    for (let step = this.places - 1; step >= 0; step--) {
      const place = this.placeOf(step);
      const [own, at] = [place * h, place * wide];
      let any = false;
      for (let k = 0; k < h; k++) any ||= dHidden[own + k] !== 0 || dCells[own + k] !== 0;
      if (!any) continue;
      const cellFrom = this.neighborOf(place, neighbors.cell);
      const [before, dBefore] = cellFrom < 0 ? [this.firstCell, dFirstCell] : [this.cells, dCells];
      const start = cellFrom < 0 ? 0 : cellFrom * h;
      for (let k = 0; k < h; k++) {
        const [o, f, i, g] = [at + k, at + h + k, at + 2 * h + k, at + 3 * h + k];
        const open = Math.tanh(this.cells[own + k]);
        const dh = dHidden[own + k];
        const dc = dCells[own + k] + dh * gates[o] * (1 - open * open);
        dGates[o] = dh * open * gates[o] * (1 - gates[o]);
        dGates[f] = dc * before[start + k] * gates[f] * (1 - gates[f]);
        dGates[i] = dc * gates[g] * gates[i] * (1 - gates[i]);
        dGates[g] = dc * gates[i] * (1 - gates[g] * gates[g]);
        dBefore[start + k] += dc * gates[f];
      }
      for (let tap = 0; tap < neighbors.taps.length; tap++) {
        const from = this.neighborOf(place, tap);
        const [source, dSource] = from < 0 ? [this.firstHidden, dFirstHidden] : [this.hidden, dHidden];
        const first = from < 0 ? 0 : from * h;
        for (let k = 0; k < h; k++) {
          const row = (tap * h + k) * wide;
          const value = source[first + k];
          let sum = 0;
          for (let j = 0; j < wide; j++) {
            const slope = dGates[at + j];
            sum += slope * state[row + j];
            dState[row + j] += slope * value;
          }
          dSource[first + k] += sum;
        }
      }
    }
    return [dGates, dState, dFirstHidden, dFirstCell];
  }
}
