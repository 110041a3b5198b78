import * as tf from '@tensorflow/tfjs';
import {DiagonalBiLstm} from './layers/diagonalBiLstm';
import type {StateLayerKind} from './models/pixelRnn';

/** How a student, or a mistake, joins the two directions of a Diagonal BiLSTM. */
export type JoinDirections = (left: tf.Tensor4D, right: tf.Tensor4D) => tf.Tensor4D;

/**
 * A Diagonal BiLSTM whose two maps of hidden states are joined in another way than by shifting the right one down and adding. The same
 * parameters under the same names; not to be sampled from its cache, which joins them as it should be.
 */
export function joinedDiagonals(join: JoinDirections): StateLayerKind {
  return class extends DiagonalBiLstm {
    override get added(): null {
      return null;
    }

    override states(x: tf.Tensor4D): tf.Tensor4D {
      const [left, right] = this.lstms;
      return tf.tidy(() => join(left.apply(x), right.apply(x)));
    }
  };
}
