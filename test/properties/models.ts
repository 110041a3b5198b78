import {pathCounts} from '../../lib/layers/madeMasks';
import {createDiagonalBiLstm} from '../../lib/models/diagonalBiLstm';
import {GatedPixelCnn} from '../../lib/models/gatedPixelCnn';
import {createModel} from '../../lib/models/index';
import {Made, madeMasks} from '../../lib/models/made';
import type {MadeConfig} from '../../lib/models/madeConfig';
import {PixelCnn} from '../../lib/models/pixelCnn';
import {createRowLstm} from '../../lib/models/rowLstm';
import type {ScanOrder} from '../../lib/models/scanOrder';
import type {AutoregressiveModel} from '../../lib/types';

/** A kind of model to which every property is applied. A new model joins by one entry in MODELS. */
export interface ModelUnderTest {
  readonly name: string;
  create(height: number, width: number, seed: number): AutoregressiveModel;
  /** [D, D] in row order: above 0 where the logits of value `column` should depend on value `row`. */
  sees(model: AutoregressiveModel): Float32Array;
}

/**
 * The masks of a MADE multiplied, and the direct connection added: how many paths lead
 * from each pixel to each logit.
 */
export function madePaths(model: AutoregressiveModel): Float32Array {
  const made = model as Made;
  const {layers, direct} = madeMasks(made.config, made.degrees);
  const values = made.order.length;
  const paths = layers.length > 0 ? pathCounts(layers).values : new Float32Array(values * values);
  return direct === null ? paths : paths.map((count, i) => count + direct.values[i]);
}

export function made(name: string, config: Partial<MadeConfig>): ModelUnderTest {
  return {
    name: `MADE, ${name}`,
    create: (height, width, seed) =>
      Made.create(
        {
          height,
          width,
          channels: 1,
          hidden: [60],
          masks: 1,
          orderAgnostic: false,
          order: 'raster',
          direct: false,
          conditioned: false,
          maskSeed: 5,
          ...config,
        },
        seed,
      ),
    sees: madePaths,
  };
}

/** Offsets [rows down, columns right] of the pixels that a tap of a kernel meets. */
type Offsets = readonly (readonly [number, number])[];

/** What a kernel of raster order shows, written down without the masks of lib. */
function rasterOffsets(size: number, shows: 'before' | 'before and itself', dilation = 1): Offsets {
  const reach = (size - 1) / 2;
  const offsets: [number, number][] = [];
  for (let dy = -reach; dy <= 0; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      if (dy < 0 || dx < 0 || (dx === 0 && shows === 'before and itself')) {
        offsets.push([dy * dilation, dx * dilation]);
      }
    }
  }
  return offsets;
}

/**
 * For each pixel the set of pixels that it knows of, after a layer that shows it
 * those of `below` at the offsets.
 */
function through(
  below: readonly Set<number>[],
  offsets: Offsets,
  height: number,
  width: number,
): Set<number>[] {
  return below.map((_, place) => {
    const [y, x] = [Math.floor(place / width), place % width];
    const inside = offsets.filter(
      ([dy, dx]) => y + dy >= 0 && y + dy < height && x + dx >= 0 && x + dx < width,
    );
    return union(...inside.map(([dy, dx]) => below[(y + dy) * width + x + dx]));
  });
}

function union(...sets: readonly Set<number>[]): Set<number> {
  return new Set(sets.flatMap((set) => [...set]));
}

/** [D, D], 1 where the column's pixel knows of the row's. */
function asMatrix(known: readonly Set<number>[]): Float32Array {
  const matrix = new Float32Array(known.length ** 2);
  known.forEach((set, to) => {
    for (const from of set) matrix[from * known.length + to] = 1;
  });
  return matrix;
}

const GRAY = {channels: 1, levels: 2, size: 3, head: 12} as const;

/** PixelCNN: its blind spot is what the masks' offsets, one after the other, never reach. */
export function pixelCnn(name: string, config: {firstSize: number; dilations: number[]}): ModelUnderTest {
  return {
    name: `PixelCNN, ${name}`,
    create: (height, width, seed) => PixelCnn.create({...GRAY, ...config, height, width, features: 10}, seed),
    sees: ({image: {height, width}}) => {
      let known = Array.from({length: height * width}, (_, place) => new Set([place]));
      known = through(known, rasterOffsets(config.firstSize, 'before'), height, width);
      for (const dilation of config.dilations) {
        const block = through(known, rasterOffsets(3, 'before and itself', dilation), height, width);
        known = known.map((set, place) => union(set, block[place]));
      }
      return asMatrix(known);
    },
  };
}

