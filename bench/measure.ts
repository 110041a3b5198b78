import * as os from 'node:os';
import * as path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import {Dataset} from '../lib/data/dataset';
import {firstImages} from '../lib/data/images';
import {scoringImages} from '../lib/data/sources';
import {createModel} from '../lib/models/index';
import {writeFileAtomically} from '../lib/storage/files';
import {projectRoot} from '../lib/storage/paths';
import {encodeSafetensors, type StoredTensor} from '../lib/storage/safetensors';
import {type BenchNetwork, operations} from './networks';
import {Worker} from './process';
import type {BenchRow} from './results';

/** Times one network on all sides in turn: ours, the same in plain tfjs, and in PyTorch. */

/** Sides may differ by so many nats an image. */
const TOLERANCE = 1e-3;
const SIDES = ['ours', 'plain', 'pytorch'] as const;
type Side = (typeof SIDES)[number];
type Workers = Partial<Record<Side, Worker>>;

function oursWorker(side: 'ours' | 'plain'): Worker {
  const file = path.join(projectRoot(), 'bench', 'worker.ts');
  return new Worker(side, process.execPath, [...process.execArgv, file, side]);
}

async function startWorkers(python: string | null): Promise<Workers> {
  const workers: Workers = {ours: oursWorker('ours'), plain: oursWorker('plain')};
  await workers.ours?.answer();
  await workers.plain?.answer();
  if (python !== null) {
    const file = path.join(projectRoot(), 'bench', 'pytorch.py');
    workers.pytorch = new Worker('PyTorch', python, [file, String(os.availableParallelism())]);
  }
  return workers;
}

export async function measureMachine(): Promise<{peakGflops: number; importSeconds: number}> {
  const started = performance.now();
  const worker = oursWorker('ours');
  await worker.answer();
  const importSeconds = (performance.now() - started) / 1000;
  const {gflops} = await worker.ask<{gflops: number}>({do: 'peak'});
  worker.stop();
  return {peakGflops: gflops, importSeconds};
}

/** Gives all sides the same weights and images. @throws Error when their nats differ */
async function load(workers: Workers, network: BenchNetwork, batch: number): Promise<void> {
  const weights = await writeWeights(network, batch);
  const nats: [string, number][] = [];
  for (const side of SIDES) {
    const worker = workers[side];
    if (worker === undefined) continue;
    const {model, config} = network;
    const answer = await worker.ask<{nats: number}>({do: 'load', model, config, weights});
    nats.push([side, answer.nats]);
  }
  const values = nats.map(([, value]) => value);
  if (!(Math.max(...values) - Math.min(...values) <= TOLERANCE)) {
    const said = nats.map(([side, value]) => `${side} ${value.toFixed(5)}`).join(', ');
    throw new Error(`${network.model}: the sides must give the same nats within ${TOLERANCE}, got ${said}`);
  }
}

/** First weights, made uneven so that no term is hidden by a zero, with test digits. */
async function writeWeights(network: BenchNetwork, batch: number): Promise<string> {
  const model = createModel(network.model, network.config);
  const tensors = new Map<string, StoredTensor>();
  let seed = 1;
  for (const [name, variable] of model.parameters) {
    const data = tf.tidy(() => {
      const noise = tf.mul(tf.randomNormal(variable.shape, 0, 1, 'float32', seed++), 0.02);
      return tf.add(variable, noise).dataSync() as Float32Array;
    });
    tensors.set(name, {dtype: 'F32', shape: variable.shape, data: Float32Array.from(data)});
  }
  model.dispose();
  const [{x}] = new Dataset(firstImages(await scoringImages('test'), batch)).inOrder(batch);
  tensors.set('images', {dtype: 'F32', shape: x.shape, data: Float32Array.from(x.dataSync())});
  x.dispose();
  const file = path.join(projectRoot(), '.cache', 'bench.safetensors');
  writeFileAtomically(file, encodeSafetensors({tensors, metadata: {}}));
  return file;
}

