import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {pathToFileURL} from 'node:url';
import {pageHtml} from '../../lib/figures/page';
import {projectRoot} from '../../lib/storage/paths';
import {findChromium, startBrowser} from '../../scripts/notebooks/browser';
import {markdownTables, pageFigures, writePage} from '../../scripts/notebooks/page';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'page-'));
test.after(() => fs.rmSync(folder, {recursive: true}));
const places = {
  hrefOf: (notebook: string) => `${notebook}.ipynb`,
  plotly: 'plotly.js',
  playground: null,
  readme: null,
};

test('tables of Markdown, with the words above them as captions', () => {
  const tables = markdownTables(
    '# Digits\n\n| a | b |\n|---|---|\n| x | 1 |\n| y | – |\n\nColor:\n\n| c |\n|---|\n| z |\n',
  );
  assert.deepEqual(tables, [
    {
      caption: 'Digits',
      header: ['a', 'b'],
      rows: [
        ['x', '1'],
        ['y', '–'],
      ],
    },
    {caption: 'Color', header: ['c'], rows: [['z']]},
  ]);
});

test('no word of a figure can break the page', () => {
  const words = {
    title: '<b>"&',
    description: '</script><script>',
    notebook: 'x" onload="y',
    command: 'a < b',
    minutes: 1,
  };
  const chart = {data: [], layout: {width: 10, height: 10, meta: words}} as never;
  const figure = {id: 'evil', src: 'evil.png', words, chart, picture: {width: 1, height: 1}};
  const html = pageHtml({tables: [], figures: [figure], ...places});
  assert.ok(html.includes('&lt;b&gt;&quot;&amp;'));
  assert.ok(!html.includes('</script><script>'));
  assert.ok(!html.includes('" onload="'));
});

test('the course is at hand: the playground, the notebooks and the README, where they are', () => {
  const words = {title: 't', description: 'd', notebook: '01-a', command: 'npm start', minutes: 1};
  const figure = {id: 'a', src: 'a.png', words, chart: null, picture: null};
  const bar = (more: {playground: string | null; readme: string | null}): string[] => {
    const html = pageHtml({tables: [], figures: [figure], ...places, ...more});
    const nav = /<nav class="course".*?<\/nav>/s.exec(html)?.[0] ?? '';
    return [...nav.matchAll(/href="([^"]*)"/g)].map(([, href]) => href);
  };
  assert.deepEqual(bar({playground: 'playground/index.html', readme: '../README.md'}), [
    ...['#', 'playground/index.html', '01-a.ipynb', '../README.md'],
  ]);
  assert.deepEqual(bar({playground: null, readme: null}), ['#', '01-a.ipynb']);
});

test('a chart without a picture says so', () => {
  const words = {title: 't', description: 'd', notebook: '01-a', command: 'npm start', minutes: 1};
  const html = pageHtml({
    tables: [],
    figures: [{id: 'a', src: 'a.png', words, chart: null, picture: null}],
    ...places,
  });
  assert.match(html, /There is no picture of this chart/);
});

test("a paper's picture stands beside ours where it was cut out, else a frame with number and link", () => {
  const data = path.join(folder, 'data');
  const file = path.join(folder, 'beside.html');
  const before = process.env.AUTOREGRESSIVE_DATA;
  process.env.AUTOREGRESSIVE_DATA = data;
  try {
    const figureHtml = (id: string): string => {
      writePage(projectRoot(), file);
      return new RegExp(`<figure id="${id}".*?</figure>`, 's').exec(fs.readFileSync(file, 'utf8'))?.[0] ?? '';
    };
    assert.match(
      figureHtml('made-samples'),
      /class="place".*arxiv\.org\/pdf\/1502\.03509#page=8">MADE, figure 3</s,
    );
    assert.match(figureHtml('made-samples'), /Reported: 86\.64 nats.*npm run paper-figures/s);
    fs.mkdirSync(path.join(data, 'paper-figures'), {recursive: true});
    fs.writeFileSync(path.join(data, 'paper-figures', 'made-figure-3.png'), 'a picture');
    assert.match(
      figureHtml('made-samples'),
      /<img class="paper" src="data\/paper-figures\/made-figure-3\.png"/,
    );
    assert.doesNotMatch(figureHtml('made-samples'), /class="place"/);
  } finally {
    if (before === undefined) delete process.env.AUTOREGRESSIVE_DATA;
    else process.env.AUTOREGRESSIVE_DATA = before;
  }
});

const skip = findChromium() === null ? 'no Chromium on this machine' : false;

test('the page in a browser: every chart drawn, every picture there, no error, nothing fetched', {
  skip,
}, async () => {
  const root = projectRoot();
  const file = path.join(folder, 'index.html');
  writePage(root, file);
  const figures = pageFigures([path.join(root, 'build', 'figures'), path.join(root, 'figures')]);
  assert.ok(figures.length > 50);
  const browser = await startBrowser(findChromium() as string);
  try {
    const page = await browser.newPage({viewport: {width: 1280, height: 900}});
    const wrong: string[] = [];
    page.on('console', (message) => void (message.type() === 'error' && wrong.push(message.text())));
    page.on('pageerror', (error) => void wrong.push(error.message));
    page.on(
      'request',
      (request) => void (/^(file|data|blob):/.test(request.url()) || wrong.push(request.url())),
    );
    page.on('requestfailed', (request) => void wrong.push(`failed: ${request.url()}`));
    await page.goto(pathToFileURL(file).href);
    for (const {id, chart} of figures) {
      const figure = page.locator(`figure[id="${id}"]`);
      assert.equal(await figure.count(), 1, id);
      await figure.scrollIntoViewIfNeeded();
      if (chart === null) {
        await page.waitForFunction(`document.querySelector('figure[id="${id}"] img').naturalWidth > 0`);
      } else {
        await figure.locator('[data-drawn] .main-svg').first().waitFor({timeout: 20_000});
      }
    }
    assert.deepEqual(wrong, []);
    // Headings go down by one at a time.
    const levels = await page.$$eval('h1, h2, h3', (all) => all.map((heading) => Number(heading.tagName[1])));
    levels.slice(1).forEach((level, k) => void assert.ok(level <= levels[k] + 1, `heading ${k + 1}`));
    // The first key brings the way past the contents.
    await page.evaluate('window.scrollTo(0, 0)');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate('document.activeElement.className'), 'skip');
  } finally {
    await browser.close();
  }
});

test('the page on a phone, and without Plotly: pictures in place of charts, nothing wider than the screen', {
  skip,
}, async () => {
  const file = path.join(folder, 'phone.html');
  writePage(projectRoot(), file);
  const broken = fs
    .readFileSync(file, 'utf8')
    .replace('plotly.js-dist/plotly.js', 'plotly.js-dist/absent.js');
  fs.writeFileSync(file, broken);
  const browser = await startBrowser(findChromium() as string);
  try {
    const page = await browser.newPage({viewport: {width: 360, height: 740}});
    await page.goto(pathToFileURL(file).href);
    const size = await page.evaluate<number[]>(
      '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
    );
    assert.ok(size[0] <= size[1], `${size[0]} pixels wide on a screen of ${size[1]}`);
    assert.ok(
      await page.locator('.wide + p').first().isVisible(),
      'a table that is cut says that it scrolls',
    );
    const first = page.locator('[data-chart] img').first();
    await first.scrollIntoViewIfNeeded();
    await page.waitForFunction(`document.querySelector('[data-chart] img').naturalWidth > 0`);
  } finally {
    await browser.close();
  }
});
