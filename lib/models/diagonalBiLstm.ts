import {DiagonalBiLstm} from '../layers/diagonalBiLstm';
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
export const DIAGONAL_BI_LSTM_PRESETS = {
  /** "1 layer, h = 32" of table 4. */
  'one-layer': {...DIGITS, features: 32, layers: 1, head: 32},
  /** "7 layers, h = 16" of table 4. */
  digits: {...DIGITS, features: 16, layers: 7, head: 32},
  /** Small enough to learn while you watch. */
  small: {...DIGITS, features: 12, layers: 2, head: 24},
} as const satisfies Record<string, PixelRnnConfig>;

/**
 * Diagonal BiLSTM (van den Oord et al. 2016a, section 3.2).
 *
 * @param seed of the first weights
 * @throws RangeError when a number of the config is out of its range
 */
export function createDiagonalBiLstm(config: PixelRnnConfig, seed = 0): PixelRnn {
  return new PixelRnn('diagonal', 'Diagonal BiLSTM', config, DiagonalBiLstm, seed);
}
