import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {writeFileAtomically} from '../lib/storage/files';
import {projectRoot} from '../lib/storage/paths';

/** What a run of the bench measured, in words and as tables, one for each kind of machine. */

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

/** One whole run. */
export interface Results {
  readonly machine: string;
  readonly peakGflops: number;
  readonly importSeconds: number;
  readonly rounds: number;
  readonly rows: readonly BenchRow[];
}

/** Processor, cores, system and Node. */
export function machine(): string {
  const cores = os.availableParallelism();
  return `${os.cpus()[0].model.trim()}, ${cores} cores, ${os.type()} ${os.arch()}, Node ${process.version}`;
}

/** A row as one line for the terminal. */
export function rowText(row: BenchRow, peak: number): string {
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

export function shortNumber(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

const [BEGIN, END] = ['<!-- table: written by npm run bench -->', '<!-- end of table -->'];

function resultsFile(): string {
  return path.join(projectRoot(), 'bench', 'results.json');
}

/** The last whole run on each kind of machine. */
export function loadResults(file = resultsFile()): Results[] {
  return fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, 'utf8')) as Results[]) : [];
}

/**
 * The runs with this one in the place of the one before on the same machine: rows of two
 * runs never stand under one peak.
 */
export function withRun(runs: readonly Results[], run: Results): Results[] {
  return [...runs.filter(({machine: where}) => where !== run.machine), run];
}

/** Writes bench/results.json and the tables of bench/README.md. */
export function store(run: Results): void {
  const runs = withRun(loadResults(), run);
  writeFileAtomically(resultsFile(), `${JSON.stringify(runs, null, 1)}\n`);
  const readme = path.join(projectRoot(), 'bench', 'README.md');
  const text = fs.readFileSync(readme, 'utf8');
  const [start, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`${readme} must hold '${BEGIN}' and after it '${END}'`);
  const tables = runs.map(table).join('\n\n');
  writeFileAtomically(readme, `${text.slice(0, start + BEGIN.length)}\n${tables}\n${text.slice(end)}`);
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
