import assert from 'node:assert/strict';
import test from 'node:test';
import type {Page} from 'playwright-core';
import {Playground, skip} from './tools';

let playground: Playground;
test.before(async () => {
  if (!skip) playground = await Playground.build();
});
test.after(() => playground?.close());

/** What a browser does to the page of a tab in the background: no frames, and timers once a second. */
const HIDDEN = `
  globalThis.inBackground = false;
  Object.defineProperty(document, 'hidden', {get: () => inBackground});
  Object.defineProperty(document, 'visibilityState', {get: () => (inBackground ? 'hidden' : 'visible')});
  const [frame, timer] = [requestAnimationFrame.bind(globalThis), setTimeout.bind(globalThis)];
  const waiting = [];
  globalThis.requestAnimationFrame = (call) => (inBackground ? waiting.push(call) : frame(call));
  globalThis.setTimeout = (call, delay = 0, ...rest) =>
    timer(call, inBackground ? Math.max(1000, delay) : delay, ...rest);
  globalThis.setBackground = (hidden) => {
    inBackground = hidden;
    document.dispatchEvent(new Event('visibilitychange'));
    if (!hidden) for (const call of waiting.splice(0)) frame(call);
  };`;

async function train(page: Page, hidden: boolean): Promise<string> {
  await page.getByRole('button', {name: '4 features'}).click();
  await page.getByRole('button', {name: 'Train'}).click();
  await page.evaluate(`setBackground(${hidden})`);
  // Asked from outside: a wait within the page would be put off like its other timers.
  for (;;) {
    const words = (await page.locator('[data-state]').textContent()) ?? '';
    const score = /New digits cost ([\d.]+) nats/.exec(words);
    if (score !== null) return score[1];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test('a tab in the background: the model goes on learning, to the same score', {skip}, async () => {
  const scores: string[] = [];
  for (const hidden of [true, false]) {
    const page = await playground.browser.newPage();
    page.setDefaultTimeout(60_000);
    await page.addInitScript(HIDDEN);
    await page.goto(`file://${playground.folder}/index.html#learn`);
    await page.getByText('It goes on while this tab is in the background.').waitFor();
    scores.push(await train(page, hidden));
    if (hidden) assert.equal(await page.evaluate('document.visibilityState'), 'hidden');
    await page.close();
  }
  assert.equal(scores[0], scores[1]);
});

test('a tab in the background: endings are drawn on, and shown from where they stood on return', {
  skip,
}, async () => {
  const page = await playground.browser.newPage();
  page.setDefaultTimeout(60_000);
  await page.addInitScript(HIDDEN);
  await page.goto(`file://${playground.folder}/index.html#draw`);
  const shown = async (): Promise<number> =>
    Number(/pixel (\d+) of/.exec((await page.getByText(/^pixel \d+ of/).textContent()) ?? '')?.[1]);
  while ((await shown()) === 0);
  await page.evaluate('setBackground(true)');
  const stood = await shown();
  while ((await page.locator('.row[aria-busy="false"]').count()) < 4);
  assert.ok((await shown()) <= stood + 15, 'the picture goes on although nobody looks');
  await page.evaluate('setBackground(false)');
  await page.getByText('pixel 392 of 392').waitFor();
  await page.close();
});
