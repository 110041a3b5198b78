import * as tf from '@tensorflow/tfjs';
import {lstmScan, NEIGHBORS, type ScanDirection, type ScanWeights} from '../engine/lstmScan';
import type {PixelRecurrence} from '../engine/pixelProgram';
import type {Parameters} from '../types';
import {MaskedConv2d, type MaskedConv2dSpec} from './maskedConv2d';
import {type ParameterSpec, parameter} from './parameters';
import {evenGroups} from './rasterMasks';

/**
 * A recurrence over the image: a masked convolution gives the gates what a pixel's inputs say, the scan
 * what its neighbors' states say.
 */
export interface LstmSpec {
  readonly name: string;
  readonly direction: ScanDirection;
  readonly inputs: number;
  /** h. */
  readonly hidden: number;
  readonly groups: number;
  /** Of the input-to-state convolution, which has type B. */
  readonly mask: Float32Array;
}

/**
 * Parameters of `name`: `.input` (a masked convolution with its bias, 2h to 4h), `.state` [taps, h, 4h],
 * `.hidden` and `.cell` [h], which start at 0. The state-to-state product needs no mask: it reads other
 * pixels only, all of them earlier, with all their colors.
 */
export class Lstm {
  readonly input: MaskedConv2d;

  constructor(
    readonly spec: LstmSpec,
    private readonly parameters: Parameters,
  ) {
    this.input = new MaskedConv2d(inputSpec(spec), parameters);
  }

  static parameters(spec: LstmSpec): ParameterSpec[] {
    const {name, direction, hidden} = spec;
    const taps = NEIGHBORS[direction].taps.length;
    return [
      ...MaskedConv2d.parameters(inputSpec(spec)),
      // States deviate by about a third from 0: the products keep the scale of what the inputs give.
      {name: `${name}.state`, shape: [taps, hidden, 4 * hidden], std: 1 / Math.sqrt(taps * hidden)},
      {name: `${name}.hidden`, shape: [hidden], std: 0},
      {name: `${name}.cell`, shape: [hidden], std: 0},
    ];
  }

  get weights(): ScanWeights {
    const get = <T extends tf.Tensor>(part: string): T =>
      parameter<T>(this.parameters, `${this.spec.name}.${part}`);
    return {state: get('state'), hidden: get('hidden'), cell: get('cell')};
  }

  get direction(): ScanDirection {
    return this.spec.direction;
  }

  /**
   * @param x [B, H, W, inputs]
   * @returns the hidden states [B, H, W, h]; the caller disposes it
   */
  apply(x: tf.Tensor4D): tf.Tensor4D {
    return tf.tidy(() => lstmScan(this.input.apply(x, 'none'), this.weights, this.spec.direction));
  }

  /** What a sampler needs beside the input-to-state convolution. */
  recurrence(): PixelRecurrence {
    const numbers = (x: tf.Tensor): Float32Array => x.dataSync<'float32'>().slice();
    const {state, hidden, cell} = this.weights;
    const {direction} = this.spec;
    return {state: numbers(state), hidden: numbers(hidden), cell: numbers(cell), direction};
  }

  dispose(): void {
    this.input.dispose();
  }
}

function inputSpec({name, mask, inputs, hidden, groups}: LstmSpec): MaskedConv2dSpec {
  const gate = evenGroups(hidden, groups);
  return {
    name: `${name}.input`,
    mask,
    type: 'B',
    dilation: 1,
    scale: 1,
    inputs: evenGroups(inputs, groups),
    outputs: Int32Array.from([...gate, ...gate, ...gate, ...gate]),
  };
}
