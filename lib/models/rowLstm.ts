import {RowLstm} from '../layers/rowLstm';
import {PixelRnn, type PixelRnnConfig} from './pixelRnn';

const DIGITS = {
  height: 28,
  width: 28,
  channels: 1,
  levels: 2,
  firstSize: 7,
  residual: true,
  skip: false,
} as const;

/** Ready-made configurations, each with the source of its numbers. */
export const ROW_LSTM_PRESETS = {
  /** The paper gives no sizes for MNIST: one layer of h = 32, as its smaller Diagonal BiLSTM has there. */
  'one-layer': {...DIGITS, features: 32, layers: 1, head: 32},
  /** Seven layers of h = 16, as the larger Diagonal BiLSTM. */
  digits: {...DIGITS, features: 16, layers: 7, head: 32},
  /** Small enough to learn while you watch. */
  small: {...DIGITS, features: 12, layers: 2, head: 24},
} as const satisfies Record<string, PixelRnnConfig>;

/**
 * Row LSTM (van den Oord et al. 2016a, section 3.1).
 *
 * @param seed of the first weights
 * @throws RangeError when a number of the config is out of its range
 */
export function createRowLstm(config: PixelRnnConfig, seed = 0): PixelRnn {
  return new PixelRnn('rowlstm', 'Row LSTM', config, RowLstm, seed);
}
