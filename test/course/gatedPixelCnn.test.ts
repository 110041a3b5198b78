import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {
  checkLeaks,
  checkPosterior,
  checkWiring,
  gateMaps,
  gateUse,
  rewire,
  stripedImages,
  WIRINGS,
  type Wiring,
  type WiringName,
} from '../../lib/course/gatedPixelCnn';
import {startEngine} from '../../lib/engine/index';
import {evaluate} from '../../lib/evaluate';
import {dependence, orderViolations} from '../../lib/inspect/jacobian';
import {receptiveField} from '../../lib/inspect/receptiveField';
import {GatedPixelCnn} from '../../lib/models/gatedPixelCnn';
import {PixelCnn} from '../../lib/models/pixelCnn';
import type {AutoregressiveModel} from '../../lib/types';
import {allImages, randomize} from '../properties/tools';

test.before(() => startEngine());

test('what leaks: nothing, its own pixel, or the next one too', async () => {
  assert.match(await checkLeaks('link after the gate', []), /: right$/);
  assert.match(await checkLeaks('residual in the first layer', [[2, 2]]), /: right$/);
  const own = [2, 2] as const;
  const next = [2, 3] as const;
  assert.match(await checkLeaks('horizontal feeds vertical', [own, next]), /: right$/);
  assert.match(await checkLeaks('horizontal feeds vertical', [own]), /: not yet: .*1 more leak/);
  assert.match(
    await checkLeaks('horizontal feeds vertical', [own, [3, 2]]),
    /: not yet: .*row 3, column 2 does not/,
  );
  assert.match(await checkLeaks('link after the gate', [own]), /: not yet: .*row 2, column 2 does not leak/);
  assert.match(await checkLeaks('right', undefined), /: open$/);
});

test('a wiring: leaks, blindness and other values are told apart', async () => {
  const before = tf.memory().numTensors;
  assert.match(await checkWiring(WIRINGS.right), /: right$/);
  const cases: [Wiring, RegExp][] = [
    [WIRINGS['horizontal feeds vertical'], /sees its own pixel, which does not come before it, and \d+ more/],
    [WIRINGS['residual in the first layer'], /row 0, column 0 sees its own pixel, .* and 29 more leak/],
    [WIRINGS['link after the gate'], /nothing leaks and nothing is hidden.*From where is the link taken/],
    [
      // Without the link nothing is known of the rows above.
      (layer, {vertical, horizontal}) => {
        const blank = tf.zerosLike(vertical);
        const {horizontal: next} = layer.apply({vertical: blank, horizontal}, null);
        return {vertical: layer.apply({vertical, horizontal}, null).vertical, horizontal: next};
      },
      /row 1, column 0 no longer sees row 0, column 0/,
    ],
    [
      () => {
        throw new Error('no such convolution');
      },
      /no such convolution/,
    ],
  ];
  for (const [wiring, message] of cases) {
    const said = await checkWiring(wiring);
    assert.match(said, /: not yet: /);
    assert.match(said, message);
  }
  assert.equal(tf.memory().numTensors, before);
});

test("Bayes' rule: shares of exp(-nats), also where that is too small for a number", async () => {
  const stable = (nats: readonly number[]): number[] => {
    const shares = nats.map((value) => Math.exp(Math.min(...nats) - value));
    return shares.map((share) => share / shares.reduce((a, b) => a + b, 0));
  };
  const naive = (nats: readonly number[]): number[] => {
    const shares = nats.map((value) => Math.exp(-value));
    return shares.map((share) => share / shares.reduce((a, b) => a + b, 0));
  };
  assert.match(await checkPosterior(stable), /: right$/);
  assert.match(await checkPosterior(naive), /: not yet: .*900, 903 nats class 0: yours gave NaN/);
  assert.match(
    await checkPosterior((nats) => stable(nats.map((value) => -value))),
    /: not yet: .*1, 2, 4 nats/,
  );
  assert.match(await checkPosterior(() => [1]), /: not yet: .*3 classes/);
  assert.match(await checkPosterior(() => undefined), /: open$/);
});

const GATES = {
  height: 3,
  width: 4,
  channels: 1,
  levels: 2,
  features: 2,
  dilations: [1],
  firstSize: 3,
  size: 3,
  head: 4,
  classes: 2,
} as const;