/** Gated PixelCNN: everything before a pixel, as far as its layers reach. */
export function gated(
  name: string,
  config: {firstSize: number; dilations: readonly number[]},
): ModelUnderTest {
  return {
    name: `Gated PixelCNN, ${name}`,
    create: (height, width, seed) =>
      GatedPixelCnn.create({...GRAY, ...config, height, width, features: 12, classes: 0}, seed),
    sees: ({image: {height, width}}) => {
      const itself = Array.from({length: height * width}, (_, place) => new Set([place]));
      let [vertical, horizontal] = [itself, itself];
      for (const [layer, dilation] of [1, ...config.dilations].entries()) {
        const shows = layer === 0 ? 'before' : 'before and itself';
        const size = layer === 0 ? config.firstSize : 3;
        const all = rasterOffsets(size, 'before', dilation);
        const above = all.filter(([dy]) => dy < 0);
        const reach = (size - 1) / 2;
        const ownRow = Array.from({length: size}, (_, i) => [0, (i - reach) * dilation] as const);
        const left = rasterOffsets(size, shows, dilation).filter(([dy]) => dy === 0);
        vertical = through(vertical, layer === 0 ? above : [...above, ...ownRow], height, width);
        const seen = through(horizontal, left, height, width);
        horizontal = seen.map((set, place) => union(set, vertical[place]));
      }
      return asMatrix(horizontal);
    },
  };
}

/**
 * For each pixel what a recurrence knows of that visits `places` in turn and reads the states at
 * the offsets, all visited before.
 */
function recurrence(
  below: readonly Set<number>[],
  offsets: Offsets,
  places: readonly number[],
  height: number,
  width: number,
): Set<number>[] {
  const states = below.map((set) => new Set(set));
  for (const place of places) {
    const [y, x] = [Math.floor(place / width), place % width];
    const inside = offsets.filter(
      ([dy, dx]) => y + dy >= 0 && y + dy < height && x + dx >= 0 && x + dx < width,
    );
    states[place] = union(below[place], ...inside.map(([dy, dx]) => states[(y + dy) * width + x + dx]));
  }
  return states;
}

const RECURRENT = {channels: 1, levels: 2, features: 12, head: 12} as const;

/** Row LSTM: the triangle above, begun by the three pixels of the row that the gates see. */
export function rowLstm(
  name: string,
  config: {firstSize: number; layers: number; residual: boolean; skip: boolean},
): ModelUnderTest {
  return {
    name: `Row LSTM, ${name}`,
    create: (height, width, seed) => createRowLstm({...RECURRENT, ...config, height, width}, seed),
    sees: ({image: {height, width}}) => {
      const places = Array.from({length: height * width}, (_, place) => place);
      let known = places.map((place) => new Set([place]));
      known = through(known, rasterOffsets(config.firstSize, 'before'), height, width);
      for (let layer = 0; layer < config.layers; layer++) {
        const gates = through(
          known,
          [
            [0, -1],
            [0, 0],
          ],
          height,
          width,
        );
        const states = recurrence(
          gates,
          [
            [-1, -1],
            [-1, 0],
            [-1, 1],
          ],
          places,
          height,
          width,
        );
        known = known.map((set, place) => union(set, states[place]));
      }
      return asMatrix(known);
    },
  };
}

/**
 * Diagonal BiLSTM: all that is above and to the left, and with what comes from the right all but one pixel.
 */
export function diagonal(
  name: string,
  config: {firstSize: number; layers: number; residual: boolean; skip: boolean},
): ModelUnderTest {
  return {
    name: `Diagonal BiLSTM, ${name}`,
    create: (height, width, seed) => createDiagonalBiLstm({...RECURRENT, ...config, height, width}, seed),
    sees: ({image: {height, width}}) => {
      const places = Array.from({length: height * width}, (_, place) => place);
      const mirrored = places.map((place) => place + width - 1 - 2 * (place % width));
      let known = places.map((place) => new Set([place]));
      known = through(known, rasterOffsets(config.firstSize, 'before'), height, width);
      for (let layer = 0; layer < config.layers; layer++) {
        const left = recurrence(
          known,
          [
            [0, -1],
            [-1, 0],
          ],
          places,
          height,
          width,
        );
        const right = recurrence(
          known,
          [
            [0, 1],
            [-1, 0],
          ],
          mirrored,
          height,
          width,
        );
        known = known.map((set, place) => {
          return union(set, left[place], place < width ? new Set() : right[place - width]);
        });
      }
      return asMatrix(known);
    },
  };
}

