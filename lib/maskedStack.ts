import * as tf from '@tensorflow/tfjs';
import {MaskedConv2d, type MaskedConv2dSpec} from './layers/maskedConv2d';
import {createParameters} from './layers/parameters';
import {evenGroups, type MaskType, rasterMask} from './layers/rasterMasks';
import type {AutoregressiveModel, ImageShape} from './types';

/** Masked convolutions one after the other and nothing else: the smallest model on which a mask can be right or wrong. */
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
 * A model of two levels with tanh between its convolutions, so that no path ever sleeps. It claims raster order whether its masks
 * keep it or not: that is what the checks are for.
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
      ...{name: `layer${k + 1}`, mask: taps, type, dilation: 1, scale: k === 0 ? 2 : 1.2},
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
    ...{name: 'masked stack', image, levels: 2, parameters},
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
