import assert from 'node:assert/strict';
import test from 'node:test';
import {classesOf} from '../../lib/condition';
import {startEngine} from '../../lib/engine/index';
import {MODEL_NAMES} from '../../lib/models/index';
import {bestPublished} from '../../lib/reproduction/bestPublished';
import {committedPresets, loadPublished} from '../../lib/reproduction/published';

test.before(() => startEngine());

test('of each model the weights with the least validation nats; no color, none that is told the class', () => {
  const best = bestPublished();
  assert.deepEqual(
    best.map(({model}) => model),
    [...MODEL_NAMES],
  );
  for (const {model, preset, published} of best) {
    assert.equal(published.model.image.channels, 1);
    assert.equal(classesOf(published.model), 0);
    const own = published.checkpoint.metadata.score?.validationNats ?? Number.NaN;
    for (const other of committedPresets(model)) {
      const loaded = loadPublished(model, other);
      const {score} = loaded.checkpoint.metadata;
      const comparable = loaded.model.image.channels === 1 && classesOf(loaded.model) === 0;
      if (comparable) assert.ok(own <= (score?.validationNats ?? 0), `${model}: ${preset}, not ${other}`);
      loaded.dispose();
    }
    published.dispose();
  }
});