/** Another order: what is seen is what the model in raster order sees of the image that it is shown. */
export function scanned(order: ScanOrder, kind: ModelUnderTest): ModelUnderTest {
  const isTransposed = order.endsWith('transposed');
  const upsideDown = order.startsWith('flipped') || order.startsWith('turned');
  const mirrored = order.startsWith('mirrored') || order.startsWith('turned');
  const raster = (height: number, width: number, seed: number): AutoregressiveModel =>
    isTransposed ? kind.create(width, height, seed) : kind.create(height, width, seed);
  return {
    name: `${kind.name}, ${order}`,
    create: (height, width, seed) => {
      const model = raster(height, width, seed);
      model.dispose();
      return createModel(model.name, {...model.config, height, width, order}, seed);
    },
    sees: ({image: {height, width}}) => {
      const model = raster(height, width, 0);
      const shown = kind.sees(model);
      model.dispose();
      const values = height * width;
      const at = Array.from({length: values}, (_, place) => {
        const [row, column] = [Math.floor(place / width), place % width];
        const shownRow = upsideDown ? height - 1 - row : row;
        const shownColumn = mirrored ? width - 1 - column : column;
        return isTransposed ? shownColumn * height + shownRow : shownRow * width + shownColumn;
      });
      return Float32Array.from({length: values ** 2}, (_, i) => {
        const [from, to] = [Math.floor(i / values), i % values];
        return shown[at[from] * values + at[to]];
      });
    },
  };
}

export const MODELS: readonly ModelUnderTest[] = [
  made('no hidden layer', {hidden: [], direct: true}),
  made('no hidden layer, random order', {hidden: [], direct: true, order: 'random'}),
  made('one hidden layer', {}),
  made('one hidden layer, direct', {direct: true}),
  made('two hidden layers, random order', {hidden: [60, 40], order: 'random'}),
  made('two hidden layers, three orders, direct', {
    hidden: [60, 40],
    masks: 3,
    orderAgnostic: true,
    direct: true,
  }),
  made('an order for each step', {masks: 0, orderAgnostic: true, direct: true}),
  made('an order for each step, told what it sees', {
    masks: 0,
    orderAgnostic: true,
    direct: true,
    conditioned: true,
  }),
  made('two hidden layers, three connectivities', {hidden: [60, 40], masks: 3, order: 'random'}),
  pixelCnn('table 1 in small', {firstSize: 5, dilations: [1, 1]}),
  pixelCnn('dilated', {firstSize: 3, dilations: [1, 2]}),
  gated('first kernel 5', {firstSize: 5, dilations: [1, 1]}),
  gated('first kernel 3', {firstSize: 3, dilations: [1]}),
  gated('dilated', {firstSize: 3, dilations: [1, 2]}),
  rowLstm('one layer', {firstSize: 3, layers: 1, residual: true, skip: false}),
  rowLstm('two layers, skip', {firstSize: 5, layers: 2, residual: true, skip: true}),
  rowLstm('two layers, no residual', {firstSize: 3, layers: 2, residual: false, skip: true}),
  diagonal('one layer', {firstSize: 3, layers: 1, residual: true, skip: false}),
  diagonal('two layers, skip', {firstSize: 5, layers: 2, residual: true, skip: true}),
  scanned('turned', gated('dilated', {firstSize: 3, dilations: [1, 2]})),
  scanned('mirrored', pixelCnn('dilated', {firstSize: 3, dilations: [1, 2]})),
  scanned('flipped', gated('first kernel 3', {firstSize: 3, dilations: [1]})),
  scanned('transposed', pixelCnn('dilated', {firstSize: 3, dilations: [1, 2]})),
  scanned('mirrored-transposed', gated('dilated', {firstSize: 3, dilations: [1, 2]})),
  scanned('flipped-transposed', rowLstm('one layer', {firstSize: 3, layers: 1, residual: true, skip: false})),
  scanned('turned-transposed', pixelCnn('dilated', {firstSize: 3, dilations: [1, 2]})),
  scanned('transposed', diagonal('one layer', {firstSize: 3, layers: 1, residual: true, skip: false})),
];
