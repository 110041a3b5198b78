import {createHash} from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import {errorCode} from '../storage/files';
import {
  type AutoregressiveModel,
  BINARIZATIONS,
  type Binarization,
  checkLevelCount,
  type Images,
  SPLITS,
  type Split,
} from '../types';
import {binarize, STATIC_SEED} from './binarize';
import {MissingDataError} from './cifar10';
import {parseIdx} from './idx';
import {
  checkOwnName,
  imagesFile,
  labelsFile,
  MANIFEST,
  MANIFEST_FORMAT,
  type OwnManifest,
  ownDataFolder,
  ownDataNames,
} from './ownData';
import {quantize} from './quantize';
import {type DataSource, sourceOf} from './sources';

/** Images to train on and to score. */
export interface WeightsSource extends DataSource {
  /** As training takes them: gray bytes that it binarizes for two levels, else values 0 … levels - 1. */
  load(split: Split): Promise<Images>;
}

/** A data set of one's own, as the commands use it. */
export interface OwnSource extends WeightsSource {
  readonly manifest: OwnManifest;
  /** sha256 of the manifest, which holds that of every file: what a checkpoint says it was trained on. */
  readonly sha256: string;
}

/**
 * The images that weights were trained on.
 *
 * @param data what their checkpoint says of a data set of one's own
 * @throws MissingDataError when that is not there; Error when it is another one of that
 *   name; RangeError as `sourceOf`
 */
export function sourceOfWeights(
  model: Pick<AutoregressiveModel, 'name' | 'image' | 'levels'>,
  data?: Pick<OwnSource, 'name' | 'sha256'>,
): WeightsSource {
  if (data === undefined) return sourceOf(model);
  const source = ownSource(data.name);
  if (source.sha256 === data.sha256) return source;
  throw new Error(
    `the data set ${data.name} must be the one that these weights were trained on, its manifest with the sha256 ${data.sha256}, ` +
      `got ${source.sha256}; take the images again as they were, or train anew with --restart`,
  );
}

/**
 * Opens a data set that `npm run data` has kept.
 *
 * @throws MissingDataError when there is none of that name; Error when its manifest is damaged
 */
export function ownSource(name: string): OwnSource {
  checkOwnName(name);
  const folder = ownDataFolder(name);
  const {manifest, sha256} = readManifest(folder, name);
  const {levels, binarization} = manifest;
  const load = async (split: Split): Promise<Images> => {
    const bytes = loadPart(folder, manifest, split);
    return levels === 2 ? bytes : quantize(bytes, levels);
  };
  return {
    name,
    manifest,
    sha256,
    binarization:
      binarization === null
        ? `none (${levels} levels)`
        : binarization === 'threshold'
          ? 'threshold'
          : `static, seed ${STATIC_SEED}`,
    load,
    scored: async (split) => {
      const images = await load(split);
      return binarization === null ? images : scoredDraw(images, binarization);
    },
  };
}

/** What is drawn anew for each epoch of training is scored on one draw that stays. */
export function scoredDraw(images: Images, rule: Binarization): Images {
  return binarize(images, {rule: rule === 'threshold' ? 'threshold' : 'static', seed: STATIC_SEED});
}

function readManifest(folder: string, name: string): {manifest: OwnManifest; sha256: string} {
  const file = path.join(folder, MANIFEST);
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCode(error) !== 'ENOENT')
      throw new Error(`${file} cannot be read (${errorCode(error)}); check its permissions`);
    const there = ownDataNames();
    throw new MissingDataError(
      `there is no data set ${name}; ${there.length === 0 ? 'there are none yet' : `there are ${there.join(', ')}`}. ` +
        'Make one with: npm run data -- folder DIR --name NAME',
    );
  }
  const sha256 = createHash('sha256').update(text).digest('hex');
  try {
    return {manifest: checkedManifest(JSON.parse(text), name), sha256};
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${file} was altered (${why}); remove ${folder} and take the images again`);
  }
}

/** Only as far as a wrong value would go unnoticed: what is read by it is checked by sha256. */
function checkedManifest(value: unknown, name: string): OwnManifest {
  const manifest = value as OwnManifest;
  const {format, levels, binarization, classes, parts} = manifest;
  if (format !== MANIFEST_FORMAT) throw new Error(`format ${format}, expected ${MANIFEST_FORMAT}`);
  if (manifest.name !== name) throw new Error(`its name must be '${name}', got '${manifest.name}'`);
  for (const size of [manifest.height, manifest.width, manifest.channels]) {
    if (!Number.isInteger(size) || size < 1)
      throw new Error(`a size must be a positive integer, got ${size}`);
  }
  checkLevelCount('manifest', levels);
  const rules: readonly unknown[] = levels === 2 ? BINARIZATIONS : [null];
  if (!rules.includes(binarization))
    throw new Error(`binarization of ${levels} levels must be ${rules.join(', ')}, got ${binarization}`);
  if (!Array.isArray(classes) || classes.length > 256) {
    throw new Error(`classes must be a list of at most 256, got ${JSON.stringify(classes)?.slice(0, 40)}`);
  }
  for (const part of SPLITS) {
    const sha256: unknown = parts[part].files[imagesFile(part)];
    if (typeof sha256 !== 'string')
      throw new Error(`the images of ${part} must have a sha256, got ${sha256}`);
  }
  return manifest;
}

function loadPart(folder: string, manifest: OwnManifest, split: Split): Images {
  if (!Object.hasOwn(manifest.parts, split)) {
    throw new RangeError(`split must be train, validation or test, got ${split}`);
  }
  const {height, width, channels, classes, parts} = manifest;
  const {images: count, files} = parts[split];
  const read = (name: string, shape: readonly number[]): Uint8Array => {
    const file = path.join(folder, name);
    const remedy = `remove ${folder} and take the images again`;
    if (!fs.existsSync(file)) throw new Error(`${file} is missing; ${remedy}`);
    const bytes = fs.readFileSync(file);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (sha256 !== files[name]) {
      throw new Error(
        `${file} was cut short or altered: its sha256 is ${sha256}, its manifest says ${files[name]}; ${remedy}`,
      );
    }
    return parseIdx(bytes, file, shape).values;
  };
  const pixels = read(imagesFile(split), [count, height, width, channels]);
  const images = {pixels, count, height, width, channels};
  return classes.length === 0 ? images : {...images, labels: read(labelsFile(split), [count])};
}
