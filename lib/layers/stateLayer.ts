import type * as tf from '@tensorflow/tfjs';
import type {PixelBuffer, PixelProgram} from '../engine/pixelProgram';
import type {Lstm} from './lstm';

/** The recurrent part of a residual block: what Row LSTM and the Diagonal BiLSTM have in common. */
export interface StateLayer {
  /**
   * The recurrences whose states are added, those of a second one from the row above; null where
   * they are joined in another way.
   */
  readonly added: readonly Lstm[] | null;
  /**
   * @param x [B, H, W, inputs]
   * @returns hidden states [B, H, W, h], of which each knows the pixels that x knows there and those
   *   before; the caller disposes it
   */
  states(x: tf.Tensor4D): tf.Tensor4D;
  /** The same as steps of a sampler's program: from the features of a pixel to its states [count, h]. */
  steps(program: PixelProgram, features: PixelBuffer): PixelBuffer;
  dispose(): void;
}

export interface StateSpec {
  /** Its parameters' names begin with it. */
  readonly name: string;
  readonly inputs: number;
  readonly hidden: number;
  readonly groups: number;
}
