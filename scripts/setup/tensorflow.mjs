/**
 * The native engine. The package @tensorflow/tfjs-node cannot install itself any more (its
 * library is gone from where it downloads it), so its own binding is compiled here against the
 * library in TensorFlow's Python wheel.
 */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {runLogged, SetupError} from './commands.mjs';
import {copyAtomically, digest, readJson, readText, root, sharedCache, writeAtomically} from './files.mjs';
import {findCompiler} from './prerequisites.mjs';

const version = '2.21.0';

/**
 * The wheels for CPython 3.11; which Python they are for does not matter, since no Python loads them.
 * linux-x64 is what this project is tested on; of the other two it is known only
 * that they hold the same library.
 */
const wheels = {
  'linux-x64': {
    name: 'tensorflow-cpu',
    platform: 'manylinux_2_27_x86_64',
    sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
    bytes: 273_829_956,
  },
  'linux-arm64': {
    name: 'tensorflow',
    platform: 'manylinux_2_27_aarch64',
    sha256: '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
    bytes: 281_828_020,
  },
  'darwin-arm64': {
    name: 'tensorflow',
    platform: 'macosx_12_0_arm64',
    sha256: '51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88',
    bytes: 223_405_849,
  },
};

const libraryFiles =
  process.platform === 'darwin'
    ? ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib']
    : ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
const headerFolders = ['tensorflow/c', 'tensorflow/core/platform', 'xla/tsl', 'tsl'];

const system = `${process.platform}-${process.arch}`;
const shared = sharedCache();
/** Holds the library, its headers and the compiled binding. */
export const libraryFolder = path.join(shared, `tensorflow-${version}-${system}`);
export const sharedLock = path.join(shared, 'setup.lock');

const tfjsNode = path.join(root, 'node_modules', '@tensorflow', 'tfjs-node');
const headers = path.join(root, 'node_modules', 'node-api-headers');
const addonFolder = path.join(tfjsNode, 'lib', 'napi-v8');
const quietSource = path.join(root, 'scripts', 'setup', 'quiet.cc');
const kernelFolder = path.join(root, 'lib', 'engine', 'native');
const kernelSources = fs
  .readdirSync(kernelFolder)
  .sort()
  .map((name) => path.join(kernelFolder, name));
const failureFile = path.join(root, '.cache', 'setup', 'native.json');

export const hasLibrary = () => fs.existsSync(libraryFolder);

/**
 * What is compiled: tfjs-node's binding, and beside it the project's own kernels, which are made for
 * the processor of this machine.
 */
export const addons = [
  {
    name: 'tfjs_binding',
    what: 'the TensorFlow binding',
    sources: ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => path.join(tfjsNode, 'binding', name)),
    flags: ['-O2'],
    // Not known to every compiler:
    more: process.platform === 'linux' ? [quietSource, '-Wl,-z,initfirst'] : [],
    key: () => [packageVersion(tfjsNode), readText(quietSource)],
    loadTest: `
const found = addon.TF_Version;
if (found !== '${version}') throw new Error('TensorFlow ' + found + ' was loaded, expected ${version}');`,
  },
  {
    name: 'raster_kernels',
    what: "the project's own kernels",
    sources: kernelSources.filter((file) => file.endsWith('.cc')),
    // The slim build leaves out a header that the library's package does not have.
    flags: ['-O3', '-march=native', '-fno-math-errno', '-DIS_SLIM_BUILD'],
    more: [],
    key: () => [instructionSets(), ...kernelSources.map(readText)],
    // A sampler of one pixel: the sum of tanh(0.5) * sigmoid(1) in every lane of a vector. Instructions that
    // this processor lacks show here. lib/engine/nativeSampler.ts says what the numbers mean.
    loadTest: `
const features = 40;
const number = (k) => (k < features ? 0.5 : k < 3 * features ? 1 : 0);
const numbers = Float32Array.from({length: 3 * features + 1}, (_, k) => number(k));
const sizes = [1, 1, 1, 1, 1, 4, 0, 2, 0, 3];
const buffers = [1, 1, -1, 2 * features, 0, 0, features, 0, -1, 1, 0, -1];
const gate = [2, 1, 2, -1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
const sum = [0, 2, 3, -1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2 * features, 3 * features, 1, 1, 0, 0, 0];
const out = new Float32Array(1);
const program = Int32Array.from([...sizes, ...buffers, ...gate, ...sum]);
addon.pixelLogits(addon.createPixelSampler(program, numbers), null, out);
const expected = (features * Math.tanh(0.5)) / (1 + Math.exp(-1));
if (!(Math.abs(out[0] - expected) < 1e-4)) throw new Error('the kernels compute something else');`,
  },
];

