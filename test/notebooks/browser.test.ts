import assert from 'node:assert/strict';
import test from 'node:test';
import {decode} from 'fast-png';
import {lineChart} from '../../lib/figures/charts';
import {heatmap} from '../../lib/figures/heatmap';
import {pictureChart} from '../../lib/figures/pictureChart';
import {imageGrid} from '../../lib/figures/png';
import {chartKey, drawCharts, findChromium} from '../../scripts/notebooks/browser';

const text = {title: 'Title', description: 'What is seen.', notebook: '01-autoregression'};
const images = {pixels: Uint8Array.of(0, 1, 1, 0), count: 1, height: 2, width: 2, channels: 1};
const charts = [
  lineChart({...text, x: {label: 'x'}, y: {label: 'y'}, series: [{name: 'a', x: [0, 1], y: [0, 1]}]}),
  heatmap({...text, scale: 'mask', quantity: 'mask', panels: [{rows: 2, columns: 2, values: [1, 0, 0, 1]}]}),
  pictureChart(imageGrid({...text, images, scale: 8})),
];
const skip = findChromium() === null ? 'no Chromium on this machine' : false;

test('charts become pictures of twice their size, with ink on them, in one browser', {skip}, async () => {
  const pictures = await drawCharts([...charts, charts[0]]);
  assert.equal(pictures?.length, 4);
  charts.forEach((chart, i) => {
    const {width, height, data} = decode((pictures as Buffer[])[i]);
    assert.deepEqual(
      [width, height],
      [Math.round(2 * Number(chart.layout.width)), 2 * Number(chart.layout.height)],
    );
    // Tones are few, so that the file is small; an empty chart has one or two.
    const tones = new Set(data).size;
    assert.ok(tones > 4, `letters and lines: chart ${i} has ${tones} tones`);
  });
  assert.equal(pictures?.[3], pictures?.[0], 'the same chart is drawn once');
});

test('without a Chromium there are no pictures, and nothing fails', async () => {
  const before = process.env.CHROMIUM;
  try {
    process.env.CHROMIUM = '/nowhere/chromium';
    assert.equal(await drawCharts(charts), null);
  } finally {
    if (before === undefined) delete process.env.CHROMIUM;
    else process.env.CHROMIUM = before;
  }
});

test('the words of a chart do not change its picture', () => {
  const [chart] = charts;
  const other = {...chart, layout: {...chart.layout, meta: {...chart.layout.meta, minutes: 3}}};
  assert.equal(chartKey(other), chartKey(chart));
  // As nbformat writes it: names of settings by the alphabet.
  const {layout, ...rest} = chart;
  const sorted = Object.fromEntries(Object.entries(layout).sort(([a], [b]) => (a < b ? -1 : 1)));
  assert.notEqual(JSON.stringify(sorted), JSON.stringify(layout));
  assert.equal(chartKey({...rest, layout: sorted as typeof layout}), chartKey(chart));
});
