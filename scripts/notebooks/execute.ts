import {spawn} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as readline from 'node:readline';
import {threadCount} from '../../lib/engine/threads';
import {duration} from '../../lib/figures/show';
import type {Chart} from '../../lib/figures/style';
import {writeFileAtomically} from '../../lib/storage/files';
import {chartKey, drawCharts, noChromium, takeAsDrawn} from './browser';
import {drawFigures} from './figures';
import {chartOf, chartsOf, type Notebook, stringify, textOf, tidy} from './notebook';

export interface NotebookProgress {
  /** The file's name, such as "03-made.ipynb". */
  readonly notebook: string;
  /** Code cells run, of how many. */
  readonly done: number;
  readonly cells: number;
  readonly seconds: number;
  /** For all notebooks together, judged by the cells run so far; null while none has. */
  readonly secondsToGo: number | null;
}

export interface NotebookResult {
  readonly notebook: string;
  readonly seconds: number;
  readonly cells: number;
  readonly charts: number;
  readonly bytes: number;
}

export interface ExecuteOptions {
  readonly onProgress?: (progress: NotebookProgress) => void;
  /** Said once, when charts get no picture. */
  readonly onWarning?: (sentence: string) => void;
  /** A Python with nbclient and the kernelspec `tslab`; the one in .venv where it is left out. */
  readonly python?: string;
  /** Where the executed notebooks go; the folder of each one itself where it is left out. */
  readonly into?: string;
  /**
   * For this machine only: the papers' pictures are shown where they have been cut out, and
   * a notebook may be of any size.
   */
  readonly private?: boolean;
  /**
   * Where the cells save figures, to be drawn afterwards; where `saveFigure` keeps them and
   * nothing is drawn, if it is left out.
   */
  readonly figures?: string;
  /**
   * How many run at once, each with its share of the processors. One, when it is left out: then what a
   * notebook times is not disturbed.
   */
  readonly together?: number;
}

/** GitHub shows no notebook that is much larger. */
export const largestNotebook = 500_000;
const root = path.resolve(__dirname, '..', '..');

/**
 * Runs notebooks top to bottom, each in a fresh kernel, and writes the executed ones, tidied and with a
 * picture for every chart; draws the charts that they saved. Either all are written or, when a cell fails or
 * a notebook is too large, none is.
 *
 * @throws Error that names notebook, cell number and the kernel's words
 */
export async function executeNotebooks(
  files: readonly string[],
  options: ExecuteOptions = {},
): Promise<NotebookResult[]> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'notebooks-'));
  try {
    const started = Date.now();
    const seconds = await runKernels(files, folder, options);
    const executed = files.map((file) => read(path.join(folder, path.basename(file))));
    const charts = executed.flatMap(chartsOf);
    // Most charts come out as they are committed; only what is to be committed is drawn anew all the same.
    if (options.private) takeAsDrawn(oldPictures(files));
    const drawn = await drawCharts(charts);
    if (drawn === null) options.onWarning?.(noChromium);
    const pictures = drawn
      ? new Map(charts.map((chart, i) => [chartKey(chart), drawn[i].toString('base64')]))
      : oldPictures(files);
    const texts = executed.map((notebook, i) => {
      const text = stringify(tidy(notebook, (chart) => pictures.get(chartKey(chart)) ?? null));
      checkExecuted(files[i], notebook);
      if (!options.private) checkSize(files[i], text);
      return text;
    });
    files.forEach((file, i) => {
      writeFileAtomically(path.join(options.into ?? path.dirname(file), path.basename(file)), texts[i]);
    });
    if (options.figures !== undefined) await drawFigures(options.figures, started);
    return files.map((file, i) => ({
      notebook: path.basename(file),
      seconds: seconds.get(path.basename(file)) ?? 0,
      cells: executed[i].cells.length,
      charts: chartsOf(executed[i]).length,
      bytes: Buffer.byteLength(texts[i]),
    }));
  } finally {
    fs.rmSync(folder, {recursive: true, force: true});
  }
}

/** One line of the runner in Python. */
interface Report {
  readonly notebook: string;
  readonly done?: number;
  readonly cells?: number;
  readonly seconds?: number;
  readonly failed?: number;
  readonly error?: string;
  readonly source?: string;
}

/** @returns the seconds each notebook took, by its file name */
async function runKernels(
  files: readonly string[],
  folder: string,
  options: ExecuteOptions,
): Promise<Map<string, number>> {
  const cellsOf = new Map(files.map((file) => [file, codeCells(read(file))]));
  const cellsInAll = [...cellsOf.values()].reduce((sum, count) => sum + count, 0);
  const started = performance.now();
  const done = new Map<string, number>();
  const seconds = new Map<string, number>();
  const onReport = ({notebook, done: cellsDone = 0, cells = 0, seconds: taken = 0}: Report): void => {
    done.set(notebook, cellsDone);
    seconds.set(notebook, taken);
    const all = [...done.values()].reduce((sum, count) => sum + count, 0);
    const elapsed = (performance.now() - started) / 1000;
    const secondsToGo = all > 0 ? (elapsed / all) * (cellsInAll - all) : null;
    options.onProgress?.({notebook, done: cellsDone, cells, seconds: taken, secondsToGo});
  };
  const waiting = [...files];
  // Side by side, those of many cells first: a long one at the end would run alone.
  if ((options.together ?? 1) > 1) waiting.sort((a, b) => (cellsOf.get(b) ?? 0) - (cellsOf.get(a) ?? 0));
  const stop = new AbortController();
  const together = Math.min(options.together ?? 1, files.length);
  const threads = together > 1 ? Math.max(1, Math.floor(threadCount() / together)) : undefined;
  const work = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      await runKernel(file, folder, {...options, threads, signal: stop.signal, onReport});
    }
  };
  try {
    await Promise.all(Array.from({length: together}, work));
  } finally {
    // Where one failed the others need not come to their end.
    waiting.length = 0;
    stop.abort();
  }
  return seconds;
}

