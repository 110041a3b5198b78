import {wordsIn} from '../../lib/figures/png';
import {plotlyMime} from '../../lib/figures/show';
import type {Chart, Json, JsonObject} from '../../lib/figures/style';

/** A notebook as it lies on disk: nbformat 4.5. Text may be one string or a list of lines. */
export interface Notebook {
  readonly cells: readonly Cell[];
  readonly metadata: JsonObject;
  readonly nbformat: number;
  readonly nbformat_minor: number;
}

export interface Cell {
  readonly cell_type: 'code' | 'markdown' | 'raw';
  readonly id?: string;
  readonly metadata: JsonObject;
  readonly source: string | readonly string[];
  readonly execution_count?: number | null;
  readonly outputs?: readonly Output[];
}

export interface Output {
  readonly output_type: 'stream' | 'display_data' | 'execute_result' | 'error';
  readonly name?: string;
  readonly text?: string | readonly string[];
  readonly data?: {readonly [mime: string]: Json | Chart};
  readonly metadata?: JsonObject;
  readonly execution_count?: number | null;
}

export function textOf(text: string | readonly string[] = ''): string {
  return typeof text === 'string' ? text : text.join('');
}

/** Every chart that a notebook shows. */
export function chartsOf(notebook: Notebook): Chart[] {
  return notebook.cells.flatMap((cell) => (cell.outputs ?? []).flatMap((output) => chartOf(output) ?? []));
}

export function chartOf(output: Output): Chart | null {
  return (output.data?.[plotlyMime] as Chart | undefined) ?? null;
}

/** Tag of a cell in which the student writes a guess before running it: what it prints is not committed. */
const PREDICTION = 'prediction';

/**
 * The notebook as it is committed: nothing in it that a second run would change without need, and every
 * chart with a picture and its sentence in words, so that it can be seen where no script runs; cells tagged
 * as predictions without output.
 *
 * @param pictureOf PNG of a chart as base64, or null when there is none
 */
export function tidy(notebook: Notebook, pictureOf: (chart: Chart) => string | null): Notebook {
  const cells = notebook.cells.map((cell, i): Cell => {
    const {tags} = cell.metadata;
    const metadata: JsonObject = tags === undefined ? {} : {tags};
    const common = {id: `cell-${String(i + 1).padStart(2, '0')}`, metadata};
    const source = linesOf(textOf(cell.source));
    if (cell.cell_type !== 'code') return {cell_type: cell.cell_type, ...common, source};
    const hidden = Array.isArray(tags) && tags.includes(PREDICTION);
    const outputs = joinStreams(hidden ? [] : (cell.outputs ?? [])).map((output) =>
      tidyOutput(output, pictureOf),
    );
    return {cell_type: 'code', execution_count: null, ...common, outputs, source};
  });
  return {
    cells,
    metadata: {
      kernelspec: {display_name: 'TypeScript', language: 'typescript', name: 'tslab'},
      language_info: {file_extension: '.ts', mimetype: 'text/typescript', name: 'typescript'},
    },
    nbformat: 4,
    nbformat_minor: 5,
  };
}

function tidyOutput(output: Output, pictureOf: (chart: Chart) => string | null): Output {
  const {output_type, name, text, data} = output;
  if (output_type === 'stream') return {name, output_type, text: linesOf(textOf(text))};
  const shown: {[mime: string]: Json | Chart} = {...data};
  const chart = chartOf(output);
  if (chart !== null) {
    const picture = pictureOf(chart);
    if (picture !== null) shown['image/png'] = picture;
    shown['text/plain'] = sentence(chart.layout.meta);
  } else if (typeof shown['image/png'] === 'string') {
    const words = wordsIn(Buffer.from(shown['image/png'], 'base64'));
    if (words !== null) shown['text/plain'] = sentence(words);
  }
  return {
    data: shown,
    metadata: sizeOf(chart),
    output_type,
    ...(output_type === 'execute_result' ? {execution_count: null} : {}),
  };
}

/** The picture of a chart has twice as many pixels as it should take on the screen. */
function sizeOf(chart: Chart | null): JsonObject {
  if (chart === null) return {};
  const {width, height} = chart.layout;
  return {'image/png': {width, height}};
}

function sentence({title, description}: JsonObject): string {
  return `${title}: ${description}`;
}

/** Neighboring pieces of one stream as one, without the warnings of Node itself, which name the process. */
function joinStreams(outputs: readonly Output[]): Output[] {
  const joined: Output[] = [];
  for (const output of outputs) {
    const last = joined[joined.length - 1];
    if (output.output_type === 'stream' && last?.output_type === 'stream' && last.name === output.name) {
      joined[joined.length - 1] = {...last, text: textOf(last.text) + textOf(output.text)};
    } else {
      joined.push(output);
    }
  }
  return joined.flatMap((output) => {
    if (output.name !== 'stderr') return output;
    const text = textOf(output.text).replace(/^\(node:\d+\).*\n(\(Use `node .*\n)?/gm, '');
    return text.trim() === '' ? [] : {...output, text};
  });
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.split(/(?<=\n)/);
}

/** As Jupyter writes it, except that a chart takes one line, not one a number. */
export function stringify(notebook: Notebook): string {
  const charts: string[] = [];
  const text = JSON.stringify(
    notebook,
    (key, value: unknown) => {
      if (key !== plotlyMime) return value;
      return `chart ${charts.push(JSON.stringify(value)) - 1} goes here`;
    },
    1,
  );
  return `${text.replace(/"chart (\d+) goes here"/g, (_, i: string) => charts[Number(i)])}\n`;
}
