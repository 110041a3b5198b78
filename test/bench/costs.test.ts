import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import test from 'node:test';
import {BATCHES, costsMarkdown, paperCosts} from '../../bench/costs';

/** The masks are counted tap by tap: once is enough. */
const costs = paperCosts();

test('docs/bigger-machines.md has the table that npm run export -- --costs prints', () => {
  const page = fs.readFileSync(path.join(__dirname, '..', '..', 'docs', 'bigger-machines.md'), 'utf8');
  assert.ok(page.includes(`\n${costsMarkdown(costs)}\n`), `it should have\n${costsMarkdown(costs)}`);
});

test('PixelCNN of the paper, by hand', () => {
  const [pixelCnn] = costs;
  const [h, head] = [120, 1008];
  const weights = 28 * 3 * 2 * h + 15 * 10 * h * h + 2 * h * head + head * head + head * 768;
  const biases = 2 * h + 15 * 4 * h + 2 * head + 768;
  assert.equal(pixelCnn.parameters, weights + biases);
  assert.equal(pixelCnn.operations, 2 * 1024 * weights);
  assert.equal(pixelCnn.steps, 703 * 60);
  // Each image more costs the same.
  const [first, second, third] = pixelCnn.bytes.map((bytes, k) => bytes / BATCHES[k]);
  assert.ok(first > second && second > third);
});
