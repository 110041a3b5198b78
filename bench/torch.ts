import {spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import {projectRoot} from '../lib/storage/paths';

/** numpy is not used; PyTorch warns where it is absent. */
export const TORCH = ['torch==2.15.0', 'numpy==2.4.6'];

/** Makes the environment with PyTorch where it is not there yet. @returns its Python */
export function installTorch(): string {
  const folder = path.join(projectRoot(), '.cache', 'pytorch');
  const python = path.join(folder, 'bin', 'python');
  const works = (): boolean => spawnSync(python, ['-c', 'import torch'], {stdio: 'ignore'}).status === 0;
  if (fs.existsSync(python) && works()) return python;
  console.error(
    `Installing PyTorch (${TORCH.join(', ')}) into .cache/pytorch; it is used by this command alone.`,
  );
  fs.rmSync(folder, {recursive: true, force: true});
  const steps: [string, string[]][] = [
    [path.join(projectRoot(), '.venv', 'bin', 'python'), ['-m', 'venv', folder]],
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
  if (!works()) throw new Error(`${python} cannot import torch; leave it out: --without-pytorch`);
  return python;
}
