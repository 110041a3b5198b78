/**
 * `node scripts/run.mjs NAME …`: does the set-up that is left to do, then runs the command NAME in the
 * engine's environment. Node builtins only: it runs before node_modules exists.
 */
import {spawn} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {Interrupted, interrupt, SetupError} from './setup/commands.mjs';
import {privateEnvironment, root} from './setup/files.mjs';
import {updateWorkCopies} from './setup/workCopies.mjs';
import {engineEnvironment, setUp, typescriptOptions, venvBin} from './setup.mjs';

const commands = {
  start: [
    'reproduces every notebook, figure and table, in build/',
    (args) => runScript('reproduce.ts', args),
  ],
  'publish-notebooks': [
    'the same into the committed notebooks/ and figures/, for those who maintain them',
    (args) => runScript('reproduce.ts', ['--publish', ...args]),
  ],
  test: ['checks types and style, then runs the tests; arguments: parts of names of test files', runTests],
  lab: ['opens your copies of the notebooks, in work/, in JupyterLab', runLab],
  train: ['trains a model', (args) => runScript('train.ts', args)],
  evaluate: ['scores a model in nats', (args) => runScript('evaluate.ts', args)],
  sample: ['draws images from a model', (args) => runScript('sample.ts', args)],
  complete: ['draws the hidden part of images anew', (args) => runScript('complete.ts', args)],
  data: ['gets a data set that set-up does not bring: cifar10', (args) => runScript('data.ts', args)],
  'paper-figures': [
    'downloads the three papers, after a yes, and cuts their figures out to stand beside ours',
    (args) => runScript('paperFigures.ts', args),
  ],
  study: ['trains the small runs that notebook 10 compares', (args) => runScript('study.ts', args)],
  playground: ['builds the page on which the models run live', (args) => runScript('playground.ts', args)],
  grade: ["grades students' notebooks: passed, wrong, open", (args) => runScript('grade.ts', args)],
  bench: ['times the models beside PyTorch and plain tfjs', (args) => runScript('bench.ts', args)],
  export: [
    'writes what a training on a bigger machine needs (pytorch/train.py)',
    (args) => runScript('export.ts', args),
  ],
  import: ['takes weights that were trained elsewhere', (args) => runScript('import.ts', args)],
  setup: ['only the set-up; tries the native engine again where it failed before', () => 0],
};

const needsJupyter = new Set(['start', 'publish-notebooks', 'test', 'lab', 'grade', 'setup']);

const children = new Set();
let stopped;

async function main([name, ...args]) {
  if (!Object.hasOwn(commands, name ?? '')) {
    const width = Math.max(...Object.keys(commands).map((key) => key.length));
    const lines = Object.entries(commands).map(([key, [does]]) => `  ${key.padEnd(width)}  ${does}`);
    if (name !== undefined) console.error(`There is no command '${name}'.`);
    console.error(
      `Usage: node scripts/run.mjs COMMAND [arguments], or npm run COMMAND -- [arguments]\n${lines.join('\n')}`,
    );
    return 2;
  }
  if (!process.env.TF_ENGINE) delete process.env.TF_ENGINE;
  await setUp({retry: name === 'setup', jupyter: needsJupyter.has(name)});
  return commands[name][1](args);
}

/** Runs a program to its end. @returns its exit code, 128 + the signal's number where a signal ended it */
function run(command, args) {
  if (stopped) return Promise.resolve(128 + os.constants.signals[stopped]);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: 'inherit',
      // Where the user stands: npm says so, and a relative path of the command line means it.
      env: {
        ...{...engineEnvironment, JUPYTER_PREFER_ENV_PATH: '1', INIT_CWD: process.cwd()},
        ...privateEnvironment(),
      },
    });
    children.add(child);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      children.delete(child);
      resolve(code ?? 128 + os.constants.signals[signal]);
    });
  });
}

function runNode(...args) {
  return run(process.execPath, args);
}

function runScript(file, args) {
  return runNode(...typescriptOptions, path.join(root, 'scripts', file), ...args);
}

/**
 * Opens copies of the notebooks in work/, which git ignores: what a student writes there no update touches.
 */
