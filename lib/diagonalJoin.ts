import * as tf from '@tensorflow/tfjs';
import {DiagonalBiLstm} from './layers/diagonalBiLstm';
import {Lstm} from './layers/lstm';
import {rasterMask} from './layers/rasterMasks';
import type {StateLayer} from './layers/stateLayer';
import type {StateLayerKind} from './models/pixelRnn';

/** How a student, or a mistake, joins the two directions of a Diagonal BiLSTM. */
export type JoinDirections = (left: tf.Tensor4D, right: tf.Tensor4D) => tf.Tensor4D;

/**
 * A Diagonal BiLSTM whose two maps of hidden states are joined in another way than by shifting the right one down and adding. The same
 * parameters under the same names; not to be sampled from its cache, which joins them as it should be.
 */
export function joinedDiagonals(join: JoinDirections): StateLayerKind {
  return class extends DiagonalBiLstm implements StateLayer {
    private readonly both: readonly Lstm[];

    constructor(...[spec, parameters]: ConstructorParameters<typeof DiagonalBiLstm>) {
      super(spec, parameters);
      const {name, inputs, hidden, groups} = spec;
      this.both = (['left-to-right', 'right-to-left'] as const).map((direction) => {
        const part = {direction, inputs, hidden, groups, mask: rasterMask(1, 'B')};
        return new Lstm({...part, name: `${name}.${direction}`}, parameters);
      });
    }

    override states(x: tf.Tensor4D): tf.Tensor4D {
      return tf.tidy(() => join(this.both[0].apply(x), this.both[1].apply(x)));
    }
  };
}
