import assert from 'node:assert/strict';
import test from 'node:test';
import {startEngine} from '../../lib/engine/index';
import {parameterCount} from '../../lib/layers/parameters';
import {PIXEL_CNN_PRESETS, PixelCnn} from '../../lib/models/pixelCnn';
import {pixelCnnSummary} from '../../lib/models/pixelCnnSummary';

test('the summary lists table 1 line by line, and no parameter is missing', async () => {
  await startEngine();
  // Those of the paper's size take a second to draw, and have no other lines.
  for (const config of Object.values(PIXEL_CNN_PRESETS).filter(({features}) => features < 100)) {
    const model = PixelCnn.create(config);
    const rows = pixelCnnSummary(model);
    const total = rows.reduce((sum, {parameters}) => sum + parameters, 0);
    assert.equal(total, parameterCount(model.parameters));
    assert.equal(rows.length, 1 + config.dilations.length + 3);
    model.dispose();
  }
  const paper = PixelCnn.create(PIXEL_CNN_PRESETS.paper);
  const rows = pixelCnnSummary(paper);
  assert.deepEqual(rows[0], {
    layer: 'first',
    kernel: '7x7',
    mask: 'A',
    dilation: 1,
    output: '28 x 28 x 64',
    parameters: 4 * 7 * 64 + 64,
  });
  assert.deepEqual(rows[7], {
    layer: 'residual block 7',
    kernel: '1x1, 3x3, 1x1',
    mask: 'B',
    dilation: 1,
    output: '28 x 28 x 64',
    parameters: 64 * 32 + 32 + (2 * 3 * 32 * 32 + 32) + 32 * 64 + 64,
  });
  assert.deepEqual(
    rows.slice(8).map(({layer, output}) => [layer, output]),
    [
      ['ReLU, head 1', '28 x 28 x 32'],
      ['ReLU, head 2', '28 x 28 x 32'],
      ['ReLU, logits', '28 x 28 x 1'],
    ],
  );
  paper.dispose();
});

test('the dilation of a block is that of its 3x3 kernel', async () => {
  await startEngine();
  const model = PixelCnn.create(PIXEL_CNN_PRESETS.digits);
  const dilations = pixelCnnSummary(model).map(({dilation}) => dilation);
  assert.deepEqual(dilations, [1, ...PIXEL_CNN_PRESETS.digits.dilations, 1, 1, 1]);
  model.dispose();
});