/** Training steps, then evaluations, of all sides in turn. */
export async function timeNetwork(
  network: BenchNetwork,
  batch: number,
  rounds: number,
  python: string | null,
): Promise<BenchRow[]> {
  const workers = await startWorkers(python);
  const model = createModel(network.model, network.config);
  const forward = operations(model);
  model.dispose();
  try {
    await load(workers, network, batch);
    const rows: BenchRow[] = [];
    for (const what of ['train', 'evaluate'] as const) {
      const seconds = await alternate(workers, what, rounds);
      const memory = await peakMemory(workers);
      const perSecond = (side: Side): number | null => {
        const each = seconds[side];
        return each === undefined ? null : batch / median(each);
      };
      const ours = perSecond('ours') ?? Number.NaN;
      rows.push({
        model: network.model,
        what,
        batch,
        oursPerSecond: ours,
        plainPerSecond: perSecond('plain'),
        pytorchPerSecond: perSecond('pytorch'),
        gflops: (ours * forward * (what === 'train' ? 3 : 1)) / 1e9,
        ...memory,
      });
    }
    return rows;
  } finally {
    for (const worker of Object.values(workers)) worker.stop();
  }
}

/** Each round gives every side about as long; the first one is for warming up and is not counted. */
async function alternate(
  workers: Workers,
  what: 'train' | 'evaluate',
  rounds: number,
): Promise<Partial<Record<Side, number[]>>> {
  const seconds: Partial<Record<Side, number[]>> = {};
  const times: Partial<Record<Side, number>> = {};
  for (let round = -1; round < rounds; round++) {
    for (const side of SIDES) {
      const worker = workers[side];
      if (worker === undefined) continue;
      const answer = await worker.ask<{seconds: number[]}>({do: what, times: times[side] ?? 2});
      if (round < 0) times[side] = Math.max(2, Math.min(20, Math.round(0.8 / Math.min(...answer.seconds))));
      else seconds[side] = [...(seconds[side] ?? []), ...answer.seconds];
    }
  }
  return seconds;
}

async function peakMemory(
  workers: Workers,
): Promise<Pick<BenchRow, 'peakMemoryMb' | 'plainPeakMemoryMb' | 'pytorchPeakMemoryMb'>> {
  const of = async (side: Side): Promise<number | null> => {
    const worker = workers[side];
    if (worker === undefined) return null;
    return (await worker.ask<{megabytes: number}>({do: 'memory'})).megabytes;
  };
  return {
    peakMemoryMb: await of('ours'),
    plainPeakMemoryMb: await of('plain'),
    pytorchPeakMemoryMb: await of('pytorch'),
  };
}

/**
 * Cached sampling of 1 and of 100 images, beside naive sampling: as many passes of the whole model as there
 * are values. A pass is timed, not all of them.
 */
export async function timeSampling(network: BenchNetwork, python: string | null): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const count of [1, 100]) {
    const workers = await startWorkers(python);
    try {
      await load(workers, network, count);
      const passes: Partial<Record<Side, number[]>> = {};
      const cached: number[] = [];
      for (let round = -1; round < 3; round++) {
        for (const side of SIDES) {
          const answer = await workers[side]?.ask<{seconds: number[]}>({do: 'evaluate', times: 4});
          if (answer !== undefined && round >= 0) passes[side] = [...(passes[side] ?? []), ...answer.seconds];
        }
        const answer = await workers.ours?.ask<{seconds: number[]}>({do: 'sample', times: 1, count});
        if (answer !== undefined && round >= 0) cached.push(...answer.seconds);
      }
      const model = createModel(network.model, network.config);
      const values = model.order.length;
      model.dispose();
      const naive = (side: Side): number | null => {
        const each = passes[side];
        return each === undefined ? null : count / (values * median(each));
      };
      const none = {gflops: null, peakMemoryMb: null, plainPeakMemoryMb: null, pytorchPeakMemoryMb: null};
      rows.push({
        model: network.model,
        what: 'sample-naive',
        batch: count,
        ...none,
        oursPerSecond: naive('ours') ?? Number.NaN,
        plainPerSecond: naive('plain'),
        pytorchPerSecond: naive('pytorch'),
      });
      rows.push({
        model: network.model,
        what: 'sample-cached',
        batch: count,
        ...none,
        oursPerSecond: count / median(cached),
        plainPerSecond: null,
        pytorchPerSecond: null,
      });
    } finally {
      for (const worker of Object.values(workers)) worker.stop();
    }
  }
  return rows;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
