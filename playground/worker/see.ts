import {type PlaceMap, receptiveField} from '../../lib/inspect/receptiveField';
import {GatedPixelCnn} from '../../lib/models/gatedPixelCnn';
import {PixelCnn} from '../../lib/models/pixelCnn';
import {PixelRnn} from '../../lib/models/pixelRnn';
import type {AutoregressiveModel} from '../../lib/types';
import type {SeeInput, WeightsName} from '../protocol';
import {modelOf} from './models';

/** The maps of a model, layer after layer, the logits last. */
function mapsOf(model: AutoregressiveModel): PlaceMap[] {
  const counted = (count: number, map: (k: number) => PlaceMap): PlaceMap[] =>
    Array.from({length: count}, (_, k) => map(k));
  const logits: PlaceMap = (x) => model.logits(x);
  if (model instanceof PixelCnn) {
    return [...counted(model.blocks.length + 1, (k) => (x) => model.features(x, k)), logits];
  }
  if (model instanceof GatedPixelCnn) {
    const map =
      (k: number): PlaceMap =>
      (x) => {
        const {vertical, horizontal} = model.stacks(x, k + 1);
        vertical.dispose();
        return horizontal;
      };
    return [...counted(model.layers.length, map), logits];
  }
  if (model instanceof PixelRnn) {
    return [...counted(model.layers.length + 1, (k) => (x) => model.features(x, k)), logits];
  }
  return [logits];
}

export async function layers(weights: WeightsName): Promise<number> {
  return mapsOf(await modelOf(weights)).length;
}

/** By the gradient of the live model, at one random image. */
export async function see({weights, layer, row, column, seed}: SeeInput): Promise<Float32Array> {
  const model = await modelOf(weights);
  const maps = mapsOf(model);
  const map = maps[Math.min(layer ?? maps.length, maps.length - 1)];
  const {values} = await receptiveField(map, model.image, {row, column, seed, images: 1});
  return values;
}
