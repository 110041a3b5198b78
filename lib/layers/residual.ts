import type * as tf from '@tensorflow/tfjs';
import {type ReluBlock, reluConvolutions} from '../engine/reluConvolutions';
import type {Parameters} from '../types';
import {MaskedConv2d, type MaskedConv2dSpec} from './maskedConv2d';
import type {ParameterSpec} from './parameters';
import {evenGroups, rasterMask} from './rasterMasks';

/** The residual block of PixelCNN: 2h features in and out, h inside. */
export interface ResidualSpec {
  readonly name: string;
  readonly features: number;
  readonly groups: number;
  readonly size: number;
  readonly dilation: number;
  /** Standard deviation of what is added, for features whose own is 1, at the start. */
  readonly scale: number;
}

/**
 * x + up(relu(middle(relu(down(relu(x)))))): 2h -> 1x1 -> h -> size x size -> h -> 1x1 -> 2h, all with mask
 * B. Source: van den Oord et al. 2016a, figure 5 (left); the ReLU comes first, as table 1 words it.
 */
export class ResidualBlock {
  readonly down: MaskedConv2d;
  readonly middle: MaskedConv2d;
  readonly up: MaskedConv2d;

  constructor(spec: ResidualSpec, parameters: Parameters) {
    [this.down, this.middle, this.up] = convolutions(spec).map((conv) => new MaskedConv2d(conv, parameters));
  }

  static parameters(spec: ResidualSpec): ParameterSpec[] {
    return convolutions(spec).flatMap((conv) => MaskedConv2d.parameters(conv));
  }

  /**
   * @param x [B, H, W, 2h]
   * @returns [B, H, W, 2h]; the caller disposes it
   */
  apply(x: tf.Tensor4D): tf.Tensor4D {
    return reluConvolutions(x, [this.convolutions], true);
  }

  get convolutions(): ReluBlock {
    return [this.down, this.middle, this.up];
  }

  dispose(): void {
    for (const conv of [this.down, this.middle, this.up]) conv.dispose();
  }
}
function convolutions(spec: ResidualSpec): MaskedConv2dSpec[] {
  const {name, features, groups, size, dilation, scale} = spec;
  const wide = evenGroups(2 * features, groups);
  const narrow = evenGroups(features, groups);
  const point = {mask: rasterMask(1, 'B'), dilation: 1};
  const shared = {type: 'B', scale: Math.SQRT2} as const;
  return [
    {...shared, ...point, name: `${name}.down`, inputs: wide, outputs: narrow},
    {
      ...shared,
      name: `${name}.middle`,
      mask: rasterMask(size, 'B'),
      dilation,
      inputs: narrow,
      outputs: narrow,
    },
    {...shared, ...point, name: `${name}.up`, inputs: narrow, outputs: wide, scale: Math.SQRT2 * scale},
  ];
}
