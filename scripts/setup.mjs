/**
 * Set-up, from a fresh checkout to a working project. Each step is whole or not there, is skipped in
 * milliseconds when it is done, and needs no network then. Node builtins only.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import {runLogged, SetupError} from './setup/commands.mjs';
import {digest, readJson, readText, root, writeAtomically} from './setup/files.mjs';
import {acquireLock} from './setup/lock.mjs';
import {checkNode, findNpm, findPython} from './setup/prerequisites.mjs';
import {formatSeconds, startStep} from './setup/progress.mjs';
import * as tensorflow from './setup/tensorflow.mjs';

const at = (...parts) => path.join(root, ...parts);
export const venvBin = at('.venv', 'bin');
const venvPython = path.join(venvBin, 'python');

/** The environment that every command and the kernel run in; what the user has set stays as it is. */
export const engineEnvironment = readJson(at('lib', 'engine', 'environment.json'));

/** Options of every Node that runs the project's code. */
export const nodeOptions = ['--require', at('lib', 'engine', 'compat.cjs')];

/** Options of one that is given TypeScript. */
export const typescriptOptions = [...nodeOptions, '--require', at('scripts', 'setup', 'typescript.cjs')];

/**
 * Does what is left to do.
 *
 * @param retry tries the native engine again where it could not be had before; says what is there when all is
 * @param jupyter whether the command needs JupyterLab; one that does not goes on where that cannot be had
 * @throws SetupError with a sentence for the user; Interrupted
 */
export async function setUp({retry = false, jupyter = true} = {}) {
  checkNode();
  if (retry) tensorflow.forgetNativeFailure();
  const isSkipped = (step) => isSkippedNow(step) || (!jupyter && step === jupyterStep && venvFailed());
  if (steps.every((step) => step.isDone() || isSkipped(step))) {
    if (retry)
      say(
        `Everything is there: ${steps
          .filter((step) => step.isDone())
          .map(({title}) => title)
          .join(', ')}.`,
      );
  } else await doSteps(isSkipped, jupyter);
  if (hasVenv()) writeKernelspec();
  const failure = wantsNative() ? tensorflow.nativeFailure() : undefined;
  if (failure) say(`The WASM engine serves, slower: ${failure}. To try again: npm run setup`);
}

const say = (text) => process.stderr.write(`${text}\n`);

const jupyterStep = {title: 'JupyterLab in .venv', isDone: hasVenv, run: makeVenv};
const steps = [
  {title: 'Packages from npm', isDone: hasPackages, run: installPackages},
  jupyterStep,
  {title: 'TensorFlow library', native: true, isDone: tensorflow.hasLibrary, run: tensorflow.fetchLibrary},
  {title: 'TensorFlow binding', native: true, isDone: tensorflow.hasBinding, run: tensorflow.installBinding},
  {title: 'MNIST digits', isDone: hasMnist, run: prepareMnist},
];

function wantsNative() {
  return process.env.TF_ENGINE !== 'wasm';
}

/** A native step that failed before is not tried at every start. */
function isSkippedNow(step) {
  return step.native && (!wantsNative() || tensorflow.nativeFailure() !== undefined);
}

const venvFailure = at('.cache', 'setup', 'venv.json');
const venvFailed = () => readJson(venvFailure)?.key === digest(root, readText(requirements));

async function doSteps(isSkipped, needsJupyter) {
  const start = Date.now();
  const lock = await acquireLock(at('.cache', 'setup', 'lock'), {onWait: say});
  try {
    if (!hasPackages() && !hasVenv()) say('First set-up: a few minutes, about 2 GB, once.');
    for (const step of steps) {
      if (step.isDone() || isSkipped(step)) continue;
      if (step.native) await doNativeStep(step, lock);
      else if (step === jupyterStep && !needsJupyter) await doJupyterStep(lock);
      else await doStep(step, lock);
    }
  } finally {
    lock.release();
  }
  say(
    `Set-up took ${formatSeconds((Date.now() - start) / 1000)}; from now on it needs neither time nor network.`,
  );
}

async function doStep(step, lock) {
  const shown = startStep(step.title);
  try {
    await step.run(venvPython, shown, lock);
    shown.done();
  } catch (error) {
    shown.failed();
    throw error;
  }
}

/**
 * For a command that needs no JupyterLab: a failure is said and kept in mind, and the next
 * command that needs it tries again.
 */
async function doJupyterStep(lock) {
  try {
    await doStep(jupyterStep, lock);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    writeAtomically(venvFailure, JSON.stringify({key: digest(root, readText(requirements))}));
    say(`${error.message}. This command goes on without JupyterLab; npm run lab tries again.`);
  }
}

/**
 * Under the lock of the shared cache; a failure is kept in mind and the other engine serves,
 * unless the native one is asked for.
 */
async function doNativeStep(step, lock) {
  try {
    tensorflow.checkSystem();
    const shared = await acquireLock(tensorflow.sharedLock, {onWait: say});
    const both = {watch: (pid) => [lock, shared].forEach((one) => void one.watch(pid))};
    try {
      if (!step.isDone()) await doStep(step, both);
    } finally {
      shared.release();
    }
  } catch (error) {
    if (!(error instanceof SetupError) || process.env.TF_ENGINE === 'tensorflow') throw error;
    tensorflow.recordNativeFailure(error.message);
  }
}

