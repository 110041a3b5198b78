import * as fs from 'node:fs';
import * as path from 'node:path';

/** The folder of the project: where this file lies, or where a notebook's kernel was started. */
export function projectRoot(): string {
  const fromHere = path.resolve(__dirname, '..', '..');
  return fs.existsSync(path.join(fromHere, 'package.json')) ? fromHere : process.cwd();
}

/**
 * Where weights, runs and CIFAR-10 are kept: `data` of the project, or the folder that the environment
 * variable AUTOREGRESSIVE_DATA names. The images of MNIST are not looked for there.
 */
export function dataFolder(): string {
  const elsewhere = process.env.AUTOREGRESSIVE_DATA;
  return elsewhere ? path.resolve(elsewhere) : path.join(projectRoot(), 'data');
}

/** What the commands make of the project: executed notebooks, figures, the page. Ignored by git. */
export function buildFolder(): string {
  return path.join(projectRoot(), 'build');
}

/**
 * Where notebooks keep the figures that they draw: `build/figures`, or the folder that the environment
 * variable AUTOREGRESSIVE_FIGURES names (`npm run publish-notebooks` names the committed one).
 */
export function figuresFolder(): string {
  const elsewhere = process.env.AUTOREGRESSIVE_FIGURES;
  return elsewhere ? path.resolve(elsewhere) : path.join(buildFolder(), 'figures');
}

/** The figures as they are committed. */
export function publishedFiguresFolder(): string {
  return path.join(projectRoot(), 'figures');
}

/** The committed weights of a preset. */
export function checkpointFile(model: string, preset: string): string {
  return path.join(dataFolder(), 'checkpoints', model, `${preset}.safetensors`);
}

/** The committed results of a study. */
export function studyFile(name: string): string {
  return path.join(dataFolder(), 'studies', `${name}.json`);
}

/** Where the training runs are; those on a data set of one's own in a folder of its name. */
export function runsFolder(data?: string): string {
  return path.join(dataFolder(), 'runs', data ?? '');
}

/** What a training run leaves; not committed. */
export interface RunFiles {
  readonly folder: string;
  /** From which it goes on. */
  readonly state: string;
  /** The weights of a run that has ended. */
  readonly weights: string;
  /** There while a process is at work on it. */
  readonly lock: string;
}

/**
 * The files of the run of a preset and a seed.
 *
 * @param data the data set of one's own that it is trained on; the runs of each have a folder
 */
export function runFiles(model: string, preset: string, seed: number, data?: string): RunFiles {
  const folder = path.join(runsFolder(data), `${model}-${preset}-${seed}`);
  const at = (name: string): string => path.join(folder, name);
  return {folder, state: at('state.safetensors'), weights: at('weights.safetensors'), lock: at('lock')};
}
