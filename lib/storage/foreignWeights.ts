import * as fs from 'node:fs';
import type {NamedShapes, NamedTensor, NamedTensors} from './checkpoints';
import {errorCode} from './files';
import {CheckpointError, rephrase} from './metadata';
import {
  decodeSafetensors,
  isRecord,
  parseStrictJson,
  type Safetensors,
  type StoredTensor,
} from './safetensors';

/**
 * Weights that another program wrote, brought into the names and the layout of
 * ours: data/checkpoints/README.md.
 */

/** How the tensors of a file are called, and how their numbers lie. */
export interface Mapping {
  /**
   * Ours: kernels [rows, columns, inputs, outputs], matrices [inputs, outputs].
   * PyTorch's: [outputs, inputs, …].
   */
  readonly layout: 'library' | 'pytorch';
  /** Their name to ours; a tensor that is not named keeps its name. */
  readonly tensors: Readonly<Record<string, string>>;
  /** Tensors of theirs that are no parameters of ours, such as masks. */
  readonly ignore: readonly string[];
}

export const SAME: Mapping = {layout: 'library', tensors: {}, ignore: []};

/** A file with floats of any width. @throws CheckpointError */
export function readForeign(file: string): Safetensors {
  let bytes: Uint8Array;
  try {
    bytes = fs.readFileSync(file);
  } catch (error) {
    const problem = `it cannot be read (${errorCode(error)})`;
    throw new CheckpointError(file, problem, 'Check the path and its permissions.');
  }
  const remedy = 'Copy it again from where it was trained.';
  return rephrase(file, remedy, () => decodeSafetensors(bytes, {foreign: true}));
}

