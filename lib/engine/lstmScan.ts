import * as tf from '@tensorflow/tfjs';
import {Arguments} from './check';
import {attribute, native, runPair} from './native';
import {skew, unskew} from './skew';

/** Which way a recurrence goes over the image: row by row, or from pixel to pixel along the rows. */
export type ScanDirection = 'rows' | 'left-to-right' | 'right-to-left';

/**
 * Pixels, as [rows down, columns right], whose states a pixel is given, and which of them hands on its cell.
 */
interface Neighbors {
  readonly taps: readonly (readonly [number, number])[];
  readonly cell: number;
}

/**
 * Row LSTM: the three pixels above (section 3.1). Diagonal: the pixel to the left and the one above,
 * which are the two taps of the column convolution on the skewed map (section 3.2); from right to
 * left the mirror image of that.
 */
export const NEIGHBORS: Record<ScanDirection, Neighbors> = {
  rows: {
    taps: [
      [-1, -1],
      [-1, 0],
      [-1, 1],
    ],
    cell: 1,
  },
  'left-to-right': {
    taps: [
      [0, -1],
      [-1, 0],
    ],
    cell: 0,
  },
  'right-to-left': {
    taps: [
      [0, 1],
      [-1, 0],
    ],
    cell: 0,
  },
};

/** What a scan needs beside its inputs. */
export interface ScanWeights {
  /** State-to-state, [taps, h, 4 h]. */
  readonly state: tf.Tensor3D;
  /** The hidden state of all places outside the image, [h]. */
  readonly hidden: tf.Tensor1D;
  /** Their cell, [h]. */
  readonly cell: tf.Tensor1D;
}

/**
 * An LSTM over the pixels of an image:
 *   [o, f, i, g] = [σ, σ, σ, tanh](gates + states of the neighbors · state weights)
 *   c = f · c of a neighbor + i · g,  h = o · tanh(c)
 * Source: van den Oord et al. 2016a, equation 3, whose single σ stands for both activations. The
 * paper learns "the initial state" and does not say whose: here it is that of every place outside the
 * image, above it and beside it.
 *
 * @param gates input-to-state with its bias, [B, H, W, 4 h], in the order o, f, i, g
 * @returns the hidden states [B, H, W, h]; differentiable in gates and weights; the caller disposes it
 * @throws RangeError when shapes or types do not fit each other
 */
export function lstmScan(gates: tf.Tensor4D, weights: ScanWeights, direction: ScanDirection): tf.Tensor4D {
  checkScan(gates, weights, direction);
  return tf.tidy(() => {
    if (native() !== null) return nativeScan(gates, weights, NEIGHBORS[direction]);
    if (direction === 'rows') return scanRows(gates, weights);
    if (direction === 'left-to-right') return scanDiagonals(gates, weights);
    return tf.reverse(scanDiagonals(tf.reverse(gates, 2), weights), 2);
  });
}

function nativeScan(
  gates: tf.Tensor4D,
  {state, hidden, cell}: ScanWeights,
  neighbors: Neighbors,
): tf.Tensor4D {
  const attributes = [
    attribute.int(
      'rows',
      neighbors.taps.map(([row]) => row),
    ),
    attribute.int(
      'columns',
      neighbors.taps.map(([, column]) => column),
    ),
    attribute.int('cell_from', neighbors.cell),
  ];
  const pair = {
    ...{name: 'RasterLstmScan', attributes, outputs: 3},
    // The result is kept as well; then the weights.
    ...{before: [], after: [1, 2, 3], keepResult: true},
  };
  return runPair(pair, [gates, state, hidden, cell]) as tf.Tensor4D;
}

function checkScan(gates: tf.Tensor4D, {state, hidden, cell}: ScanWeights, direction: ScanDirection): void {
  const given = new Arguments('lstmScan');
  given.rule(
    direction in NEIGHBORS,
    'direction',
    `be one of ${Object.keys(NEIGHBORS).join(', ')}`,
    direction,
  );
  given.tensor('hidden', hidden, ['h']);
  given.tensor('cell', cell, ['h']);
  const h = given.size('h');
  given.tensor('state', state, [NEIGHBORS[direction].taps.length, h, 4 * h]);
  given.tensor('gates', gates, ['B', 'H', 'W', 4 * h]);
}

