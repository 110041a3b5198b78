import {findPreset, type ModelName} from '../../lib/models/index';
import type {ModelConfig} from '../../lib/types';

/** Networks of some hundred numbers. */

const preset = (model: ModelName, name: string): ModelConfig => findPreset(model, name).config;
const digits = {height: 7, width: 6};
const color = {height: 5, width: 6, channels: 3, levels: 5};
const rnn = {...preset('rowlstm', 'digits'), features: 6, layers: 2, head: 9};

export const SMALL: Readonly<Record<string, {readonly model: ModelName; readonly config: ModelConfig}>> = {
  made: {model: 'made', config: {...preset('made', 'one-order'), ...digits, hidden: [20, 15]}},
  orders: {
    model: 'made',
    config: {...preset('made', 'orders'), ...digits, hidden: [20, 15], masks: 3},
  },
  pixelcnn: {
    model: 'pixelcnn',
    config: {...preset('pixelcnn', 'digits'), ...color, features: 6, dilations: [1, 2], head: 9},
  },
  gated: {
    model: 'gated',
    config: {...preset('gated', 'labeled'), ...digits, features: 6, dilations: [2, 1], head: 9},
  },
  rowlstm: {model: 'rowlstm', config: {...rnn, ...digits}},
  diagonal: {model: 'diagonal', config: {...rnn, ...color}},
};
