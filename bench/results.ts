import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {writeFileAtomically} from '../lib/storage/files';
import {projectRoot} from '../lib/storage/paths';
import type {Results} from './row';
import {table} from './table';

/** What a run of the bench measured, kept for each kind of machine. */

/** Processor, its vectors where the system says them, cores, system and Node. */
export function machine(): string {
  const cores = os.availableParallelism();
  const processor = `${os.cpus()[0].model.trim()}${vectors()}`;
  return `${processor}, ${cores} cores, ${os.type()} ${os.arch()}, Node ${process.version}`;
}

/** Processors of one name may have vectors of either width, and are different machines here. */
function vectors(): string {
  const file = '/proc/cpuinfo';
  const flags = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  if (/\bavx512f\b/.test(flags)) return ' with AVX-512';
  return /\bavx2\b/.test(flags) ? ' with AVX2' : '';
}

/** A run may be older than what is measured today: that is null in it. */
const NOT_MEASURED = {
  compiledPerSecond: null,
  compiling: null,
  limitPerSecond: null,
  limitedBy: null,
  compiledPeakMemoryMb: null,
};

function resultsFile(): string {
  return path.join(projectRoot(), 'bench', 'results.json');
}

/** The last whole run on each kind of machine. */
export function loadResults(file = resultsFile()): Results[] {
  if (!fs.existsSync(file)) return [];
  const runs = JSON.parse(fs.readFileSync(file, 'utf8')) as Results[];
  return runs.map((run) => ({
    ...{speed: null, compileLimit: null},
    ...run,
    rows: run.rows.map((row) => ({...NOT_MEASURED, ...row})),
  }));
}

/**
 * The runs with this one in the place of the one before on the same machine: rows of two
 * runs never stand under one limit.
 */
export function withRun(runs: readonly Results[], run: Results): Results[] {
  return [...runs.filter(({machine: where}) => where !== run.machine), run];
}

const [BEGIN, END] = ['<!-- table: written by npm run bench -->', '<!-- end of table -->'];

/** The text of bench/README.md with the tables of these runs. @throws Error when it has no place for them */
export function withTables(text: string, runs: readonly Results[]): string {
  const [start, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (start < 0 || end < start) {
    throw new Error(`bench/README.md must hold '${BEGIN}' and after it '${END}'`);
  }
  return `${text.slice(0, start + BEGIN.length)}\n${runs.map(table).join('\n\n')}\n${text.slice(end)}`;
}

/** Writes bench/results.json and the tables of bench/README.md. */
export function store(run: Results): void {
  const runs = withRun(loadResults(), run);
  const readme = path.join(projectRoot(), 'bench', 'README.md');
  const text = withTables(fs.readFileSync(readme, 'utf8'), runs);
  writeFileAtomically(resultsFile(), `${JSON.stringify(runs, null, 1)}\n`);
  writeFileAtomically(readme, text);
}
