import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {startEngine} from '../../lib/engine/index';
import {withPortableTwins} from '../../lib/engine/native';
import {reluConvolutions} from '../../lib/engine/reluConvolutions';
import {evaluate} from '../../lib/evaluate';
import {dependence, orderViolations} from '../../lib/inspect/jacobian';
import {receptiveField, unseenBefore} from '../../lib/inspect/receptiveField';
import {GatedPixelCnn, type GatedPixelCnnConfig} from '../../lib/models/gatedPixelCnn';
import {createModel, findPreset} from '../../lib/models/index';
import {sample} from '../../lib/sample';
import {train} from '../../lib/train';
import {TRAIN_DEFAULTS} from '../../lib/types';
import {allImages, randomImages, randomize} from '../properties/tools';

test.before(() => startEngine());

const SMALL: GatedPixelCnnConfig = {
  height: 6,
  width: 7,
  channels: 1,
  levels: 2,
  features: 12,
  dilations: [1, 1],
  firstSize: 3,
  size: 3,
  head: 8,
  classes: 0,
};
const RGB = {...SMALL, height: 2, width: 2, channels: 3, head: 12, dilations: [1]};

async function withModel(
  config: GatedPixelCnnConfig,
  run: (model: GatedPixelCnn) => Promise<void>,
): Promise<void> {
  const model = GatedPixelCnn.create(config, 1);
  try {
    randomize(model.parameters, 7, 1.3);
    await run(model);
  } finally {
    model.dispose();
  }
}

test('no blind spot: every pixel before is seen within the reach of the layers, both ways', async () => {
  await withModel({...SMALL, height: 8, width: 9}, async (model) => {
    for (const method of ['gradient', 'perturbation'] as const) {
      const field = await receptiveField((x) => model.logits(x), model.image, {row: 5, column: 4, method});
      field.values.forEach((value, i) => {
        const [up, right] = [5 - Math.floor(i / 9), (i % 9) - 4];
        // Three layers of 3 x 3: three rows up, three columns to either side.
        const expected = up === 0 ? right >= -3 && right < 0 : up > 0 && up <= 3 && Math.abs(right) <= 3;
        assert.equal(value > 0, expected, `${method}: ${up} up, ${right} right: ${value}`);
      });
    }
  });
  await withModel({...SMALL, height: 4, width: 4, dilations: [1, 1, 1]}, async (model) => {
    const field = await receptiveField((x) => model.logits(x), model.image, {row: 3, column: 0});
    assert.deepEqual([...unseenBefore(field)], []);
  });
});

test('the vertical stack knows rows above only, and is not fed by the horizontal one', async () => {
  await withModel(SMALL, async (model) => {
    const vertical = (x: tf.Tensor4D): tf.Tensor => tf.tidy(() => model.stacks(x, 3).vertical);
    const field = await receptiveField(vertical, model.image, {row: 4, column: 3});
    field.values.forEach((value, i) => {
      const up = 4 - Math.floor(i / 7);
      assert.equal(value > 0, up >= 1 && up <= 3, `${up} up: ${value}`);
    });
  });
});

test('the first layer has no residual connection: no pixel sees itself', async () => {
  await withModel({...SMALL, height: 4, width: 4, dilations: []}, async (model) => {
    const {leaks} = orderViolations(await dependence(model, {seed: 2}), model.order);
    assert.deepEqual(leaks, []);
  });
});

test('RGB: a color sees those before it in its own pixel, through both halves of the gates', async () => {
  for (const levels of [2, 5]) {
    await withModel({...RGB, levels}, async (model) => {
      for (const method of ['gradient', 'perturbation'] as const) {
        const {leaks, blind} = orderViolations(
          await dependence(model, {seed: 3, images: 8, method}),
          model.order,
        );
        assert.deepEqual(leaks, []);
        assert.deepEqual(blind, [], `levels ${levels}, ${method}`);
      }
    });
  }
});

test('RGB probabilities sum to one: 2 levels in 2 x 2 pixels, 4 levels in 1 x 2', async () => {
  for (const config of [RGB, {...RGB, height: 1, levels: 4}]) {
    await withModel(config, async (model) => {
      const {perImage} = await evaluate(model, allImages(model.image, model.levels));
      const sum = perImage.reduce((total, nats) => total + Math.exp(-nats), 0);
      assert.ok(Math.abs(sum - 1) < 1e-5, `sum is ${sum}`);
    });
  }
});

