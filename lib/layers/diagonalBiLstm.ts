import * as tf from '@tensorflow/tfjs';
import {addedStates} from '../engine/lstmLayer';
import type {PixelBuffer, PixelProgram} from '../engine/pixelProgram';
import type {Parameters} from '../types';
import {Lstm, type LstmSpec} from './lstm';
import type {ParameterSpec} from './parameters';
import {rasterMask} from './rasterMasks';
import type {StateLayer, StateSpec} from './stateLayer';

/**
 * Diagonal BiLSTM (van den Oord et al. 2016a, section 3.2): two recurrences along the diagonals, from the
 * left and from the right, each with weights of its own. Input-to-state is 1 x 1 with mask B. What comes from
 * the right has seen pixels to the right in its own row, so it is shifted down by one row before it is added:
 * a pixel is given that of the pixel above it. Zeros enter the first row.
 *
 * Every earlier pixel reaches the output but one: the last pixel of the row above, wherever the
 * convolution before does not reach it. It is the first pixel that the recurrence from the right meets,
 * and features do not contain their own pixel.
 */
export class DiagonalBiLstm implements StateLayer {
  /** From the left and from the right. */
  protected readonly lstms: readonly [Lstm, Lstm];

  constructor(spec: StateSpec, parameters: Parameters) {
    const [left, right] = lstmSpecs(spec).map((lstm) => new Lstm(lstm, parameters));
    this.lstms = [left, right];
  }

  get added(): readonly Lstm[] | null {
    return this.lstms;
  }

  static parameters(spec: StateSpec): ParameterSpec[] {
    return lstmSpecs(spec).flatMap((lstm) => Lstm.parameters(lstm));
  }

  states(x: tf.Tensor4D): tf.Tensor4D {
    return tf.tidy(() => addedStates(x, this.lstms));
  }

  /** From the left a pixel at a time; from the right the whole row above, once it is complete. */
  steps(program: PixelProgram, features: PixelBuffer): PixelBuffer {
    const [left, right] = this.lstms;
    const states = program.recur(features, left.input.numbers(), left.recurrence());
    const fromRight = program.recur(features, right.input.numbers(), right.recurrence(), 'row before');
    return program.add(states, fromRight, true);
  }

  dispose(): void {
    for (const lstm of this.lstms) lstm.dispose();
  }
}

function lstmSpecs({name, inputs, hidden, groups}: StateSpec): LstmSpec[] {
  return (['left-to-right', 'right-to-left'] as const).map((direction) => ({
    direction,
    inputs,
    hidden,
    groups,
    mask: rasterMask(1, 'B'),
    name: `${name}.${direction}`,
  }));
}
