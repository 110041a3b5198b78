import {decodePng} from '../../lib/figures/png';
import type {Chart, JsonObject} from '../../lib/figures/style';
import {chartOf, type Notebook, textOf} from '../../scripts/notebooks/notebook';

/**
 * What a notebook's cells left behind, looked at: tables, pictures and legends. Each check returns sentences,
 * one a fault.
 */

/** What is written at axes, marks and panels: all words of the drawing but its title and its caption. */
export function labelsOf({data, layout}: Chart): string[] {
  const [, ...annotations] = (layout.annotations ?? []) as readonly JsonObject[];
  const ticks = Object.entries(layout)
    .filter(([key]) => /^[xy]axis/.test(key))
    .flatMap(([, axis]) => ((axis as JsonObject).ticktext ?? []) as readonly string[]);
  return [
    ...annotations.map(({text}) => text),
    ...data.flatMap(({name, text}) => [name, text].flat()),
    ...ticks,
  ]
    .filter((text) => typeof text === 'string')
    .map((text) => text as string);
}

/** Sentences such as "the same pixels: false": what a cell set out to prove, and did not. */
export function failedProofs(notebook: Notebook, name: string): string[] {
  return notebook.cells.flatMap((cell) =>
    (cell.outputs ?? []).flatMap((output) =>
      textOf(output.text)
        .split('\n')
        .filter((line) => /: false$/.test(line))
        .map((line) => `${name}, ${cell.id}: "${line}"`),
    ),
  );
}

/** Tables of which rows, columns or words were left out when they were printed. */
export function cutTables(notebook: Notebook, name: string): string[] {
  return notebook.cells.flatMap((cell) =>
    (cell.outputs ?? []).flatMap((output) => {
      const text = textOf(output.text);
      const found: string[] = [];
      if (/\d+ more items?/.test(text)) found.push('items were left out');
      const lines = text.split('\n').filter((line) => /^[║│]/.test(line));
      const rows = lines.map((line) => line.split(/[║│]/).map((word) => word.trim()));
      if (rows.some((row) => row.some((word) => /(?:\.\.\.|…)'?$/.test(word))))
        found.push('a cell ends in dots');
      // Both printers number the rows from 0; a header begins anew.
      let expected = 0;
      for (const row of rows) {
        if (!/^\d+$/.test(row[1])) expected = 0;
        else if (Number(row[1]) !== expected++) found.push(`row ${expected - 1} is missing`);
      }
      return found.map((what) => `${name}, ${cell.id}: a table is cut: ${what}`);
    }),
  );
}

/** Words in a picture's title or caption, or at its rows and columns, that announce an image of one color. */
const announced = /blank|empty|argmax|not yet drawn|no stroke|all black/i;

/**
 * Pictures, images in a grid and panels of which every pixel has one and the same color, where no word says
 * that it is meant.
 */
export function flatPictures(notebook: Notebook, name: string): string[] {
  return notebook.cells.flatMap((cell) =>
    (cell.outputs ?? []).flatMap((output) => {
      const chart = chartOf(output);
      const words = [
        textOf(output.data?.['text/plain'] as string | undefined),
        ...(chart === null ? [] : labelsOf(chart)),
      ];
      if (words.some((word) => announced.test(word))) return [];
      const flat =
        chart === null
          ? flatImages(textOf(output.data?.['image/png'] as string | undefined))
          : flatParts(chart);
      return flat.map((what) => `${name}, ${cell.id}: ${what} has one flat color`);
    }),
  );
}

function flatParts({data}: Chart): string[] {
  return data.flatMap((trace, k) => {
    if (trace.type === 'image') return flatImages(String(trace.source).split(',')[1]);
    if (trace.type !== 'heatmap') return [];
    const values = (trace.z as readonly (readonly number[])[]).flat();
    // Where the numbers stand in the cells, color says nothing more.
    if (trace.texttemplate !== undefined) return [];
    return values.length > 1 && new Set(values).size === 1 ? [`panel ${k}`] : [];
  });
}

/** A grid has its images between lines of the background; each of them is looked at by itself. */
function flatImages(base64: string): string[] {
  if (base64 === '') return [];
  const {width, height, pixels} = decodePng(Buffer.from(base64, 'base64'));
  const color = (x: number, y: number): number => {
    const at = 3 * (y * width + x);
    return (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2];
  };
  const ground = color(0, 0);
  const filled = (
    length: number,
    across: number,
    at: (k: number, j: number) => number,
  ): [number, number][] => {
    const runs: [number, number][] = [];
    for (let k = 0; k < length; k++) {
      if (Array.from({length: across}, (_, j) => at(k, j)).every((one) => one === ground)) continue;
      const last = runs[runs.length - 1];
      if (last !== undefined && last[1] === k) last[1] = k + 1;
      else runs.push([k, k + 1]);
    }
    return runs;
  };
  const columns = filled(width, height, (x, y) => color(x, y));
  const rows = filled(height, width, (y, x) => color(x, y));
  if (columns.length === 0) return ['the picture'];
  return rows.flatMap(([top, bottom], r) =>
    columns.flatMap(([left, right], c) => {
      // The outermost line of an image is its edge. A grid's last row may have fewer images.
      const inner = new Set<number>();
      for (let y = top + 1; y < bottom - 1; y++)
        for (let x = left + 1; x < right - 1; x++) inner.add(color(x, y));
      return inner.size === 1 && !inner.has(ground) ? [`image ${c} of row ${r}`] : [];
    }),
  );
}

/**
 * Lines of one legend that look the same in gray print: the same dash and marker, or the same in everything.
 */
export function twinLines(notebook: Notebook, name: string): string[] {
  return notebook.cells.flatMap((cell) =>
    (cell.outputs ?? []).flatMap((output) => {
      const chart = chartOf(output);
      if (chart === null || chart.layout.showlegend !== true) return [];
      const seen = new Map<string, string>();
      return chart.data.flatMap((trace) => {
        const look = lookOf(trace);
        const twin = seen.get(look);
        seen.set(look, String(trace.name));
        return twin === undefined ? [] : [`${name}, ${cell.id}: "${twin}" and "${trace.name}" look the same`];
      });
    }),
  );
}

/**
 * What the eye sees of a line. Two lines that differ in nothing but their color are the same line to some.
 */
function lookOf({mode = 'lines', line, marker}: JsonObject): string {
  const [{dash = 'solid', width = 2}, {symbol = 'circle', color: fill = ''}] = [line, marker].map(
    (part) => (part ?? {}) as JsonObject,
  );
  const drawn = String(mode);
  return JSON.stringify([
    drawn.includes('lines') ? [dash, width] : null,
    drawn.includes('markers') ? [symbol, fill === 'rgba(0,0,0,0)'] : null,
  ]);
}
