import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as http from 'node:http';
import type {AddressInfo} from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {fileURLToPath, pathToFileURL} from 'node:url';
import type {Page} from 'playwright-core';
import {STOPS} from '../../playground/tour';
import {linkPlayground} from '../../scripts/playground/link';
import {Playground, painted, skip} from './tools';

let playground: Playground;
test.before(async () => {
  if (!skip) playground = await Playground.build();
});
test.after(() => playground?.close());

const VIEWS = ['draw', 'see', 'pixel', 'luck', 'hand', 'learn'];
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** Serious findings of axe-core on the page as it stands, one line each. */
async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(`axe.run({preload: false}).then(({violations}) => violations
    .filter(({impact}) => impact === 'serious' || impact === 'critical')
    .map(({id, nodes}) => id + ': ' + nodes.map(({html}) => html).join(' | ')))`);
}

test('every view: names for screen readers, no serious finding, nothing wider than 360 pixels, one surprise and its notebook', {
  skip,
}, async () => {
  const {page, wrong} = await playground.open('#draw', {
    viewport: {width: 360, height: 800},
    deviceScaleFactor: 2,
    reducedMotion: 'reduce',
  });
  for (const view of VIEWS) {
    await page.evaluate(`location.hash = ${JSON.stringify(view)}`);
    await page.locator(`nav a[href="#${view}"][aria-current="page"]`).waitFor();
    assert.deepEqual(await findings(page), [], view);
    assert.equal(
      await page.evaluate('document.documentElement.scrollWidth'),
      360,
      `${view} is wider than the screen`,
    );
    assert.equal(await page.locator('.task').count(), 1);
    assert.equal(await page.locator('.surprise').count(), 1);
    const notebook = ((await page.locator('.notebook').textContent()) ?? '').replace('Notebook ', '');
    assert.ok(fs.existsSync(path.join('notebooks', `${notebook}.ipynb`)), notebook);
  }
  assert.deepEqual(wrong, []);
  await page.close();
});

test('notebooks, results and README are at hand within the project, and a notebook leads back to its view', {
  skip,
}, async () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'course-'));
  const folder = path.join(root, 'build', 'playground');
  try {
    fs.cpSync(playground.folder, folder, {recursive: true});
    fs.mkdirSync(path.join(root, 'notebooks'));
    for (const file of fs.readdirSync('notebooks').filter((name) => name.endsWith('.ipynb'))) {
      fs.copyFileSync(path.join('notebooks', file), path.join(root, 'notebooks', file));
    }
    for (const file of ['build/index.html', 'build/02-made-masks.html', 'README.md']) {
      fs.writeFileSync(path.join(root, file), '');
    }
    linkPlayground(root, folder);
    const own = pathToFileURL(path.join(folder, 'index.html')).href;
    const {page, wrong} = await playground.open('#draw', {viewport: {width: 360, height: 800}}, own);
    const targets = await page
      .locator('nav.course a:not([aria-current])')
      .evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).href));
    assert.equal(targets.length, 3);
    assert.deepEqual(await findings(page), []);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360);
    for (const view of VIEWS) {
      await page.evaluate(`location.hash = ${JSON.stringify(view)}`);
      await page.locator(`nav a[href="#${view}"][aria-current="page"]`).waitFor();
      const link = page.locator('.notebook a');
      targets.push(new URL((await link.getAttribute('href')) ?? '', own).href);
      const notebook = ((await link.textContent()) ?? '').replace('Notebook ', '');
      const back = fs.readFileSync(path.join('notebooks', `${notebook}.ipynb`), 'utf8');
      assert.ok(back.includes(`(../build/playground/index.html#${view})`), `${notebook} does not lead back`);
    }
    for (const target of targets) assert.ok(fs.existsSync(fileURLToPath(target)), target);
    assert.ok(targets.some((target) => target.endsWith('/build/02-made-masks.html')));
    assert.deepEqual(wrong, []);
    await page.close();
    // Elsewhere it stands alone.
    linkPlayground(root, playground.folder);
    const alone = await playground.open('#draw');
    await alone.page.locator('.notebook').waitFor();
    assert.equal(await alone.page.locator('nav.course, .notebook a').count(), 0);
    await alone.page.close();
  } finally {
    fs.rmSync(root, {recursive: true});
  }
});

