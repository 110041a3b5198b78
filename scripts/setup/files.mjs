/** Places and small file helpers of set-up. Node builtins only, since set-up runs before node_modules exists. */
import {createHash} from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

/** The folder that holds package.json. */
export const root = path.resolve(
  import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname),
  '../..',
);

/** What several checkouts of one user share: the TensorFlow library and the compiled binding. */
export function sharedCache(env = process.env, home = os.homedir()) {
  const base = path.isAbsolute(env.XDG_CACHE_HOME ?? '') ? env.XDG_CACHE_HOME : path.join(home, '.cache');
  return path.join(base, 'autoregressive-image-models');
}

/** Whole or not at all: a temporary file beside it, then a rename. */
export function writeAtomically(file, content) {
  fs.mkdirSync(path.dirname(file), {recursive: true});
  const temporary = `${file}.${process.pid}.tmp`;
  fs.writeFileSync(temporary, content);
  fs.renameSync(temporary, file);
}

/** As `writeAtomically`, with the content of another file. */
export function copyAtomically(from, file) {
  fs.mkdirSync(path.dirname(file), {recursive: true});
  const temporary = `${file}.${process.pid}.tmp`;
  fs.copyFileSync(from, temporary);
  fs.renameSync(temporary, file);
}

/** A short name for everything that a step was made from: when it changes, the step is done again. */
export function digest(...inputs) {
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 16);
}

/** The text of a file, or undefined where there is none. */
export function readText(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** The parsed content of a JSON file; undefined where there is none, or one that is no JSON. */
export function readJson(file) {
  const text = readText(file);
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
