import assert from 'node:assert/strict';
import test from 'node:test';
import {complete} from '../../lib/complete';
import {selectImages} from '../../lib/data/images';
import {occlude} from '../../lib/data/occlude';
import {scoringImages} from '../../lib/data/sources';
import {startEngine} from '../../lib/engine/index';
import {completionNats} from '../../lib/inspect/completionNats';
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