/** One step of the LSTM, for all that is in `sums` [..., 4 h]. */
function step(sums: tf.Tensor, cell: tf.Tensor): {hidden: tf.Tensor; cell: tf.Tensor} {
  const [o, f, i, g] = tf.split(sums, 4, sums.rank - 1);
  const next = tf.add(tf.mul(tf.sigmoid(f), cell), tf.mul(tf.sigmoid(i), tf.tanh(g)));
  return {hidden: tf.mul(tf.sigmoid(o), tf.tanh(next)), cell: next};
}

/** The states of the neighbors side by side, times the weights. */
function stateToState(states: readonly tf.Tensor3D[], kernel: tf.Tensor3D): tf.Tensor3D {
  const [taps, h, gates] = kernel.shape;
  const [batch, places] = states[0].shape;
  const flat = tf.reshape(tf.concat([...states], 2), [batch * places, taps * h]) as tf.Tensor2D;
  const product = tf.matMul(flat, tf.reshape(kernel, [taps * h, gates]) as tf.Tensor2D);
  return tf.reshape(product, [batch, places, gates]);
}

function outside(state: tf.Tensor1D, batch: number, places: number): tf.Tensor3D {
  return tf.tile(tf.reshape(state, [1, 1, -1]), [batch, places, 1]) as tf.Tensor3D;
}

/** As tf.unstack, whose gradient fails where there is one slice only. */
function slices(x: tf.Tensor4D, axis: number): tf.Tensor[] {
  return x.shape[axis] === 1 ? [tf.squeeze(x, [axis])] : tf.unstack(x, axis);
}

/** All pixels of a row at once, row after row. */
function scanRows(gates: tf.Tensor4D, weights: ScanWeights): tf.Tensor4D {
  const [batch, , width] = gates.shape;
  const beside = outside(weights.hidden, batch, 1);
  let hidden: tf.Tensor = outside(weights.hidden, batch, width);
  let cell: tf.Tensor = outside(weights.cell, batch, width);
  const rows = slices(gates, 1).map((row) => {
    const padded = tf.concat([beside, hidden, beside], 1);
    const states = [0, 1, 2].map((start) => {
      return tf.slice(padded, [0, start, 0], [batch, width, -1]) as tf.Tensor3D;
    });
    ({hidden, cell} = step(tf.add(row, stateToState(states, weights.state)), cell));
    return hidden;
  });
  return tf.stack(rows, 1) as tf.Tensor4D;
}

/** All pixels of a diagonal at once, which skewing makes a column. */
function scanDiagonals(gates: tf.Tensor4D, weights: ScanWeights): tf.Tensor4D {
  const [batch, height] = gates.shape;
  const above = outside(weights.hidden, batch, 1);
  const [noHidden, noCell] = [weights.hidden, weights.cell].map((state) => outside(state, batch, height));
  let [hidden, cell]: tf.Tensor[] = [noHidden, noCell];
  const columns = slices(skew(gates), 2).map((column, s) => {
    const up = tf.concat([above, tf.slice(hidden, [0, 0, 0], [batch, height - 1, -1])], 1) as tf.Tensor3D;
    const sums = tf.add(column, stateToState([hidden as tf.Tensor3D, up], weights.state));
    const next = step(sums, cell);
    // A row that has not begun yet is outside the image still.
    const begun = tf.tensor3d(
      Array.from({length: height}, (_, row) => (row <= s ? 1 : 0)),
      [1, height, 1],
    );
    const waiting = tf.sub(1, begun);
    hidden = tf.add(tf.mul(begun, next.hidden), tf.mul(waiting, noHidden));
    cell = tf.add(tf.mul(begun, next.cell), tf.mul(waiting, noCell));
    return hidden;
  });
  return unskew(tf.stack(columns, 2) as tf.Tensor4D);
}
