import * as tf from '@tensorflow/tfjs';
import {dependence, orderViolations} from '../inspect/jacobian';
import {MaskedConv2d, type MaskedConv2dSpec} from '../layers/maskedConv2d';
import {createParameters} from '../layers/parameters';
import {channelMask, evenGroups, type MaskType, rasterMask} from '../layers/rasterMasks';
import type {AutoregressiveModel, ImageShape} from '../types';
import {ask, exercise, type Hints, sideOf, toBit, Unanswered} from './check';

/** Lesson 04: the checks of its exercises. */

/** How many weights of a kernel are alive, for any size: counted in the masks themselves. */
export function checkWeightsAlive(mine: (size: number, type: MaskType) => number | undefined): string {
  return exercise('Weights alive', () => {
    for (const size of [1, 3, 5, 7, 11]) {
      for (const type of ['A', 'B'] as const) {
        const alive = rasterMask(size, type).reduce((sum, value) => sum + value, 0);
        const answer = ask(mine, size, type);
        if (answer === alive) continue;
        throw new Error(
          `mask ${type} of side ${size}: yours gave ${answer}, ${sideOf(answer, alive)}; draw it and count`,
        );
      }
    }
  });
}

const IMAGE = {height: 4, width: 5, channels: 1};

/**
 * A mask B of 3 x 3 that somebody got wrong, corrected: the property tests of the library run on a stack that
 * is built with it. Leaks are named by place, and so is what a right mask would see.
 */
export async function checkMaskB(mine: readonly number[] | undefined): Promise<string> {
  const taps = mine;
  let found: {leaks: readonly string[]; blind: readonly string[]} | undefined;
  const bits = taps?.every((tap) => Number(tap) === 0 || Number(tap) === 1);
  if (taps?.length === 9 && bits) {
    const seen = async (mask: (size: number, type: MaskType) => Float32Array) => {
      const stack = maskedStack({image: IMAGE, types: ['A', 'B', 'B'], mask, seed: 1});
      const matrix = await dependence(stack, {seed: 1});
      const violations = orderViolations(matrix, stack.order);
      stack.dispose();
      return violations;
    };
    const name = ({logit, pixel}: {logit: number; pixel: number}): string => {
      const [to, from] = [placeOf(logit, IMAGE), placeOf(pixel, IMAGE)];
      return `the logit at row ${to.row}, column ${to.column} and the pixel at row ${from.row}, column ${from.column}`;
    };
    const yours = await seen((_, type) => (type === 'A' ? rasterMask(3, 'A') : Float32Array.from(taps)));
    const right = new Set((await seen(rasterMask)).blind.map(name));
    found = {leaks: yours.leaks.map(name), blind: yours.blind.map(name).filter((one) => !right.has(one))};
  }
  return exercise('A broken mask B', () => {
    if (taps === undefined) throw new Unanswered();
    if (taps.length !== 9) throw new Error(`a mask of 3 x 3 has 9 numbers, yours has ${taps.length}`);
    taps.forEach(toBit);
    if (found === undefined) return;
    if (found.leaks.length > 0)
      throw new Error(`${found.leaks.length} leaks, such as between ${found.leaks[0]}`);
    if (found.blind.length > 0) {
      throw new Error(
        `no leak, but ${found.blind.length} dependences are missing, such as between ${found.blind[0]}`,
      );
    }
    const center = 4;
    if (toBit(taps[center]) === 0) throw new Error('no leak, but later layers may see their own place');
  });
}

/** Whether, at the center, features of one color see those of another: 0 is R, 1 is G, 2 is B. */
export function checkColors(
  mine: (type: MaskType, from: number, to: number) => boolean | number | undefined,
): string {
  return exercise('R, then G, then B', () => {
    const groups = Int32Array.of(0, 1, 2);
    const center = {rows: 1, columns: 1, centerRow: 0, centerColumn: 0, values: Float32Array.of(1)};
    for (const type of ['A', 'B'] as const) {
      const mask = channelMask(center, type, groups, groups);
      for (let from = 0; from < 3; from++) {
        for (let to = 0; to < 3; to++) {
          const answer = toBit(ask(mine, type, from, to));
          const expected = mask[from * 3 + to] === 1;
          if (answer === Number(expected)) continue;
          const [source, target] = ['RGB'[from], 'RGB'[to]];
          throw new Error(
            `with mask ${type}, ${target} ${expected ? 'sees' : 'must not see'} ${source} of its own pixel: ` +
              (expected ? 'without it the colors do not match' : 'it has not been drawn yet'),
          );
        }
      }
    }
  });
}