/**
 * What -march=native looks at. A model's name is not enough: rented machines call every
 * processor of a maker the same.
 */
function instructionSets() {
  const cpuinfo = process.platform === 'linux' ? readText('/proc/cpuinfo') : undefined;
  const flags = cpuinfo?.match(/^(?:flags|Features)\s*:.*$/m)?.[0];
  return [os.cpus()[0]?.model, ...(flags?.split(/\s+/).sort() ?? [])].join(' ');
}

const packageVersion = (folder) => readJson(path.join(folder, 'package.json'))?.version;
/** What an addon is made from; short, since it is part of a file name. */
const addonKey = ({flags, key}) => digest(libraryFolder, packageVersion(headers), ...flags, ...key());
/** Where an addon is in the shared cache. */
export const cachedFile = (addon) => path.join(libraryFolder, `${addon.name}-${addonKey(addon)}.node`);
const installedFile = ({name}) => path.join(addonFolder, `${name}.node`);
const stampFile = (addon) => `${installedFile(addon)}.set-up`;

/** Whether the binding and the kernels in node_modules are those that this library and these sources give. */
export function hasBinding() {
  if (!hasLibrary()) return false;
  return addons.every(
    (addon) => fs.existsSync(installedFile(addon)) && readText(stampFile(addon)) === addonKey(addon),
  );
}

/** Why the native engine could not be had the last time that it was tried, or undefined. */
export function nativeFailure() {
  const failure = readJson(failureFile);
  return failure && failure.key === failureKey() ? failure.reason : undefined;
}

export function recordNativeFailure(reason) {
  writeAtomically(failureFile, JSON.stringify({key: failureKey(), reason}));
}

export function forgetNativeFailure() {
  fs.rmSync(failureFile, {force: true});
}

/** Another system, library or compiler is a reason to try again. */
function failureKey() {
  return digest(version, system, libraryFolder, findCompiler() ?? 'none');
}

/** @throws SetupError where there is no library for this system */
export function checkSystem() {
  if (!(system in wheels)) throw new SetupError(`there is no TensorFlow library for ${system}`);
  if (process.platform !== 'linux') return;
  process.report.excludeNetwork = true;
  const {glibcVersionRuntime: glibc} = process.report.getReport().header;
  if (glibc === undefined)
    throw new SetupError('the TensorFlow library needs glibc, and this Linux has another libc');
}

/** The same addon for every processor of this family. */
function portableAddon(addon) {
  return {...addon, flags: addon.flags.filter((flag) => flag !== '-march=native')};
}

/**
 * Downloads the wheel, checks its sha256 and keeps the two libraries and the headers, whole or not at all.
 */
export async function fetchLibrary(python, step, lock) {
  if (!fs.existsSync(python))
    throw new SetupError("Python's pip fetches the TensorFlow library, and .venv has none");
  const wheel = wheels[system];
  const download = path.join(shared, 'download');
  const temporary = path.join(download, 'tmp');
  fs.rmSync(temporary, {recursive: true, force: true});
  fs.mkdirSync(temporary, {recursive: true});
  const requirement = path.join(download, 'requirement.txt');
  writeAtomically(requirement, `${wheel.name}==${version} --hash=sha256:${wheel.sha256}\n`);
  const options = [
    '--no-deps',
    '--only-binary',
    ':all:',
    '--python-version',
    '3.11',
    '--platform',
    wheel.platform,
  ];
  await runLogged(
    'tensorflow',
    python,
    [
      '-m',
      'pip',
      'download',
      '--no-cache-dir',
      '--require-hashes',
      ...options,
      '-d',
      download,
      '-r',
      requirement,
    ],
    {
      what: 'the download of the TensorFlow library',
      lock,
      env: {TMPDIR: temporary},
      onTick: () => step.at((0.9 * folderSize(temporary)) / wheel.bytes),
    },
  );
  const file = fs.readdirSync(download).find((name) => name.endsWith('.whl'));
  const parts = `${libraryFolder}.tmp`;
  fs.rmSync(parts, {recursive: true, force: true});
  step.at(0.9);
  await runLogged('unzip', python, ['-c', unzip, path.join(download, file), parts, ...wheelPaths()], {
    what: 'unpacking the TensorFlow library',
    lock,
  });
  fs.renameSync(path.join(parts, 'tensorflow'), libraryFolder);
  fs.rmSync(parts, {recursive: true, force: true});
  fs.rmSync(download, {recursive: true, force: true});
}

const unzip = `
import sys, zipfile
archive, folder, *wanted = sys.argv[1:]
with zipfile.ZipFile(archive) as wheel:
    wheel.extractall(folder, [name for name in wheel.namelist() if name.startswith(tuple(wanted))])
`;