test('the tour has six stops, each on its view; a clicker goes on and back', {skip}, async () => {
  const {page, wrong} = await playground.open('#tour-1');
  assert.equal(STOPS.length, 6);
  for (const [k, {title, view}] of STOPS.entries()) {
    await page.getByText(`Stop ${k + 1} of 6: ${title}.`).waitFor();
    assert.equal(await page.locator(`nav a[href="#${view}"][aria-current="page"]`).count(), 1);
    await page.keyboard.press('PageDown');
  }
  await page.keyboard.press('PageUp');
  await page.getByText(`Stop 5 of 6`).waitFor();
  assert.deepEqual(wrong, []);
  await page.close();
});

test('keyboard alone: a pixel is drawn, a part hidden, and a stop leaves what is there', {skip}, async () => {
  const {page, wrong} = await playground.open('#draw', {reducedMotion: 'reduce'});
  await page.locator('.row[data-weights="pixelcnn/digits"][aria-busy="false"]').waitFor();
  await page.getByRole('button', {name: 'Clear'}).press('Enter');
  const board = page.getByRole('application');
  await board.focus();
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight', 'Space']) await page.keyboard.press(key);
  await page.locator('.hidden-text', {hasText: 'row 3, column 2'}).waitFor();
  await page.getByRole('button', {name: 'lower half'}).press('Enter');
  await page.locator('.row[data-weights="pixelcnn/digits"][aria-busy="false"]').waitFor();
  await page.getByText('pixel 392 of 392').waitFor();
  const shown = await painted(page, '.row[data-weights="pixelcnn/digits"] canvas');
  const given = shown.slice(0, 392).flatMap((value, i) => (value ? [i] : []));
  // A pen is two pixels wide.
  assert.deepEqual(given, [57, 58, 85, 86]);
  await page.getByRole('button', {name: 'Other luck (seed 0)'}).press('Enter');
  await page.getByRole('button', {name: 'Stop'}).press('Enter');
  assert.deepEqual(wrong, []);
  await page.close();
});

test('masks by hand: the sum leaves 1 exactly where something leaks', {skip}, async () => {
  const {page, wrong} = await playground.open('#hand');
  const sum = async (leaks: string): Promise<number> => {
    const found = page.locator(`[data-leaks][aria-busy="false"]${leaks}`);
    await found.waitFor();
    return Number(await found.getAttribute('data-sum'));
  };
  assert.ok(Math.abs((await sum('[data-leaks="0"]')) - 1) < 1e-5);
  await page.getByRole('button', {name: '≥'}).click();
  assert.ok(Math.abs((await sum('[data-leaks="3"]')) - 1) > 1e-3);
  await page.getByRole('button', {name: 'As it was'}).click();
  await sum('[data-leaks="0"]');
  // Degrees alone never leak, whatever they are.
  await page.getByRole('button', {name: 'Hidden unit 1: degree 1'}).click();
  assert.ok(Math.abs((await sum('[data-leaks="0"]')) - 1) < 1e-5);
  await page.getByRole('button', {name: 'from unit 5 to output 1'}).click();
  assert.ok(Math.abs((await sum(':not([data-leaks="0"])')) - 1) > 1e-3);
  await page.getByRole('button', {name: 'a 3 × 3 kernel'}).click();
  assert.ok(Math.abs((await sum('[data-leaks="0"]')) - 1) < 1e-5);
  await page.getByRole('button', {name: 'center'}).click();
  assert.ok(Math.abs((await sum(':not([data-leaks="0"])')) - 1) > 1e-3);
  await page.getByRole('button', {name: 'Mask A, as it was'}).click();
  await sum('[data-leaks="0"]');
  // Mask B at the start differs from A by the center, which leaks.
  await page.getByRole('button', {name: 'Mask B'}).click();
  assert.ok(Math.abs((await sum(':not([data-leaks="0"])')) - 1) > 1e-3);
  assert.equal(await page.getByRole('button', {name: 'center, leaks: 1'}).count(), 1);
  assert.deepEqual(wrong, []);
  await page.close();
});

