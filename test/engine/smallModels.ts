import type {ModelConfig} from '../../lib/types';

/** One small model of each kind, for what must hold for all of them. */
export const SHAPE = {height: 5, width: 6, channels: 1};

const CONV = {...SHAPE, levels: 2, features: 4, dilations: [1, 2], firstSize: 3, size: 3, head: 6};
const RNN = {...SHAPE, levels: 2, features: 4, layers: 2, firstSize: 3, residual: true, skip: false, head: 6};
const DENSE = {hidden: [12], masks: 1, orderAgnostic: false, order: 'raster', direct: true};

export const SMALL_MODELS: Readonly<Record<string, ModelConfig>> = {
  made: {...SHAPE, ...DENSE, conditioned: false, maskSeed: 0},
  pixelcnn: CONV,
  gated: {...CONV, classes: 0},
  rowlstm: RNN,
  diagonal: RNN,
};
