import * as fs from 'node:fs';
import * as path from 'node:path';

/** The folder of the project: where this file lies, or where a notebook's kernel was started. */
export function projectRoot(): string {
  const fromHere = path.resolve(__dirname, '..');
  return fs.existsSync(path.join(fromHere, 'package.json')) ? fromHere : process.cwd();
}

/** The committed weights of a preset. */
export function checkpointFile(model: string, preset: string): string {
  return path.join(projectRoot(), 'data', 'checkpoints', model, `${preset}.safetensors`);
}

/** The state of a training run, from which it goes on; not committed. */
export function runFile(model: string, preset: string, seed: number): string {
  return path.join(projectRoot(), 'data', 'runs', `${model}-${preset}-${seed}`, 'state.safetensors');
}
