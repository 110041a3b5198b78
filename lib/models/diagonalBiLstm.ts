import {DiagonalBiLstm} from '../layers/diagonalBiLstm';
import {configsOf, defineModel} from './family';
import {PixelRnn, type PixelRnnConfig, pixelRnnParameters} from './pixelRnn';
import {pixelRnnPresets} from './pixelRnnPresets';
import {createScanned, type Scanned, withoutOrder} from './scanOrder';

const RASTER_PRESETS = pixelRnnPresets({
  digits: {nats: 79.2, source: 'PixelRNN, table 4: Diagonal BiLSTM, 7 layers, h = 16'},
  'one-layer': {nats: 80.75, source: 'PixelRNN, table 4: Diagonal BiLSTM, 1 layer, h = 32'},
  'cifar10-paper': {bits: 3.0, source: 'PixelRNN, table 5'},
});
const {config, recipe} = RASTER_PRESETS.digits;

export const DIAGONAL_BI_LSTM = defineModel({
  name: 'diagonal',
  presets: {
    ...RASTER_PRESETS,
    /** `digits` from the lower right; with the raster weights an ensemble of two orders. */
    turned: {config: {...config, order: 'turned' as const}, recipe, companions: ['digits']},
    /** The same column by column, from the left; with the other two an ensemble of three orders. */
    transposed: {
      config: {...config, order: 'transposed' as const},
      recipe,
      companions: ['digits', 'turned'],
    },
    /** And column by column from the lower right; an ensemble of four orders. */
    'turned-transposed': {
      config: {...config, order: 'turned-transposed' as const},
      recipe,
      companions: ['digits', 'turned', 'transposed'],
    },
  },
  parameters: (config: Scanned<PixelRnnConfig>) => pixelRnnParameters(withoutOrder(config), DiagonalBiLstm),
  create: (config: Scanned<PixelRnnConfig>, seed) =>
    createScanned(config, (raster) => createDiagonalBiLstm(raster, seed)),
});

/** The configurations of Diagonal BiLSTM by preset. */
export const DIAGONAL_BI_LSTM_PRESETS = configsOf(DIAGONAL_BI_LSTM);

/**
 * Diagonal BiLSTM (van den Oord et al. 2016a, section 3.2).
 *
 * @param seed of the first weights
 * @throws RangeError when a number of the config is out of its range
 */
export function createDiagonalBiLstm(config: PixelRnnConfig, seed = 0): PixelRnn {
  return new PixelRnn('diagonal', 'Diagonal BiLSTM', config, DiagonalBiLstm, seed);
}
