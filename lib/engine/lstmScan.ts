import * as tf from '@tensorflow/tfjs';
import {Arguments} from './check';
import {loopScan} from './lstmLoops';
import {attribute, native, runPair} from './native';

/** Which way a recurrence goes over the image: row by row, or from pixel to pixel along the rows. */
export type ScanDirection = 'rows' | 'left-to-right' | 'right-to-left';

/**
 * Pixels, as [rows down, columns right], whose states a pixel is given, and which of them hands on its cell.
 */
export interface Neighbors {
  readonly taps: readonly (readonly [number, number])[];
  readonly cell: number;
}

/** The gates of an LSTM: o, f, i, g. */
export const LSTM_GATES = 4;

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
  const scan = native() === null ? loopScan : nativeScan;
  return tf.tidy(() => scan(gates, weights, NEIGHBORS[direction]));
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
