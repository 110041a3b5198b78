import assert from 'node:assert/strict';
import test from 'node:test';
import {type ColorResultRow, colorMarkdown} from '../../lib/reproduction/colorResults';

const ROW: ColorResultRow = {
  model: 'pixelcnn cifar10',
  paperBits: 3.14,
  paperSource: 'a table',
  bits: 4.177,
  images: 10000,
  parameters: 380064,
  epochs: 2,
  trainingSeconds: 2820,
  quickImages: 1000,
  quickRecorded: 4.1801,
  quickMeasured: null,
};

test('the table tells recorded from measured, and says where nothing was measured', () => {
  const absent = colorMarkdown([ROW]);
  assert.match(absent, /4\.18 +\| \+1\.04/);
  assert.match(absent, /4\.180 \/ no CIFAR-10 here/);
  assert.match(colorMarkdown([{...ROW, quickMeasured: 4.1803}]), /4\.180 \/ 4\.180/);
  assert.match(colorMarkdown([{...ROW, paperBits: null}]), /\| – /);
});
