import * as fs from 'node:fs';
import * as path from 'node:path';
import {decode} from 'fast-png';
import {type PageFigure, type PageTable, pageHtml} from '../../lib/figures/page';
import {wordsIn} from '../../lib/figures/png';
import type {Chart} from '../../lib/figures/style';
import {writeFileAtomically} from '../../lib/storage/files';

/** What of figures/ is no figure. */
const OTHERS = ['results.json'];

/** The tables of a Markdown text such as figures/results.md, each with the last line of words above it as its caption. */
export function markdownTables(text: string): PageTable[] {
  const tables: PageTable[] = [];
  let caption = '';
  let lines: string[] = [];
  const cells = (line: string): string[] =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const end = (): void => {
    if (lines.length > 2) {
      tables.push({caption, header: cells(lines[0]), rows: lines.slice(2).map(cells)});
    }
    lines = [];
  };
  for (const line of `${text}\n`.split('\n')) {
    if (line.startsWith('|')) {
      lines.push(line);
      continue;
    }
    end();
    if (line.trim() !== '') caption = line.replace(/^#+ /, '').replace(/:$/, '');
  }
  return tables;
}

/** Every figure of the folder, in the order of the notebooks. */
export function pageFigures(folder: string): PageFigure[] {
  const files = fs.readdirSync(folder);
  const ids = new Set(
    files
      .filter((file) => /\.(json|png)$/.test(file) && !OTHERS.includes(file))
      .map((file) => path.parse(file).name),
  );
  const figures = [...ids].flatMap((id): PageFigure[] => {
    const [png, json] = [path.join(folder, `${id}.png`), path.join(folder, `${id}.json`)];
    const chart = fs.existsSync(json) ? (JSON.parse(fs.readFileSync(json, 'utf8')) as Chart) : null;
    const bytes = fs.existsSync(png) ? fs.readFileSync(png) : null;
    const words = chart?.layout.meta ?? (bytes === null ? null : wordsIn(bytes));
    if (words === null) return [];
    const picture = bytes === null ? null : decode(bytes);
    return [{id, words, chart, picture: picture && {width: picture.width, height: picture.height}}];
  });
  const key = ({id, words}: PageFigure): string => `${words.notebook ?? ''} ${id}`;
  return figures.sort((a, b) => key(a).localeCompare(key(b), 'en'));
}

/**
 * Writes the page that shows all results and figures. It refers to the pictures beside it and to Plotly in node_modules, and holds
 * the charts in itself.
 *
 * @param file where to write it; figures/index.html where it is left out
 */
export function writePage(root: string, file = path.join(root, 'figures', 'index.html')): void {
  const from = path.dirname(file);
  const to = (...parts: string[]): string =>
    path
      .relative(from, path.join(root, ...parts))
      .split(path.sep)
      .join('/') || '.';
  const results = path.join(root, 'figures', 'results.md');
  const html = pageHtml({
    tables: fs.existsSync(results) ? markdownTables(fs.readFileSync(results, 'utf8')) : [],
    figures: pageFigures(path.join(root, 'figures')),
    pictures: `${to('figures')}/`,
    notebooks: `${to('notebooks')}/`,
    plotly: to('node_modules', 'plotly.js-dist', 'plotly.js'),
  });
  writeFileAtomically(file, html);
}
