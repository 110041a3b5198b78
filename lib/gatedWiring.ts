import * as tf from '@tensorflow/tfjs';
import {gate, relu} from './engine/kernels';
import type {GatedLayer, Stacks} from './layers/gated';
import type {GatedPixelCnn} from './models/gatedPixelCnn';
import {splitLevels} from './models/raster';
import type {AutoregressiveModel} from './types';

/**
 * Gated PixelCNN with its two stacks joined in another way: for lessons on what goes wrong. Weights and kernels stay as they are.
 */

/** How a layer makes its two stacks from those below, with new tensors. */
export type Wiring = (layer: GatedLayer, below: Stacks) => Stacks;

/** The layer of figure 2, and three mistakes that public code has made. */
export const WIRINGS = {
  right: (layer, below) => layer.apply(below, null),

  /** The link takes what the vertical gate let through. It wants 2 · features, so each gated feature is handed on twice. */
  'link after the gate': (layer, below) => {
    const above = gate(layer.vertical.apply(below.vertical, 'none'));
    const link = layer.link.apply(tf.concat([above, above], 3), 'none');
    return {vertical: above, horizontal: horizontal(layer, below.horizontal, link, !layer.spec.first)};
  },

  /** Later layers give the vertical kernel both stacks. It looks at the whole row, and the horizontal stack knows pixels of that. */
  'horizontal feeds vertical': (layer, below) => {
    const both = layer.spec.first ? below.vertical : tf.add<tf.Tensor4D>(below.vertical, below.horizontal);
    return layer.apply({vertical: both, horizontal: below.horizontal}, null);
  },

  /** The first layer adds its input, the image itself, as later layers rightly do. */
  'residual in the first layer': (layer, below) => {
    const above = layer.vertical.apply(below.vertical, 'none');
    const link = layer.link.apply(above, 'none');
    return {vertical: gate(above), horizontal: horizontal(layer, below.horizontal, link, true)};
  },
} as const satisfies Record<string, Wiring>;
export type WiringName = keyof typeof WIRINGS;

function horizontal(
  layer: GatedLayer,
  below: tf.Tensor4D,
  link: tf.Tensor4D,
  residual: boolean,
): tf.Tensor4D {
  const left = tf.add<tf.Tensor4D>(layer.horizontal.apply(below, 'none'), link);
  const out = layer.point.apply(gate(left), 'none');
  return residual ? tf.add<tf.Tensor4D>(out, below) : out;
}

/**
 * The model with its layers joined by the given wiring. Shares the parameters and owns nothing.
 *
 * @param model without classes
 * @throws RangeError when the model knows classes
 */
export function rewire(model: GatedPixelCnn, wiring: Wiring): AutoregressiveModel {
  if (model.config.classes !== 0) {
    throw new RangeError(`rewire: the model must know no classes, got ${model.config.classes}`);
  }
  const {name, config, image, levels, parameters, order} = model;
  return {
    ...{name, config, image, levels, parameters, order},
    logits: (x) =>
      tf.tidy(() => {
        const stacks = model.layers.reduce<Stacks>((below, layer) => wiring(layer, below), {
          vertical: x,
          horizontal: x,
        });
        const [head1, head2, logits] = model.head;
        const features = head2.apply(head1.apply(relu(stacks.horizontal), 'relu'), 'relu');
        return splitLevels(logits.apply(features, 'none'), model);
      }),
    dispose: () => {
      // The weights belong to the model that was given.
    },
  };
}
