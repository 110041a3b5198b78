import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {lineChart} from '../../lib/figures/charts';
import {imageGrid} from '../../lib/figures/png';
import {loadFigure, saveFigure} from '../../lib/figures/save';
import {type Display, duration, plotlyMime, progressLine, show, showProgress} from '../../lib/figures/show';
import {figureList} from '../../scripts/notebooks/figures';

const text = {title: 'Title', description: 'What is seen.', notebook: '01-autoregression', seed: 0};
const series = [{name: 'a', x: [0, 1], y: [0, 1]}];
const chart = lineChart({...text, x: {label: 'x'}, y: {label: 'y'}, series});
const images = {pixels: Uint8Array.of(1), count: 1, height: 1, width: 1, channels: 1};
const picture = imageGrid({...text, paper: 'MADE, figure 3', images});

class Recorder implements Display {
  readonly shown: [string, unknown][] = [];
  raw(mimeType: string, data: unknown): void {
    this.shown.push([mimeType, data]);
  }
}

test('a chart is shown as an object, a picture as PNG bytes', () => {
  const display = new Recorder();
  show(display, chart);
  show(display, picture);
  assert.deepEqual(display.shown[0], [plotlyMime, chart]);
  assert.equal(display.shown[1][0], 'image/png');
  assert.deepEqual(Array.from((display.shown[1][1] as Uint8Array).subarray(1, 4)), [0x50, 0x4e, 0x47]);
});

test('progress: a line in words, drawn seldom, but always at the end', () => {
  assert.equal(
    progressLine({done: 1, total: 4, seconds: 10, note: '88.12 nats'}),
    '█████░░░░░░░░░░░░░░░  25 %  88.12 nats  30 s to go',
  );
  assert.equal(progressLine({done: 0, total: 4, seconds: 0}), '░░░░░░░░░░░░░░░░░░░░   0 %');
  const display = new Recorder();
  const update = showProgress(display);
  for (let done = 1; done <= 100; done++) update({done, total: 100, seconds: done});
  assert.equal(display.shown.length, 2);
  assert.match(String(display.shown[1][1]), /100 % {2}1 min 40 s in all/);
});

test('seconds in words', () => {
  assert.deepEqual([0.4, 59.7, 185, 7810].map(duration), ['0 s', '1 min 00 s', '3 min 05 s', '2 h 10 min']);
});

test('saved figures carry their words, and figures/README.md lists them', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'figures-'));
  try {
    saveFigure('a-curve', chart, {minutes: 1, folder});
    saveFigure('a-grid', picture, {minutes: 23, command: 'npm run train -- made', folder});
    const list = figureList(folder);
    assert.match(
      list,
      /\| a-curve \(interactive only\) \| Title \| {2}\| \[01-autoregression\].* \| `npm start` \| 0 \| 1 \|/,
    );
    assert.match(
      list,
      /\| \[a-grid\]\(a-grid.png\) \| Title \| MADE, figure 3 \| .* \| `npm run train -- made` \| 0 \| 23 \|/,
    );
    const {data, layout} = loadFigure('a-curve', [path.join(folder, 'nowhere'), folder]);
    assert.deepEqual(data, JSON.parse(JSON.stringify(chart.data)));
    assert.equal(layout.meta?.title, 'Title');
    assert.throws(() => loadFigure('a-grid', [folder]), /there is no figure .*a-grid\.json/);
    assert.throws(() => saveFigure('../x', chart, {minutes: 1, folder}), /id must be lower case words/);
    assert.deepEqual(fs.readdirSync(folder).sort(), ['a-curve.json', 'a-grid.png']);
  } finally {
    fs.rmSync(folder, {recursive: true});
  }
});

test('the first figure of a fresh checkout makes its folder', () => {
  const above = fs.mkdtempSync(path.join(os.tmpdir(), 'figures-'));
  try {
    saveFigure('a-curve', chart, {minutes: 1, folder: path.join(above, 'build', 'figures')});
    assert.deepEqual(fs.readdirSync(path.join(above, 'build', 'figures')), ['a-curve.json']);
  } finally {
    fs.rmSync(above, {recursive: true});
  }
});
