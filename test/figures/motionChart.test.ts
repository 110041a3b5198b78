import assert from 'node:assert/strict';
import test from 'node:test';
import {heatmap} from '../../lib/figures/heatmap';
import {motionChart} from '../../lib/figures/motionChart';
import {pictureChart} from '../../lib/figures/pictureChart';
import {imageGrid} from '../../lib/figures/png';
import type {JsonObject} from '../../lib/figures/style';
import {findChromium, startBrowser} from '../../scripts/notebooks/browser';

const text = {title: 'Bits', description: 'A bit that moves.'};
const picture = (...pixels: number[]) =>
  pictureChart(
    imageGrid({
      ...text,
      images: {pixels: Uint8Array.from(pixels), count: 1, height: 1, width: pixels.length, channels: 1},
    }),
  );
const field = (seen: number) =>
  heatmap({
    ...text,
    scale: 'mask',
    quantity: 'seen',
    panels: [{title: `${seen} seen`, rows: 1, columns: 3, values: [0, 1, 2].map((k) => Number(k < seen))}],
  });

test('a motion chart shows its last chart, and of each what is its own', () => {
  const [first, last] = [picture(1, 0), picture(0, 1)];
  const {data, frames = [], layout} = motionChart([first, last], ['one', 'two']);
  assert.deepEqual(data, last.data);
  assert.deepEqual(
    frames.map(({name}) => name),
    ['one', 'two'],
  );
  assert.deepEqual(frames[0], {name: 'one', data: [{source: first.data[0].source}]});
  assert.ok((layout.height as number) > (last.layout.height as number));
  const [slider] = layout.sliders as unknown as {steps: {args: unknown[]}[]}[];
  assert.deepEqual(
    slider.steps.map(({args}) => args[0]),
    [['one'], ['two']],
  );
});

test('heatmaps: cells and panel titles change, the drawing keeps its size', () => {
  const charts = [1, 2, 3].map(field);
  const {frames = [], layout} = motionChart(charts, ['a', 'b', 'c']);
  assert.deepEqual(Object.keys(frames[0].data[0]), ['z']);
  const {layout: own} = frames[0];
  assert.ok(own);
  const [caption, title] = own.annotations as JsonObject[];
  assert.equal(title.text, '1 seen');
  assert.equal(caption.yshift, (layout.annotations as JsonObject[])[0].yshift);
  const inner = ({height, margin}: JsonObject): number =>
    Number(height) - Number((margin as JsonObject).t) - Number((margin as JsonObject).b);
  assert.equal(inner(layout), inner(charts[2].layout));
});

test('charts of one kind and size, two at least, each with a name of its own', () => {
  assert.throws(() => motionChart([picture(1)], ['one']), /two charts at least/);
  assert.throws(() => motionChart([picture(1), picture(0)], ['one']), /got 2 and the names one/);
  assert.throws(() => motionChart([picture(1), picture(0)], ['one', 'one']), /a name of its own/);
  assert.throws(() => motionChart([picture(1, 0), picture(1)], ['a', 'b']), /all charts must be/);
});

const skip = findChromium() === null ? 'no Chromium on this machine' : false;

test('in a browser: the play button brings each chart in its turn, and nothing covers anything', {
  skip,
}, async () => {
  const browser = await startBrowser(findChromium() as string);
  try {
    const page = await browser.newPage();
    await page.setContent('<body style="margin: 0"><div id="chart"></div></body>');
    await page.addScriptTag({path: require.resolve('plotly.js-dist/plotly.js')});
    const {data, layout, frames} = motionChart([1, 2, 3].map(field), ['a', 'b', 'c']);
    await page.evaluate(`(async () => {
      window.shown = [];
      const box = document.getElementById('chart');
      await Plotly.newPlot(box, ${JSON.stringify(data)}, ${JSON.stringify(layout)});
      await Plotly.addFrames(box, ${JSON.stringify(frames)});
      box.on('plotly_animatingframe', ({name}) => window.shown.push(name + ' ' + box.data[0].z[0].join('')));
    })()`);
    const boxes = await page.evaluate<
      number[][]
    >(`['.heatmaplayer', '.slider-container', '.annotation'].map((one) => {
      const {top, bottom} = document.querySelector(one).getBoundingClientRect();
      return [top, bottom];
    })`);
    const [[, drawing], [slider, sliderEnd], [caption]] = boxes;
    assert.ok(drawing <= slider && sliderEnd <= caption + 1, JSON.stringify(boxes));
    await page.locator('.updatemenu-button').click();
    await page.waitForFunction('window.shown.length >= 3');
    // Each is announced while the one before it is still there.
    assert.deepEqual(await page.evaluate('window.shown'), ['a 111', 'b 100', 'c 110']);
    await page.waitForFunction(`document.getElementById('chart').data[0].z[0].join('') === '111'`);
  } finally {
    await browser.close();
  }
});
