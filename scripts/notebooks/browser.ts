import * as fs from 'node:fs';
import {decode, encode} from 'fast-png';
import {type Browser, chromium} from 'playwright-core';
import {indexColors} from '../../lib/figures/palette';
import type {Chart} from '../../lib/figures/style';

const candidates = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** The installed Chromium or Chrome, the one named by the environment variable CHROMIUM before all others. */
export function findChromium(): string | null {
  const named = process.env.CHROMIUM;
  if (named !== undefined) return named !== '' && fs.existsSync(named) ? named : null;
  return candidates.find((file) => fs.existsSync(file)) ?? null;
}

export const noChromium =
  'No Chromium found (looked at the variable CHROMIUM and the usual places): charts stay interactive, but get no PNG. ' +
  'On Debian or Ubuntu `sudo apt-get install chromium` installs one.';

/**
 * Starts the browser without a window. As root, and in most containers, its sandbox cannot be
 * had; it draws our own pages only.
 */
export function startBrowser(executablePath: string): Promise<Browser> {
  const args = ['--hide-scrollbars', '--force-color-profile=srgb', '--font-render-hinting=none'];
  const launch = (chromiumSandbox: boolean): Promise<Browser> =>
    chromium.launch({executablePath, args, chromiumSandbox});
  return process.getuid?.() === 0 ? launch(false) : launch(true).catch(() => launch(false));
}

/** Two charts with the same key look the same, in whatever order their settings were written down. */
export function chartKey({data, layout}: Chart): string {
  return JSON.stringify({data, layout: {...layout, meta: null}}, (_, value) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/**
 * What this process has drawn already: a figure in a notebook and the same one in figures/ cost one drawing.
 */
const drawn = new Map<string, Buffer>();

/** Takes pictures from elsewhere, by the key of their charts, as if they had been drawn here. */
export function takeAsDrawn(pictures: ReadonlyMap<string, string>): void {
  for (const [key, base64] of pictures) drawn.set(key, Buffer.from(base64, 'base64'));
}

/**
 * Draws charts as PNG, all in one headless browser, at twice their size in pixels.
 * Nothing is fetched from anywhere.
 * @returns PNG bytes, one a chart, in their order; null when there is no Chromium
 */
export async function drawCharts(charts: readonly Chart[]): Promise<Buffer[] | null> {
  const executablePath = findChromium();
  if (executablePath === null) return null;
  const missing = new Map(charts.map((chart) => [chartKey(chart), chart]));
  for (const key of drawn.keys()) missing.delete(key);
  if (missing.size > 0) await drawInto(drawn, missing, executablePath);
  return charts.map((chart) => drawn.get(chartKey(chart)) as Buffer);
}

async function drawInto(
  pictures: Map<string, Buffer>,
  charts: ReadonlyMap<string, Chart>,
  executablePath: string,
): Promise<void> {
  const browser = await startBrowser(executablePath);
  try {
    const page = await browser.newPage({deviceScaleFactor: 2});
    await page.setContent('<body style="margin: 0"><div id="chart"></div></body>');
    await page.addScriptTag({path: require.resolve('plotly.js-dist/plotly.js')});
    for (const [key, {data, layout}] of charts) {
      // As text, because a function would be sent with names that only the TypeScript runner knows.
      await page.evaluate(
        `Plotly.newPlot('chart', ${JSON.stringify({data, layout, config: {staticPlot: true}})})`,
      );
      const png = await page.locator('#chart .svg-container').screenshot();
      pictures.set(key, smaller(png, nearTones({data})));
      await page.evaluate(`Plotly.purge('chart')`);
    }
  } finally {
    await browser.close();
  }
}

/**
 * The soft edges of letters and lines have hundreds of tones, few of which the eye tells apart; those of a
 * picture or a scale count.
 */
function nearTones({data}: Pick<Chart, 'data'>): number {
  return data.some(({type}) => type === 'image' || type === 'heatmap') ? 8 : 24;
}

/** The same picture in fewer colors: only soft edges change, and a fourth of the bytes is left. */
function smaller(png: Buffer, near: number): Buffer {
  const {data, channels, width, height} = decode(png);
  const pixels = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) pixels[3 * i + c] = data[channels * i + c];
  }
  const {indices, palette} = indexColors(pixels, near);
  return Buffer.from(
    encode({data: indices, channels: 1, palette, depth: 8, width, height}, {zlib: {level: 9}}),
  );
}