function runLab(args) {
  const work = path.join(root, 'work');
  for (const sentence of updateWorkCopies(path.join(root, 'notebooks'), work)) console.log(sentence);
  console.log('Your notebooks are in work/.');
  const asRoot = process.getuid?.() === 0 ? ['--allow-root'] : [];
  return run(path.join(venvBin, 'jupyter'), ['lab', ...asRoot, ...(args.length > 0 ? args : [work])]);
}

/** With a filter only the tests that it names; without, types and style first. */
async function runTests(filters) {
  if (filters.some((filter) => filter.startsWith('-'))) {
    console.error('Usage: npm test -- [part of the name of a test file]…');
    return filters.includes('--help') || filters.includes('-h') ? 0 : 2;
  }
  const files = fs
    .readdirSync(path.join(root, 'test'), {recursive: true})
    .map((file) => path.join('test', file))
    .filter((file) => file.endsWith('.test.ts'))
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
    .sort();
  if (files.length === 0) {
    console.error(`No test file has '${filters.join("' or '")}' in its name; see test/.`);
    return 2;
  }
  // The compiler keeps one processor busy for a quarter of a minute. The style and the test that no other may
  // run beside take the other one: a kernel takes longer to start than the compiler to read all files.
  const isWhole = filters.length === 0;
  const types = isWhole ? runNode(path.join('node_modules', 'typescript', 'bin', 'tsc'), '--noEmit') : 0;
  const style = isWhole ? await checkStyle() : 0;
  const alone = style || (await runFiles(files.filter(changesCheckout), 1));
  const checked = (await types) || style;
  if (checked !== 0) return checked;
  // Most files keep one processor busy, and 2 GB at the worst.
  const together = Math.max(1, Math.min(4, os.availableParallelism(), Math.floor(os.freemem() / 2e9)));
  const others = files.filter((file) => !changesCheckout(file));
  return (await runFiles(others, together)) || alone;
}

function checkStyle() {
  const biome = path.join('node_modules', '@biomejs', 'biome', 'bin', 'biome');
  return runNode(biome, 'check', ...['lib', 'scripts', 'bench', 'solutions', 'test', 'playground']);
}

function runFiles(files, together) {
  if (files.length === 0 || stopped) return 0;
  const options = ['--test', `--test-concurrency=${together}`, '--test-reporter=spec'];
  return runNode(...typescriptOptions, ...options, ...files);
}

/** Tests that touch files of the checkout itself, so that no other may look at it meanwhile. */
function changesCheckout(file) {
  return file.endsWith(path.join('notebooks', 'kernel.test.ts'));
}

/**
 * The child gets every signal, and its exit is awaited, so that a training run can save. Whether the
 * terminal, which sends Ctrl-C to the child as well, or npm has sent it, cannot be told.
 */
const name = process.argv[2];
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    stopped = signal;
    interrupt(signal);
    // JupyterLab asks at the first Ctrl-C and ends at the second. Our own commands
    // know that two at once are one.
    const sentByTerminal = signal === 'SIGINT' && (process.stdin.isTTY || process.stderr.isTTY);
    if (name === 'lab' && sentByTerminal) return;
    for (const child of children) child.kill(signal);
  });
}

/**
 * A signal to npm ends npm and the shell that it starts us with, and reaches nobody else. That the shell is
 * gone is the sign. Only under npm: who starts this file by hand may well go away and leave it running.
 */
if (process.env.npm_lifecycle_event !== undefined) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    stopped = 'SIGTERM';
    interrupt('SIGTERM');
    for (const child of children) child.kill('SIGTERM');
  }, 500);
  watch.unref();
}

/**
 * A folder that may not be written and a full disk are no mistakes of the program:
 * one sentence instead of a stack.
 */
function explained(error) {
  const remedy = {
    EACCES: 'make it writable for you',
    EPERM: 'make it writable for you',
    EROFS: 'copy the project to where it can be written',
    ENOSPC: 'the disk is full; free about 3 GB',
  }[error.code];
  return remedy && error.path ? `${error.path}: ${error.code}; ${remedy}, then run the command again` : error;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    if (error instanceof Interrupted) {
      console.error('Set-up was stopped; the next command goes on with it.');
      process.exitCode = 128 + os.constants.signals[error.message];
    } else {
      console.error(error instanceof SetupError ? `Set-up: ${error.message}` : explained(error));
      process.exitCode = 1;
    }
  },
);
