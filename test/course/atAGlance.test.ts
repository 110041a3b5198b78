import assert from 'node:assert/strict';
import test from 'node:test';
import {markdownTable, masksSideBySide, tableOne, towers} from '../../lib/course/atAGlance';
import {blockDiagram} from '../../lib/figures/blockDiagram';
import {Made} from '../../lib/models/made';
import {MADE_PRESETS} from '../../lib/models/madePresets';
import {PIXEL_CNN_PRESETS, PixelCnn} from '../../lib/models/pixelCnn';
import {createRowLstm, ROW_LSTM_PRESETS} from '../../lib/models/rowLstm';

test('table 1 is read off the models: what the paper has in its three columns', () => {
  const table = tableOne();
  assert.deepEqual(Object.keys(table), ['layer', 'PixelCNN', 'Row LSTM', 'Diagonal BiLSTM']);
  for (const name of Object.keys(table).slice(1)) {
    const [first, , , , before, output] = table[name];
    const isWider = name !== 'PixelCNN';
    assert.equal(first, isWider ? '15 x 15 conv, mask A (the paper: 7 x 7 conv)' : '7 x 7 conv, mask A');
    assert.equal(before, 'ReLU, then 1 x 1 conv, mask B (2 layers)');
    assert.match(String(output), /^sigmoid .*256-way softmax for each of R, G, B$/);
  }
  assert.deepEqual(
    [table.PixelCNN[1], table['Row LSTM'][1], table['Diagonal BiLSTM'][1]],
    ['3 x 3 conv, mask B', '3 x 1 conv, mask B', '1 x 1 conv, mask B'],
  );
  assert.equal(table['Row LSTM'][2], '3 states, no mask: above left, above, above right');
  assert.equal(table['Diagonal BiLSTM'][2], '2 states, no mask: left, above; and from the right');
});

test('a table for Markdown has a line for each row', () => {
  assert.equal(markdownTable({a: [1, 2], b: ['x', 'y']}), '| a | b |\n| --- | --- |\n| 1 | x |\n| 2 | y |');
});

test('no mask shows what is at or after the marked place, but for features', () => {
  const panels = masksSideBySide();
  assert.equal(panels.length, 8);
  // All but MADE's two, which are matrices and have no place of their own.
  assert.equal(panels.filter(({marked}) => marked !== undefined).length, 6);
  for (const {title = '', rows, values, marked} of panels) {
    assert.equal(values.length % rows, 0);
    if (marked === undefined) continue;
    const center = (values.length - 1) / 2;
    const later = Array.from(values).slice(center + 1);
    // The vertical stack's features know nothing of their own row.
    if (!title.includes('vertical'))
      assert.ok(
        later.every((value) => value === 0),
        title,
      );
    if (title.endsWith(', A') || title.includes('states')) assert.equal(values[center], 0, title);
  }
});

test('towers stand side by side, and a repeated block has its skip', () => {
  const models = [
    Made.create({...MADE_PRESETS.small, height: 3, width: 3, hidden: [4]}),
    PixelCnn.create(PIXEL_CNN_PRESETS.small),
    createRowLstm(ROW_LSTM_PRESETS.small),
  ];
  const {blocks, arrows} = towers(models, ['MADE', 'PixelCNN', 'Row LSTM']);
  for (const model of models) model.dispose();
  const at = (text: string): number[] =>
    blocks.filter((block) => block.text === text).map((block) => block.at[0]);
  assert.equal(at('pixels before').length, 3);
  assert.equal(new Set(at('pixels before')).size, 3);
  assert.equal(at('+').length, 2);
  assert.equal(arrows.filter((places) => places.length === 4).length, 2);
  assert.equal(at(`all this ${PIXEL_CNN_PRESETS.small.dilations.length} times`).length, 1);
  assert.ok(blockDiagram({title: 't', description: 'd', blocks, arrows}).data.length > 0);
});
