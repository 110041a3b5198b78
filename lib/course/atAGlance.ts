import {NEIGHBORS, type ScanDirection} from '../engine/lstmScan';
import type {Block, Place} from '../figures/blockDiagram';
import type {Panel} from '../figures/heatmap';
import type {Columns} from '../figures/table';
import {hiddenMask, inputDegrees, type Mask, outputMask} from '../layers/madeMasks';
import type {MaskedConv2d} from '../layers/maskedConv2d';
import {horizontalMask, rasterMask, verticalMask} from '../layers/rasterMasks';
import {createDiagonalBiLstm, DIAGONAL_BI_LSTM_PRESETS} from '../models/diagonalBiLstm';
import type {GatedPixelCnn} from '../models/gatedPixelCnn';
import type {Made} from '../models/made';
import {PIXEL_CNN_PRESETS, PixelCnn} from '../models/pixelCnn';
import type {PixelRnn} from '../models/pixelRnn';
import {createRowLstm, ROW_LSTM_PRESETS} from '../models/rowLstm';
import type {AutoregressiveModel} from '../types';
import {ask, exercise, expectNumber, type Hints, toBit} from './check';

/** Lesson 00: all models side by side, in tables and drawings that are made from the models themselves. */

/**
 * Table 1 of PixelRNN, made from a PixelCNN, a Row LSTM and a Diagonal BiLSTM of the
 * preset `digits`: a row a layer.
 */
export function tableOne(): Columns {
  const models = [
    PixelCnn.create(PIXEL_CNN_PRESETS.digits),
    createRowLstm(ROW_LSTM_PRESETS.digits),
    createDiagonalBiLstm(DIAGONAL_BI_LSTM_PRESETS.digits),
  ];
  const color = [
    PIXEL_CNN_PRESETS.cifar10,
    ROW_LSTM_PRESETS['cifar10-paper'],
    DIAGONAL_BI_LSTM_PRESETS['cifar10-paper'],
  ];
  const columns = models.map((model, k) => {
    const last = model.head[model.head.length - 1];
    const inner = model.head.slice(0, -1);
    return [
      firstLayer(model.first),
      ...(model instanceof PixelCnn ? convolutional(model) : recurrent(model)),
      `ReLU, then ${conv(inner[0])}, mask ${inner[0].spec.type} (${inner.length} layers)`,
      `${model.levels === 2 ? 'sigmoid' : 'softmax'} of ${last.spec.outputs.length} logit a pixel (digits); ${color[k].levels}-way softmax for each of R, G, B`,
    ];
  });
  for (const model of models) model.dispose();
  return {
    layer: ['first', 'input-to-state', 'state-to-state', 'how often', 'before the output', 'output'],
    PixelCNN: columns[0],
    'Row LSTM': columns[1],
    'Diagonal BiLSTM': columns[2],
  };
}

/** Table 1 has one size for all. */
function firstLayer(first: MaskedConv2d): string {
  const paper = '7 x 7 conv';
  const said = `${conv(first)}, mask ${first.spec.type}`;
  return conv(first) === paper ? said : `${said} (the paper: ${paper})`;
}

/** "7 x 7 conv" */
function conv({spec: {mask}}: MaskedConv2d): string {
  const size = Math.sqrt(mask.length);
  return `${size} x ${size} conv`;
}

function convolutional({blocks}: PixelCnn): string[] {
  const {middle} = blocks[0];
  return [`${conv(middle)}, mask ${middle.spec.type}`, 'none', `${blocks.length} residual blocks`];
}

function recurrent({layers}: PixelRnn): string[] {
  const scans = layers[0].added ?? [];
  const {spec} = scans[0];
  const size = Math.sqrt(spec.mask.length);
  const {taps} = NEIGHBORS[spec.direction];
  const where = taps.map(([row, column]) => placeName(row, column)).join(', ');
  const both = scans.length === 2 ? '; and from the right' : '';
  return [
    `${size} x 1 conv, mask ${scans[0].input.spec.type}`,
    `${taps.length} states, no mask: ${where}${both}`,
    `${layers.length} layers, residual`,
  ];
}

