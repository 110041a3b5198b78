import {classesOf} from '../condition';
import {MODEL_NAMES, type ModelName} from '../models/index';
import {loadCheckpoint} from '../storage/checkpoints';
import {checkpointFile} from '../storage/paths';
import {committedPresets, loadPublished, type Published} from './published';

/**
 * Of each model its best committed weights for black and white digits in raster order, chosen by validation
 * nats. Models that are conditioned on the class are left out, as theirs is another likelihood; so are other
 * orders, which complete another half of an image.
 *
 * @returns in the order of MODEL_NAMES; a model without such weights is not there. Dispose each `published`.
 * @throws CheckpointError when a file is damaged
 */
export function bestPublished(): {model: ModelName; preset: string; published: Published}[] {
  return MODEL_NAMES.flatMap((model) => {
    const digits = committedPresets(model).flatMap((preset) => {
      const {metadata} = loadCheckpoint(checkpointFile(model, preset), {model});
      const {channels, order = 'raster'} = metadata.config as {channels: number; order?: string};
      const isBare = channels === 1 && order === 'raster' && classesOf(metadata) === 0;
      const nats = (metadata.score as Record<string, number> | undefined)?.validationNats;
      return isBare && nats !== undefined ? [{preset, nats}] : [];
    });
    if (digits.length === 0) return [];
    const {preset} = digits.reduce((a, b) => (b.nats < a.nats ? b : a));
    return [{model, preset, published: loadPublished(model, preset)}];
  });
}