interface KernelOptions extends Pick<ExecuteOptions, 'python' | 'figures' | 'private'> {
  /** Of the native engine; all processors when not given. */
  readonly threads: number | undefined;
  readonly signal: AbortSignal;
  readonly onReport: (report: Report) => void;
}

/** Runs one notebook. @throws Error that names the cell that failed */
function runKernel(file: string, folder: string, options: KernelOptions): Promise<void> {
  const {python = venvPython(), figures, private: own = false, threads, signal} = options;
  let failure: Report | null = null;
  const runner = spawn(python, [path.join(__dirname, 'execute.py'), root, folder, file], {
    // The open pipe on its standard input tells the runner that we are still there.
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...process.env,
      // The papers' pictures are not ours to pass on.
      ...(own ? {} : {PAPER_FIGURES: 'off'}),
      ...(figures === undefined ? {} : {AUTOREGRESSIVE_FIGURES: figures}),
      ...(threads === undefined ? {} : {RASTER_THREADS: String(threads)}),
    },
  });
  const end = (): void => {
    runner.stdin.end();
  };
  signal.addEventListener('abort', end);
  let words = '';
  runner.stderr.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-4000);
  });
  readline.createInterface({input: runner.stdout}).on('line', (line) => {
    const report = JSON.parse(line) as Report;
    if (report.failed !== undefined) failure = report;
    else options.onReport(report);
  });
  return new Promise((resolve, reject) => {
    runner.on('error', (error) =>
      reject(new Error(`Notebooks: could not start ${python}: ${error.message}`)),
    );
    runner.on('close', (code) => {
      signal.removeEventListener('abort', end);
      if (failure !== null) reject(new Error(describe(failure)));
      else if (code !== 0)
        reject(new Error(`Notebooks: the runner ended with code ${code}:\n${words.trim()}`));
      else resolve();
    });
  });
}

function describe({notebook, failed, error, source = ''}: Report): string {
  const indented = source.replace(/^/gm, '    ');
  return `${notebook}, cell ${failed}, failed. No notebook was changed.\n${error}\nThe cell:\n${indented}`;
}

/** The Python with Jupyter's packages. @throws Error when it is not set up */
export function venvPython(): string {
  const file = path.join(
    root,
    '.venv',
    ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']),
  );
  if (!fs.existsSync(file)) throw new Error(`Notebooks: ${file} is missing; \`npm start\` sets it up`);
  return file;
}

function read(file: string): Notebook {
  return JSON.parse(fs.readFileSync(file, 'utf8')) as Notebook;
}

function codeCells({cells}: Notebook): number {
  return cells.filter((cell) => cell.cell_type === 'code' && textOf(cell.source).trim() !== '').length;
}

/** @throws Error when an error was only printed */
function checkExecuted(file: string, notebook: Notebook): void {
  notebook.cells.forEach((cell, i) => {
    for (const output of cell.outputs ?? []) {
      const words = textOf(output.text);
      if (output.name === 'stderr' && /^(UncaughtException|UnhandledPromiseRejection):/m.test(words)) {
        throw new Error(
          `${path.basename(file)}, cell ${i + 1}, left an error behind. No notebook was changed.\n${words}`,
        );
      }
    }
  });
}

/** @throws Error when the notebook is too large */
function checkSize(file: string, text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > largestNotebook) {
    throw new Error(
      `${path.basename(file)} has ${bytes} bytes, more than ${largestNotebook}. Draw fewer cells or images. No notebook was changed.`,
    );
  }
}

/** Where nothing can be drawn, charts that came out the same as before keep the pictures they had. */
function oldPictures(files: readonly string[]): Map<string, string> {
  const pictures = new Map<string, string>();
  for (const cell of files.flatMap((file) => read(file).cells)) {
    for (const output of cell.outputs ?? []) {
      const chart: Chart | null = chartOf(output);
      const png = output.data?.['image/png'];
      if (chart !== null && png !== undefined)
        pictures.set(chartKey(chart), textOf(png as string | string[]));
    }
  }
  return pictures;
}

/** "03-made.ipynb  7 of 12 cells  41 s  about 2 min 10 s to go" */
function progressText({notebook, done, cells, seconds, secondsToGo}: NotebookProgress): string {
  const toGo = secondsToGo === null || secondsToGo === 0 ? '' : `  about ${duration(secondsToGo)} to go`;
  return `${notebook.padEnd(28)} ${done} of ${cells} cells  ${duration(seconds)}${toGo}`;
}

/** Writes progress to a terminal in place, and elsewhere (in logs) one line a finished notebook. */
export function printProgress(progress: NotebookProgress): void {
  const finished = progress.done === progress.cells;
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${progressText(progress)}${finished ? '\n' : ''}`);
  else if (finished) console.log(progressText(progress));
}
