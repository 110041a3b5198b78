import {DiagonalBiLstm} from '../lib/layers/diagonalBiLstm';
import type {ParameterSpec} from '../lib/layers/parameters';
import {RowLstm} from '../lib/layers/rowLstm';
import {type GatedPixelCnnConfig, gatedPixelCnnParameters} from '../lib/models/gatedPixelCnn';
import {findPreset, type ModelName} from '../lib/models/index';
import {type PixelCnnConfig, pixelCnnParameters} from '../lib/models/pixelCnn';
import {type PixelRnnConfig, pixelRnnParameters} from '../lib/models/pixelRnn';
import type {RasterConfig} from '../lib/models/raster';

/**
 * What the presets of the papers' size cost on a GPU: counted, and reckoned. Nothing here is measured;
 * docs/bigger-machines.md has the table.
 */

/** A GPU by its data sheet, and what is supposed of it. */
const GPU = {
  name: 'NVIDIA H100 SXM',
  /** Products of 16 bits, dense, operations a second. */
  peak: 989e12,
  /** Supposed: the share of the peak that convolutions reach. */
  share: 0.3,
  /** Supposed: seconds from the start of one small operation to the next. */
  start: 5e-6,
} as const;

/** Images of a training epoch of CIFAR-10. */
const IMAGES = 45_000;
export const BATCHES = [16, 64, 128, 512] as const;

export interface Cost {
  readonly model: ModelName;
  readonly parameters: number;
  /**
   * Floating point operations of one image forward, of the taps that are stored: two
   * for each weight at each pixel.
   */
  readonly operations: number;
  /**
   * Bytes at each of BATCHES: weights and what training keeps of them, and what the
   * backward pass needs of the images.
   */
  readonly bytes: readonly number[];
  readonly steps: number;
  readonly hours: number;
}

/**
 * What is kept of a pixel for the backward pass, in values of 16 and of 32 bits, and how many
 * operations run one after another.
 */
interface Kept {
  readonly halves: number;
  readonly floats: number;
  readonly sequence: number;
}

function pixelCnnKept({features: h, dilations}: PixelCnnConfig): Kept {
  // Of each block what its three convolutions are given: 2h, h and h. And what the head is given.
  return {halves: dilations.length * 4 * h + 2 * h, floats: 0, sequence: 0};
}

function gatedKept({features: f, dilations}: GatedPixelCnnConfig): Kept {
  // v, h, above (2f), tanh and sigmoid of both stacks (4f), and what `point` is given.
  return {halves: (1 + dilations.length) * 9 * f + f, floats: 0, sequence: 0};
}

function rnnKept(config: PixelRnnConfig, directions: number, taps: number, diagonals: number): Kept {
  const {features: h, layers} = config;
  // x (2h), then of each direction gates (4h) and neighbors (taps · h); in 32 bits the four activations,
  // the cell, its tanh, the state.
  const halves = layers * (2 * h + directions * (4 + taps) * h + h) + 2 * h;
  // About 15 small operations a step of the recurrence, twice as many backward.
  return {halves, floats: layers * directions * 7 * h, sequence: layers * diagonals * 45};
}

const rnn = (layer: typeof RowLstm | typeof DiagonalBiLstm, kept: (config: PixelRnnConfig) => Kept) => ({
  parameters: (config: RasterConfig) => pixelRnnParameters(config as PixelRnnConfig, layer),
  kept: (config: RasterConfig) => kept(config as PixelRnnConfig),
});

const FAMILIES: readonly {
  readonly model: ModelName;
  readonly parameters: (config: RasterConfig) => ParameterSpec[];
  readonly kept: (config: RasterConfig) => Kept;
}[] = [
  {
    model: 'pixelcnn',
    parameters: (config) => pixelCnnParameters(config as PixelCnnConfig),
    kept: (config) => pixelCnnKept(config as PixelCnnConfig),
  },
  {
    model: 'gated',
    parameters: (config) => gatedPixelCnnParameters(config as GatedPixelCnnConfig),
    kept: (config) => gatedKept(config as GatedPixelCnnConfig),
  },
  {model: 'rowlstm', ...rnn(RowLstm, (config) => rnnKept(config, 1, 3, config.height))},
  {
    model: 'diagonal',
    ...rnn(DiagonalBiLstm, (config) => rnnKept(config, 2, 2, config.height + config.width - 1)),
  },
];

/** The costs of `cifar10-paper` of each model that has it. */
export function paperCosts(): Cost[] {
  return FAMILIES.map(({model, parameters, kept: keptOf}) => {
    const {config: stored, recipe} = findPreset(model, 'cifar10-paper');
    const config = stored as RasterConfig;
    const specs = parameters(config).map(({name, shape}) => ({name, size: shape.reduce((a, b) => a * b, 1)}));
    const sum = (sizes: readonly {size: number}[]): number =>
      sizes.reduce((total, {size}) => total + size, 0);
    const pixels = config.height * config.width;
    const operations = 2 * pixels * sum(specs.filter(({name}) => /\.(weights|state)$/.test(name)));
    const kept = keptOf(config);
    const logits = config.channels * config.levels;
    // What the head's layers are given; the logits in 16 bits, and in 32 bits
    // with their softmax and gradient.
    const halves = kept.halves + 2 * config.head + logits;
    const perImage = pixels * (2 * halves + 4 * (kept.floats + 3 * logits));
    // Weights, gradient, Adam's moments, average and best, in 32 bits; a copy in 16 bits to compute with.
    const fixed = sum(specs) * (6 * 4 + 2);
    const steps = Math.floor(IMAGES / recipe.batchSize) * recipe.epochs;
    const products = (3 * operations * recipe.batchSize) / (GPU.share * GPU.peak);
    return {
      ...{model, parameters: sum(specs), operations, steps},
      bytes: BATCHES.map((batch) => fixed + batch * perImage),
      hours: (steps * (products + kept.sequence * GPU.start)) / 3600,
    };
  });
}

/** The table of docs/bigger-machines.md. */
export function costsMarkdown(costs: readonly Cost[] = paperCosts()): string {
  const header = [
    'preset',
    'parameters',
    'operations an image, forward',
    ...BATCHES.map((batch) => `memory, batch ${batch}`),
    'steps',
    `hours on one ${GPU.name}`,
  ];
  const rows = costs.map(({model, parameters, operations, bytes, steps, hours}) => [
    `\`${model} cifar10-paper\``,
    `${(parameters / 1e6).toFixed(1)} M`,
    `${(operations / 1e9).toFixed(1)} G`,
    ...bytes.map((count) => `${(count / 1e9).toFixed(1)} GB`),
    String(steps),
    hours.toFixed(1),
  ]);
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
