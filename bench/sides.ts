import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import {Dataset} from '../lib/data/dataset';
import {firstImages} from '../lib/data/images';
import {scoringImages} from '../lib/data/sources';
import {createModel} from '../lib/models/index';
import {writeFileAtomically} from '../lib/storage/files';
import {fromHalf, toHalf} from '../lib/storage/half';
import {projectRoot} from '../lib/storage/paths';
import {encodeSafetensors, type StoredTensor} from '../lib/storage/safetensors';
import {colorImages} from './colorImages';
import type {BenchNetwork} from './networks';
import {TimeLimitError, Worker} from './process';
import type {Compiling} from './row';

/** Ours, the same in plain tfjs, in PyTorch eager and in torch.compile: each in a process of its own. */
export const SIDES = ['ours', 'plain', 'pytorch', 'compiled'] as const;
export type Side = (typeof SIDES)[number];
export type Workers = Partial<Record<Side, Worker>>;

/** Python with PyTorch, and how many seconds compiling may take; 0 leaves torch.compile out. */
export interface Torch {
  readonly python: string;
  readonly compileLimit: number;
}

/** Sides may differ by so many nats an image, and by so much of them: 32 bits hold no more. */
const [NATS, SHARE] = [1e-3, 1e-6];

export function oursWorker(side: 'ours' | 'plain', env: Readonly<Record<string, string>> = {}): Worker {
  const file = path.join(projectRoot(), 'bench', 'worker.ts');
  return new Worker(side, process.execPath, [...process.execArgv, file, side], env);
}

export async function startWorkers(network: BenchNetwork, torch: Torch | null): Promise<Workers> {
  const workers: Workers = {ours: oursWorker('ours')};
  await workers.ours?.answer();
  if (network.plain) {
    workers.plain = oursWorker('plain');
    await workers.plain.answer();
  }
  if (torch === null) return workers;
  const args = [path.join(projectRoot(), 'bench', 'pytorch.py'), String(os.availableParallelism())];
  workers.pytorch = new Worker('PyTorch', torch.python, args);
  if (torch.compileLimit > 0) {
    // What is compiled once is kept here, and found again by the next run.
    const env = {TORCHINDUCTOR_CACHE_DIR: path.join(projectRoot(), '.cache', 'pytorch-compiled')};
    workers.compiled = new Worker('torch.compile', torch.python, [...args, 'compiled'], env);
  }
  return workers;
}

/**
 * Gives all sides the same weights and images. A side that does not compile is stopped and leaves the
 * workers.
 *
 * @param what will be timed: a side may have more than one way for each
 * @returns what became of compiling; null where nothing is compiled
 * @throws Error when their nats differ
 */
export async function load(
  workers: Workers,
  network: BenchNetwork,
  batch: number,
  what: readonly ('train' | 'evaluate')[],
  compileLimit: number,
): Promise<Compiling | null> {
  const {model, config} = network;
  const weights = await writeWeights(network, batch);
  const command = {do: 'load', model, config, what, weights};
  const nats: [string, number][] = [];
  let compiling: Compiling | null = null;
  try {
    for (const side of SIDES) {
      const worker = workers[side];
      if (worker === undefined) continue;
      if (side !== 'compiled') {
        nats.push([side, (await worker.ask<{nats: number}>(command)).nats]);
        continue;
      }
      const compiled = await compile(worker, command, compileLimit);
      compiling = compiled.compiling;
      if (compiled.nats !== null) nats.push([side, compiled.nats]);
      else delete workers.compiled;
    }
  } finally {
    fs.rmSync(weights, {force: true});
  }
  checkNats(network.name, nats);
  return compiling;
}

/** @returns no nats, and the worker stopped, where it fails or takes too long */
export async function compile(
  worker: Worker,
  command: object,
  limit: number,
): Promise<{nats: number | null; compiling: Compiling}> {
  const started = performance.now();
  const since = (): number => (performance.now() - started) / 1000;
  try {
    const answer = await worker.ask<{nats: number} | {failed: string}>(command, limit);
    if ('nats' in answer) return {nats: answer.nats, compiling: {seconds: since(), outcome: 'done'}};
    console.error(`torch.compile failed: ${answer.failed}`);
    worker.stop();
    return {nats: null, compiling: {seconds: since(), outcome: 'failed'}};
  } catch (error) {
    if (!(error instanceof TimeLimitError)) throw error;
    return {nats: null, compiling: {seconds: limit, outcome: 'stopped'}};
  }
}

/** @throws Error when the sides say different things of the same images */
export function checkNats(name: string, nats: readonly (readonly [string, number])[]): void {
  const values = nats.map(([, value]) => value);
  const most = Math.max(...values);
  const allowed = Math.max(NATS, SHARE * Math.abs(most));
  if (most - Math.min(...values) <= allowed) return;
  const said = nats.map(([side, value]) => `${side} ${value.toFixed(5)}`).join(', ');
  throw new Error(`${name}: the sides must give the same nats within ${allowed.toPrecision(2)}, got ${said}`);
}

/**
 * First weights, made uneven so that no term is hidden by a zero, and rounded to the 16 bits in which
 * weights are stored; with images: a file of this process.
 */
async function writeWeights(network: BenchNetwork, batch: number): Promise<string> {
  const model = createModel(network.model, network.config);
  const tensors = new Map<string, StoredTensor>();
  let seed = 1;
  for (const [name, variable] of model.parameters) {
    const data = tf.tidy(() => {
      const noise = tf.mul(tf.randomNormal(variable.shape, 0, 1, 'float32', seed++), 0.02);
      return tf.add(variable, noise).dataSync() as Float32Array;
    });
    tensors.set(name, {dtype: 'F32', shape: variable.shape, data: fromHalf(toHalf(data))});
  }
  const {image, levels} = model;
  model.dispose();
  // Test digits, or what needs no download.
  const images =
    levels === 2 ? firstImages(await scoringImages('test'), batch) : colorImages(batch, image, 0);
  const [{x}] = new Dataset(images, {levels}).inOrder(batch);
  tensors.set('images', {dtype: 'F32', shape: x.shape, data: Float32Array.from(x.dataSync())});
  x.dispose();
  const file = path.join(projectRoot(), '.cache', `bench-${process.pid}.safetensors`);
  writeFileAtomically(file, encodeSafetensors({tensors, metadata: {}}));
  return file;
}
