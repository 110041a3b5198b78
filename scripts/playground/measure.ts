import * as fs from 'node:fs';
import * as path from 'node:path';
import {pathToFileURL} from 'node:url';
import {gzipSync} from 'node:zlib';
import type {Browser, Page} from 'playwright-core';
import {GATED, MADE, PIXEL_CNN, SMALL_MODELS} from '../../playground/models';
import {findChromium, noChromium, startBrowser} from '../notebooks/browser';

/** What the page costs and how fast it answers, measured in this machine's Chromium. */

const ROUNDS = 5;
const FIRST_MAP = '[data-first]:not([data-first=""])';
const MODELS = [...SMALL_MODELS, MADE].map(({label}) => label);
const CONVOLUTIONAL = [PIXEL_CNN, GATED].map(({label}) => label);

export interface Measure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** The least or the most that is wanted. */
  readonly target: string;
}

/** @throws Error when there is no Chromium */
export async function measurePlayground(folder: string): Promise<Measure[]> {
  const chromium = findChromium();
  if (chromium === null) throw new Error(noChromium);
  const browser = await startBrowser(chromium);
  try {
    const rounds: Round[] = [];
    for (let k = 0; k < ROUNDS; k++) rounds.push(await measureOnce(browser, folder, k));
    const middle = (of: (round: Round) => number): number => median(rounds.map(of));
    return [
      {what: 'page without MADE, compressed', value: pageBytes(folder) / 1e6, unit: 'MB', target: '≤ 1.5'},
      {
        what: 'opened to first pixel drawn',
        value: middle(({first}) => first / 1000),
        unit: 's',
        target: '≤ 2',
      },
      {what: 'PixelCNN digits a second', value: middle(({rate}) => rate), unit: '', target: '≥ 5'},
      ...MODELS.map((model) => ({
        what: `pointing to map, ${model}`,
        value: middle(({maps}) => maps.get(model) ?? Number.NaN),
        unit: 'ms',
        target: CONVOLUTIONAL.includes(model) ? '≤ 100' : '≤ 500',
      })),
      {
        what: 'longest block of the main thread',
        value: middle(({block}) => block),
        unit: 'ms',
        target: '≤ 100',
      },
      // On a machine that is busy with other things only this one is the page's own.
      {
        what: 'the same, as time of its processor',
        value: middle(({busy}) => busy),
        unit: 'ms',
        target: '≤ 100',
      },
    ];
  } finally {
    await browser.close();
  }
}

/**
 * Everything that a reader of the page loads before MADE is asked, each file compressed as a server would.
 */
function pageBytes(folder: string): number {
  return fs
    .readdirSync(folder, {recursive: true, encoding: 'utf8'})
    .filter(
      (file) => fs.statSync(path.join(folder, file)).isFile() && !path.basename(file).startsWith('made-'),
    )
    .reduce((sum, file) => sum + gzipSync(fs.readFileSync(path.join(folder, file)), {level: 9}).length, 0);
}

interface Round {
  readonly first: number;
  readonly rate: number;
  readonly maps: ReadonlyMap<string, number>;
  readonly block: number;
  readonly busy: number;
}

async function measureOnce(browser: Browser, folder: string, round: number): Promise<Round> {
  const page = await browser.newPage({viewport: {width: 1200, height: 900}});
  page.setDefaultTimeout(120_000);
  // What blocks for less than 50 ms is no long task, and counts as nothing.
  await page.addInitScript(`globalThis.longest = 0;
    new PerformanceObserver((list) => {
      for (const {duration} of list.getEntries()) longest = Math.max(longest, duration);
    }).observe({type: 'longtask', buffered: true});`);
  await browser.startTracing(page, {categories: ['toplevel']});
  await page.goto(`${pathToFileURL(path.join(folder, 'index.html')).href}#draw`);
  const first = await waitForNumber(page, `performance.getEntriesByName('first pixel drawn')[0]?.startTime`);
  await page.evaluate(`location.hash = 'luck'`);
  await page.getByRole('spinbutton', {name: 'Seed'}).fill(String(round));
  await page.locator(`[data-samples="yes"][data-seed="${round}"]`).waitFor();
  const rate = Number(await page.locator('[data-samples]').getAttribute('data-rate'));
  await page.evaluate(`location.hash = 'see'`);
  const maps = new Map<string, number>();
  for (const [k, model] of MODELS.entries()) {
    await page.getByRole('button', {name: model, exact: true}).click();
    await page.locator(FIRST_MAP).waitFor();
    const box = await page.getByRole('application').boundingBox();
    const asked = await page.locator('[data-asked]').getAttribute('data-asked');
    if (box === null) throw new Error('the board of the page is not there');
    await page.mouse.move(box.x + box.width * (0.3 + 0.08 * k) + 13 * round, box.y + box.height * 0.7);
    // Not the first map of the model, for which its weights were loaded.
    await page.locator(`${FIRST_MAP}:not([data-asked="${asked}"])`).waitFor();
    maps.set(model, Number(await page.locator('[data-first]').getAttribute('data-first')));
  }
  const block = await waitForNumber(page, 'globalThis.longest');
  const busy = longestTask(await browser.stopTracing());
  await page.close();
  return {first, rate, maps, block, busy};
}

/** An event of Chromium's trace; times in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Of the processor, where the event lasts. */
  readonly tdur?: number;
  readonly args: {readonly name?: string};
}

/** Milliseconds of the processor that the longest task of a page's main thread took. */
function longestTask(trace: Buffer): number {
  const {traceEvents} = JSON.parse(trace.toString('utf8')) as {traceEvents: readonly TraceEvent[]};
  const thread = ({pid, tid}: TraceEvent): string => `${pid} ${tid}`;
  const pages = new Set(
    traceEvents
      .filter(({name, args}) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(thread),
  );
  return traceEvents
    .filter((event) => pages.has(thread(event)))
    .reduce((most, {tdur = 0}) => Math.max(most, tdur / 1000), 0);
}

async function waitForNumber(page: Page, expression: string): Promise<number> {
  const handle = await page.waitForFunction(`(() => {
    const value = ${expression};
    return value === undefined ? null : {value};
  })()`);
  return ((await handle.jsonValue()) as {value: number}).value;
}

function median(values: readonly number[]): number {
  return values.slice().sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** As a Markdown table. */
export function measuresMarkdown(measures: readonly Measure[]): string {
  const rows = measures.map(({what, value, unit, target}) => {
    const number = value >= 100 ? value.toFixed(0) : value.toPrecision(2);
    return `| ${what} | ${number} ${unit} | ${target} ${unit} |`;
  });
  return ['| measure (Chromium, median of 5) | measured | wanted |', '|---|---|---|', ...rows].join('\n');
}
