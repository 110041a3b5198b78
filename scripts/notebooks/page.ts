import * as fs from 'node:fs';
import * as path from 'node:path';
import {type PageFigure, type PagePanel, type PageTable, pageHtml} from '../../lib/figures/page';
import {sizeOf, wordsIn} from '../../lib/figures/png';
import type {Chart} from '../../lib/figures/style';
import {
  addressOf,
  figuresNamed,
  PAPERS,
  type Paper,
  type PaperFigure,
  type PaperName,
  paperFigureFile,
} from '../../lib/reproduction/paperFigures';
import {writeFileAtomically} from '../../lib/storage/files';
import {projectRoot} from '../../lib/storage/paths';
import {type Notebook, textOf} from './notebook';

type FoundFigure = Omit<PageFigure, 'src'> & {readonly folder: string};

/** What of figures/ is no figure. */
const OTHERS = ['results.json'];

/**
 * The tables of a Markdown text such as figures/results.md, each with the last line of
 * words above it as its caption.
 */
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

/**
 * Every figure, in the order of the notebooks. The first folder that has one of an id gives it, so that
 * figures of this machine come before the committed ones.
 */
export function pageFigures(folders: readonly string[]): FoundFigure[] {
  const places = new Map<string, string>();
  for (const folder of folders) {
    if (!fs.existsSync(folder)) continue;
    for (const file of fs.readdirSync(folder)) {
      const id = path.parse(file).name;
      if (/\.(json|png)$/.test(file) && !OTHERS.includes(file) && !places.has(id)) places.set(id, folder);
    }
  }
  const figures = [...places].flatMap(([id, folder]): FoundFigure[] => {
    const [png, json] = [path.join(folder, `${id}.png`), path.join(folder, `${id}.json`)];
    const chart = fs.existsSync(json) ? (JSON.parse(fs.readFileSync(json, 'utf8')) as Chart) : null;
    const bytes = fs.existsSync(png) ? fs.readFileSync(png) : null;
    const words = chart?.layout.meta ?? (bytes === null ? null : wordsIn(bytes));
    if (words === null) return [];
    return [{id, folder, words, chart, picture: bytes && sizeOf(bytes)}];
  });
  const sources = new Map<string, string>();
  const order = new Map(figures.map((figure) => [figure.id, orderOf(figure, sources)]));
  const key = ({id}: FoundFigure): string => order.get(id) as string;
  return figures.sort((a, b) => key(a).localeCompare(key(b), 'en'));
}

/**
 * Where a figure comes in the course: its notebook, then the place of its id there.
 *
 * @param sources all cells of each notebook that was read before
 */
function orderOf({id, words}: FoundFigure, sources: Map<string, string>): string {
  const notebook = String(words.notebook ?? '');
  let source = sources.get(notebook);
  if (source === undefined) {
    const file = path.join(projectRoot(), 'notebooks', `${notebook}.ipynb`);
    const cells = fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, 'utf8')) as Notebook).cells : [];
    source = cells.map((cell) => textOf(cell.source)).join('\n');
    sources.set(notebook, source);
  }
  const at = source.indexOf(`'${id}'`);
  return `${notebook} ${String(at < 0 ? 1e9 : at).padStart(10, '0')} ${id}`;
}

/**
 * Writes the page that shows all results and figures: those in build/, made on this machine, before the
 * committed ones. It refers to the pictures and to Plotly in node_modules, and holds the charts in itself.
 *
 * @param file where to write it
 */
export function writePage(root: string, file: string): void {
  const from = path.dirname(file);
  const to = (target: string): string => path.relative(from, target).split(path.sep).join('/') || '.';
  const [made, committed] = [path.join(root, 'build'), path.join(root, 'figures')];
  const results = [made, committed].map((folder) => path.join(folder, 'results.md')).find(fs.existsSync);
  const figures = pageFigures([path.join(made, 'figures'), committed]);
  const html = pageHtml({
    tables: results === undefined ? [] : markdownTables(fs.readFileSync(results, 'utf8')),
    figures: figures.map((figure) => ({
      ...figure,
      src: `${to(figure.folder)}/${figure.id}.png`,
      beside: figuresNamed(String(figure.words.paper ?? '')).flatMap((named) => panelOf(named, to)),
    })),
    hrefOf: (notebook) => {
      const read = path.join(made, `${notebook}.html`);
      return to(fs.existsSync(read) ? read : path.join(root, 'notebooks', `${notebook}.ipynb`));
    },
    playground: existing(path.join(made, 'playground', 'index.html'), to),
    readme: existing(path.join(root, 'README.md'), to),
    plotly: to(path.join(root, 'node_modules', 'plotly.js-dist', 'plotly.js')),
  });
  writeFileAtomically(file, html);
}

/**
 * Where a picture is not here, only those of drawn images leave a frame: a page of
 * empty frames would help nobody.
 */
function panelOf(
  {paper, figure}: {readonly paper: PaperName; readonly figure: number},
  to: (target: string) => string,
): PagePanel[] {
  const {name} = PAPERS[paper];
  const {shows, reported, images}: PaperFigure = (PAPERS[paper] as Paper).figures[figure];
  const src = existing(paperFigureFile(paper, figure), to);
  if (src === null && !images) return [];
  const sentence = `It shows ${shows}.${reported === undefined ? '' : ` Reported: ${reported}.`}`;
  return [{name: `${name}, figure ${figure}`, sentence, address: addressOf(paper, figure), src}];
}

function existing(file: string, to: (target: string) => string): string | null {
  return fs.existsSync(file) ? to(file) : null;
}
