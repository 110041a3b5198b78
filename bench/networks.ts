import type {ModelName} from '../lib/models/index';
import {findPreset} from '../lib/models/index';
import type {ModelConfig} from '../lib/types';

/**
 * The networks that are timed: each model at the paper's size, or the nearest of
 * ours where the paper gives none, and one for color.
 */
export interface BenchNetwork {
  /** As `--models` takes it and the rows have it: the model, or the model and its preset. */
  readonly name: string;
  readonly model: ModelName;
  readonly what: string;
  readonly config: ModelConfig;
  /** Whether plain tfjs can take part: it has no gradient of a dilated convolution. */
  readonly plain: boolean;
  /** Batch sizes of training and evaluation where none are asked for. */
  readonly batches: readonly number[];
  /** How many images are sampled at once. */
  readonly samples: readonly number[];
}

const DIGITS = {plain: true, batches: [16, 64], samples: [1, 100]} as const;

export function benchNetworks(): BenchNetwork[] {
  const config = (model: ModelName, preset: string): ModelConfig => findPreset(model, preset).config;
  // Without dilation the plain form can take part, at the same cost.
  const undilated = {...config('gated', 'digits'), dilations: [1, 1, 1, 1, 1, 1]};
  const digits = (model: ModelName, what: string, config: ModelConfig): BenchNetwork => ({
    ...{name: model, model, what, config},
    ...DIGITS,
  });
  return [
    digits('made', 'hidden 1024-1024', config('made', 'one-order')),
    digits('pixelcnn', 'table 1, 7 blocks of h = 32', config('pixelcnn', 'paper')),
    digits('gated', '7 layers of 32 features, no dilation', undilated),
    digits('rowlstm', '7 layers of h = 16', config('rowlstm', 'digits')),
    digits('diagonal', '7 layers of h = 16', config('diagonal', 'digits')),
    {
      name: 'pixelcnn-cifar10',
      model: 'pixelcnn',
      what: 'color, 12 blocks of h = 48, 256 levels',
      config: config('pixelcnn', 'cifar10'),
      plain: false,
      batches: [16],
      // A naive pass over 100 color images takes seconds.
      samples: [1, 10],
    },
  ];
}

/** Those whose growth with the side is measured: black and white. */
export function growthNetworks(): BenchNetwork[] {
  return benchNetworks().filter(({plain}) => plain);
}