/** How many earlier pixels a stack of masked 3 x 3 kernels never sees, however deep it is. */
export function blindPixels(
  {height, width}: {height: number; width: number},
  row: number,
  column: number,
): number {
  let blind = 0;
  for (let up = 1; up <= row && row < height; up++) {
    // Each layer that climbs a row wins one column to the right.
    blind += Math.max(0, width - 1 - (column + up));
  }
  return blind;
}

/** The size of the blind spot of a pixel of 28 x 28. */
export function checkBlindSpot(mine: number | undefined, row: number, column: number): string {
  return exercise('The size of the blind spot', () => {
    if (mine === undefined) throw new Unanswered();
    const expected = blindPixels({height: 28, width: 28}, row, column);
    if (mine !== expected) {
      throw new Error(
        `${mine} is not it; draw the rows above: in the row u rows up, the columns up to ${column} + u are seen`,
      );
    }
  });
}

/**
 * Masked convolutions one after the other and nothing else: the smallest model on
 * which a mask can be right or wrong.
 */
export interface MaskedStackOptions {
  readonly image: ImageShape;
  /** The type of each layer; a right stack has A first and B after it. */
  readonly types: readonly MaskType[];
  /** Side of all kernels; 3 where it is left out. */
  readonly size?: number;
  /** Features between the layers, a multiple of the channels; 24 where it is left out. */
  readonly features?: number;
  /** Which taps are alive in a layer of a type, [size, size]; rasterMask where it is left out. */
  readonly mask?: (size: number, type: MaskType) => Float32Array;
  readonly seed?: number;
}

/**
 * A model of two levels with tanh between its convolutions, so that no path ever sleeps. It claims raster
 * order whether its masks keep it or not: that is what the checks are for.
 *
 * @throws RangeError when there is no layer, or a mask does not fit its size
 */
export function maskedStack(options: MaskedStackOptions): AutoregressiveModel {
  const {image, types, size = 3, features = 24, mask = rasterMask, seed = 0} = options;
  if (types.length === 0) throw new RangeError('maskedStack: types is empty; give at least one layer');
  const {height, width, channels} = image;
  const specs = types.map((type, k): MaskedConv2dSpec => {
    const taps = mask(size, type);
    if (taps.length !== size * size) {
      throw new RangeError(`maskedStack: a mask must have ${size * size} taps, got ${taps.length}`);
    }
    return {
      name: `layer${k + 1}`,
      mask: taps,
      type,
      dilation: 1,
      scale: k === 0 ? 2 : 1.2,
      inputs: evenGroups(k === 0 ? channels : features, channels),
      outputs: evenGroups(k === types.length - 1 ? channels : features, channels),
    };
  });
  const parameters = createParameters(
    specs.flatMap((spec) => MaskedConv2d.parameters(spec)),
    seed,
  );
  const layers = specs.map((spec) => new MaskedConv2d(spec, parameters));
  return {
    name: 'masked stack',
    image,
    levels: 2,
    parameters,
    config: {height, width, channels, size, features, types: types.join('')},
    order: Int32Array.from({length: height * width * channels}, (_, k) => k),
    logits: (x) =>
      tf.tidy(() =>
        layers.reduce((y, layer, k) => layer.apply(k === 0 ? y : tf.tanh(y), 'none'), x as tf.Tensor4D),
      ),
    dispose: () => {
      for (const layer of layers) layer.dispose();
      tf.dispose([...parameters.values()]);
    },
  };
}

/** A place as its row and column, for messages and drawings. */
export function placeOf(index: number, {width, channels}: ImageShape): {row: number; column: number} {
  const pixel = Math.floor(index / channels);
  return {row: Math.floor(pixel / width), column: pixel % width};
}

/** Hints to the exercises of lesson 04. */
export const PIXEL_CNN_MASKS_HINTS: Hints = {
  1: [
    'Count n = 3 and n = 5 in the drawing. How many weights come before the center, and how many after it?',
    'Before and after the center there are equally many. How many are there in all, without the center?',
    'Half of n * n - 1 come before the center. One of the masks has the center as well.',
  ],
  2: [
    'Compare it with the drawing of mask B above, place by place.',
    'Two places of the center row belong to what is known: the pixel on the left, and in mask B one more.',
    'Row 1: 1 1 1. Row 2: left and center are seen, right is not. Row 3: nothing.',
  ],
  3: [
    'Red is generated first. What may red see of its own pixel? And blue?',
    'With mask A a color sees those that come before it, and not itself.',
    'Mask B differs in one thing: a feature of a color may also see features of the same color. Compare numbers.',
  ],
  4: [
    'Draw the pixel, and above it the rows. In the row just above, which is the last column that it can see?',
    'Each row up wins one column to the right: u rows up it sees the columns up to 10 + u. The last column is 27.',
    'Add up 27 - (10 + u) over the rows u = 1, 2, … 20, as long as it is more than 0.',
  ],
};
