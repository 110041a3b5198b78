import {spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import {projectRoot} from '../lib/storage/paths';

/** numpy: for pytorch/train.py, and PyTorch warns where it is absent. */
export const TORCH = ['torch==2.15.0', 'numpy==2.4.6'];

/** The environment that PyTorch is installed into. */
const FOLDER = path.join(projectRoot(), '.cache', 'pytorch');

function hasTorch(python: string): boolean {
  return spawnSync(python, ['-c', 'import torch, numpy'], {stdio: 'ignore'}).status === 0;
}

/**
 * A Python that has PyTorch, if there is one: the one that PYTORCH_PYTHON names, or the
 * bench's. Nothing is installed.
 */
export function findTorch(): string | null {
  const python = process.env.PYTORCH_PYTHON ?? path.join(FOLDER, 'bin', 'python');
  return hasTorch(python) ? python : null;
}

/** Makes the environment with PyTorch where it is not there yet. @returns its Python */
export function installTorch(): string {
  const found = findTorch();
  if (found !== null) return found;
  const python = path.join(FOLDER, 'bin', 'python');
  console.error(
    `Installing PyTorch (${TORCH.join(', ')}) into .cache/pytorch; it is used by this command alone.`,
  );
  fs.rmSync(FOLDER, {recursive: true, force: true});
  const steps: [string, string[]][] = [
    [path.join(projectRoot(), '.venv', 'bin', 'python'), ['-m', 'venv', FOLDER]],
    [python, ['-m', 'pip', 'install', '--quiet', ...TORCH]],
  ];
  for (const [command, args] of steps) {
    const {status} = spawnSync(command, args, {stdio: ['ignore', 2, 2]});
    if (status !== 0) {
      throw new Error(
        `PyTorch could not be installed: '${command} ${args.join(' ')}' ended with ${status}. Look above for why, or leave it out: --without-pytorch`,
      );
    }
  }
  if (!hasTorch(python)) throw new Error(`${python} cannot import torch; leave it out: --without-pytorch`);
  return python;
}
