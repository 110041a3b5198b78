/** Notebook 08: its exercises solved. Names are those of the answer cells. */

import * as tf from '@tensorflow/tfjs';
import {shiftDown} from '../lib/index';

/** 1. Row r is shifted by r places to the right. */
export const skewedPlace = (row: number, column: number): number[] => [row, row + column];

/** 2. The map from the right is one row too far ahead. */
export const join = (left: tf.Tensor4D, right: tf.Tensor4D): tf.Tensor4D => tf.add(left, shiftDown(right));

/** 3. The last pixel of the row above. */
export const neverSeen = (row: number, _: number, width: number): number[] => [row - 1, width - 1];

/** 4. The mirror image of those from the left. */
export const fromTheRight: [number, number][] = [
  [0, 1],
  [-1, 0],
];
