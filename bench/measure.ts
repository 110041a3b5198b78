import {createModel} from '../lib/models/index';
import {limitOf, type MachineSpeed, type Work, workOf} from './limit';
import type {BenchNetwork} from './networks';
import type {BenchRow} from './row';
import {load, SIDES, type Side, startWorkers, type Torch, type Workers} from './sides';

/** Times one network on all sides in turn. */

/** How the timing is to be done, the same for all networks. */
export interface Timing {
  readonly rounds: number;
  readonly torch: Torch | null;
  readonly speed: MachineSpeed;
  /** Told the share that is done, from 0 to 1, and what comes next. */
  readonly onProgress: (share: number, next: string) => void;
}

type Seconds = Partial<Record<Side, number[]>>;

/** Training steps, then evaluations, of all sides in turn. */
export async function timeNetwork(network: BenchNetwork, batch: number, timing: Timing): Promise<BenchRow[]> {
  const {rounds, torch, speed, onProgress} = timing;
  onProgress(0, 'starts');
  const workers = await startWorkers(network, torch);
  const whats = ['train', 'evaluate'] as const;
  try {
    onProgress(0.02, loading(workers, torch));
    const compiling = await load(workers, network, batch, whats, torch?.compileLimit ?? 0);
    const work = workOfNetwork(network);
    const rows: BenchRow[] = [];
    for (const [k, what] of whats.entries()) {
      const seconds = await alternate(workers, what, rounds, (share) =>
        onProgress(0.4 + 0.3 * (k + share), what),
      );
      const {seconds: least, by} = limitOf(work, what, batch, speed);
      rows.push({
        ...{model: network.name, what, batch, compiling},
        ...rates(seconds, batch),
        ...{limitPerSecond: batch / least, limitedBy: by},
        ...(await peakMemory(workers)),
      });
    }
    return rows;
  } finally {
    for (const worker of Object.values(workers)) worker.stop();
  }
}

function loading(workers: Workers, torch: Torch | null): string {
  return workers.compiled === undefined ? 'loads' : `compiles, ${torch?.compileLimit} s at most`;
}

function workOfNetwork({model: name, config}: BenchNetwork): Work {
  const model = createModel(name, config);
  const work = workOf(model);
  model.dispose();
  return work;
}

/** Images a second of each side, from the seconds of each call. */
function rates(
  seconds: Seconds,
  imagesPerCall: number,
): Pick<BenchRow, 'oursPerSecond' | 'plainPerSecond' | 'pytorchPerSecond' | 'compiledPerSecond'> {
  const of = (side: Side): number | null => {
    const each = seconds[side];
    return each === undefined ? null : imagesPerCall / median(each);
  };
  return {
    oursPerSecond: of('ours') ?? Number.NaN,
    plainPerSecond: of('plain'),
    pytorchPerSecond: of('pytorch'),
    compiledPerSecond: of('compiled'),
  };
}

/** Each round gives every side about as long; the first one is for warming up and is not counted. */
async function alternate(
  workers: Workers,
  what: 'train' | 'evaluate',
  rounds: number,
  onShare: (share: number) => void,
): Promise<Seconds> {
  const seconds: Seconds = {};
  const times: Partial<Record<Side, number>> = {};
  for (let round = -1; round < rounds; round++) {
    onShare((round + 1) / (rounds + 1));
    for (const side of SIDES) {
      const worker = workers[side];
      if (worker === undefined) continue;
      const answer = await worker.ask<{seconds: number[]}>({do: what, times: times[side] ?? 2});
      if (round < 0) times[side] = Math.max(2, timesOf(answer.seconds));
      else seconds[side] = [...(seconds[side] ?? []), ...answer.seconds];
    }
  }
  return seconds;
}

/** How often to do what takes so long, for a round of about 0.8 s. */
function timesOf(seconds: readonly number[]): number {
  return Math.max(1, Math.min(20, Math.round(0.8 / Math.min(...seconds))));
}

type Memory = Pick<
  BenchRow,
  'peakMemoryMb' | 'plainPeakMemoryMb' | 'pytorchPeakMemoryMb' | 'compiledPeakMemoryMb'
>;
const NO_MEMORY: Memory = {
  peakMemoryMb: null,
  plainPeakMemoryMb: null,
  pytorchPeakMemoryMb: null,
  compiledPeakMemoryMb: null,
};

async function peakMemory(workers: Workers): Promise<Memory> {
  const of = async (side: Side): Promise<number | null> => {
    const worker = workers[side];
    if (worker === undefined) return null;
    return (await worker.ask<{megabytes: number}>({do: 'memory'})).megabytes;
  };
  return {
    peakMemoryMb: await of('ours'),
    plainPeakMemoryMb: await of('plain'),
    pytorchPeakMemoryMb: await of('pytorch'),
    compiledPeakMemoryMb: await of('compiled'),
  };
}

/** Naive passes of each side in a round. */
const PASSES = 3;

/**
 * Cached sampling of so many images at once, beside naive sampling: as many passes of the whole model as
 * there are values. A pass is timed, not all of them.
 */
export async function timeSampling(
  network: BenchNetwork,
  count: number,
  timing: Timing,
): Promise<BenchRow[]> {
  const {rounds, torch, speed, onProgress} = timing;
  onProgress(0, 'starts');
  const workers = await startWorkers(network, torch);
  try {
    onProgress(0.05, loading(workers, torch));
    const compiling = await load(workers, network, count, ['evaluate'], torch?.compileLimit ?? 0);
    const passes: Seconds = {};
    const cached: number[] = [];
    let times = 1;
    for (let round = -1; round < rounds; round++) {
      onProgress(0.4 + (0.6 * (round + 1)) / (rounds + 1), 'samples');
      for (const side of SIDES) {
        const answer = await workers[side]?.ask<{seconds: number[]}>({do: 'evaluate', times: PASSES});
        if (answer !== undefined && round >= 0) passes[side] = [...(passes[side] ?? []), ...answer.seconds];
      }
      const answer = await workers.ours?.ask<{seconds: number[]}>({do: 'sample', times, count});
      if (answer === undefined) continue;
      // As often as training and evaluation: a first call between other programs finds no weights in a cache.
      if (round < 0) times = timesOf(answer.seconds);
      else cached.push(...answer.seconds);
    }
    const work = workOfNetwork(network);
    const limit = (
      what: 'sample-naive' | 'sample-cached',
    ): Pick<BenchRow, 'limitPerSecond' | 'limitedBy'> => {
      const {seconds, by} = limitOf(work, what, count, speed);
      return {limitPerSecond: count / seconds, limitedBy: by};
    };
    const row = {model: network.name, batch: count, ...NO_MEMORY};
    const naive = rates(passes, count / work.values);
    return [
      {...row, what: 'sample-naive', compiling, ...naive, ...limit('sample-naive')},
      {
        ...row,
        what: 'sample-cached',
        compiling: null,
        ...rates({ours: cached}, count),
        ...limit('sample-cached'),
      },
    ];
  } finally {
    for (const worker of Object.values(workers)) worker.stop();
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