test('layers as one operation give the values and the gradients of single convolutions', async (t) => {
  if ((await startEngine()).name !== 'tensorflow') {
    t.skip('the native kernels are absent');
    return;
  }
  for (const [features, size, dilation, channels, classes, batch] of [
    [5, 3, 1, 1, 0, 1],
    [12, 5, 2, 3, 0, 3],
    [20, 3, 4, 1, 4, 9],
    [32, 3, 12, 1, 4, 2],
  ]) {
    const config = {
      ...SMALL,
      height: 7,
      width: 10,
      channels,
      features,
      dilations: [dilation, 1],
      firstSize: 5,
      size,
      classes,
      head: 12,
    };
    await withModel(config, async (model) => {
      for (const labels of classes === 0
        ? [null]
        : [[1], Array.from({length: batch}, (_, i) => i % classes)]) {
        tf.tidy(() => {
          const x = tf.randomNormal([batch, 7, 10, channels], 0, 1, 'float32', 1) as tf.Tensor4D;
          const weights = tf.randomNormal([batch, 7, 10, 2 * features], 0, 1, 'float32', 2);
          const weighted = (input: tf.Tensor): tf.Tensor => {
            const {vertical, horizontal} = model.stacks(input as tf.Tensor4D, 3, labels ?? undefined);
            return tf.mul(tf.concat([vertical, horizontal], 3), weights);
          };
          const run = (): Record<string, tf.Tensor> => {
            const loss = (input: tf.Tensor): tf.Scalar => tf.sum(weighted(input));
            // All but those of the head.
            const used = [...model.parameters.values()].slice(0, -6);
            const {grads} = tf.variableGrads(() => loss(x), used);
            return {values: weighted(x), dx: tf.grad(loss)(x), ...grads};
          };
          const composed = withPortableTwins(run);
          for (const [key, value] of Object.entries(run())) {
            const scale = Math.max(1, tf.max(tf.abs(composed[key])).dataSync()[0]);
            const most = tf.max(tf.abs(tf.sub(value, composed[key]))).dataSync()[0];
            assert.ok(most < 3e-5 * scale, `${key} differs by ${most} where the largest is ${scale}`);
          }
        });
      }
    });
  }
});

test('logits, whose last layer gives the horizontal stack alone, are those of the composed layers, with their gradients', async () => {
  for (const dilations of [[], [2, 1]]) {
    await withModel({...SMALL, height: 6, width: 9, dilations}, async (model) => {
      tf.tidy(() => {
        const x = tf.randomNormal([3, 6, 9, 1], 0, 1, 'float32', 1) as tf.Tensor4D;
        const weights = tf.randomNormal([3, 6, 9, 1], 0, 1, 'float32', 2);
        const run = (of: (input: tf.Tensor4D) => tf.Tensor): Record<string, tf.Tensor> => {
          const loss = (input: tf.Tensor): tf.Scalar => tf.sum(tf.mul(of(input as tf.Tensor4D), weights));
          const {grads} = tf.variableGrads(() => loss(x), [...model.parameters.values()]);
          return {values: of(x), dx: tf.grad(loss)(x), ...grads};
        };
        const composedLogits = (input: tf.Tensor4D): tf.Tensor => {
          const {horizontal} = model.stacks(input, dilations.length + 1);
          return reluConvolutions(horizontal, [model.head], false);
        };
        const composed = withPortableTwins(() => run(composedLogits));
        for (const [key, value] of Object.entries(run((input) => model.logits(input)))) {
          const scale = Math.max(1, tf.max(tf.abs(composed[key])).dataSync()[0]);
          const most = tf.max(tf.abs(tf.sub(value, composed[key]))).dataSync()[0];
          assert.ok(most < 3e-5 * scale, `${key} differs by ${most} where the largest is ${scale}`);
        }
      });
    });
  }
});

test('cached sampling chooses what naive sampling chooses', async () => {
  for (const config of [
    SMALL,
    {...SMALL, firstSize: 5},
    {...SMALL, dilations: [2, 3, 1]},
    {...RGB, levels: 3},
  ]) {
    await withModel(config, async (model) => {
      for (const count of [2, 20]) {
        const cached = await sample(model, {count, seed: 5, method: 'cached'});
        const naive = await sample(model, {count, seed: 5, method: 'naive'});
        assert.deepEqual(cached.pixels, naive.pixels, `${JSON.stringify(config)}, ${count} images`);
      }
    });
  }
});

