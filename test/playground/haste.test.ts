import assert from 'node:assert/strict';
import * as path from 'node:path';
import test from 'node:test';
import {build} from 'esbuild';
import type {Page} from 'playwright-core';
import {projectRoot} from '../../lib/storage/paths';
import {Playground, pressTogether, skip} from './tools';

/**
 * What comes when the page is not done with what came before: on a busy machine, or by a quick hand. Preact
 * puts effects off until after the next frame; here that frame comes only when the test lets it.
 */

let playground: Playground;
test.before(async () => {
  if (!skip) playground = await Playground.build();
});
test.after(() => playground?.close());

const HELD = `
  globalThis.held = false;
  const put = [];
  for (const name of ['requestAnimationFrame', 'setTimeout']) {
    const own = globalThis[name].bind(globalThis);
    globalThis[name] = (call, ...rest) => (held ? put.push(() => own(call)) : own(call, ...rest));
  }
  globalThis.release = () => {
    held = false;
    for (const call of put.splice(0)) call();
  };`;

async function open(address: string, from = HELD): Promise<Page> {
  const page = await playground.browser.newPage({reducedMotion: 'reduce'});
  page.setDefaultTimeout(60_000);
  await page.addInitScript(from);
  await page.goto(`file://${playground.folder}/index.html${address}`);
  return page;
}

/** Presses buttons while frames are held, then lets these come and with them whatever was put off. */
async function pressHeld(page: Page, ...names: string[]): Promise<void> {
  await page.evaluate('held = true');
  await pressTogether(page, ...names);
  await page.evaluate('release()');
  await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 100)))');
}

/**
 * A page with a playback of ten pixels and nothing else.
 *
 * @param ready how many of them are there
 * @param stepped what comes after each of its steps, before the page is rendered again
 */
async function openPlayer(ready: number, stepped: string): Promise<Page> {
  const {outputFiles} = await build({
    stdin: {
      resolveDir: path.join(projectRoot(), 'playground'),
      loader: 'tsx',
      contents: `
        import {render} from 'preact';
        import {usePlayback} from './parts/playback';
        function Player() {
          globalThis.player = usePlayback(10, () => ${ready});
          return <p>{player.shown} {player.playing ? 'plays' : 'stands'}</p>;
        }
        render(<Player />, document.body);`,
    },
    ...{bundle: true, write: false, format: 'iife', jsx: 'automatic', jsxImportSource: 'preact'},
  });
  const page = await playground.browser.newPage({reducedMotion: 'reduce'});
  page.setDefaultTimeout(10_000);
  await page.evaluate(`
    const own = requestAnimationFrame.bind(globalThis);
    globalThis.steps = 0;
    globalThis.requestAnimationFrame = (call) => own((now) => {
      call(now);
      if (call.name !== 'step') return;
      steps++;
      ${stepped}
    });`);
  await page.evaluate(outputFiles[0].text);
  return page;
}

test('played from the start in the very frame in which it ends, the picture goes on', {skip}, async () => {
  // The first frame ends it; the second, where no time has passed.
  const page = await openPlayer(10, 'if (steps <= 2) player.restart();');
  await page.getByText('10 stands').waitFor();
  await page.close();
});

test('a place that is chosen while the picture plays stays, in the next frame, too', {skip}, async () => {
  const page = await openPlayer(5, 'if (steps === 3) player.setShown(2);');
  await page.getByText('stands').waitFor();
  await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 100)))');
  assert.equal(await page.locator('p').textContent(), '2 stands');
  await page.close();
});

for (const [view, question] of [
  ['draw', 'Other luck'],
  ['pixel', 'Other sample'],
  ['luck', 'Next seed'],
]) {
  test(`${view}: pressed right after another question, Stop stops that one`, {skip}, async () => {
    const page = await open(`#${view}`);
    await page.locator('.row[aria-busy="false"], [data-samples="yes"]').first().waitFor();
    await page.getByRole('button', {name: 'Play again'}).waitFor();
    await pressHeld(page, question, 'Stop');
    assert.equal(await page.getByRole('button', {name: 'Draw again'}).count(), 1);
    await page.getByRole('button', {name: 'Draw again'}).click();
    await page.getByRole('button', {name: 'Play again'}).waitFor();
    await page.close();
  });
}