function placeName(row: number, column: number): string {
  const side = column < 0 ? 'left' : column > 0 ? 'right' : '';
  return [row < 0 ? 'above' : '', side].filter(Boolean).join(' ');
}

/** A table for `show`: columns of words, however long. */
export function markdownTable(columns: Columns): string {
  const names = Object.keys(columns);
  const line = (cells: readonly (number | string)[]): string => `| ${cells.join(' | ')} |`;
  const rows = columns[names[0]].map((_, k) => line(names.map((name) => columns[name][k])));
  return [line(names), line(names.map(() => '---')), ...rows].join('\n');
}

/**
 * What each model's kernels may see: MADE's two masks for five pixels, then kernels around a marked place.
 */
export function masksSideBySide(): Panel[] {
  const pixels = inputDegrees(Int32Array.from({length: 5}, (_, k) => k));
  const hidden = Int32Array.of(1, 2, 3, 4);
  const matrix = (title: string, {inputs, outputs, values}: Mask): Panel => ({
    ...{title, rows: inputs, columns: outputs, values},
  });
  const kernel = (title: string, values: ArrayLike<number>): Panel => {
    const size = Math.sqrt(values.length);
    const center = (size - 1) / 2;
    return {title, rows: size, columns: size, values, marked: [{row: center, column: center}]};
  };
  const states = (direction: ScanDirection): Float32Array => {
    const grid = new Float32Array(9);
    for (const [row, column] of NEIGHBORS[direction].taps) grid[(row + 1) * 3 + column + 1] = 1;
    return grid;
  };
  return [
    matrix('MADE, to hidden', hiddenMask(pixels, hidden)),
    matrix('MADE, to output', outputMask(hidden, pixels)),
    kernel('PixelCNN, A', rasterMask(5, 'A')),
    kernel('PixelCNN, B', rasterMask(5, 'B')),
    kernel('Gated, vertical', verticalMask(5, 'B')),
    kernel('Gated, horizontal', horizontalMask(5, 'B')),
    kernel('Row LSTM, states', states('rows')),
    kernel('Diagonal, states', states('left-to-right')),
  ];
}

/** Towers of layers, from the pixels at the bottom to the probabilities at the top, for `blockDiagram`. */
export function towers(
  models: readonly AutoregressiveModel[],
  names: readonly string[],
): {blocks: Block[]; arrows: Place[][]} {
  const drawn = models.map((model, x) => tower(layersOf(model), x, names[x]));
  return {blocks: drawn.flatMap(({blocks}) => blocks), arrows: drawn.flatMap(({arrows}) => arrows)};
}

/** What stands in a tower; what is `repeated` has a skip around it. */
interface Layers {
  readonly before: readonly string[];
  readonly repeated: readonly string[];
  readonly times: number;
  readonly after: readonly string[];
}

function layersOf(model: AutoregressiveModel): Layers {
  const head = ['ReLU, 1 x 1 conv', 'ReLU, 1 x 1 conv', 'ReLU, 1 x 1: logits'];
  if (model.name === 'made') {
    const {hidden} = (model as Made).config;
    const after = [...hidden.map((units) => `masked, ReLU: ${units}`), 'masked: logits'];
    return {before: [], repeated: [], times: 0, after};
  }
  if (model.name === 'pixelcnn') {
    const {first, blocks} = model as PixelCnn;
    const inside = [blocks[0].down, blocks[0].middle, blocks[0].up].map((layer) => `ReLU, ${conv(layer)}`);
    return {before: [`${conv(first)}, mask A`], repeated: inside, times: blocks.length, after: head};
  }
  if (model.name === 'gated') {
    const [first, second] = (model as GatedPixelCnn).layers;
    const pair = (layer: typeof first): string => {
      const size = Math.sqrt(layer.vertical.spec.mask.length);
      return `${size} x ${size} and 1 x ${size}`;
    };
    const times = (model as GatedPixelCnn).layers.length - 1;
    return {
      before: [pair(first), 'tanh · σ'],
      repeated: [pair(second), 'tanh · σ', '1 x 1 conv'],
      times,
      after: head.slice(1),
    };
  }
  const {first, layers} = model as PixelRnn;
  const states = model.name === 'rowlstm' ? 'LSTM, row by row' : 'LSTM, two diagonals';
  return {
    before: [`${conv(first)}, mask A`],
    repeated: [states, '1 x 1 conv'],
    times: layers.length,
    after: head,
  };
}

