import {spawnSync} from 'node:child_process';
import * as path from 'node:path';
import {findTorch} from '../../bench/torch';

/**
 * What the tests of pytorch/ share: the Python that they run, and why they are skipped where there is none.
 */

export const root = path.resolve(__dirname, '..', '..');
export const fixture = (name: string): string => path.join(__dirname, 'fixtures', name);

/** PyTorch and numpy; null where they are not. */
export const torch = findTorch();

/** For the options of a test. */
export const needsTorch = {
  skip:
    torch === null &&
    'PyTorch is not here: npm run bench brings it, or PYTORCH_PYTHON names a Python that has it',
};

/** Any Python: some files of pytorch/ need its standard library alone. */
export const anyPython =
  [torch, path.join(root, '.venv', 'bin', 'python'), 'python3'].find(
    (python) => python !== null && spawnSync(python, ['-c', '']).status === 0,
  ) ?? null;
export const needsPython = {skip: anyPython === null && 'there is no Python here'};

/** One thread, so that results do not depend on the machine, and no files beside the sources. */
export const environment = {
  ...process.env,
  PYTHONPATH: path.join(root, 'pytorch'),
  PYTHONDONTWRITEBYTECODE: '1',
  OMP_NUM_THREADS: '1',
};

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function runPython(args: readonly string[], more: Readonly<Record<string, string>> = {}): Ran {
  const env = {...environment, ...more};
  const options = {cwd: root, env, encoding: 'utf8', maxBuffer: 1 << 28} as const;
  const {status, stdout, stderr} = spawnSync(torch as string, args, options);
  return {status, stdout, stderr};
}
