import {createModel} from '../../lib/models/index';
import {assignParameters, decodeCheckpoint} from '../../lib/storage/weights';
import type {AutoregressiveModel} from '../../lib/types';
import type {WeightsName} from '../protocol';
import {engine} from './engine';
import {part} from './parts';

const models = new Map<WeightsName, Promise<AutoregressiveModel>>();

/**
 * A model with its committed weights: built and filled by the library when it is first asked for, then kept.
 *
 * @throws Error in one sentence when the weights are missing or damaged; the next call tries again
 */
export function modelOf(weights: WeightsName): Promise<AutoregressiveModel> {
  let model = models.get(weights);
  if (model === undefined) {
    model = load(weights);
    models.set(weights, model);
    model.catch(() => models.delete(weights));
  }
  return model;
}

async function load(weights: WeightsName): Promise<AutoregressiveModel> {
  const [, bytes] = await Promise.all([engine(), part(`weights/${weights.replace('/', '-')}`)]);
  const {tensors, metadata} = decodeCheckpoint(weights, bytes);
  const model = createModel(metadata.model, metadata.config);
  assignParameters(model.parameters, tensors, weights);
  return model;
}
