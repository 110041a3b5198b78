import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import test from 'node:test';
import {bitsPerDimension} from '../../lib/likelihood';
import {createModel, MODEL_NAMES} from '../../lib/models/index';
import {committedPresets} from '../../lib/reproduction/published';
import {type ResultRow, resultsMarkdown} from '../../lib/reproduction/results';
import {loadCheckpoint} from '../../lib/storage/checkpoints';
import {checkpointFile} from '../../lib/storage/paths';

/** The results that the README and figures/ show are those of the committed weights. */

const root = path.resolve(__dirname, '..', '..');
const {rows} = JSON.parse(fs.readFileSync(path.join(root, 'figures', 'results.json'), 'utf8')) as {
  rows: ResultRow[];
};

test('the rows have the scores of the committed weights, and none is missing', () => {
  const shown = new Map(rows.map((row) => [row.model.replace(', given the class', ''), row]));
  for (const name of MODEL_NAMES) {
    for (const preset of committedPresets(name)) {
      const {metadata} = loadCheckpoint(checkpointFile(name, preset), {model: name});
      const row = shown.get(`${name} ${preset}`);
      assert.ok(row, `${name} ${preset} is not shown; npm run publish-notebooks writes the table`);
      const model = createModel(name, metadata.config, 0);
      const inUnit = (nats: number): number =>
        row.unit === 'nats' ? nats : bitsPerDimension(nats, model.image);
      const {testNats, papersTestNats} = metadata.score as Record<string, number>;
      assert.equal(row.ours, inUnit(testNats), `${name} ${preset}: npm run publish-notebooks`);
      assert.equal(
        row.papersSet ?? undefined,
        papersTestNats,
        `${name} ${preset}: npm run publish-notebooks`,
      );
      model.dispose();
    }
  }
});

test('the README and figures/results.md have the table of those rows', () => {
  const table = resultsMarkdown(rows);
  for (const file of ['README.md', path.join('figures', 'results.md')]) {
    assert.ok(fs.readFileSync(path.join(root, file), 'utf8').includes(table), file);
  }
});
