import assert from 'node:assert/strict';
import test from 'node:test';
import {flipPixel} from '../../lib/course/problems';
import {startEngine} from '../../lib/engine/index';
import {receptiveField, unseenBefore} from '../../lib/inspect/receptiveField';
import {loadPublished} from '../../lib/reproduction/published';
import {sample} from '../../lib/sample';
import type {AutoregressiveModel} from '../../lib/types';
import {Playground, painted, skip} from './tools';

let playground: Playground;
test.before(async () => {
  await startEngine();
  if (!skip) playground = await Playground.build();
});
test.after(() => playground?.close());

async function withModel(name: string, use: (model: AutoregressiveModel) => Promise<void>): Promise<void> {
  const published = loadPublished(name, 'digits');
  try {
    await use(published.model);
  } finally {
    published.dispose();
  }
}

test('what a pixel sees: as many blind pixels as the library finds; the Diagonal BiLSTM misses one', {
  skip,
}, async () => {
  const {page, wrong} = await playground.open('#see');
  const finding = page.locator('.finding');
  await page.locator('[data-looks="6"]').waitFor();
  await withModel('pixelcnn', async (model) => {
    const field = await receptiveField((x) => model.logits(x), model.image, {row: 14, column: 14, images: 8});
    const blind = unseenBefore(field).length;
    assert.ok(blind > 0);
    assert.match((await finding.textContent()) ?? '', new RegExp(`misses ${blind}\\.`));
  });
  await page.getByRole('slider').press('Home');
  await page.getByText('406 pixels come before; PixelCNN sees 24 of them').waitFor();
  await page.getByRole('button', {name: 'Diagonal BiLSTM'}).click();
  await page.getByRole('slider').press('End');
  await page.getByText('misses a single one: row 14, column 28.').waitFor();
  assert.deepEqual(wrong, []);
  await page.close();
});

test('with the first mask B the score is too good, and no digit is drawn', {skip}, async () => {
  const {page, wrong} = await playground.open('#see');
  await page.getByRole('button', {name: 'Train both'}).click();
  await page.getByText('B does not guess, it copies the answer').waitFor();
  const nats = async (mask: string): Promise<number> =>
    Number.parseFloat((await page.locator(`[data-leak="${mask}"] .nats`).textContent()) ?? '');
  assert.ok((await nats('B')) < (await nats('A')) / 2);
  assert.deepEqual(wrong, []);
  await page.close();
});

test('a pixel turned over: the same samples and the same differences as in the library', {skip}, async () => {
  const {page, wrong} = await playground.open('#pixel');
  await page.getByRole('button', {name: 'at once'}).click();
  const row = page.locator('.row[data-weights="pixelcnn/digits"][aria-busy="false"]');
  await row.waitFor();
  await withModel('pixelcnn', async (model) => {
    const {perImage} = await flipPixel(model, {count: 1, seed: 0, index: 7 * 28 + 13});
    await row.getByText(`${perImage[0]} of 574`).waitFor();
  });
  assert.deepEqual(wrong, []);
  await page.close();
});

test('luck: the pixels of npm run sample with that seed; the race of naive and cached is stopped', {
  skip,
}, async () => {
  const {page, wrong} = await playground.open('#luck');
  await page.getByRole('button', {name: 'at once'}).click();
  await page.getByRole('spinbutton', {name: 'Seed'}).fill('7');
  await page.locator('[data-samples="yes"][data-seed="7"]').waitFor();
  await withModel('pixelcnn', async (model) => {
    const {pixels} = await sample(model, {count: 8, seed: 7});
    await page.getByText('pixel 784 of 784').waitFor();
    for (const i of [0, 7]) {
      const shown = await painted(page, `.pictures canvas:nth-of-type(${i + 1})`);
      assert.deepEqual(shown, [...pixels.subarray(i * 784, (i + 1) * 784)]);
    }
  });
  await page.getByRole('button', {name: 'Race'}).click();
  await page.waitForFunction(`document.querySelectorAll('.race progress')[1].value > 0`);
  await page.getByRole('button', {name: 'Stop the race'}).click();
  await page.getByRole('button', {name: 'Race', exact: true}).waitFor();
  assert.equal(await page.locator('.race progress').first().getAttribute('value'), '784');
  assert.ok(Number(await page.locator('.race progress').last().getAttribute('value')) < 784);
  assert.deepEqual(wrong, []);
  await page.close();
});