function wheelPaths() {
  return [
    ...libraryFiles.map((name) => `tensorflow/${name}`),
    ...headerFolders.map((name) => `tensorflow/include/${name}/`),
  ];
}

/**
 * Compiles the addons (or takes them from the shared cache) and puts them where tfjs-node looks.
 * Each is loaded and called once in a process of its own before, those from the cache too: another
 * machine may have put them there.
 */
export async function installBinding(python, step, lock) {
  for (const [k, addon] of addons.entries()) {
    const key = addonKey(addon);
    const made = cachedFile(addon);
    const part = {say: (text) => step.say(text), at: (share) => step.at((k + share) / addons.length)};
    if (!(await isTrusted(addon, made, part, lock))) await compileAny(python, addon, made, part, lock);
    copyAtomically(made, installedFile(addon));
    writeAtomically(stampFile(addon), key);
  }
}

/** Whether an addon from the shared cache is there and works here; one that does not is removed. */
async function isTrusted(addon, made, step, lock) {
  if (!fs.existsSync(made)) return false;
  try {
    await tryAddon(addon, made, lock);
    return true;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    step.say(`${error.message}; building it anew`);
    fs.rmSync(made, {force: true});
    return false;
  }
}

/** @throws SetupError when it cannot be loaded, ends its process or computes something else */
export function tryAddon({what, loadTest}, file, lock) {
  const program = `const addon = require(process.argv[1]);${loadTest}`;
  return runLogged('load', process.execPath, ['-e', program, file], {what: `loading ${what}`, lock});
}

/**
 * With the compiler of this machine, then without what it or the processor may not know; where there is none,
 * or where it fails, with the one from PyPI.
 */
async function compileAny(python, addon, made, step, lock) {
  const compiler = findCompiler();
  if (compiler) {
    const portable = portableAddon(addon);
    const tries = [addon, ...(portable.flags.length < addon.flags.length ? [portable] : [])];
    for (const [k, one] of tries.entries()) {
      try {
        return await compile([compiler], one, one.more, made, 20, step, lock);
      } catch (error) {
        if (!(error instanceof SetupError)) throw error;
        const next =
          k + 1 < tries.length ? 'for processors of every kind, slower' : 'with the compiler from PyPI';
        step.say(`${error.message}; trying ${next}`);
      }
    }
  }
  const requirements = path.join(root, 'scripts', 'requirements-compiler.txt');
  const options = ['--require-hashes', '--only-binary', ':all:', '-r', requirements];
  if (!compiler)
    step.say('no C++ compiler found (g++, c++, clang++): using the one from PyPI, about 2 minutes');
  await runLogged('compiler', python, ['-m', 'pip', 'install', ...options], {
    what: 'the installation of a C++ compiler from PyPI',
    lock,
  });
  await compile([python, '-m', 'ziglang', 'c++'], addon, [], made, 90, step, lock);
}

/**
 * @param more arguments that not every compiler knows
 * @param seconds how long it is expected to take, for the progress
 */
async function compile([command, ...first], addon, more, made, seconds, step, lock) {
  const temporary = `${made}.tmp.node`;
  const zigCache = path.join(libraryFolder, 'zig-cache');
  const include = [path.join(headers, 'include'), path.join(libraryFolder, 'include'), tfjsNode];
  const libraries = libraryFiles.map((name) => path.join(libraryFolder, name));
  const flags = [
    ...addon.flags,
    '-shared',
    '-fPIC',
    '-std=c++17',
    '-DNAPI_VERSION=8',
    ...include.map((folder) => `-I${folder}`),
  ];
  const link = [...libraries, '-Xlinker', '-rpath', '-Xlinker', libraryFolder];
  if (process.platform === 'darwin') link.push('-undefined', 'dynamic_lookup');
  const start = Date.now();
  try {
    const all = [...first, ...flags, ...addon.sources, ...more, ...link, '-o', temporary];
    await runLogged(addon.name, command, all, {
      what: `compiling ${addon.what}`,
      lock,
      env: {ZIG_GLOBAL_CACHE_DIR: zigCache, ZIG_LOCAL_CACHE_DIR: zigCache},
      onTick: () => step.at(Math.min(0.95, (Date.now() - start) / 1000 / seconds)),
    });
    await tryAddon(addon, temporary, lock);
    fs.renameSync(temporary, made);
  } finally {
    fs.rmSync(temporary, {force: true});
    fs.rmSync(zigCache, {recursive: true, force: true});
  }
}

function folderSize(folder) {
  let bytes = 0;
  for (const entry of fs.readdirSync(folder, {withFileTypes: true, recursive: true})) {
    const file = path.join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isFile()) bytes += fs.statSync(file, {throwIfNoEntry: false})?.size ?? 0;
  }
  return bytes;
}
