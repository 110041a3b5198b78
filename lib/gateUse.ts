import * as tf from '@tensorflow/tfjs';
import type {GatedPixelCnn} from './models/gatedPixelCnn';

/** What the gates of one stack of one layer do over some images. Shares of all places and features, 0 to 1. */
export interface GateUse {
  readonly layer: number;
  readonly stack: 'vertical' | 'horizontal';
  /** Gates below 0.1: what tanh says is stopped. */
  readonly closed: number;
  /** Gates above 0.9: it goes through. */
  readonly open: number;
}

/** sigmoid values of every gate, one map for each layer and stack. */
export interface GateMaps {
  readonly layer: number;
  readonly stack: 'vertical' | 'horizontal';
  /** [B, H, W, features], 0 … 1. */
  readonly gates: tf.Tensor4D;
}

/**
 * The gates of all layers for these images.
 *
 * @param x [B, H, W, C]
 * @returns vertical and horizontal of layer 1, then of layer 2, …; the caller disposes the maps
 */
export function gateMaps(model: GatedPixelCnn, x: tf.Tensor4D): GateMaps[] {
  return model.layers.flatMap((layer, k) => {
    const [vertical, horizontal] = tf.tidy(() => {
      const below = k === 0 ? {vertical: x, horizontal: x} : model.stacks(x, k);
      const before = layer.beforeGates(below, model.oneHotLabels(x.shape[0]));
      // The second half of the features decides, the first half is what is decided on.
      return [before.vertical, before.horizontal].map((map) => {
        return tf.sigmoid(tf.split(map, 2, 3)[1] as tf.Tensor4D);
      });
    });
    return [
      {layer: k + 1, stack: 'vertical', gates: vertical},
      {layer: k + 1, stack: 'horizontal', gates: horizontal},
    ];
  });
}

/** How many of the gates are nearly shut, and how many wide open. */
export function gateUse(model: GatedPixelCnn, x: tf.Tensor4D): GateUse[] {
  return gateMaps(model, x).map(({layer, stack, gates}) => {
    const values = gates.dataSync() as Float32Array;
    gates.dispose();
    const share = (holds: (gate: number) => boolean): number =>
      values.filter((gate) => holds(gate)).length / values.length;
    return {layer, stack, closed: share((gate) => gate < 0.1), open: share((gate) => gate > 0.9)};
  });
}
