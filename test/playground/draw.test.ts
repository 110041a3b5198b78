import assert from 'node:assert/strict';
import test from 'node:test';
import {complete, completeInAnyOrder} from '../../lib/complete';
import {selectImages} from '../../lib/data/images';
import {occlude} from '../../lib/data/occlude';
import {scoringImages} from '../../lib/data/sources';
import {startEngine} from '../../lib/engine/index';
import {completionNats} from '../../lib/inspect/completionNats';
import type {Made} from '../../lib/models/made';
import {loadPublished} from '../../lib/reproduction/published';
import {Playground, painted, skip} from './tools';

let playground: Playground;
test.before(async () => {
  await startEngine();
  if (!skip) playground = await Playground.build();
});
test.after(() => playground?.close());

test('opened as a file, the page completes a digit with the same pixels and nats as the library', {
  skip,
}, async () => {
  const {page, wrong} = await playground.open('#draw');
  await page.getByRole('button', {name: 'at once'}).click();
  await page.locator('.row[data-weights="pixelcnn/digits"][aria-busy="false"]').waitFor();
  await page.getByText('pixel 392 of 392').waitFor();
  const published = loadPublished('pixelcnn', 'digits');
  try {
    const {model} = published;
    const digit = selectImages(await scoringImages('test'), 0, 1);
    const mask = occlude(model.image, 'bottom');
    const {images} = await complete(model, digit, mask, {count: 4, seed: 0});
    const expected = completionNats(model, images, mask);
    const truth = completionNats(model, digit, mask);
    const row = page.locator('.row[data-weights="pixelcnn/digits"]');
    for (let i = 0; i < 4; i++) {
      const pixels = await painted(
        page,
        `.row[data-weights="pixelcnn/digits"] figure:nth-of-type(${i + 1}) canvas`,
      );
      assert.deepEqual(pixels, [...images.pixels.subarray(i * 784, (i + 1) * 784)], `ending ${i + 1}`);
      assert.equal(
        await row.locator('figcaption').nth(i).textContent(),
        `${expected.hidden[i].toFixed(1)} nats`,
      );
    }
    const words = await row.locator('.name').textContent();
    assert.ok(words?.includes(`given ${truth.prefix[0].toFixed(1)} nats`), words ?? '');
    assert.ok(words?.includes(`truth ${truth.hidden[0].toFixed(1)} nats`), words ?? '');
  } finally {
    published.dispose();
  }
  assert.deepEqual(wrong, []);
  await page.close();
});

test('MADE, whose weights come when it is asked, hears all that is given first: the pixels of the library', {
  skip,
}, async () => {
  const {page, wrong} = await playground.open('#draw');
  await page.getByRole('button', {name: 'upper half'}).click();
  await page.getByRole('button', {name: 'at once'}).click();
  await page.getByRole('button', {name: /Ask MADE/}).click();
  const row = page.locator('.row[data-weights="made/any-order"]');
  await row.locator('figcaption', {hasText: 'nats'}).first().waitFor({timeout: 120_000});
  assert.equal(await row.getByText('come too late').count(), 0);
  assert.equal(
    await page
      .locator('.row[data-weights="pixelcnn/digits"]')
      .getByText('392 given pixels come too late')
      .count(),
    1,
  );
  const published = loadPublished('made', 'any-order');
  try {
    const model = published.model as Made;
    const digit = selectImages(await scoringImages('test'), 0, 1);
    const mask = Uint8Array.from({length: 784}, (_, i) => (i < 392 ? 0 : 1));
    const {images, conditionedOnAll} = await completeInAnyOrder(model, digit, mask, {count: 4, seed: 0});
    assert.ok(conditionedOnAll);
    await page.getByText('pixel 392 of 392').waitFor();
    const pixels = await painted(page, '.row[data-weights="made/any-order"] figure:nth-of-type(2) canvas');
    assert.deepEqual(pixels, [...images.pixels.subarray(784, 2 * 784)]);
  } finally {
    published.dispose();
  }
  assert.deepEqual(wrong, []);
  await page.close();
});
