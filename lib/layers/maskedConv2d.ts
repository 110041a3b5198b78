import * as tf from '@tensorflow/tfjs';
import {convolve, type Placement} from '../engine/conv';
import type {PixelConvolution} from '../engine/pixelProgram';
import type {Parameters} from '../types';
import {checkCount, type ParameterSpec, parameter} from './parameters';
import {channelMask, evenGroups, liveTaps, type MaskType} from './rasterMasks';

/** A convolution that keeps raster order. */
export interface MaskedConv2dSpec {
  /** Its parameters are called `<name>.weights` and `<name>.bias`. */
  readonly name: string;
  /**
   * [size, size] in row order, 1 where a tap is alive; what the center shows is
   * left to `type` and the groups.
   */
  readonly mask: Float32Array;
  readonly type: MaskType;
  /** The color group of each input feature; all in one group 0 for gray images. */
  readonly inputs: Int32Array;
  readonly outputs: Int32Array;
  /** Pixels from one tap to the next. */
  readonly dilation: number;
  /** Standard deviation of an output for inputs whose own is 1, at the start. */
  readonly scale: number;
}

/**
 * Only the rows and columns of the kernel that are alive are stored and computed: 2 x 3 of a
 * 3 x 3 kernel with mask B. The mask multiplies the weights at each use, so that no update can
 * bring a hidden weight to life.
 */
export class MaskedConv2d {
  private readonly mask: tf.Tensor4D | null;
  private readonly shape: [number, number, number, number];
  /** How the live kernel meets the image. */
  readonly placement: Placement;
  readonly hiddenTaps: number;
  readonly groups: number;
  private readonly taps: ReturnType<typeof liveTaps>;

  constructor(
    readonly spec: MaskedConv2dSpec,
    private readonly parameters: Parameters,
  ) {
    const {dilation} = spec;
    this.taps = liveTaps(spec.mask);
    const {rows, columns, centerRow, centerColumn} = this.taps;
    this.shape = kernelShape(spec);
    const padding = {
      top: centerRow * dilation,
      bottom: (rows - 1 - centerRow) * dilation,
      left: centerColumn * dilation,
      right: (columns - 1 - centerColumn) * dilation,
    };
    this.placement = {padding, dilation};
    const mask = channelMask(this.taps, spec.type, spec.inputs, spec.outputs);
    this.mask = mask.includes(0) ? tf.keep(tf.tensor4d(mask, this.shape)) : null;
    const size = spec.inputs.length * spec.outputs.length;
    this.hiddenTaps = Math.floor((mask.length - 1 - mask.lastIndexOf(1)) / size);
    this.groups = spec.type === 'B' ? colorGroups(spec.inputs, spec.outputs) : 1;
  }

  /** The tensors it needs, with first values that keep the scale of its inputs whatever the mask hides. */
  static parameters(spec: MaskedConv2dSpec): ParameterSpec[] {
    checkCount({name: `${spec.name}.weights`, shape: kernelShape(spec)});
    const mask = channelMask(liveTaps(spec.mask), spec.type, spec.inputs, spec.outputs);
    const alive = mask.reduce((a, b) => a + b, 0) / spec.outputs.length;
    const std = spec.scale / Math.sqrt(Math.max(1, alive));
    return [
      {
        name: `${spec.name}.weights`,
        shape: kernelShape(spec),
        std,
        ...(mask.includes(0) ? {mask: () => mask} : {}),
      },
      {name: `${spec.name}.bias`, shape: [spec.outputs.length], std: 0},
    ];
  }

  /**
   * [rows, columns, inputs, outputs]: the live part of the kernel as it is applied. To be called inside
   * tf.tidy: where nothing is masked it is the parameter itself, which must not be disposed.
   */
  kernel(): tf.Tensor4D {
    const weights = parameter<tf.Tensor4D>(this.parameters, `${this.spec.name}.weights`);
    return this.mask === null ? weights : multiplied(weights, this.mask);
  }

  /** [outputs]; not to be disposed. */
  get bias(): tf.Tensor1D {
    return parameter(this.parameters, `${this.spec.name}.bias`);
  }

  /**
   * @param x [B, H, W, inputs]
   * @returns [B, H, W, outputs]; the caller disposes it
   */
  apply(x: tf.Tensor4D, activation: 'relu' | 'none'): tf.Tensor4D {
    return tf.tidy(() => convolve(x, this.kernel(), this.bias, this.placement, activation));
  }

  /** What the cached sampler needs of it: copies. */
  numbers(): PixelConvolution {
    const {rows, columns, centerRow, centerColumn} = this.taps;
    let values = new Float32Array(0);
    tf.tidy(() => {
      values = this.kernel().dataSync<'float32'>().slice();
    });
    return {
      rows,
      columns,
      centerRow,
      centerColumn,
      dilation: this.spec.dilation,
      inputs: this.spec.inputs.length,
      outputs: this.spec.outputs.length,
      kernel: values,
      bias: this.bias.dataSync<'float32'>().slice(),
    };
  }

  dispose(): void {
    this.mask?.dispose();
  }
}

/** How many equal groups, one after the other, the features before and after are in; 1 where they are not. */
function colorGroups(inputs: Int32Array, outputs: Int32Array): number {
  const groups = Math.max(0, ...inputs, ...outputs) + 1;
  const areEven = [inputs, outputs].every((given) => {
    const isSplit = given.length % groups === 0;
    return isSplit && evenGroups(given.length, groups).every((group, k) => group === given[k]);
  });
  return areEven ? groups : 1;
}

/** weights * mask. The gradient that tfjs has for it casts the mask first, at each step anew. */
function multiplied(weights: tf.Tensor4D, mask: tf.Tensor4D): tf.Tensor4D {
  const product = tf.customGrad((given) => ({
    value: tf.mul(given as tf.Tensor4D, mask),
    gradFunc: (dy: tf.Tensor) => tf.mul(dy, mask),
  }));
  return product(weights) as tf.Tensor4D;
}

function kernelShape(spec: MaskedConv2dSpec): [number, number, number, number] {
  const {rows, columns} = liveTaps(spec.mask);
  return [rows, columns, spec.inputs.length, spec.outputs.length];
}
