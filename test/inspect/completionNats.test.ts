import assert from 'node:assert/strict';
import test from 'node:test';
import {weighedCompletions, weightsOf} from '../../lib/course/completions';
import {startEngine} from '../../lib/engine/index';
import {evaluate} from '../../lib/evaluate';
import {completionNats} from '../../lib/inspect/completionNats';
import {allBinaryImages, tabulate} from '../../lib/inspect/joint';
import {Made} from '../../lib/models/made';
import {imageNumber, randomImages, randomize} from '../properties/tools';

test.before(() => startEngine());

function made(): Made {
  const model = Made.create({
    height: 2,
    width: 2,
    channels: 1,
    hidden: [30],
    direct: true,
    masks: 1,
    orderAgnostic: false,
    order: 'raster',
    conditioned: false,
    maskSeed: 1,
  });
  randomize(model.parameters, 3, 2);
  return model;
}

test('prefix, hidden and late nats sum to -log p(x)', async () => {
  const model = made();
  const images = randomImages(6, model.image, 2);
  const {perImage} = await evaluate(model, images);
  for (const mask of [Uint8Array.of(1, 0, 1, 0), Uint8Array.of(0, 0, 1, 1), Uint8Array.of(1, 1, 1, 1)]) {
    const {prefix, hidden, late} = completionNats(model, images, mask);
    perImage.forEach((nats, i) => {
      assert.ok(Math.abs(prefix[i] + hidden[i] + late[i] - nats) < 1e-4);
    });
    if (mask[0] === 0) assert.ok(prefix.every((nats) => nats === 0));
    if (mask[1] === 1) assert.ok(late.every((nats) => nats === 0) && hidden.every((nats) => nats === 0));
  }
  assert.throws(() => completionNats(model, images, new Uint8Array(3)), /must have 4 entries, got 3/);
  model.dispose();
});

test('nothing late: the hidden nats are -log p(hidden | known), by the table of all images', async () => {
  const model = made();
  const p = await tabulate(model);
  const images = allBinaryImages(model.image);
  const {hidden} = completionNats(model, images, Uint8Array.of(1, 1, 0, 0));
  for (let i = 0; i < images.count; i++) {
    const pixels = images.pixels.subarray(4 * i, 4 * i + 4);
    const same = p.filter((_, j) => {
      const other = images.pixels.subarray(4 * j, 4 * j + 4);
      return other[0] === pixels[0] && other[1] === pixels[1];
    });
    const expected = -Math.log(p[i] / same.reduce((a, b) => a + b, 0));
    assert.ok(Math.abs(hidden[i] - expected) < 1e-4, `${hidden[i]} and ${expected}`);
  }
  model.dispose();
});

test('weighed completions follow p(hidden | known); the nats of the truth are near; bad input', async () => {
  const model = made();
  const p = await tabulate(model);
  const images = allBinaryImages(model.image);
  // The last two pixels known, the first two hidden.
  const mask = Uint8Array.of(0, 0, 1, 1);
  const truth = {...images, count: 1, pixels: Uint8Array.of(1, 0, 0, 1)};
  const counts = new Map<number, number>();
  let drawn = 0;
  let nats = 0;
  for (let seed = 0; seed < 8; seed++) {
    const found = await weighedCompletions(model, truth, mask, {candidates: 256, count: 200, seed});
    assert.ok(Math.abs(found.weights.reduce((a, b) => a + b, 0) - 1) < 1e-9);
    assert.ok(found.effective >= 1 && found.effective <= 256.001);
    nats += found.truthNats / 8;
    for (let i = 0; i < 200; i++) {
      const pixels = found.images.pixels.subarray(4 * i, 4 * i + 4);
      assert.deepEqual([pixels[2], pixels[3]], [0, 1]);
      const number = imageNumber(pixels);
      counts.set(number, (counts.get(number) ?? 0) + 1);
      drawn++;
    }
  }
  const fitting = [...p.keys()].filter(
    (i) => images.pixels[4 * i + 2] === 0 && images.pixels[4 * i + 3] === 1,
  );
  const total = fitting.reduce((sum, i) => sum + p[i], 0);
  for (const i of fitting) {
    const number = imageNumber(images.pixels.subarray(4 * i, 4 * i + 4));
    const [share, expected] = [(counts.get(number) ?? 0) / drawn, p[i] / total];
    assert.ok(Math.abs(share - expected) < 0.05, `${share} and ${expected}`);
  }
  const own = fitting.find((i) => images.pixels[4 * i] === 1 && images.pixels[4 * i + 1] === 0) as number;
  assert.ok(Math.abs(nats + Math.log(p[own] / total)) < 0.1, `${nats}`);
  const options = {candidates: 4, count: 0, seed: 0};
  await assert.rejects(weighedCompletions(model, truth, mask, options), /count must be a positive integer/);
  await assert.rejects(
    weighedCompletions(model, images, mask, {...options, count: 1}),
    /must be 1 image, got 16/,
  );
  model.dispose();
});

test('weights: from large nats too; bad input', () => {
  const weights = weightsOf([900, 900 + Math.LN2]);
  assert.ok(Math.abs(weights[0] - 2 / 3) < 1e-12 && Math.abs(weights[1] - 1 / 3) < 1e-12);
  assert.throws(() => weightsOf([]), /one finite number or more/);
  assert.throws(() => weightsOf([1, Number.NaN]), /one finite number or more/);
});