const npmRecord = at('node_modules', '.package-lock.json');

/** npm writes its own record of node_modules last of all; it must agree with the lock file. */
function hasPackages() {
  const wanted = readJson(at('package-lock.json'))?.packages;
  const found = readJson(npmRecord)?.packages;
  if (!wanted)
    throw new SetupError('package-lock.json is missing or damaged; run: git checkout package-lock.json');
  if (!found) return false;
  const agrees = ([place, entry]) =>
    place === '' || (found[place] ? found[place].integrity === entry.integrity : entry.optional);
  return Object.entries(wanted).every(agrees) && Object.keys(found).every((place) => place in wanted);
}

async function installPackages(_python, shown, lock) {
  const [npm, ...first] = findNpm();
  const places = Object.keys(readJson(at('package-lock.json')).packages).filter(Boolean);
  // So that a removal that is interrupted does not look like an installation.
  fs.rmSync(npmRecord, {force: true});
  const retries = ['--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'];
  let fetched = 0;
  let unreachable = 0;
  const options = [
    '--ignore-scripts',
    '--loglevel=http',
    '--include=dev',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    ...retries,
  ];
  await runLogged('npm', npm, [...first, 'ci', ...options], {
    what: 'npm ci',
    lock,
    onLine: (line) => {
      if (/ http fetch GET 2\d\d /.test(line)) fetched += 1;
      if (/ attempt \d+ failed with /.test(line)) unreachable += 1;
      // npm would ask for each of the packages in turn, for minutes.
      return fetched === 0 && unreachable >= 12;
    },
    onTick: () => {
      const there = places.filter((place) => fs.existsSync(at(place, 'package.json')));
      shown.at(there.length / places.length);
    },
  });
  if (!hasPackages())
    throw new SetupError('npm ci left node_modules unlike package-lock.json; run: npm ci --ignore-scripts');
}

const venvStamp = at('.venv', '.set-up');
const requirements = at('scripts', 'requirements.txt');

function hasVenv() {
  return readText(venvStamp) === digest(root, readText(requirements)) && fs.existsSync(venvPython);
}

/**
 * From nothing, since a half-made environment cannot be told from a whole one;
 * pip keeps what it has downloaded.
 */
async function makeVenv(_python, shown, lock) {
  const {command} = findPython();
  fs.rmSync(at('.venv'), {recursive: true, force: true, maxRetries: 3});
  await runLogged('venv', command, ['-m', 'venv', '.venv'], {what: 'python -m venv', lock});
  const total = readText(requirements).match(/^\S+==/gm).length;
  const count = {collected: 0, installed: 0};
  const library = at('.venv', 'lib');
  const sitePackages = path.join(library, fs.readdirSync(library)[0], 'site-packages');
  const options = ['--require-hashes', '--only-binary', ':all:', '--progress-bar', 'off', '-r', requirements];
  await runLogged('pip', venvPython, ['-m', 'pip', 'install', ...options], {
    what: 'pip install',
    lock,
    onLine: (line) => {
      if (line.startsWith('Collecting ')) count.collected += 1;
    },
    onTick: () => {
      count.installed = fs.readdirSync(sitePackages).filter((name) => name.endsWith('.dist-info')).length;
      shown.at((count.collected + count.installed) / (2 * total));
    },
  });
  // JupyterLab would ask whether it may fetch news.
  const settings = {disabledExtensions: {'@jupyterlab/apputils-extension:announcements': true}};
  writeAtomically(at('.venv', 'etc', 'jupyter', 'labconfig', 'page_config.json'), JSON.stringify(settings));
  writeAtomically(venvStamp, digest(root, readText(requirements)));
  fs.rmSync(venvFailure, {force: true});
  // What pip could not fetch without it can be tried again.
  tensorflow.forgetNativeFailure();
}

/** The kernel `tslab` of the project itself, with absolute paths, so that every editor finds it. */
function writeKernelspec() {
  const file = at('.venv', 'share', 'jupyter', 'kernels', 'tslab', 'kernel.json');
  const spec = {
    argv: [process.execPath, ...nodeOptions, at('scripts', 'setup', 'kernel.cjs'), '{connection_file}'],
    display_name: 'TypeScript (autoregressive-image-models)',
    language: 'typescript',
    env: engineEnvironment,
  };
  const text = `${JSON.stringify(spec, null, 2)}\n`;
  if (readText(file) !== text) writeAtomically(file, text);
}

const mnistStamp = at('data', 'mnist', '.set-up');

function hasMnist() {
  return fs.existsSync(mnistStamp);
}

async function prepareMnist(_python, shown, lock) {
  const start = Date.now();
  const script = at('scripts', 'setup', 'prepareMnist.ts');
  await runLogged('mnist', process.execPath, [...typescriptOptions, script], {
    what: 'checking the MNIST files',
    lock,
    onTick: () => shown.at(Math.min(0.95, (Date.now() - start) / 10_000)),
  });
  writeAtomically(mnistStamp, '');
}
