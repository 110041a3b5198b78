import * as path from 'node:path';
import {ownSource} from '../data/ownSource';
import {createModel, findPreset, presetNames} from '../models/index';
import {assignParameters, type CheckpointMetadata} from '../storage/checkpoints';
import {fitTensors, type Mapping, readForeign} from '../storage/foreignWeights';
import {CheckpointError, decodeMetadata, Fields} from '../storage/metadata';
import {isRecord, type Safetensors} from '../storage/safetensors';
import type {AutoregressiveModel, ModelConfig} from '../types';
import {ownPreset} from './ownPreset';

/** Weights that were trained elsewhere: by pytorch/train.py, or by another program altogether. */

export interface Imported {
  readonly model: AutoregressiveModel;
  readonly preset: string;
  /** Who trained it, on what and how long, as far as the file says. */
  readonly metadata: CheckpointMetadata;
}

/** What the user says of the file. */
export interface ImportRequest {
  /** Of which model and preset it is; needed where the file does not say so. */
  readonly model?: string;
  readonly preset?: string;
  readonly mapping?: Mapping;
}

/**
 * Builds the model and gives it the weights.
 *
 * @throws CheckpointError for a file that is damaged, of another config, or has a tensor that does not fit;
 *   RangeError for an unknown model or preset
 */
export function importWeights(file: string, request: ImportRequest): Imported {
  const content = readForeign(file);
  // A file without our metadata comes from another program.
  const metadata = 'kind' in content.metadata ? ownMetadata(file, content) : foreignMetadata(file, request);
  if (request.model !== undefined && request.model !== metadata.model) {
    throw new CheckpointError(
      file,
      `it holds the model ${metadata.model}, but ${request.model} is expected`,
      `Import it as ${metadata.model}.`,
    );
  }
  const preset = presetOf(file, metadata, request.preset);
  const model = createModel(metadata.model, metadata.config);
  try {
    assignParameters(
      model.parameters,
      fitTensors(file, content.tensors, model.parameters, request.mapping),
      file,
    );
    return {model, preset, metadata};
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function ownMetadata(file: string, {metadata}: Safetensors): CheckpointMetadata {
  const fields = new Fields(file, metadata, 'weights');
  const decoded = decodeMetadata(fields);
  fields.end();
  return decoded;
}

/** Of a foreign file nothing is known but what the user says. */
function foreignMetadata(file: string, {model, preset}: ImportRequest): CheckpointMetadata {
  if (model === undefined || preset === undefined) {
    throw new CheckpointError(
      file,
      'it does not say of which model it is',
      'Name it with --model M --preset P.',
    );
  }
  return {
    ...{model, config: findPreset(model, preset).config, recipe: {}, binarization: null, seed: 0},
    ...{epoch: 0, step: 0, trainingSeconds: 0, history: [], ancestors: [], score: {}},
    versions: {origin: path.basename(file)},
  };
}

/** The preset whose config the weights have. @throws CheckpointError that says in what the config differs */
function presetOf(
  file: string,
  {model, config, data}: Pick<CheckpointMetadata, 'model' | 'config' | 'data'>,
  wanted?: string,
): string {
  const own = data === undefined ? undefined : ownSource(data.name);
  const difference = (name: string): string | null => {
    const preset = findPreset(model, name);
    return differenceOf(config, own === undefined ? preset.config : ownPreset(own, preset).config);
  };
  const found = presetNames(model).find((preset) => difference(preset) === null);
  if (wanted !== undefined) {
    const differs = difference(wanted);
    if (differs === null) return wanted;
    throw new CheckpointError(
      file,
      `its config is not that of ${model} ${wanted}: ${differs}`,
      found === undefined
        ? 'No preset has this config; add one to the model, then import again.'
        : `It is that of --preset ${found}.`,
    );
  }
  if (found !== undefined) return found;
  throw new CheckpointError(
    file,
    `its config is that of no preset of ${model}: ${JSON.stringify(config)}`,
    'Add a preset of this config to the model, then import again.',
  );
}

function differenceOf(found: ModelConfig, wanted: ModelConfig): string | null {
  for (const key of new Set([...Object.keys(wanted), ...Object.keys(found)])) {
    const [a, b] = [JSON.stringify(found[key]), JSON.stringify(wanted[key])];
    if (a !== b) return `${key} is ${a}, there ${b}`;
  }
  return null;
}

/** One line on who trained it where, from what the checkpoint records. */
export function trainedBy({versions, trainingSeconds, epoch, step, recipe}: CheckpointMetadata): string {
  const images = step * Number(isRecord(recipe) ? (recipe.batchSize ?? 0) : 0);
  const software = Object.entries(versions)
    .filter(([name]) => name !== 'device')
    .map(([name, value]) => `${name} ${value}`);
  const where = versions.device === undefined ? '' : ` on ${versions.device}`;
  return (
    `${epoch} epochs, ${step} steps, ${images} images, ${(trainingSeconds / 60).toFixed(1)} minutes${where}` +
    ` (${software.join(', ')})`
  );
}
