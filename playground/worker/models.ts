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
  await checkUnaltered(weights, bytes);
  const model = createModel(metadata.model, metadata.config);
  assignParameters(model.parameters, tensors, weights);
  return model;
}

const KEY = '"sha256":"';
const DIGITS = 64;

/**
 * What `checkChecksum` of the library does, by the browser's own sha256.
 *
 * @throws Error in one sentence when a byte was altered
 */
async function checkUnaltered(weights: WeightsName, bytes: Uint8Array): Promise<void> {
  // A browser offers it to files and to https, not to a page from plain http.
  if (globalThis.crypto?.subtle === undefined) return;
  const place = new TextDecoder('latin1').decode(bytes).indexOf(KEY) + KEY.length;
  const blank = bytes.slice();
  blank.fill('0'.charCodeAt(0), place, place + DIGITS);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', blank));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (found === new TextDecoder().decode(bytes.subarray(place, place + DIGITS))) return;
  throw new Error(
    `weights/${weights.replace('/', '-')}.js is damaged: copy it again, or run npm run playground again.`,
  );
}