test('classes: each has its distribution, one label for all or one for each image', async () => {
  await withModel({...SMALL, height: 3, width: 3, classes: 3}, async (model) => {
    const images = allImages(model.image);
    const nats = [];
    for (const label of [0, 1, 2]) {
      const {perImage} = await evaluate(model, images, {condition: label});
      const sum = perImage.reduce((total, value) => total + Math.exp(-value), 0);
      assert.ok(Math.abs(sum - 1) < 1e-5, `label ${label}: sum is ${sum}`);
      nats.push(perImage);
    }
    assert.notDeepEqual(nats[0], nats[1]);
    tf.tidy(() => {
      const x = tf.tensor4d(
        Array.from({length: 27}, (_, i) => i % 2),
        [3, 3, 3, 1],
      );
      const together = model.logits(x, [2, 0, 1]);
      for (const [i, label] of [2, 0, 1].entries()) {
        const alone = model.logits(tf.slice(x, [i, 0, 0, 0], [1, 3, 3, 1]), label);
        const most = tf.max(tf.abs(tf.sub(tf.slice(together, [i, 0, 0, 0], [1, 3, 3, 1]), alone)));
        assert.ok(most.dataSync()[0] < 1e-5);
      }
    });
    for (const count of [3, 21]) {
      const condition = Array.from({length: count}, (_, i) => i % 3);
      const cached = await sample(model, {count, seed: 5, condition});
      const naive = await sample(model, {count, seed: 5, condition, method: 'naive'});
      assert.deepEqual(cached.pixels, naive.pixels);
    }
  });
});

test('bad labels and configs are refused with the rule', async () => {
  const model = GatedPixelCnn.create({...SMALL, classes: 10});
  const x = tf.zeros([4, 6, 7, 1]) as tf.Tensor4D;
  for (const label of [-1, 10, 1.5]) {
    assert.throws(() => model.logits(x, label), {
      name: 'RangeError',
      message: /must be an integer from 0 to 9/,
    });
  }
  assert.throws(() => model.logits(x), /the condition must be a class from 0 to 9, got undefined/);
  assert.throws(() => model.logits(x, [1, 2]), /one class, or 4 of them, got 2/);
  model.dispose();
  await withModel(SMALL, async (none) => {
    assert.throws(() => none.logits(x, 0), /knows no classes, so the condition must be left out, got 0/);
    x.dispose();
  });
  const wrong: [Partial<GatedPixelCnnConfig>, RegExp][] = [
    [{firstSize: 4}, /firstSize must be a positive odd integer, got 4/],
    [{dilations: [1, 0]}, /dilations must be a positive integer, got 0/],
    [{levels: 300}, /levels must be an integer from 2 to 256, got 300/],
    [{classes: -1}, /classes must be 0 or a positive integer, got -1/],
    [{channels: 3, features: 8}, /multiple of the 3 color groups/],
  ];
  for (const [part, message] of wrong) {
    const config = {...SMALL, ...part} as GatedPixelCnnConfig;
    assert.throws(() => GatedPixelCnn.create(config), {name: 'RangeError', message});
  }
});

test('a sampler, a step and a pass leave no tensor behind; it learns one batch', async () => {
  const model = GatedPixelCnn.create(SMALL, 2);
  const images = randomImages(8, model.image, 3);
  const gray = randomImages(8, model.image, 3, 255);
  const {numTensors} = tf.memory();
  const before = (await evaluate(model, images)).nats;
  assert.ok(Math.abs(before - 42 * Math.LN2) < 4, `first weights say little: ${before}`);
  await train(
    model,
    {train: gray, validation: images},
    {
      ...TRAIN_DEFAULTS,
      epochs: 200,
      batchSize: 8,
      learningRate: 1e-2,
      averageDecay: 0.5,
      binarization: 'threshold',
    },
  );
  const after = (await evaluate(model, images)).nats;
  assert.ok(after < before / 2, `from ${before} to ${after}`);
  for (const count of [2, 20]) await sample(model, {count, seed: 1});
  assert.equal(tf.memory().numTensors, numTensors);
  model.dispose();
});

test('the features keep their scale through the layers at the start', () => {
  const model = GatedPixelCnn.create(
    {...SMALL, height: 28, width: 28, features: 32, dilations: [1, 2, 4, 8, 4, 2], firstSize: 7},
    1,
  );
  tf.tidy(() => {
    const x = tf.cast(
      tf.less(tf.randomUniform([8, 28, 28, 1], 0, 1, 'float32', 1), 0.13),
      'float32',
    ) as tf.Tensor4D;
    for (const layers of [1, 4, 7]) {
      const {variance} = tf.moments(model.stacks(x, layers).vertical);
      const deviation = Math.sqrt(variance.dataSync()[0]);
      assert.ok(deviation > 0.1 && deviation < 0.6, `after ${layers} layers: ${deviation}`);
    }
  });
  model.dispose();
});

test('a checkpoint says enough to make it again', () => {
  const [one, two] = [GatedPixelCnn.create(SMALL, 4), createModel('gated', SMALL, 4)];
  for (const [name, value] of one.parameters) {
    assert.deepEqual(value.dataSync(), two.parameters.get(name)?.dataSync(), name);
  }
  one.dispose();
  two.dispose();
  assert.equal(findPreset('gated').preset, 'digits');
  assert.equal(findPreset('gated', 'labeled').config.classes, 10);
});
