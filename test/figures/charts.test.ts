import assert from 'node:assert/strict';
import test from 'node:test';
import {barChart, lineChart, resultChart} from '../../lib/figures/charts';
import {captionOf, type JsonObject, modelStrokes, plain, wrap} from '../../lib/figures/style';

const text = {
  title: 'It falls',
  description: 'A curve that falls.',
  notebook: '03-made',
  paper: 'MADE, table 6',
  seed: 7,
};
const axes = {x: {label: 'epoch'}, y: {label: 'test NLL', unit: 'nats per image'}};
const series = [{name: 'MADE', model: 'made', x: [1, 2, 3], y: Float32Array.of(90, 88.1, 87)} as const];

test('a line chart holds plain rounded numbers, the unit, the color of the model, and its words', () => {
  const chart = lineChart({...text, ...axes, series});
  assert.deepEqual(chart.data[0].y, [90, 88.1, 87]);
  assert.equal((chart.data[0].line as JsonObject).color, modelStrokes.made.color);
  assert.deepEqual((chart.layout.yaxis as JsonObject).title, {
    text: 'test NLL (nats per image)',
    font: {size: 13},
    standoff: 8,
  });
  assert.deepEqual(chart.layout.meta, text);
  assert.deepEqual(JSON.parse(JSON.stringify(chart)), chart, 'nothing is lost as JSON');
});

test("the paper's number is a dashed line inside the range, with its number", () => {
  const chart = lineChart({...text, ...axes, series, references: [{label: 'paper', value: 80.55}]});
  const [shape] = chart.layout.shapes as JsonObject[];
  assert.equal(shape.y0, 80.55);
  assert.match(String((shape.line as JsonObject).dash), /px/);
  const [low] = (chart.layout.yaxis as JsonObject).range as number[];
  assert.ok(low < 80.55);
  assert.ok((chart.layout.annotations as JsonObject[]).some((note) => note.text === 'paper<br>80.55'));
});

test('labels of references that lie together do not cover each other', () => {
  const references = [80.1, 80, 80.05].map((value) => ({label: 'paper', value}));
  const chart = lineChart({...text, ...axes, series, references});
  const shifts = (chart.layout.annotations as JsonObject[]).slice(1).map((note) => Number(note.yshift));
  const sorted = [...shifts].sort((a, b) => a - b);
  assert.ok(sorted[1] - sorted[0] >= 33 && sorted[2] - sorted[1] >= 33, String(sorted));
});

test('a logarithmic axis counts its range in powers of ten', () => {
  const chart = lineChart({...text, x: {label: 'masks', scale: 'log', range: [1, 100]}, y: axes.y, series});
  assert.deepEqual((chart.layout.xaxis as JsonObject).range, [0, 2]);
});

test('every model has its own color, dash and marker', () => {
  const strokes = Object.values(modelStrokes);
  for (const key of ['color', 'dash', 'symbol'] as const) {
    const used = new Set(strokes.map((stroke) => stroke[key]));
    assert.equal(used.size, strokes.length, key);
  }
});

test('bars begin at zero and leave room for the reference', () => {
  const chart = barChart({...text, y: axes.y, bars: [{name: 'a', value: 3, reference: 9}]});
  const [low, high] = (chart.layout.yaxis as JsonObject).range as number[];
  assert.equal(low, 0);
  assert.ok(high > 9);
});

test('results print both numbers', () => {
  const chart = resultChart({...text, x: axes.y, results: [{name: 'MADE', ours: 86.387, paper: 88.4}]});
  const words = (chart.layout.annotations as JsonObject[]).map((note) => note.text);
  assert.ok(words.includes('86.39') && words.includes('paper 88.40'), words.join());
});

test('errors name what is wrong', () => {
  assert.throws(() => lineChart({...text, ...axes, series: []}), /series is empty; give at least one/);
  assert.throws(
    () => lineChart({...text, ...axes, series: [{name: 'a', x: [1, 2], y: [1]}]}),
    /series "a" must have as many x as y values, at least one, got 2 and 1/,
  );
  assert.throws(() => barChart({...text, y: axes.y, bars: []}), /bars is empty/);
});

test('numbers become plain: rounded, and null where they are not finite', () => {
  assert.deepEqual(plain(Float32Array.of(0.1, Number.NaN, Number.POSITIVE_INFINITY), 4), [0.1, null, null]);
});

test('captions and lines', () => {
  assert.equal(captionOf(text), 'Compare MADE, table 6 · Notebook 03-made · seed 7');
  assert.equal(
    captionOf({title: '', description: '', notebook: '01-autoregression'}),
    'Notebook 01-autoregression',
  );
  assert.deepEqual(wrap('one two three', 7), ['one two', 'three']);
});

test('logarithmic axes: ticks that can be read, at 1, 2, 5 over few decades and at powers of ten over many', () => {
  const ticks = (x: number[]): unknown => {
    const {layout} = lineChart({
      title: 'title',
      description: 'description',
      notebook: '01-autoregression',
      x: {label: 'x', scale: 'log'},
      y: {label: 'y'},
      series: [{name: 'series', x, y: x}],
    });
    return (layout.xaxis as {ticktext: unknown}).ticktext;
  };
  assert.deepEqual(ticks([3200, 300000]), ['5k', '10k', '20k', '50k', '100k', '200k']);
  assert.deepEqual(ticks([0.02, 2e6]), ['0.01', '0.1', '1', '10', '100', '1k', '10k', '100k', '1M']);
});

test('two lines of one model look different', () => {
  const line = {x: [1, 2], y: [1, 2], model: 'gated', drawn: 'lines+markers'} as const;
  const series = [
    {...line, name: 'naive'},
    {...line, name: 'cached', second: true},
  ];
  const {data} = lineChart({title: 't', description: 'd', x: {label: 'x'}, y: {label: 'y'}, series});
  const looks = data.map(({line: stroke, marker}) => JSON.stringify([stroke, marker]));
  assert.notEqual(looks[0], looks[1]);
});

test('no two lines of a legend look the same, in gray print either: five models and three lines of no model', () => {
  const line = {x: [1, 2], y: [1, 2], drawn: 'lines+markers'} as const;
  const models = ['made', 'pixelcnn', 'gated', 'rowlstm', 'diagonal'].map((model) => ({
    ...line,
    name: model,
    model,
  }));
  const others = ['copies', 'test digits', 'equal'].map((name) => ({...line, name}));
  const {data} = lineChart({...text, ...axes, series: [...others, ...models]});
  const looks = (key: 'dash' | 'symbol'): string[] =>
    data.map(({line: stroke, marker}) =>
      String({...(stroke as object), ...(marker as object)}[key as never]),
    );
  assert.equal(new Set(looks('dash')).size, 8, looks('dash').join());
  assert.equal(new Set(looks('symbol')).size, 8, looks('symbol').join());
});
