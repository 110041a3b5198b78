import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import test from 'node:test';
import {Playground, pressTogether, skip} from './tools';

/** What a reader does to the page that it does not ask for. */

let playground: Playground;
test.before(async () => {
  if (!skip) playground = await Playground.build();
});
test.after(() => playground?.close());

test('a link of the keyboard leads to the heading of the new view', {skip}, async () => {
  const {page, wrong} = await playground.open('#hand');
  for (const [view, name] of [
    ['see', 'What does it see?'],
    ['learn', 'Learn'],
  ]) {
    await page.locator(`nav a[href="#${view}"]`).press('Enter');
    await page.locator('h2:focus', {hasText: name}).waitFor();
  }
  assert.deepEqual(wrong, []);
  await page.close();
});

test('stopped in the middle, the models draw again when asked', {skip}, async () => {
  const {page, wrong} = await playground.open('#draw', {reducedMotion: 'reduce'});
  const idle = page.locator('.row[data-weights="diagonal/digits"][aria-busy="false"]');
  await idle.waitFor();
  await pressTogether(page, 'everything', 'Stop');
  assert.equal(await idle.count(), 0);
  await page.getByRole('button', {name: 'Draw again'}).click();
  await idle.waitFor();
  assert.equal(await page.getByRole('button', {name: 'Stop'}).count(), 1);
  assert.deepEqual(wrong, []);
  await page.close();
});

test('luck: what is no seed is told, the last seed is followed by 0, another seed ends a race', {
  skip,
}, async () => {
  const {page, wrong} = await playground.open('#luck', {reducedMotion: 'reduce'});
  const field = page.getByRole('spinbutton', {name: 'Seed'});
  const drawn = (seed: number) => page.locator(`[data-samples="yes"][data-seed="${seed}"]`).waitFor();
  await field.fill('4294967295');
  await drawn(4294967295);
  await field.fill('4294967296');
  await page.getByText('A seed is a whole number from 0 to 4294967295').waitFor();
  await page.getByRole('button', {name: 'Next seed'}).click();
  await drawn(0);
  assert.equal(await page.locator('.trouble').count(), 0);
  await page.getByRole('button', {name: 'Race', exact: true}).click();
  await page.waitForFunction(`document.querySelectorAll('.race progress')[1].value > 0`);
  await page.getByRole('button', {name: 'Next seed'}).click();
  await drawn(1);
  await page.getByRole('button', {name: 'Race', exact: true}).waitFor();
  assert.ok(Number(await page.locator('.race progress').last().getAttribute('value')) < 784);
  assert.deepEqual(wrong, []);
  await page.close();
});

test('a map that is asked for during a training says what it waits for, and comes when that is stopped', {
  skip,
}, async () => {
  const {page, wrong} = await playground.open('#see');
  await page.locator('[data-looks="6"]').waitFor();
  await page.getByRole('button', {name: 'Train both'}).click();
  await page.locator('[data-leak="A"]').waitFor();
  await page.getByRole('application').press('ArrowUp');
  await page.getByText('The map comes when the training below is done or stopped.').waitFor();
  await page.getByRole('button', {name: 'Stop'}).click();
  await page.getByText('378 pixels come before').waitFor();
  assert.deepEqual(wrong, []);
  await page.close();
});

test('the worker missing, digits damaged, one letter of weights altered: a sentence', {skip}, async () => {
  const file = (name: string): string => path.join(playground.folder, name);
  const texts = new Map(
    ['worker.js', 'digits.js', 'weights/pixelcnn-digits.js'].map((name) => [
      name,
      fs.readFileSync(file(name), 'utf8'),
    ]),
  );
  try {
    fs.rmSync(file('worker.js'));
    const missing = await playground.open('#hand');
    await missing.page.getByText('worker.js is missing beside this page').first().waitFor();
    await missing.page.close();
    fs.writeFileSync(file('worker.js'), texts.get('worker.js') ?? '');
    fs.writeFileSync(file('digits.js'), (texts.get('digits.js') ?? '').replace('A', '#'));
    const damaged = await playground.open('#draw');
    await damaged.page.getByText('digits.js is damaged').waitFor();
    await damaged.page.close();
    fs.writeFileSync(file('digits.js'), texts.get('digits.js') ?? '');
    const weights = texts.get('weights/pixelcnn-digits.js') ?? '';
    const middle = Math.floor(weights.length / 2);
    const other = weights[middle] === 'A' ? 'B' : 'A';
    fs.writeFileSync(
      file('weights/pixelcnn-digits.js'),
      weights.slice(0, middle) + other + weights.slice(middle + 1),
    );
    const altered = await playground.open('#draw');
    await altered.page.getByText('weights/pixelcnn-digits.js is damaged').waitFor();
    await altered.page.locator('.row[data-weights="gated/digits"][aria-busy="false"]').waitFor();
    await altered.page.close();
  } finally {
    for (const [name, text] of texts) fs.writeFileSync(file(name), text);
  }
});
