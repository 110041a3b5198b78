import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {startEngine} from '../lib/engine/index';
import {evaluate} from '../lib/evaluate';
import {rewire, WIRINGS, type WiringName} from '../lib/gatedWiring';
import {dependence, orderViolations} from '../lib/jacobian';
import {GatedPixelCnn} from '../lib/models/gatedPixelCnn';
import {allImages, randomize} from './properties/tools';

test.before(() => startEngine());

const CONFIG = {
  ...{height: 4, width: 5, channels: 1, levels: 2, features: 12, dilations: [1, 1]},
  ...{firstSize: 3, size: 3, head: 12, classes: 0},
} as const;

test('the right wiring is the model itself; a mistake changes it', () => {
  const model = GatedPixelCnn.create(CONFIG, 1);
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
  const model = GatedPixelCnn.create(CONFIG, 1);
  const tiny = GatedPixelCnn.create({...CONFIG, height: 3, width: 3}, 1);
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
  const model = GatedPixelCnn.create({...CONFIG, classes: 3});
  assert.throws(() => rewire(model, WIRINGS.right), /must know no classes, got 3/);
  model.dispose();
});
