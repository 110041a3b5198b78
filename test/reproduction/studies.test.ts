import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {startEngine} from '../../lib/engine/index';
import {findStudy, loadStudy, runStudy, type Study, studies} from '../../lib/reproduction/studies';

test.before(() => startEngine());

test('the committed results are of the studies as they are described, and complete', () => {
  for (const name of Object.keys(studies())) {
    const {rows, runs} = loadStudy(name);
    assert.deepEqual(
      rows.map((row) => row.name),
      runs.map((run) => run.name),
    );
    for (const row of rows) {
      const validation = row.history.filter(({split}) => split === 'validation');
      assert.ok(row.nats > 50 && row.nats < 250, `${name} ${row.name}: ${row.nats}`);
      // The score is of the best epoch of the history, measured again.
      assert.ok(Math.abs(Math.min(...validation.map(({nats}) => nats)) - row.nats) < 1e-3);
    }
  }
});

test('a study is run from its seeds: twice the same, ensembles scored, no tensor left', async () => {
  const masks = findStudy('masks');
  const small: Study = {
    ...masks,
    images: 200,
    validationImages: 50,
    runs: masks.runs.slice(0, 2).map((run) => ({...run, recipe: {...run.recipe, epochs: 1}})),
  };
  const {numTensors} = tf.memory();
  const [one, two] = [await runStudy('masks', small, 'test'), await runStudy('masks', small, 'test')];
  assert.equal(tf.memory().numTensors, numTensors);
  const scores = (rows: typeof one.rows): unknown =>
    rows.map(({nats, thresholdNats, ensembleNats}) => [nats, thresholdNats, ensembleNats]);
  assert.deepEqual(scores(one.rows), scores(two.rows));
  assert.equal(one.rows[0].ensembleNats, null);
  assert.ok((one.rows[1].ensembleNats ?? Number.NaN) > 0);
});

test('what is missing, broken or out of date is told with the way to make it', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'study-'));
  const file = path.join(folder, 'depth.json');
  assert.throws(() => loadStudy('depth', file), /cannot be read.*npm run study -- depth/);
  fs.writeFileSync(file, '{"images": 1');
  assert.throws(() => loadStudy('depth', file), /cannot be read.*npm run study -- depth/);
  fs.writeFileSync(file, JSON.stringify({...loadStudy('depth'), images: 1}));
  assert.throws(() => loadStudy('depth', file), /other runs than.*npm run study -- depth/);
  fs.writeFileSync(file, '[1]');
  assert.throws(() => loadStudy('depth', file), /is not what a study writes; .*npm run study -- depth/);
  assert.throws(() => findStudy('width'), /unknown study 'width'; there are masks, depth/);
  fs.rmSync(folder, {recursive: true});
});
