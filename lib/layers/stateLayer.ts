import type * as tf from '@tensorflow/tfjs';
import type {Lstm} from './lstm';

/** The recurrent part of a residual block: what Row LSTM and the Diagonal BiLSTM have in common. */
export interface StateLayer {
  /** The recurrences whose states are added, those of a second one from the row above; null where they are joined in another way. */
  readonly added: readonly Lstm[] | null;
  /**
   * @param x [B, H, W, inputs]
   * @returns hidden states [B, H, W, h], of which each knows the pixels that x knows there and those before; the caller disposes it
   */
  states(x: tf.Tensor4D): tf.Tensor4D;
  /** The same pixel by pixel, for a sampler of `count` images. */
  pixels(width: number, count: number): PixelStates;
  dispose(): void;
}

export interface StateSpec {
  /** Its parameters' names begin with it. */
  readonly name: string;
  readonly inputs: number;
  readonly hidden: number;
  readonly groups: number;
}

export interface PixelStates {
  /** To be called before the first pixel of each row. */
  beginRow(): void;
  /** The hidden states [count, h] of pixel x of the row, from its inputs [count, inputs]. */
  at(x: number, input: Float32Array): Float32Array;
}