/** A mapping as JSON, in which no key stands twice. @throws RangeError that names the file and the rule */
export function readMappingFile(file: string): Mapping {
  let value: unknown;
  try {
    value = parseStrictJson(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error && !('code' in error) ? error.message : errorCode(error);
    throw new RangeError(
      `the mapping ${file} cannot be read: ${reason}; correct it (docs/bigger-machines.md)`,
    );
  }
  return readMapping(value, file);
}

/** Checks what a mapping file holds. @throws RangeError that names the field and the rule */
export function readMapping(value: unknown, file: string): Mapping {
  const wrong = (rule: string): RangeError => new RangeError(`${file}: ${rule}`);
  if (!isRecord(value)) throw wrong('it must be an object with layout, tensors and ignore');
  const {layout = 'library', tensors = {}, ignore = [], ...rest} = value;
  const [other] = Object.keys(rest);
  if (other !== undefined) throw wrong(`${other} is no field; there are layout, tensors and ignore`);
  if (layout !== 'library' && layout !== 'pytorch') {
    throw wrong(`layout must be library or pytorch, got ${JSON.stringify(layout)}`);
  }
  if (!isRecord(tensors) || !Object.values(tensors).every((name) => typeof name === 'string')) {
    throw wrong(
      "tensors must map each name of theirs to one of ours, such as {'conv0.weight': 'first.weights'}",
    );
  }
  if (!Array.isArray(ignore) || !ignore.every((name) => typeof name === 'string')) {
    throw wrong('ignore must be a list of names');
  }
  return {layout, tensors: tensors as Record<string, string>, ignore};
}

/**
 * The tensors as a model takes them.
 *
 * @param file for messages
 * @throws CheckpointError that names every tensor that does not fit, and why
 */
export function fitTensors(
  file: string,
  stored: ReadonlyMap<string, StoredTensor>,
  expected: NamedShapes,
  mapping: Mapping = SAME,
): NamedTensors {
  const problems: string[] = [];
  const named = withoutPrefix(stored);
  for (const name of [...Object.keys(mapping.tensors), ...mapping.ignore]) {
    if (!named.has(name)) problems.push(`${name}, which the mapping names, is not in the file`);
  }
  const fitted = new Map<string, NamedTensor>();
  const met = new Set<string>();
  for (const [theirs, tensor] of named) {
    if (mapping.ignore.includes(theirs)) continue;
    const name = mapping.tensors[theirs] ?? theirs;
    const called = name === theirs ? name : `${theirs} (our ${name})`;
    const shape = expected.get(name)?.shape;
    if (shape === undefined) {
      problems.push(`${called} is no parameter of the model`);
    } else if (met.has(name)) {
      problems.push(`${called} is there twice`);
    } else if (!(tensor.data instanceof Float32Array)) {
      problems.push(`${called} is ${tensor.dtype}, but weights are floats`);
    } else {
      const ours =
        mapping.layout === 'pytorch' ? toLibraryLayout(name, {...tensor, data: tensor.data}, shape) : tensor;
      const bad = tensor.data.findIndex((value) => !Number.isFinite(value));
      if (ours === null || ours.shape.join() !== shape.join()) {
        problems.push(`${called} has shape [${tensor.shape}], but the model needs [${shape}]`);
      } else if (bad >= 0) {
        problems.push(`${called} has ${tensor.data[bad]} as value ${bad}, but every value must be finite`);
      }
      fitted.set(name, ours as NamedTensor);
    }
    met.add(name);
  }
  for (const [name, {shape}] of expected) {
    if (!met.has(name)) problems.push(`${name} of shape [${shape}] is missing`);
  }
  if (problems.length > 0) {
    throw new CheckpointError(
      file,
      `${problems.length === 1 ? 'a tensor does' : `${problems.length} tensors do`} not fit: ${problems.join('; ')}`,
      'Name the preset that it is of, or say with --mapping FILE how its tensors are called and laid out.',
    );
  }
  return fitted;
}

/** What DistributedDataParallel and torch.compile put before every name. */
function withoutPrefix(stored: ReadonlyMap<string, StoredTensor>): ReadonlyMap<string, StoredTensor> {
  for (const prefix of ['module.', '_orig_mod.']) {
    const names = [...stored.keys()];
    if (names.length > 0 && names.every((name) => name.startsWith(prefix))) {
      return withoutPrefix(new Map([...stored].map(([name, tensor]) => [name.slice(prefix.length), tensor])));
    }
  }
  return stored;
}

/**
 * PyTorch's layout to ours: convolutions [outputs, inputs, rows, columns], of a whole kernel or of the rows
 * and columns with live taps, which are the first ones (lib/layers/rasterMasks.ts); Linear [outputs, inputs];
 * state-to-state as Conv1d [4 h, h, taps].
 *
 * @returns null where the number of dimensions or the size of a kernel is another
 */
function toLibraryLayout(name: string, tensor: NamedTensor, target: readonly number[]): NamedTensor | null {
  const {shape} = tensor;
  if (shape.length !== target.length) return null;
  if (shape.length === 4) {
    const [outputs, inputs, rows, columns] = shape;
    const [height, width] = target;
    // A whole kernel is as large below and to the right of its center as above and to the left; what is
    // alive begins its rows and columns.
    const wholeWidth = height === 1 ? 2 * width - 1 : width;
    if (![height, 2 * height - 1].includes(rows) || ![width, wholeWidth].includes(columns)) return null;
    return gather([height, width, inputs, outputs], ([r, c, i, o]) => {
      return tensor.data[((o * inputs + i) * rows + r) * columns + c];
    });
  }
  const isMatrix = shape.length === 2 && name.endsWith('.weights');
  if (!isMatrix && shape.length !== 3) return tensor;
  const reversed = [...shape].reverse();
  return gather(reversed, (place) => {
    return tensor.data[place.reduceRight((flat, index, k) => flat * reversed[k] + index, 0)];
  });
}

/** A tensor of the shape, value by value in row order. */
function gather(shape: readonly number[], valueAt: (place: readonly number[]) => number): NamedTensor {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  const place = shape.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    data[i] = valueAt(place);
    for (let k = shape.length - 1; k >= 0; k--) {
      place[k]++;
      if (place[k] < shape[k]) break;
      place[k] = 0;
    }
  }
  return {shape, data};
}
