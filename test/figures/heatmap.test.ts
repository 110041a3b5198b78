import assert from 'node:assert/strict';
import test from 'node:test';
import {heatmap} from '../../lib/figures/heatmap';
import type {JsonObject} from '../../lib/figures/style';

const text = {title: 'A mask', description: 'A mask.', notebook: '02-made-masks', quantity: 'mask'};
const panel = {rows: 2, columns: 3, values: [0, 1, 0, 1, 0, 0.25]};

test('row 0 is at the top, cells are never blurred', () => {
  const chart = heatmap({...text, scale: 'mask', panels: [panel]});
  assert.deepEqual(chart.data[0].z, [
    [0, 1, 0],
    [1, 0, 0.25],
  ]);
  assert.equal(chart.data[0].zsmooth, false);
  assert.deepEqual((chart.layout.yaxis as JsonObject).range, [1.5, -0.5]);
});

test('an amount of exactly zero stays empty, unless numbers are written into the cells', () => {
  const zeros = (chart: {readonly data: readonly JsonObject[]}): unknown =>
    (chart.data[0].z as JsonObject[][])[0][0];
  assert.equal(zeros(heatmap({...text, scale: 'amount', panels: [panel]})), null);
  assert.equal(zeros(heatmap({...text, scale: 'amount', digits: 2, panels: [panel]})), 0);
});

test('all panels share one scale; signed ones are even around zero', () => {
  const panels = [panel, {rows: 1, columns: 2, values: [-3, 2]}];
  const {cmin, cmax} = heatmap({...text, scale: 'signed', panels}).layout.coloraxis as JsonObject;
  assert.deepEqual([cmin, cmax], [-3, 3]);
});

test('a marked cell has an outline exactly around it', () => {
  const chart = heatmap({...text, scale: 'mask', panels: [panel, {...panel, marked: [{row: 1, column: 2}]}]});
  const outlines = chart.layout.shapes as JsonObject[];
  assert.equal(outlines.length, 2);
  for (const {xref, x0, x1, y0, y1} of outlines) {
    assert.deepEqual([xref, x0, x1, y0, y1], ['x2', 1.5, 2.5, 0.5, 1.5]);
  }
});

test('cells are squares on the screen', () => {
  const chart = heatmap({...text, scale: 'mask', panels: [panel, panel, panel], panelsPerRow: 2});
  const {width, height} = chart.layout;
  const margin = chart.layout.margin as {
    readonly l: number;
    readonly r: number;
    readonly t: number;
    readonly b: number;
  };
  const span = (axis: string): number => {
    const [low, high] = (chart.layout[axis] as JsonObject).domain as number[];
    return high - low;
  };
  const cellWidth = (span('xaxis') * (Number(width) - margin.l - margin.r)) / 3;
  const cellHeight = (span('yaxis') * (Number(height) - margin.t - margin.b)) / 2;
  assert.ok(Math.abs(cellWidth - cellHeight) < 1e-6, `${cellWidth} x ${cellHeight}`);
});

test('errors name the panel and the rule', () => {
  const scale = 'mask';
  assert.throws(() => heatmap({...text, scale, panels: []}), /panels is empty/);
  assert.throws(
    () => heatmap({...text, scale, panels: [{...panel, title: 'A', rows: 3}]}),
    /panel "A" must have 9 values for 3 x 3 cells, got 6/,
  );
  assert.throws(
    () => heatmap({...text, scale, panels: [{...panel, marked: [{row: 2, column: 0}]}]}),
    /must lie in its 2 x 3 cells, got row 2, column 0/,
  );
});

test('rows and columns may have names, one for each', () => {
  const named = heatmap({
    ...text,
    scale: 'mask',
    panels: [panel],
    rowNames: ['MADE', 'Gated'],
    columnNames: ['a', 'b', 'c'],
  });
  assert.deepEqual((named.layout.yaxis as JsonObject).ticktext, ['MADE', 'Gated']);
  assert.deepEqual((named.layout.xaxis as JsonObject).tickvals, [0, 1, 2]);
  assert.throws(
    () => heatmap({...text, scale: 'mask', panels: [panel], rowNames: ['a']}),
    /rowNames must be 2/,
  );
});

test('a panel of its own size has names of its own, the others those of the figure', () => {
  const narrow = {rows: 2, columns: 1, values: [0, 1], columnNames: ['degree 3']};
  const wide = {rows: 2, columns: 3, values: [0, 1, 1, 1, 1, 0]};
  const chart = heatmap({...text, scale: 'mask', panels: [narrow, wide], columnNames: ['a', 'b', 'c']});
  assert.deepEqual((chart.layout.xaxis as JsonObject).ticktext, ['degree 3']);
  assert.deepEqual((chart.layout.xaxis2 as JsonObject).ticktext, ['a', 'b', 'c']);
  assert.throws(
    () => heatmap({...text, scale: 'mask', panels: [{...wide, rowNames: ['a']}]}),
    /rowNames must be 2/,
  );
});
