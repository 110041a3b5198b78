import * as fs from 'node:fs';
import * as path from 'node:path';
import {wordsIn} from '../../lib/figures/png';
import type {Chart, JsonObject} from '../../lib/figures/style';
import {writeFileAtomically} from '../../lib/storage/files';
import {drawCharts} from './browser';

/**
 * Draws the saved charts (<id>.json) as <id>.png. Pictures that stay the same are not written again;
 * without a browser the old ones stay.
 *
 * @param since only charts saved from this moment on, in ms since 1970
 * @returns whether there was a browser to draw with
 */
export async function drawFigures(folder: string, since = 0): Promise<boolean> {
  const ids = fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.json') && name !== 'results.json')
    .filter((name) => fs.statSync(path.join(folder, name)).mtimeMs >= since)
    .map((name) => path.basename(name, '.json'))
    .sort();
  const charts = ids.map((id) => readChart(path.join(folder, `${id}.json`)));
  const pictures = await drawCharts(charts);
  pictures?.forEach((picture, i) => {
    writeIfNew(path.join(folder, `${ids[i]}.png`), picture);
  });
  return pictures !== null;
}

/** Writes the list of all figures of a folder into its README.md. */
export function writeFigureList(folder: string): void {
  writeIfNew(path.join(folder, 'README.md'), Buffer.from(figureList(folder)));
}

/** figures/README.md, from the words that each figure carries in itself. */
export function figureList(folder: string): string {
  const files = fs.readdirSync(folder).sort();
  const words = new Map<string, JsonObject>();
  for (const name of files.filter((file) => file.endsWith('.png'))) {
    const inside = wordsIn(fs.readFileSync(path.join(folder, name)));
    if (inside !== null) words.set(path.basename(name, '.png'), inside);
  }
  for (const name of files.filter((file) => file.endsWith('.json') && file !== 'results.json')) {
    words.set(path.basename(name, '.json'), readChart(path.join(folder, name)).layout.meta);
  }
  const rows = [...words]
    .sort(([idA, a], [idB, b]) => `${a.notebook} ${idA}`.localeCompare(`${b.notebook} ${idB}`, 'en'))
    .map(([id, {title, paper = '', notebook, command, seed = '', minutes}]) => {
      const picture = files.includes(`${id}.png`) ? `[${id}](${id}.png)` : `${id} (interactive only)`;
      const link = `[${notebook}](../notebooks/${notebook}.ipynb)`;
      return `| ${picture} | ${title} | ${paper} | ${link} | \`${command}\` | ${seed} | ${minutes} |`;
    });
  return [
    '# Figures',
    '',
    'What the notebooks draw. A chart is kept as a Plotly description (`.json`) and as a picture (`.png`); grids of images are',
    'pictures only. `npm run publish-notebooks` draws all of them anew, and writes this list from the words inside the figures.',
    '',
    '| figure | what it shows | compare | notebook | command | seed | minutes |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function readChart(file: string): Chart {
  return JSON.parse(fs.readFileSync(file, 'utf8')) as Chart;
}

function writeIfNew(file: string, data: Buffer): void {
  if (!fs.existsSync(file) || !fs.readFileSync(file).equals(data)) writeFileAtomically(file, data);
}