function tower(
  {before, repeated, times, after}: Layers,
  x: number,
  name: string,
): {blocks: Block[]; arrows: Place[][]} {
  const blocks: Block[] = [];
  const add = (text: string, kind?: Block['kind']): Place => {
    const at: Place = [1.25 * x, blocks.length];
    blocks.push({at, text, ...(kind === undefined ? {} : {kind})});
    return at;
  };
  add('pixels before', 'data');
  for (const text of before) add(text, 'layer');
  const from = blocks[blocks.length - 1].at;
  for (const text of repeated) add(text, text.startsWith('tanh') ? 'plain' : 'layer');
  const skip: Place[] = [];
  if (repeated.length > 0) {
    const sum = add('+', 'sign');
    skip.push(from, [from[0] + 0.56, from[1]], [from[0] + 0.56, sum[1]], sum);
    add(`all this ${times} times`, 'data');
  }
  for (const text of after) add(text, 'layer');
  add('σ');
  add(name, 'data');
  const chain = blocks.slice(1).map(({at}, k): Place[] => [blocks[k].at, at]);
  return {blocks, arrows: skip.length > 0 ? [...chain, skip] : chain};
}

/** The checks of the exercises of lesson 00. */

/** How many conditionals the chain rule has for an image. */
export function checkFactors(
  mine: (height: number, width: number, channels: number) => number | undefined,
): string {
  return exercise('Counting factors', () => {
    for (const [height, width, channels] of [
      [28, 28, 1],
      [2, 3, 3],
      [32, 32, 3],
    ]) {
      const answer = ask(mine, height, width, channels);
      expectNumber(`for an image of ${height} x ${width} x ${channels}`, height * width * channels, answer);
    }
  });
}

/** One value of a color image: its pixel's place in raster order, and 0 for R, 1 for G, 2 for B. */
export interface ColorValue {
  readonly pixel: number;
  readonly color: number;
}

/** Whether the conditional of one value may depend on another. */
export function checkMayDepend(
  mine: (value: ColorValue, on: ColorValue) => boolean | number | undefined,
): string {
  return exercise('What a value may depend on', () => {
    const values = [0, 1, 2].flatMap((pixel) => [0, 1, 2].map((color): ColorValue => ({pixel, color})));
    const name = ({pixel, color}: ColorValue): string => `${'RGB'[color]} of pixel ${pixel}`;
    values.forEach((value, k) => {
      values.forEach((on, j) => {
        const expected = Number(j < k);
        if (toBit(ask(mine, value, on)) === expected) return;
        throw new Error(
          `${name(value)} ${expected === 1 ? 'comes after' : 'does not come after'} ${name(on)}`,
        );
      });
    });
  });
}

/** Hints to the exercises of lesson 00. */
export const AT_A_GLANCE_HINTS: Hints = {
  1: [
    'The chain rule has one factor for each number that is generated.',
    'A pixel of a gray image is one number. How many is a pixel of a color image?',
    'Multiply three numbers.',
  ],
  2: [
    'Put all values of an image into one line, in the order in which they are generated.',
    'First compare the pixels. When do the colors matter?',
    'An earlier pixel may always be seen, with all its colors. Of the own pixel only R before G before B.',
  ],
};
