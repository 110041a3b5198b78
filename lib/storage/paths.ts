import * as fs from 'node:fs';
import * as path from 'node:path';

/** The folder of the project: where this file lies, or where a notebook's kernel was started. */
export function projectRoot(): string {
  const fromHere = path.resolve(__dirname, '..', '..');
  return fs.existsSync(path.join(fromHere, 'package.json')) ? fromHere : process.cwd();
}

/**
 * Where weights, runs and CIFAR-10 are kept: `data` of the project, or the folder that the environment variable AUTOREGRESSIVE_DATA
 * names. The images of MNIST are not looked for there.
 */
export function dataFolder(): string {
  const elsewhere = process.env.AUTOREGRESSIVE_DATA;
  return elsewhere ? path.resolve(elsewhere) : path.join(projectRoot(), 'data');
}

/** The committed weights of a preset. */
export function checkpointFile(model: string, preset: string): string {
  return path.join(dataFolder(), 'checkpoints', model, `${preset}.safetensors`);
}

/** The committed results of a study. */
export function studyFile(name: string): string {
  return path.join(dataFolder(), 'studies', `${name}.json`);
}

/** The state of a training run, from which it goes on; not committed. */
export function runFile(model: string, preset: string, seed: number): string {
  return path.join(dataFolder(), 'runs', `${model}-${preset}-${seed}`, 'state.safetensors');
}