test('it learns: the score of new digits falls, samples are drawn, and it stops when asked', {
  skip,
}, async () => {
  const {page, wrong} = await playground.open('#learn');
  await page.getByRole('button', {name: '4 features'}).click();
  await page.getByRole('button', {name: 'Train'}).click();
  const words = page.locator('[data-state]');
  await words.filter({hasText: 'New digits cost'}).waitFor();
  const nats = /New digits cost ([\d.]+) nats/.exec((await words.textContent()) ?? '')?.[1];
  // 196 coin throws are 136 nats.
  assert.ok(Number(nats) < 100, `${nats} nats`);
  assert.equal(await page.locator('.small-picture').count(), 8);
  await page.getByRole('button', {name: 'Stop'}).click();
  await page.locator('[data-state="stopped"]').waitFor();
  await page.getByRole('button', {name: 'Train'}).waitFor();
  assert.deepEqual(wrong, []);
  await page.close();
});

test('the same folder from a static server: nothing is asked of another', {skip}, async () => {
  const served: string[] = [];
  const server = http.createServer(({url = '/'}, response) => {
    const name = new URL(url, 'http://localhost').pathname;
    served.push(name);
    const file = path.join(playground.folder, name === '/' ? 'index.html' : name);
    const types: Record<string, string> = {
      '.html': 'text/html',
      '.css': 'text/css',
      '.js': 'text/javascript',
    };
    if (!fs.existsSync(file)) response.writeHead(404).end();
    else
      response.writeHead(200, {'Content-Type': types[path.extname(file)] ?? ''}).end(fs.readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const {page, wrong} = await playground.open(`${origin}#draw`);
    page.on('request', (request) => void (/^(blob|data):/.test(request.url()) || wrong.push(request.url())));
    await page.locator('.row[data-weights="pixelcnn/digits"][aria-busy="false"]').waitFor();
    assert.ok(!served.some((name) => name.includes('made')), 'MADE is loaded before it is asked for');
    assert.deepEqual(
      wrong.filter((line) => !line.startsWith(origin)),
      [],
    );
    await page.close();
  } finally {
    server.close();
  }
});

test('missing and damaged weights, no WebAssembly: a sentence, and the other models go on', {
  skip,
}, async () => {
  const file = (name: string): string => path.join(playground.folder, 'weights', `${name}.js`);
  const texts = new Map(
    ['pixelcnn-digits', 'gated-digits'].map((name) => [name, fs.readFileSync(file(name), 'utf8')]),
  );
  fs.rmSync(file('pixelcnn-digits'));
  fs.writeFileSync(file('gated-digits'), (texts.get('gated-digits') ?? '').slice(0, 90_000).concat('"'));
  try {
    const page = await playground.browser.newPage({reducedMotion: 'reduce'});
    await page.addInitScript('delete globalThis.WebAssembly');
    // The worker has its own globals.
    await page.addInitScript(`{
      const own = Blob;
      globalThis.Blob = function (parts, options) { return new own(['delete globalThis.WebAssembly;', ...parts], options); };
    }`);
    page.setDefaultTimeout(60_000);
    await page.goto(`file://${path.join(playground.folder, 'index.html')}`);
    await page.getByText('WebAssembly does not run in this browser').waitFor();
    await page.getByText('weights/pixelcnn-digits.js is missing beside this page').waitFor();
    await page.getByText(/gated-digits\.js is damaged|Checkpoint gated\/digits: /).waitFor();
    await page.locator('.row[data-weights="rowlstm/digits"] figcaption', {hasText: 'nats'}).first().waitFor();
    await page.close();
  } finally {
    for (const [name, text] of texts) fs.writeFileSync(file(name), text);
  }
});
