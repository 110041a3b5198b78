import * as tf from '@tensorflow/tfjs';
import {gate} from '../engine/gate';
import {afterGate, beforeGates, type ClassBiases, type GatedParts, type Stacks} from '../engine/gatedLayers';
import type {Parameters} from '../types';
import {MaskedConv2d, type MaskedConv2dSpec} from './maskedConv2d';
import {type ParameterSpec, parameter} from './parameters';
import {evenGroups, horizontalMask, rasterMask, verticalMask} from './rasterMasks';

/** A layer of the Gated PixelCNN (van den Oord et al. 2016b, figure 2). */
export interface GatedSpec {
  readonly name: string;
  /**
   * The first layer takes the image itself, with mask A; it has no residual connection,
   * which would show the pixel itself.
   */
  readonly first: boolean;
  /** Features of the input: the image's channels in the first layer, else `features`. */
  readonly inputs: number;
  readonly features: number;
  readonly groups: number;
  /** Side of the vertical kernel and length of the horizontal one. */
  readonly size: number;
  /** Pixels from one tap of both to the next. */
  readonly dilation: number;
  /** Standard deviation of the inputs at the start. */
  readonly inputStd: number;
  /** Classes that the layer can be conditioned on; 0 for none. */
  readonly classes: number;
}

/**
 * Standard deviation of tanh(a)·sigmoid(b) when a and b have standard deviation 0.6, as with the first
 * weights.
 */
export const GATED_DEVIATION = 0.27;
const BEFORE_GATE = 0.6;

/**
 * above = V * vertical + class, vertical' = gate(above),
 * horizontal' = horizontal + point(gate(H * horizontal + link(above) + class)).
 * The link is taken before the gate, and goes only this way: the vertical stack of a row sees all columns of
 * the rows above, so if it were fed by the horizontal stack of its own row, pixels to the right would be
 * seen. The paper says neither which stacks are conditioned on the class nor how: here both, each by a bias
 * of its own before its gate. The vertical one is added before the link, so that in the last layer, whose
 * vertical gate feeds nothing, it is of use too.
 */
export class GatedLayer {
  readonly vertical: MaskedConv2d;
  readonly horizontal: MaskedConv2d;
  readonly link: MaskedConv2d;
  readonly point: MaskedConv2d;

  constructor(
    readonly spec: GatedSpec,
    private readonly parameters: Parameters,
  ) {
    const convolutions = specs(spec).map((conv) => new MaskedConv2d(conv, parameters));
    [this.vertical, this.horizontal, this.link, this.point] = convolutions;
  }

  static parameters(spec: GatedSpec): ParameterSpec[] {
    const classes = spec.classes === 0 ? [] : ['vertical', 'horizontal'];
    return [
      ...specs(spec).flatMap((conv) => MaskedConv2d.parameters(conv)),
      ...classes.map((stack) => ({
        name: `${spec.name}.class.${stack}`,
        shape: [spec.classes, 2 * spec.features],
        std: 0,
      })),
    ];
  }

  /**
   * @param labels [1 or B, classes], one-hot; null without classes
   * @returns new tensors; the caller disposes them
   */
  apply(stacks: Stacks, labels: tf.Tensor2D | null): Stacks {
    const [v, h] = tf.tidy(() => {
      const before = this.beforeGates(stacks, labels);
      const next = afterGate(before.horizontal, this, this.spec.first ? null : stacks.horizontal);
      return [gate(before.vertical), next];
    });
    return {vertical: v, horizontal: h};
  }

  /**
   * What the two gates are given: the first half of the features for tanh, the second for sigmoid.
   *
   * @returns [B, H, W, 2 · features] each; the caller disposes them
   */
  beforeGates(stacks: Stacks, labels: tf.Tensor2D | null): Stacks {
    const [v, h] = tf.tidy(() => {
      const {vertical, horizontal} = beforeGates(stacks, this, this.classBiases(labels));
      return [vertical, horizontal];
    });
    return {vertical: v, horizontal: h};
  }

  /** What gatedLayers wants of it; inside tf.tidy. */
  parts(labels: tf.Tensor2D | null): GatedParts {
    return {convolutions: this, classes: this.classBiases(labels)};
  }

  /** [1 or B, 2 · features]: what the class adds before a gate. The caller disposes it. */
  classBias(stack: 'vertical' | 'horizontal', labels: tf.Tensor2D): tf.Tensor2D {
    return tf.matMul(labels, parameter<tf.Tensor2D>(this.parameters, `${this.spec.name}.class.${stack}`));
  }

  private classBiases(labels: tf.Tensor2D | null): ClassBiases | null {
    return labels === null
      ? null
      : [this.classBias('vertical', labels), this.classBias('horizontal', labels)];
  }

  dispose(): void {
    for (const conv of [this.vertical, this.horizontal, this.link, this.point]) conv.dispose();
  }
}

/**
 * Vertical, horizontal, link, point. Before a gate each half of the features has its color groups; the
 * vertical stack and the link carry rows above only, where every color is known, so they need none.
 */
function specs(spec: GatedSpec): MaskedConv2dSpec[] {
  const {name, first, inputs, features, groups, size, dilation, inputStd} = spec;
  const type = first ? 'A' : 'B';
  const free = (count: number): Int32Array => new Int32Array(count);
  const half = evenGroups(features, groups);
  const halves = Int32Array.from([...half, ...half]);
  const point = {mask: rasterMask(1, 'B'), type: 'B', dilation: 1} as const;
  return [
    {
      name: `${name}.vertical`,
      mask: verticalMask(size, type),
      type,
      inputs: free(inputs),
      outputs: free(2 * features),
      dilation,
      scale: BEFORE_GATE / inputStd,
    },
    {
      name: `${name}.horizontal`,
      mask: horizontalMask(size, type),
      type,
      inputs: evenGroups(inputs, groups),
      outputs: halves,
      dilation,
      scale: BEFORE_GATE / inputStd / Math.SQRT2,
    },
    {
      ...point,
      name: `${name}.link`,
      inputs: free(2 * features),
      outputs: free(2 * features),
      scale: Math.SQRT1_2,
    },
    {...point, name: `${name}.point`, inputs: half, outputs: half, scale: 1},
  ];
}
