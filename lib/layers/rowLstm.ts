import type * as tf from '@tensorflow/tfjs';
import type {PixelBuffer, PixelProgram} from '../engine/pixelProgram';
import type {Parameters} from '../types';
import {Lstm, type LstmSpec} from './lstm';
import type {ParameterSpec} from './parameters';
import {horizontalMask} from './rasterMasks';
import type {StateLayer, StateSpec} from './stateLayer';

/**
 * Row LSTM (van den Oord et al. 2016a, section 3.1): a whole row at once, from the states of the row above.
 * Input-to-state sees three pixels of the row through mask B, state-to-state the three pixels above. Its
 * receptive field is a triangle that widens by one pixel to either side with each row up, wherever the masked
 * convolutions before it add nothing.
 */
export class RowLstm implements StateLayer {
  private readonly lstm: Lstm;
  readonly added: readonly Lstm[];

  constructor(spec: StateSpec, parameters: Parameters) {
    this.lstm = new Lstm(lstmSpec(spec), parameters);
    this.added = [this.lstm];
  }

  static parameters(spec: StateSpec): ParameterSpec[] {
    return Lstm.parameters(lstmSpec(spec));
  }

  states(x: tf.Tensor4D): tf.Tensor4D {
    return this.lstm.apply(x);
  }

  steps(program: PixelProgram, features: PixelBuffer): PixelBuffer {
    return program.recur(features, this.lstm.input.numbers(), this.lstm.recurrence());
  }

  dispose(): void {
    this.lstm.dispose();
  }
}

function lstmSpec({name, inputs, hidden, groups}: StateSpec): LstmSpec {
  return {name: `${name}.rows`, direction: 'rows', inputs, hidden, groups, mask: horizontalMask(3, 'B')};
}
