import type {ModelName} from '../lib/models/index';
import {findPreset} from '../lib/models/index';
import type {AutoregressiveModel, ModelConfig} from '../lib/types';

/**
 * The networks that are timed: each model at the paper's size, or the nearest of
 * ours where the paper gives none.
 */
export interface BenchNetwork {
  readonly model: ModelName;
  readonly what: string;
  readonly config: ModelConfig;
}

export function benchNetworks(): BenchNetwork[] {
  const config = (model: ModelName, preset: string): ModelConfig => findPreset(model, preset).config;
  // tfjs has no gradient of a dilated convolution: without dilation the plain form
  // can take part, at the same cost.
  const undilated = {...config('gated', 'digits'), dilations: [1, 1, 1, 1, 1, 1]};
  return [
    {model: 'made', what: 'hidden 1024-1024', config: config('made', 'one-order')},
    {model: 'pixelcnn', what: 'table 1, 7 blocks of h = 32', config: config('pixelcnn', 'paper')},
    {model: 'gated', what: '7 layers of 32 features, no dilation', config: undilated},
    {model: 'rowlstm', what: '7 layers of h = 16', config: config('rowlstm', 'digits')},
    {model: 'diagonal', what: '7 layers of h = 16', config: config('diagonal', 'digits')},
  ];
}

/**
 * Floating point operations of one image forward, of the taps that are stored: two for each weight at each
 * pixel (MADE: once). A training step counts as three times that, as usual.
 */
export function operations({parameters, image, name}: AutoregressiveModel): number {
  const pixels = name === 'made' ? 1 : image.height * image.width;
  let weights = 0;
  for (const [key, {size}] of parameters) {
    if (key.endsWith('.weights') || key.endsWith('.state')) weights += size;
  }
  return 2 * pixels * weights;
}
