import * as fs from 'node:fs';
import {type Browser, chromium} from 'playwright-core';
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
  'On Debian or Ubuntu `sudo apt-get install chromium` mends it.';

/** Starts the browser without a window. In containers, where root runs it, its sandbox cannot be had. */
export function startBrowser(executablePath: string): Promise<Browser> {
  const args = ['--hide-scrollbars', '--force-color-profile=srgb', '--font-render-hinting=none'];
  return chromium.launch({executablePath, args, chromiumSandbox: process.getuid?.() !== 0});
}

/**
 * Draws charts as PNG, all in one headless browser, at twice their size in pixels. Nothing is fetched from anywhere.
 * @returns PNG bytes, one a chart, in their order; null when there is no Chromium
 */
export async function drawCharts(charts: readonly Chart[]): Promise<Buffer[] | null> {
  const executablePath = findChromium();
  if (executablePath === null) return null;
  if (charts.length === 0) return [];
  const browser = await startBrowser(executablePath);
  try {
    const page = await browser.newPage({deviceScaleFactor: 2});
    await page.setContent('<body style="margin: 0"><div id="chart"></div></body>');
    await page.addScriptTag({path: require.resolve('plotly.js-dist/plotly.js')});
    const pictures: Buffer[] = [];
    for (const chart of charts) {
      // As text, because a function would be sent with names that only the TypeScript runner knows.
      await page.evaluate(
        `Plotly.newPlot('chart', ${JSON.stringify({...chart, config: {staticPlot: true}})})`,
      );
      pictures.push(await page.locator('#chart .svg-container').screenshot());
      await page.evaluate(`Plotly.purge('chart')`);
    }
    return pictures;
  } finally {
    await browser.close();
  }
}
