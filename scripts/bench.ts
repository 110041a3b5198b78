import {spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import {GROWTH_SIDES, timeGrowth} from '../bench/growth';
import {type BenchNetwork, benchNetworks, operations, portableConfig} from '../bench/networks';
import {Worker} from '../bench/process';
import {scoringImages} from '../lib/data/datasets';
import {startEngine} from '../lib/engine/index';
import {createModel} from '../lib/models/index';
import {type GrowthRow, growthFile, growthPower} from '../lib/reproduction/growth';
import {writeFileAtomically} from '../lib/storage/files';
import {projectRoot} from '../lib/storage/paths';
import {encodeSafetensors, type StoredTensor} from '../lib/storage/safetensors';
import {bar, endProgress, readArguments, run, showProgress, UsageError} from './cli';

/** numpy is not used; PyTorch warns where it is absent. */
const TORCH = ['torch==2.15.0', 'numpy==2.4.6'];
const HELP = `npm run bench -- [options]

Times training, evaluation and sampling of the five models in turn with the same networks in plain tfjs and in PyTorch, after
all three have given the same nats. PyTorch (${TORCH[0]}, some GB) is installed into .cache/pytorch the first time.
  --models M,…        which models (default: all)
  --batches N,…       batch sizes (default: 16,64)
  --rounds N          rounds, each of which times every side in turn; medians are taken (default 5)
  --without-pytorch   leave PyTorch out
  --growth            only how sampling one image grows with its side; written to bench/growth.json, which notebook 13 draws
  --json              one JSON line on stdout, nothing else
A run over at least 5 rounds with PyTorch is written to bench/results.json and into bench/README.md; of models that it leaves out\nthe rows of the run before stay, where that was on the same machine.`;

/** Sides may differ by so many nats an image. */
const TOLERANCE = 1e-3;
const SIDES = ['ours', 'plain', 'pytorch'] as const;
type Side = (typeof SIDES)[number];
type Workers = Partial<Record<Side, Worker>>;

export interface BenchRow {
  readonly model: string;
  readonly what: 'train' | 'evaluate' | 'sample-naive' | 'sample-cached';
  readonly batch: number;
  /** Images a second. */
  readonly oursPerSecond: number;
  readonly plainPerSecond: number | null;
  readonly pytorchPerSecond: number | null;
  /** 10⁹ operations a second of ours; null for sampling, most of whose time is not spent on products. */
  readonly gflops: number | null;
  /** Peak of the process that did this and what stands above it. */
  readonly peakMemoryMb: number | null;
  readonly plainPeakMemoryMb: number | null;
  readonly pytorchPeakMemoryMb: number | null;
}

interface Results {
  readonly machine: string;
  readonly peakGflops: number;
  readonly importSeconds: number;
  readonly rounds: number;
  readonly rows: readonly BenchRow[];
}

run(async () => {
  const args = readArguments(HELP, {
    models: {type: 'string'},
    batches: {type: 'string'},
    rounds: {type: 'string'},
    'without-pytorch': {type: 'boolean'},
    growth: {type: 'boolean'},
    json: {type: 'boolean'},
  });
  const all = benchNetworks();
  const names = args.text('models')?.split(',') ?? all.map(({model}) => model);
  const unknown = names.find((name) => !all.some(({model}) => model === name));
  if (unknown !== undefined) {
    throw new UsageError(`unknown model '${unknown}'; there are ${all.map(({model}) => model).join(', ')}`);
  }
  const batches = (args.text('batches') ?? '16,64').split(',').map(Number);
  if (!batches.every((batch) => Number.isInteger(batch) && batch > 0 && batch <= 1000)) {
    throw new UsageError(`--batches must be integers from 1 to 1000, got '${args.text('batches')}'`);
  }
  const rounds = args.integer('rounds', 1) ?? 5;
  if (args.flag('growth')) {
    await measureGrowth(all, args.flag('json'));
    return;
  }
  const python = args.flag('without-pytorch') ? null : installTorch();
  await startEngine();
  const networks = all.filter(({model}) => names.includes(model));
  const {peakGflops, importSeconds} = await measureMachine();
  const rows: BenchRow[] = [];
  const report = (line: string): void => {
    endProgress();
    (args.flag('json') ? console.error : console.log)(line);
  };
  report(
    `${machine()}; matrix product ${peakGflops.toFixed(0)} GFLOP/s; from start to first tensor ${importSeconds.toFixed(2)} s`,
  );
  for (const [k, network] of networks.entries()) {
    for (const [b, batch] of batches.entries()) {
      const done = (k + b / batches.length) / networks.length;
      showProgress(`${bar(done)}  ${network.model}, batch ${batch}`);
      const added = await timeNetwork(network, batch, rounds, python);
      for (const row of added) report(rowText(row, peakGflops));
      rows.push(...added);
    }
    showProgress(`${bar((k + 0.9) / networks.length)}  ${network.model}, sampling`);
    const added = await timeSampling(network, python);
    for (const row of added) report(rowText(row, peakGflops));
    rows.push(...added);
  }
  const results: Results = {machine: machine(), peakGflops, importSeconds, rounds, rows};
  if (args.flag('json')) console.log(JSON.stringify(results));
  if (rounds >= 5 && python !== null) store(withOthers(results, all));
});

/** One image of every side from every model: naive cost and cached cost, and the powers with which they grow. */
async function measureGrowth(networks: readonly BenchNetwork[], json: boolean): Promise<void> {
  await startEngine();
  const rows: GrowthRow[] = [];
  for (const [k, network] of networks.entries()) {
    for (const [s, side] of GROWTH_SIDES.entries()) {
      const done = (k + s / GROWTH_SIDES.length) / networks.length;
      showProgress(`${bar(done)}  ${network.model}, ${side} x ${side}`);
      rows.push(await timeGrowth(network, side));
    }
    endProgress();
    const own = rows.filter(({model}) => model === network.model);
    const sides = own.map(({side}) => side);
    const naive = own.map(({naiveSeconds}) => naiveSeconds);
    const cached = own.map(({cachedSeconds}) => cachedSeconds);
    (json ? console.error : console.log)(
      `${network.model}: naive ${naive.map(shortNumber).join(', ')} s (side^${growthPower(sides, naive).toFixed(1)}); ` +
        `cached ${cached.map(shortNumber).join(', ')} s (side^${growthPower(sides, cached).toFixed(1)})`,
    );
  }
  const growth = {machine: machine(), rows};
  if (json) console.log(JSON.stringify(growth));
  writeFileAtomically(growthFile(), `${JSON.stringify(growth, null, 1)}\n`);
}

function machine(): string {
  const cores = os.availableParallelism();
  return `${os.cpus()[0].model.trim()}, ${cores} cores, ${os.type()} ${os.arch()}, Node ${process.version}`;
}

/** Makes the environment with PyTorch where it is not there yet. @returns its Python */
function installTorch(): string {
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

async function measureMachine(): Promise<{peakGflops: number; importSeconds: number}> {
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
    const config = side === 'pytorch' ? portableConfig(network) : network.config;
    const answer = await worker.ask<{nats: number}>({do: 'load', model: network.model, config, weights});
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
  const {pixels, height, width, channels} = await scoringImages('test');
  const data = Float32Array.from(pixels.subarray(0, batch * height * width * channels));
  tensors.set('images', {dtype: 'F32', shape: [batch, height, width, channels], data});
  const file = path.join(projectRoot(), '.cache', 'bench.safetensors');
  writeFileAtomically(file, encodeSafetensors({tensors, metadata: {}}));
  return file;
}

/** Training steps, then evaluations, of all sides in turn. */
async function timeNetwork(
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
        ...{model: network.model, what, batch},
        ...{oursPerSecond: ours, plainPerSecond: perSecond('plain'), pytorchPerSecond: perSecond('pytorch')},
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
 * Cached sampling of 1 and of 100 images, beside naive sampling: as many passes of the whole model as there are values. A pass is
 * timed, not all of them.
 */
async function timeSampling(network: BenchNetwork, python: string | null): Promise<BenchRow[]> {
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
        ...{model: network.model, what: 'sample-naive', batch: count, ...none},
        ...{oursPerSecond: naive('ours') ?? Number.NaN},
        ...{plainPerSecond: naive('plain'), pytorchPerSecond: naive('pytorch')},
      });
      rows.push({
        ...{model: network.model, what: 'sample-cached', batch: count, ...none},
        ...{oursPerSecond: count / median(cached), plainPerSecond: null, pytorchPerSecond: null},
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

function rowText(row: BenchRow, peak: number): string {
  const ratio = (other: number | null): string =>
    other === null ? '' : ` (${(row.oursPerSecond / other).toFixed(2)} x)`;
  const side = (name: string, value: number | null): string =>
    value === null ? '' : `, ${name} ${shortNumber(value)}${ratio(value)}`;
  const share =
    row.gflops === null
      ? ''
      : `; ${row.gflops.toFixed(0)} GFLOP/s, ${percent(row.gflops / peak)} of the peak`;
  const memory =
    row.peakMemoryMb === null
      ? ''
      : `; ${[row.peakMemoryMb, row.plainPeakMemoryMb, row.pytorchPeakMemoryMb].map((mb) => (mb === null ? '–' : mb.toFixed(0))).join(' / ')} MB`;
  return (
    `${row.model.padEnd(9)}${row.what.padEnd(14)}${String(row.batch).padStart(4)}: ${shortNumber(row.oursPerSecond)} images/s` +
    `${side('plain tfjs', row.plainPerSecond)}${side('PyTorch', row.pytorchPerSecond)}${share}${memory}`
  );
}

function shortNumber(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

const [BEGIN, END] = ['<!-- table: written by npm run bench -->', '<!-- end of table -->'];

/** The results with the rows of models that this run left out, of an earlier one on the same machine. */
function withOthers(results: Results, all: readonly BenchNetwork[]): Results {
  const file = path.join(projectRoot(), 'bench', 'results.json');
  if (!fs.existsSync(file)) return results;
  const before = JSON.parse(fs.readFileSync(file, 'utf8')) as Results;
  if (before.machine !== results.machine) return results;
  const rows = all.flatMap(({model}) => {
    const now = results.rows.filter((row) => row.model === model);
    return now.length > 0 ? now : before.rows.filter((row) => row.model === model);
  });
  return {...results, rows};
}

function store(results: Results): void {
  const folder = path.join(projectRoot(), 'bench');
  writeFileAtomically(path.join(folder, 'results.json'), `${JSON.stringify(results, null, 1)}\n`);
  const readme = path.join(folder, 'README.md');
  const text = fs.readFileSync(readme, 'utf8');
  const [start, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`${readme} must hold '${BEGIN}' and after it '${END}'`);
  const changed = `${text.slice(0, start + BEGIN.length)}\n${table(results)}\n${text.slice(end)}`;
  writeFileAtomically(readme, changed);
}

function table({machine: where, peakGflops, importSeconds, rounds, rows}: Results): string {
  const lines = [
    `${where}; matrix product ${peakGflops.toFixed(0)} GFLOP/s; from start to first tensor ${importSeconds.toFixed(2)} s; medians of ${rounds} rounds.`,
    '',
    '| model | what | images at once | ours, images/s | against plain tfjs | against PyTorch | share of peak | peak memory, MB: ours / plain / PyTorch |',
    '|---|---|---|---|---|---|---|---|',
  ];
  const cell = (ours: number, other: number | null): string =>
    other === null ? '–' : `${(ours / other).toFixed(2)} x`;
  for (const row of rows) {
    const memory = [row.peakMemoryMb, row.plainPeakMemoryMb, row.pytorchPeakMemoryMb];
    const cells = [
      row.model,
      row.what,
      row.batch,
      shortNumber(row.oursPerSecond),
      cell(row.oursPerSecond, row.plainPerSecond),
      cell(row.oursPerSecond, row.pytorchPerSecond),
      row.gflops === null ? '–' : percent(row.gflops / peakGflops),
      row.peakMemoryMb === null ? '–' : memory.map((mb) => (mb === null ? '–' : mb.toFixed(0))).join(' / '),
    ];
    lines.push(`| ${cells.join(' | ')} |`);
  }
  lines.push('', '| cached against naive sampling | 1 image | 100 images |', '|---|---|---|');
  for (const model of new Set(rows.map((row) => row.model))) {
    const rate = (what: BenchRow['what'], batch: number): number =>
      rows.find((row) => row.model === model && row.what === what && row.batch === batch)?.oursPerSecond ??
      Number.NaN;
    const times = [1, 100].map((n) => `${(rate('sample-cached', n) / rate('sample-naive', n)).toFixed(0)} x`);
    lines.push(`| ${model} | ${times.join(' | ')} |`);
  }
  return lines.join('\n');
}
