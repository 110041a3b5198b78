import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import test from 'node:test';
import {lineChart} from '../../lib/figures/charts';
import {pictureChart} from '../../lib/figures/pictureChart';
import {imageGrid} from '../../lib/figures/png';
import {plotlyMime} from '../../lib/figures/show';
import type {Chart} from '../../lib/figures/style';
import {projectRoot} from '../../lib/storage/paths';
import {findChromium, startBrowser} from '../../scripts/notebooks/browser';
import {type Cell, chartsOf, type Notebook, type Output} from '../../scripts/notebooks/notebook';
import {idleFacts, lostNotebooks, oddWords, unheldNumbers, wrongReferences} from './claims';
import {cutTables, failedProofs, flatPictures, twinLines} from './drawings';

const folder = path.join(projectRoot(), 'notebooks');
const notebooks = new Map(
  fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.ipynb'))
    .map((name) => [name, JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8')) as Notebook]),
);
const numbers = [...notebooks.keys()].map((name) => name.slice(0, 2));

for (const [name, notebook] of notebooks) {
  test(`${name}: every claim is held by a cell or a source`, () => {
    const wrong = [
      ...unheldNumbers(notebook, name),
      ...wrongReferences(notebook, name),
      ...lostNotebooks(notebook, name, numbers),
      ...failedProofs(notebook, name),
      ...cutTables(notebook, name),
      ...flatPictures(notebook, name),
      ...twinLines(notebook, name),
      ...oddWords(notebook, name),
    ];
    assert.deepEqual(wrong, []);
  });
}

test('every quoted fact is quoted', () => void assert.deepEqual(idleFacts(notebooks), []));

const skip = findChromium() === null ? 'no Chromium on this machine' : false;

test('no title of a chart lies on its legend or leaves the chart', {skip}, async () => {
  const charts = [...notebooks].flatMap(([name, notebook]) =>
    chartsOf(notebook)
      .filter(({layout}) => layout.showlegend === true)
      .map((chart) => ({name, chart})),
  );
  assert.ok(charts.length > 10);
  const wrong = await collisions(charts.map(({chart}) => chart));
  assert.deepEqual(
    wrong.map((k) => `${charts[k].name}: ${charts[k].chart.layout.meta.title}`),
    [],
  );
  const {layout, data} = charts[0].chart;
  const legend = {...(layout.legend as object), y: 1.12} as Chart['layout']['meta'];
  assert.deepEqual(await collisions([{data, layout: {...layout, legend}}]), [0], 'a control');
});

/** The places in the list of those charts whose title touches the legend, or is wider than the chart. */
async function collisions(charts: readonly Chart[]): Promise<number[]> {
  const browser = await startBrowser(findChromium() as string);
  try {
    const page = await browser.newPage();
    await page.setContent('<body style="margin: 0"><div id="chart"></div></body>');
    await page.addScriptTag({path: require.resolve('plotly.js-dist/plotly.js')});
    const found: number[] = [];
    for (const [k, {data, layout}] of charts.entries()) {
      const touches = await page.evaluate<boolean>(`(async () => {
        await Plotly.newPlot('chart', ${JSON.stringify({data, layout, config: {staticPlot: true}})});
        const [title, legend] = ['.gtitle', '.legend'].map((one) => document.querySelector(one).getBoundingClientRect());
        return title.bottom > legend.top || title.right > ${Number(layout.width)};
      })()`);
      if (touches) found.push(k);
    }
    return found;
  } finally {
    await browser.close();
  }
}

/** A notebook of one paragraph and one cell, with what that cell left behind. */
function small(prose: string, source: string, outputs: readonly Output[]): Notebook {
  const cells: Cell[] = [
    {
      cell_type: 'markdown',
      id: 'cell-01',
      metadata: {},
      source: '# 05 · PixelCNN\n\n**Paper:** Pixel Recurrent Neural Networks',
    },
    {cell_type: 'markdown', id: 'cell-02', metadata: {}, source: prose},
    {cell_type: 'code', id: 'cell-03', metadata: {}, source, outputs},
  ];
  return {cells, metadata: {}, nbformat: 4, nbformat_minor: 5};
}

const printed = (text: string): Output => ({output_type: 'stream', name: 'stdout', text});
const drawn = (chart: Chart): Output => ({
  output_type: 'display_data',
  data: {[plotlyMime]: chart, 'text/plain': 't: d'},
});

test('control: a wrong number in prose, a title or a caption is found, a right one is not', () => {
  const held = (prose: string, source = '', text = 'test 81.31 nats, 10000 digits'): string[] =>
    unheldNumbers(small(prose, source, [printed(text)]), '05-x.ipynb');
  assert.deepEqual(
    held('It needs 81.31 nats for 10,000 digits (see notebook 07, section 3.5, $x_{17}$, `k = 9`).'),
    [],
  );
  assert.equal(held('It needs 81.13 nats.').length, 1);
  assert.equal(held('It saves 30 % of them.').length, 1);
  assert.deepEqual(held('A window of 9 pixels', 'const side = 9;'), []);
  assert.equal(
    held('A window of 9 nats', 'const side = 9;').length,
    1,
    'what was measured must be printed, not set',
  );
  assert.equal(held('', "draw({title: 'Only 78.90 nats'})").length, 1);
  assert.equal(held('', "draw({title: 'x', description: 'Seen by 77 digits.'}) // 77").length, 1);
  // Templates, without those signs in this file being taken for one.
  const computed = '#{score.toFixed(2)} nats, #{of((k) => k + 99)}'.replaceAll('#', '$');
  assert.deepEqual(held('', `draw({title: \`Only ${computed}\`})`), []);
  assert.equal(held('', `draw({title: \`Only ${computed}, not 98\`})`).length, 1);
});

test('control: wrong sections, tables, figures and notebooks are found', () => {
  const wrong = (prose: string): string[] => wrongReferences(small(prose, '', []), '05-x.ipynb');
  assert.deepEqual(
    wrong(
      'A masked convolution, section 3.4. PixelCNN, section 3.5. Digits of table 4, photographs of table 5.',
    ),
    [],
  );
  assert.equal(wrong('The network of section 3.4').length, 1);
  assert.equal(wrong('Depth, see table 2').length, 1);
  assert.equal(wrong('Residual connections, see PixelRNN, table 3').length, 1);
  assert.equal(wrong('See section 7.9').length, 1);
  assert.equal(wrong('The blind spot (PixelRNN, figure 17)').length, 1);
  assert.equal(lostNotebooks(small('See notebooks 04 and 17', '', []), '05', numbers).length, 1);
});

test('control: a failed proof, a table cut by rows, columns or words, and an odd word are found', () => {
  const found = (text: string): string[] => {
    const notebook = small('', '', [printed(text)]);
    return [...cutTables(notebook, 'x'), ...failedProofs(notebook, 'x')];
  };
  const table = (rows: readonly string[]): string => rows.map((row) => `║ ${row} ║`).join('\n');
  assert.deepEqual(found(table(['  │ model │ nats', '0 │ MADE │ 85.61', '1 │ PixelCNN │ 81.31'])), []);
  assert.equal(found(table(['  │ model', '0 │ MADE', '2 │ Gated'])).length, 1);
  assert.equal(found(table(['  │ model', '0 │ Gated Pix...'])).length, 1);
  assert.equal(found('[ 1, 2, ... 3 more items ]').length, 1);
  assert.equal(found('the same pixels: false').length, 1);
  assert.equal(oddWords(small('Nats reckoned by hand', '', []), 'x').length, 1);
});

test('control: pictures of one color and lines that look the same are found', () => {
  const words = {title: 'A digit', description: 'Two digits.'};
  const picture = (pixels: number[]): Notebook => {
    const images = {pixels: Uint8Array.from(pixels), count: 2, height: 2, width: 2, channels: 1};
    return small('', '', [drawn(pictureChart(imageGrid({...words, images, scale: 4})))]);
  };
  assert.deepEqual(flatPictures(picture([0, 1, 1, 0, 1, 0, 0, 1]), 'x'), []);
  assert.equal(flatPictures(picture([0, 1, 1, 0, 0, 0, 0, 0]), 'x').length, 1);
  const line = {x: [0, 1], y: [0, 1]};
  const chart = lineChart({
    ...words,
    x: {label: 'x'},
    y: {label: 'y'},
    series: [
      {...line, name: 'a', model: 'made'},
      {...line, name: 'b'},
      {...line, name: 'c', model: 'made', second: true},
    ],
  });
  assert.deepEqual(twinLines(small('', '', [drawn(chart)]), 'x'), []);
  const twins = {...chart, data: chart.data.map((trace) => ({...trace, line: chart.data[0].line}))};
  assert.equal(twinLines(small('', '', [drawn(twins)]), 'x').length, 2);
});