test('another question: no answer to the one before stands under it', {skip}, async () => {
  const page = await open('#draw');
  await page.locator('.row[aria-busy="false"]').nth(3).waitFor();
  await page.evaluate('held = true');
  await pressTogether(page, 'upper half');
  assert.equal(await page.locator('.row[aria-busy="false"]').count(), 0);
  await page.close();
});

test('a race that is begun right after another seed is run', {skip}, async () => {
  const page = await open('#luck');
  await page.locator('[data-samples="yes"]').waitFor();
  await pressHeld(page, 'Next seed', 'Race');
  await page.locator('.race progress[value="784"]').first().waitFor();
  await page.close();
});

test('two presses of a clicker, the second before the view has settled: two stops on', {skip}, async () => {
  const page = await open('#tour-1');
  await page.getByText('Stop 1 of 6').waitFor();
  await page.locator('.row[aria-busy="false"]').first().waitFor();
  await page.evaluate(`(async () => {
    held = true;
    for (let k = 0; k < 2; k++) {
      const moved = new Promise((resolve) => addEventListener('hashchange', resolve, {once: true}));
      dispatchEvent(new KeyboardEvent('keydown', {key: 'PageDown', cancelable: true}));
      // A press that is lost moves nothing.
      if (k === 0) await moved;
    }
    release();
  })()`);
  await page.getByText('Stop 3 of 6').waitFor({timeout: 10_000});
  await page.close();
});

test('a link that is followed before the first frame leads to its view', {skip}, async () => {
  const page = await open('#hand', `${HELD} held = true;`);
  await page.evaluate(`(async () => {
    const moved = new Promise((resolve) => addEventListener('hashchange', resolve, {once: true}));
    location.hash = 'learn';
    await moved;
    release();
  })()`);
  await page.locator('nav a[href="#learn"][aria-current="page"]').waitFor({timeout: 10_000});
  await page.close();
});

test('all layers stay chosen when the next model turns out to have more of them', {skip}, async () => {
  const page = await open('#see');
  await page.getByRole('button', {name: 'Gated PixelCNN'}).click();
  await page.locator('input[type="range"][max="7"]').press('Home');
  await page.locator('input[type="range"][max="7"]').press('End');
  await page.getByRole('button', {name: 'Diagonal BiLSTM'}).click();
  await page.locator('input[type="range"][max="8"]').waitFor();
  await page.getByText('all layers: the logits').waitFor({timeout: 10_000});
  await page.close();
});

test('masks by hand: a verdict that is not busy is that of the masks shown', {skip}, async () => {
  const page = await open('#hand');
  await page.locator('[data-leaks="0"][aria-busy="false"]').waitFor();
  await page.evaluate(`
    const verdict = document.querySelector('[data-leaks]');
    globalThis.seen = [];
    new MutationObserver(() => seen.push(verdict.ariaBusy + ' ' + verdict.dataset.leaks))
      .observe(verdict, {attributes: true});`);
  await page.getByRole('button', {name: '≥'}).click();
  await page.locator('[data-leaks]:not([data-leaks="0"])[aria-busy="false"]').waitFor();
  assert.ok(!((await page.evaluate('seen')) as string[]).includes('false 0'));
  await page.close();
});

const LOSING = `
  globalThis.lose = false;
  globalThis.Worker = class extends Worker {
    postMessage(message) {
      if (!lose) return super.postMessage(message);
      lose = false;
      setTimeout(() => this.dispatchEvent(new ErrorEvent('error', {message: 'lost'})));
    }
  };`;

test('masks by hand: a worker that is lost is told, and what is asked next is answered', {skip}, async () => {
  const page = await open('#hand', LOSING);
  const verdict = page.locator('[data-leaks][aria-busy="false"]');
  await verdict.waitFor();
  await page.evaluate('lose = true');
  await page.getByRole('button', {name: '≥'}).click();
  await page.getByRole('alert').getByText("The page's worker stopped: lost").waitFor();
  await page.getByRole('button', {name: 'As it was'}).click();
  await verdict.waitFor();
  assert.equal(await page.getByRole('alert').count(), 0);
  await page.close();
});
