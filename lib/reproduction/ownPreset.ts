import type {OwnSource} from '../data/ownSource';
import {fitPreset, type Preset} from '../models/index';

/**
 * A preset for images of one's own: it takes size, channels, levels and classes from them, and the
 * binarization that the manifest of the data set names.
 *
 * @throws RangeError where the preset's model cannot be of such images
 */
export function ownPreset({manifest}: OwnSource, preset: Preset): Preset {
  const {binarization, classes} = manifest;
  const fitted = fitPreset(preset, {...manifest, classes: classes.length});
  return binarization === null ? fitted : {...fitted, recipe: {...fitted.recipe, binarization}};
}
