/** Notebook 06: its exercises solved. Names are those of the answer cells. */

import * as tf from '@tensorflow/tfjs';
import type {Wiring} from '../lib/course/index';
import {gate} from '../lib/index';

/**
 * 1. The link after the gate leaks nothing; the row's own pixels come back through the vertical
 *    stack; the image itself is added.
 */
export const afterGate: [number, number][] = [];
export const feedsVertical: [number, number][] = [
  [2, 2],
  [2, 3],
];
export const firstResidual: [number, number][] = [[2, 2]];

/** 2. Vertical sees vertical only, the link is taken before the gate, and the first layer adds no image. */
export const myLayer: Wiring = (layer, below) => {
  const above = layer.vertical.apply(below.vertical, 'none');
  const link = layer.link.apply(above, 'none');
  const left = tf.add<tf.Tensor4D>(layer.horizontal.apply(below.horizontal, 'none'), link);
  const out = layer.point.apply(gate(left), 'none');
  const horizontal = layer.spec.first ? out : tf.add<tf.Tensor4D>(out, below.horizontal);
  return {vertical: gate(above), horizontal};
};

/** 3. Shares of exp(-nats), with the smallest nats taken out first. */
export const myPosterior = (nats: readonly number[]): number[] => {
  const least = Math.min(...nats);
  const shares = nats.map((value) => Math.exp(least - value));
  const total = shares.reduce((a, b) => a + b, 0);
  return shares.map((share) => share / total);
};