test('gates follow the second half of the features before them, in the layer and stack where they are', () => {
  const model = GatedPixelCnn.create(GATES, 1);
  for (const value of model.parameters.values()) tf.tidy(() => value.assign(tf.zerosLike(value)));
  const set = (name: string, values: number[][]): void => {
    tf.tidy(() => (model.parameters.get(name) as tf.Variable).assign(tf.tensor2d(values)));
  };
  // tanh gets 9 everywhere, which must not count; the sigmoids get 5 and -5, for class 1 only.
  set('layer2.class.horizontal', [
    [0, 0, 0, 0],
    [9, 9, 5, -5],
  ]);
  const x = tf.zeros([2, 3, 4, 1]) as tf.Tensor4D;
  const {numTensors} = tf.memory();
  const shut = {closed: 0, open: 0};
  assert.deepEqual(gateUse(model, x, 1), [
    {layer: 1, stack: 'vertical', ...shut},
    {layer: 1, stack: 'horizontal', ...shut},
    {layer: 2, stack: 'vertical', ...shut},
    {layer: 2, stack: 'horizontal', closed: 0.5, open: 0.5},
  ]);
  assert.equal(tf.memory().numTensors, numTensors);
  const maps = gateMaps(model, x, 1);
  assert.deepEqual(maps[3].gates.shape, [2, 3, 4, 2]);
  assert.ok(Math.abs(maps[3].gates.dataSync()[1] - 1 / (1 + Math.exp(5))) < 1e-6);
  for (const {gates} of maps) gates.dispose();
  x.dispose();
  model.dispose();
});

const WIRED = {
  height: 4,
  width: 5,
  channels: 1,
  levels: 2,
  features: 12,
  dilations: [1, 1],
  firstSize: 3,
  size: 3,
  head: 12,
  classes: 0,
} as const;

test('the right wiring is the model itself; a mistake changes it', () => {
  const model = GatedPixelCnn.create(WIRED, 1);
  randomize(model.parameters, 3);
  tf.tidy(() => {
    const x = tf.randomUniform([2, 4, 5, 1], 0, 1, 'float32', 3) as tf.Tensor4D;
    const expected = model.logits(x);
    for (const name of Object.keys(WIRINGS) as WiringName[]) {
      const apart = tf.max(tf.abs(tf.sub(rewire(model, WIRINGS[name]).logits(x), expected))).dataSync()[0];
      if (name === 'right') assert.ok(apart < 1e-5, `${name}: ${apart}`);
      else assert.ok(apart > 0.01, `${name}: ${apart}`);
    }
  });
  model.dispose();
});

test('two of the mistakes leak, and no longer make a distribution; the third does neither', async () => {
  const leaks = {
    right: 0,
    'link after the gate': 0,
    // Each pixel but the last of a row sees itself; each but the last two sees the next.
    'horizontal feeds vertical': 4 * (4 + 3),
    'residual in the first layer': 20,
  };
  const model = GatedPixelCnn.create(WIRED, 1);
  const tiny = GatedPixelCnn.create({...WIRED, height: 3, width: 3}, 1);
  randomize(tiny.parameters, 4, 1.5);
  for (const name of Object.keys(WIRINGS) as WiringName[]) {
    for (const method of ['gradient', 'perturbation'] as const) {
      const found = await dependence(rewire(model, WIRINGS[name]), {seed: 1, method});
      assert.equal(orderViolations(found, model.order).leaks.length, leaks[name], `${name}, ${method}`);
    }
    const {perImage} = await evaluate(rewire(tiny, WIRINGS[name]), allImages(tiny.image));
    const sum = perImage.reduce((total, nats) => total + Math.exp(-nats), 0);
    assert.equal(Math.abs(sum - 1) < 1e-4, leaks[name] === 0, `${name}: the sum is ${sum}`);
  }
  model.dispose();
  tiny.dispose();
});

test('a model that knows classes is refused', () => {
  const model = GatedPixelCnn.create({...WIRED, classes: 3});
  assert.throws(() => rewire(model, WIRINGS.right), /must know no classes, got 3/);
  model.dispose();
});

test('striped images: each row is the one above, moved by five; the pixel that decides lies in the blind spot', async () => {
  const {pixels} = stripedImages(20, 1);
  for (let image = 0; image < 20; image++) {
    for (let row = 1; row < 8; row++) {
      const at = (r: number, c: number): number => pixels[(image * 8 + r) * 16 + c];
      for (let column = 0; column < 11; column++) assert.equal(at(row, column), at(row - 1, column + 5));
    }
  }
  const ink = pixels.reduce((sum, value) => sum + value / 255, 0) / pixels.length;
  assert.ok(Math.abs(ink - 0.5) < 0.05, `${ink}`);
  const size = {height: 8, width: 16, channels: 1, levels: 2, firstSize: 7, size: 3, head: 8, features: 8};
  const sees = async (model: AutoregressiveModel): Promise<boolean> => {
    const field = await receptiveField((x) => model.logits(x), model.image, {row: 4, column: 4, seed: 0});
    model.dispose();
    return field.values[3 * 16 + 9] > 0;
  };
  assert.equal(await sees(PixelCnn.create({...size, dilations: [1, 1, 1, 1]}, 0)), false);
  assert.equal(await sees(GatedPixelCnn.create({...size, dilations: [1, 1, 1], classes: 0}, 0)), true);
});
