import * as fs from 'node:fs';
import * as path from 'node:path';
import {makeFolder, writeFileAtomically} from '../storage/files';
import {figuresFolder, publishedFiguresFolder} from '../storage/paths';
import {encodePng, type Picture} from './png';
import {isPicture} from './show';
import type {Chart} from './style';

export interface SaveOptions {
  /** The command that makes the numbers; "npm start" where it is left out. */
  readonly command?: string;
  /** Minutes that command takes, training included. */
  readonly minutes: number;
  /** `figuresFolder()` where it is left out. */
  readonly folder?: string;
}

/**
 * Keeps a figure for the reader without a kernel: a picture as <id>.png, a chart as <id>.json, which
 * `npm start` then draws as <id>.png too. The words go into the file, and from there into figures/README.md.
 *
 * @param id lower case words joined by hyphens, such as "made-masks"
 * @throws RangeError when the id is no such name; FileWriteError when the folder cannot be written
 */
export function saveFigure(id: string, figure: Chart | Picture, options: SaveOptions): void {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id)) {
    throw new RangeError(
      `saveFigure: id must be lower case words joined by hyphens, got "${id}"; try "made-masks"`,
    );
  }
  const {command = 'npm start', minutes, folder = figuresFolder()} = options;
  makeFolder(folder);
  if (isPicture(figure)) {
    writeFileAtomically(path.join(folder, `${id}.png`), encodePng(figure, {command, minutes}));
  } else {
    const meta = {...figure.layout.meta, command, minutes};
    const chart: Chart = {...figure, layout: {...figure.layout, meta}};
    writeFileAtomically(path.join(folder, `${id}.json`), `${JSON.stringify(chart)}\n`);
  }
}

/**
 * A chart that saveFigure has kept: what a notebook shows where it cannot make it anew.
 *
 * @param folders where to look, in this order; where the figures of this machine are, then the
 *   committed ones, where it is left out
 * @throws Error when there is none of that id
 */
export function loadFigure(id: string, folders = [figuresFolder(), publishedFiguresFolder()]): Chart {
  const files = folders.map((folder) => path.join(folder, `${id}.json`));
  const file = files.find((candidate) => fs.existsSync(candidate));
  if (file === undefined)
    throw new Error(`there is no figure ${files.join(' or ')}; it is made by npm start`);
  return JSON.parse(fs.readFileSync(file, 'utf8')) as Chart;
}
