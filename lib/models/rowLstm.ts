import {RowLstm} from '../layers/rowLstm';
import {configsOf, defineModel, type Reported} from './family';
import {PixelRnn, type PixelRnnConfig, pixelRnnParameters} from './pixelRnn';
import {pixelRnnPresets} from './pixelRnnPresets';
import {createScanned, type Scanned, withoutOrder} from './scanOrder';

const PAPER: Reported = {
  nats: 80.54,
  source: 'PixelRNN, table 4: Row LSTM, of a size that the paper does not give',
};

export const ROW_LSTM = defineModel({
  name: 'rowlstm',
  presets: pixelRnnPresets({
    digits: PAPER,
    'one-layer': PAPER,
    'cifar10-paper': {bits: 3.07, source: 'PixelRNN, table 5'},
  }),
  parameters: (config: Scanned<PixelRnnConfig>) => pixelRnnParameters(withoutOrder(config), RowLstm),
  create: (config: Scanned<PixelRnnConfig>, seed) =>
    createScanned(config, (raster) => createRowLstm(raster, seed)),
});

/** The configurations of Row LSTM by preset. */
export const ROW_LSTM_PRESETS = configsOf(ROW_LSTM);

/**
 * Row LSTM (van den Oord et al. 2016a, section 3.1).
 *
 * @param seed of the first weights
 * @throws RangeError when a number of the config is out of its range
 */
export function createRowLstm(config: PixelRnnConfig, seed = 0): PixelRnn {
  return new PixelRnn('rowlstm', 'Row LSTM', config, RowLstm, seed);
}
