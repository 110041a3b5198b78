import assert from 'node:assert/strict';
import test from 'node:test';
import {classesOf} from '../../lib/condition';
import {startEngine} from '../../lib/engine/index';
import {MODEL_NAMES} from '../../lib/models/index';
import {bestPublished} from '../../lib/reproduction/bestPublished';
import {committedPresets, loadPublished} from '../../lib/reproduction/published';

test.before(() => startEngine());

test('of each model the weights with the least validation nats in raster order; no color, none told the class', () => {
  const best = bestPublished();
  assert.deepEqual(
    best.map(({model}) => model),
    [...MODEL_NAMES],
  );
  for (const {model, preset, published} of best) {
    assert.equal(published.model.image.channels, 1);
    assert.equal(classesOf(published.model), 0);
    assert.deepEqual([...published.model.order], [...published.model.order.keys()], `${model} ${preset}`);
    const own = published.checkpoint.metadata.score?.validationNats ?? Number.NaN;
    for (const other of committedPresets(model)) {
      const loaded = loadPublished(model, other);
      const {score} = loaded.checkpoint.metadata;
      const isRaster = loaded.model.order.every((place, k) => place === k);
      const comparable = isRaster && loaded.model.image.channels === 1 && classesOf(loaded.model) === 0;
      if (comparable) assert.ok(own <= (score?.validationNats ?? 0), `${model}: ${preset}, not ${other}`);
      loaded.dispose();
    }
    published.dispose();
  }
});
