/**
 * Places and small file helpers of set-up. Node builtins only, since set-up runs before node_modules exists.
 */
import {createHash} from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

/** The folder that holds package.json. */
export const root = path.resolve(
  import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname),
  '../..',
);

/** The user's home folder; where there is none, or one that may not be written, a folder of the project's. */
export function usableHome(findHome = os.homedir, otherwise = path.join(root, '.cache', 'home')) {
  try {
    const home = findHome();
    return path.isAbsolute(home) && isWritable(home) ? home : otherwise;
  } catch {
    return otherwise; // No HOME, and no user of that number in passwd.
  }
}

/** What several checkouts of one user share: the TensorFlow library and the compiled binding. */
export function sharedCache(env = process.env, home = usableHome()) {
  const wanted = path.isAbsolute(env.XDG_CACHE_HOME ?? '') ? env.XDG_CACHE_HOME : path.join(home, '.cache');
  const base = isWritable(wanted) ? wanted : path.join(root, '.cache');
  return path.join(base, 'autoregressive-image-models');
}

/** Whether files can be made in a folder, or the folder itself where there is none yet. */
function isWritable(folder) {
  if (!fs.existsSync(folder)) return path.dirname(folder) !== folder && isWritable(path.dirname(folder));
  try {
    fs.accessSync(folder, fs.constants.W_OK | fs.constants.X_OK);
    return fs.statSync(folder).isDirectory();
  } catch {
    return false;
  }
}

/**
 * The environment of the programs that set-up starts and of the private .venv: with a home that can be
 * written, and without the user's settings for other Pythons. pip's own settings (index, proxy, certificate)
 * stay, but for where it installs.
 */
export function privateEnvironment(env = process.env, home = usableHome()) {
  const unwanted =
    /^(PYTHONPATH|PYTHONHOME|VIRTUAL_ENV|PIP_(TARGET|PREFIX|ROOT|CONSTRAINT|NO_DEPS|DRY_RUN|NO_BINARY))$/;
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !unwanted.test(name)));
  return {...kept, HOME: home, PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0', PYTHONNOUSERSITE: '1'};
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
