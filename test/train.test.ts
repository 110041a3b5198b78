import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {binarize} from '../lib/data/binarize';
import {startEngine} from '../lib/engine/index';
import {evaluate} from '../lib/evaluate';
import {GatedPixelCnn} from '../lib/models/gatedPixelCnn';
import {Made} from '../lib/models/made';
import type {MadeConfig} from '../lib/models/madeConfig';
import {sample} from '../lib/sample';
import {learningRateAt, type TrainHooks, TrainingDivergedError, type TrainResult, train} from '../lib/train';
import type {Images} from '../lib/types';
import {TRAIN_DEFAULTS, type TrainingState, type TrainOptions} from '../lib/types';
import {randomImages} from './properties/tools';

test.before(() => startEngine());

const SHAPE = {height: 3, width: 3, channels: 1};
const CONFIG: MadeConfig = {
  ...{...SHAPE, hidden: [16], direct: true},
  ...{masks: 2, orderAgnostic: true, order: 'raster', conditioned: false, maskSeed: 0},
};

/** Gray images, so that each epoch draws them anew. */
const gray: Images = (() => {
  const images = randomImages(24, SHAPE, 1, 200);
  return {...images, pixels: images.pixels.map((value, i) => value + (i % 40))};
})();
const data = {train: gray, validation: binarize(gray, {rule: 'static', seed: 9})};

/** Four epochs of six steps. */
const OPTIONS: TrainOptions = {...TRAIN_DEFAULTS, epochs: 4, batchSize: 4, learningRate: 0.05, seed: 3};

interface Run {
  readonly result: TrainResult;
  readonly weights: Record<string, Float32Array>;
}

async function run(options: TrainOptions, hooks: TrainHooks = {}, resumed?: TrainingState): Promise<Run> {
  // Other first weights when resumed: all must come from the state.
  const model = Made.create(CONFIG, resumed === undefined ? 1 : 2);
  try {
    const result = await train(model, data, options, hooks, resumed);
    const weights = [...model.parameters].map(([name, value]) => [name, value.dataSync().slice()]);
    return {result, weights: Object.fromEntries(weights)};
  } finally {
    model.dispose();
  }
}

/** A history without the seconds, which no two runs share. */
const scores = ({history}: {history: TrainResult['history']}): string[] =>
  history.map(({step, epoch, split, nats}) => `${step} ${epoch} ${split} ${nats}`);

test('learns one batch by heart', async () => {
  const shape = {height: 5, width: 5, channels: 1};
  const images = randomImages(16, shape, 5, 255);
  const bits = binarize(images, {rule: 'threshold', seed: 0});
  const model = Made.create({...CONFIG, ...shape, hidden: [64], masks: 1, orderAgnostic: false}, 1);
  const before = (await evaluate(model, bits)).nats;
  const options = {...TRAIN_DEFAULTS, epochs: 250, batchSize: 16, learningRate: 0.1, averageDecay: 0.9};
  const {bestNats} = await train(model, {train: images, validation: bits}, options);
  assert.ok(before > 16 && before < 20, `before ${before}`);
  // Sixteen different images: no distribution does better than log 16 = 2.77 on average.
  assert.ok(bestNats > Math.log(16) && bestNats < 3.2, `after ${bestNats}`);
  assert.ok(Math.abs((await evaluate(model, bits)).nats - bestNats) < 1e-5);
  model.dispose();
});

test('the same seed gives the same numbers, another seed others', async () => {
  const first = await run(OPTIONS);
  const second = await run(OPTIONS);
  assert.deepEqual(second.weights, first.weights);
  assert.deepEqual(scores(second.result), scores(first.result));
  assert.notDeepEqual((await run({...OPTIONS, seed: 4})).weights, first.weights);
});

test('history: one row of each split an epoch, in the order they came', async () => {
  const rows: string[] = [];
  const {result} = await run(OPTIONS, {
    onEvaluation: ({step, epoch, split}) => void rows.push(`${step} ${epoch} ${split}`),
  });
  const expected = [1, 2, 3, 4].flatMap((epoch) => [
    `${6 * epoch} ${epoch} train`,
    `${6 * epoch} ${epoch} validation`,
  ]);
  assert.deepEqual(rows, expected);
  assert.deepEqual(
    result.history.map(({step, epoch, split}) => `${step} ${epoch} ${split}`),
    expected,
  );
  const seconds = result.history.map((row) => row.seconds);
  assert.deepEqual(
    seconds,
    [...seconds].sort((a, b) => a - b),
  );
  const validation = result.history.filter(({split}) => split === 'validation');
  assert.equal(result.bestNats, Math.min(...validation.map(({nats}) => nats)));
  assert.equal(validation.find(({nats}) => nats === result.bestNats)?.epoch, result.bestEpoch);
  assert.equal(result.outcome, 'finished');
});

test('progress counts every step, and names the epoch and the time to go', async () => {
  const steps: number[] = [];
  await run(OPTIONS, {
    onProgress: (progress) => {
      steps.push(progress.step);
      assert.equal(progress.steps, 24);
      assert.equal(progress.epoch, Math.floor((progress.step - 1) / 6));
      assert.ok(progress.nats > 0 && progress.imagesPerSecond > 0 && progress.secondsLeft >= 0);
    },
  });
  assert.deepEqual(
    steps,
    Array.from({length: 24}, (_, k) => k + 1),
  );
});

test('resumed from any saved state: weights and history as if never stopped, to the bit', async () => {
  const states: TrainingState[] = [];
  const onState = async (state: TrainingState): Promise<void> => void states.push(state);
  const whole = await run(OPTIONS, {onState, stateEverySeconds: 0});
  // One before the first step, one after each, and one with each of the four scores.
  assert.equal(states.length, 1 + 24 + 4);
  const places = states.map(({step, history}) => `${step}, ${history.length} scored`);
  assert.equal(
    new Set(places).size,
    states.length,
    'the end of an epoch is saved before its score, and with it',
  );
  for (const state of states) {
    const resumed = await run(OPTIONS, {}, state);
    assert.deepEqual(resumed.weights, whole.weights, `from step ${state.step}`);
    assert.deepEqual(scores(resumed.result), scores(whole.result), `from step ${state.step}`);
    assert.equal(resumed.result.bestEpoch, whole.result.bestEpoch);
    assert.ok(resumed.result.seconds >= state.seconds);
  }
});

test('interrupted at the start, in the middle and at the end of an epoch, then resumed: the same to the bit', async () => {
  const whole = await run(OPTIONS);
  for (const stop of [1, 3, 5, 6, 7, 12, 18, 23]) {
    const controller = new AbortController();
    const states: TrainingState[] = [];
    const stopped = await run(OPTIONS, {
      signal: controller.signal,
      onProgress: ({step}) => step === stop && controller.abort(),
      onState: async (state) => void states.push(state),
    });
    assert.equal(stopped.result.outcome, 'interrupted');
    assert.deepEqual(
      states.map(({step}) => step),
      stop <= 6 ? [0, stop] : [0, ...[6, 12, 18].filter((end) => end < stop), stop],
    );
    const resumed = await run(OPTIONS, {}, states.at(-1));
    assert.deepEqual(resumed.weights, whole.weights, `stopped after ${stop}`);
    assert.deepEqual(scores(resumed.result), scores(whole.result), `stopped after ${stop}`);
  }
});

test('a signal that comes with the last step of an epoch stops before its score; the score comes when it is resumed', async () => {
  const whole = await run(OPTIONS);
  for (const stop of [12, 24]) {
    const controller = new AbortController();
    const states: TrainingState[] = [];
    const {result} = await run(OPTIONS, {
      signal: controller.signal,
      onProgress: ({step}) => step === stop && controller.abort(),
      onState: async (state) => void states.push(state),
    });
    assert.equal(result.outcome, 'interrupted');
    const last = states.at(-1);
    assert.deepEqual([last?.step, last?.history.length], [stop, stop / 3 - 2]);
    const resumed = await run(OPTIONS, {}, last);
    assert.deepEqual(resumed.weights, whole.weights);
    assert.deepEqual(scores(resumed.result), scores(whole.result));
  }
});

test('a run that has ended goes on for more epochs', async () => {
  const states: TrainingState[] = [];
  await run(OPTIONS, {onState: async (state) => void states.push(state)});
  const {result} = await run({...OPTIONS, epochs: 6}, {}, states.at(-1));
  const validation = result.history.filter(({split}) => split === 'validation');
  assert.deepEqual(
    validation.map(({epoch}) => epoch),
    [1, 2, 3, 4, 5, 6],
  );
});

test('validation images that cannot be scored are named before the first step', async () => {
  let steps = 0;
  const model = Made.create(CONFIG, 1);
  const count = (): void => void steps++;
  const gray = {...data.validation, pixels: data.validation.pixels.map((v) => v * 255)};
  const wide = {...data.train, width: 2 * data.train.width, count: data.train.count / 2};
  for (const [images, message] of [
    [
      {...data, validation: gray},
      /made: values must be from 0 to 1, got 255 at \d+; binarize the images first/,
    ],
    [{...data, validation: wide}, /made: images must be/],
    [{...data, train: wide}, /made: images must be/],
  ] as const) {
    await assert.rejects(train(model, images, OPTIONS, {onProgress: count}), message);
  }
  assert.equal(steps, 0);
  model.dispose();
});

test('a loss far above that of a guess stops training after a while; what was saved before is good', async () => {
  const states: TrainingState[] = [];
  const onState = async (state: TrainingState): Promise<void> => void states.push(state);
  const model = Made.create(CONFIG, 1);
  // An output that is sure of the wrong value, more so than such small steps can mend.
  const bias = model.parameters.get('output.bias') as tf.Variable;
  tf.tidy(() => bias.assign(tf.fill(bias.shape, -1e4)));
  const options = {...OPTIONS, epochs: 20, learningRate: 1e-6, batchSize: 1};
  await assert.rejects(train(model, data, options, {stateEverySeconds: 0, onState}), (error: Error) => {
    assert.ok(error instanceof TrainingDivergedError);
    assert.match(error.message, /at step 19 .*it must be at most 62, ten times that of a blind guess/);
    return true;
  });
  assert.deepEqual(
    states.map(({step}) => step),
    [0],
  );
  model.dispose();
});

test('a model whose hidden units have died is told after the epoch', async () => {
  const states: TrainingState[] = [];
  const warnings: string[] = [];
  const onWarning = (sentence: string): void => void warnings.push(sentence);
  const options = {...OPTIONS, epochs: 40};
  await run({...options, epochs: 2}, {onWarning, onState: async (state) => void states.push(state)});
  const state = states.at(-1) as TrainingState;
  await run(options, {onWarning}, state);
  assert.deepEqual(warnings, [], 'of a healthy model nothing is said');
  // So far below zero that no image wakes a unit again.
  const dead = new Map(state.adam.weights).set('hidden1.bias', new Float32Array(16).fill(-1e3));
  await run(options, {onWarning}, {...state, adam: {...state.adam, weights: dead}});
  assert.match(warnings.at(-1) ?? '', /nothing moves hidden1\.weights.* any more.*lower learning rate/);
});

test('a saved state does not change while the run goes on', async () => {
  const lengths: [TrainingState, number][] = [];
  await run(OPTIONS, {
    stateEverySeconds: 0,
    onState: async (state) => void lengths.push([state, state.history.length]),
  });
  for (const [state, length] of lengths) assert.equal(state.history.length, length);
});

test('early stopping: after `patience` epochs without a better score, also when resumed afterwards', async () => {
  // Twenty epochs at a learning rate that overfits these few images.
  const options = {...OPTIONS, epochs: 40, patience: 2, averageDecay: 0};
  const states: TrainingState[] = [];
  const {result, weights} = await run(options, {onState: async (state) => void states.push(state)});
  assert.equal(result.outcome, 'stopped early');
  const validation = result.history.filter(({split}) => split === 'validation');
  assert.equal(validation.length, result.bestEpoch + 2);
  assert.ok(validation.length < 40);
  const resumed = await run(options, {}, states[states.length - 1]);
  assert.equal(resumed.result.outcome, 'stopped early');
  assert.deepEqual(resumed.weights, weights);
  assert.deepEqual(scores(resumed.result), scores(result));
});

test('the model ends with the averaged weights of its best epoch', async () => {
  const states: TrainingState[] = [];
  const {weights, result} = await run(OPTIONS, {onState: async (state) => void states.push(state)});
  const {best} = states[states.length - 1];
  assert.equal(best?.epoch, result.bestEpoch);
  assert.deepEqual(weights, Object.fromEntries(best?.weights ?? []));
});

test('a loss that is not finite stops training; what was saved before is good', async () => {
  const states: TrainingState[] = [];
  const model = Made.create(CONFIG, 1);
  model.ensemble(); // makes the masks, each once
  const {numTensors} = tf.memory();
  const poison = ({step}: {step: number}): void => {
    const bias = model.parameters.get('output.bias') as tf.Variable;
    if (step === 9) tf.tidy(() => bias.assign(tf.fill(bias.shape, Number.NaN)));
  };
  const hooks = {
    onProgress: poison,
    stateEverySeconds: 0,
    onState: async (s: TrainingState) => void states.push(s),
  };
  await assert.rejects(train(model, data, OPTIONS, hooks), (error: Error) => {
    assert.ok(error instanceof TrainingDivergedError);
    assert.match(error.message, /loss is NaN at step 9 .*must be finite.*lower learning rate or a clipNorm/);
    return true;
  });
  assert.equal(tf.memory().numTensors, numTensors);
  model.dispose();
  const last = states[states.length - 1];
  assert.ok(last.step <= 9);
  assert.deepEqual((await run(OPTIONS, {}, last)).weights, (await run(OPTIONS)).weights);
});

test('weights that have become NaN are never saved, nor taken for a score', async () => {
  const states: TrainingState[] = [];
  const options = {...OPTIONS, learningRate: 10, epochs: 1};
  const controller = new AbortController();
  await run(options, {
    signal: controller.signal,
    onProgress: ({step}) => step === 5 && controller.abort(),
    onState: async (state) => void states.push(state),
  });
  const start = states.at(-1) as TrainingState;
  assert.equal(start.step, 5);
  states.length = 0;
  // The state says that the second moment is negative: the next step, the epoch's last, takes its root.
  for (const moment of start.adam.moment2.values()) moment.fill(-1);
  const hooks = {stateEverySeconds: 0, onState: async (state: TrainingState) => void states.push(state)};
  await assert.rejects(run(options, hooks, start), TrainingDivergedError);
  await assert.rejects(run({...options, epochs: 2}, hooks, start), TrainingDivergedError);
  assert.equal(states.length, 0);
});

test('an error in a hook ends training and leaves no tensor', async () => {
  const model = Made.create(CONFIG, 1);
  model.ensemble();
  const {numTensors} = tf.memory();
  const onEvaluation = (): void => {
    throw new Error('disk full');
  };
  await assert.rejects(train(model, data, OPTIONS, {onEvaluation}), /disk full/);
  assert.equal(tf.memory().numTensors, numTensors);
  model.dispose();
});

test('clipping: one norm for all parameters together; no effect when the gradient is shorter', async () => {
  const free = await run({...OPTIONS, epochs: 1});
  assert.deepEqual((await run({...OPTIONS, epochs: 1, clipNorm: 1e6})).weights, free.weights);
  assert.notDeepEqual((await run({...OPTIONS, epochs: 1, clipNorm: 0.01})).weights, free.weights);
  // Adam's first moment after one step is 0.1 of the gradient, whose norm is then the bound.
  const states: TrainingState[] = [];
  const controller = new AbortController();
  controller.abort();
  await run(
    {...OPTIONS, clipNorm: 0.01},
    {signal: controller.signal, onState: async (state) => void states.push(state)},
  );
  const [start, {adam}] = states;
  assert.equal(start.step, 0, 'the first state is from before the first step');
  const squares = [...adam.moment1.values()].flatMap((moment) => [...moment].map((m) => (10 * m) ** 2));
  const norm = Math.sqrt(squares.reduce((a, b) => a + b));
  assert.ok(Math.abs(norm - 0.01) < 1e-6, `the norm is ${norm}`);
});

test('schedule: rises over the warm-up, then falls along a cosine', () => {
  const options = {...TRAIN_DEFAULTS, learningRate: 1, warmup: 0.25};
  const rates = Array.from({length: 8}, (_, step) => learningRateAt(step, 8, options));
  const expected = [1 / 3, 2 / 3, 1, ...[1, 2, 3, 4, 5].map((k) => (1 + Math.cos((Math.PI * k) / 6)) / 2)];
  rates.forEach((rate, k) => {
    assert.ok(Math.abs(rate - expected[k]) < 1e-12, `step ${k}: ${rate}`);
  });
  assert.equal(learningRateAt(0, 8, {...options, warmup: 0}), 1);
  assert.ok(learningRateAt(4, 8, {...options, warmup: 1}) < 1);
  for (const warmup of [0, 0.1, 0.5, 1]) {
    for (const steps of [1, 2, 10]) {
      for (let step = 0; step < steps; step++) {
        const rate = learningRateAt(step, steps, {...options, warmup});
        assert.ok(rate > 0 && rate <= 1, `warmup ${warmup}, step ${step} of ${steps}: ${rate}`);
      }
    }
  }
});

test('1,000 steps, 100 samples and 10 evaluations leave no tensor; the images stay as they were', async () => {
  const pixels = gray.pixels.slice();
  const {numTensors: none} = tf.memory();
  const model = Made.create(CONFIG, 1);
  model.ensemble();
  const {numTensors} = tf.memory();
  // 100 epochs of 6 steps with an evaluation each, then 67 that are clipped.
  await train(model, data, {...OPTIONS, epochs: 100});
  await train(model, data, {...OPTIONS, epochs: 67, clipNorm: 1});
  assert.equal(tf.memory().numTensors, numTensors, 'after training');
  await sample(model, {count: 100, seed: 0});
  for (let i = 0; i < 10; i++) await evaluate(model, data.validation);
  assert.equal(tf.memory().numTensors, numTensors);
  model.dispose();
  assert.equal(tf.memory().numTensors, none);
  assert.deepEqual(gray.pixels, pixels);
});

test('orders drawn for each step leave no tensor either, and resume to the bit', async () => {
  const model = Made.create({...CONFIG, masks: 0}, 1);
  const {numTensors} = tf.memory();
  const states: TrainingState[] = [];
  const weights = (): Float32Array[] =>
    [...model.parameters.values()].map((v) => v.dataSync().slice() as Float32Array);
  await train(model, data, OPTIONS, {
    stateEverySeconds: 0,
    onState: async (state) => void states.push(state),
  });
  assert.equal(tf.memory().numTensors, numTensors);
  const whole = weights();
  await train(model, data, OPTIONS, {}, states[8]);
  assert.deepEqual(weights(), whole);
  model.dispose();
});

/**
 * Twelve digits of a kind: images that are wholly told by their label, 0 to 2,
 * and a model that can be told it.
 */
const labels = Uint8Array.from({length: 12}, (_, i) => i % 3);
const kinds: Images = {
  ...SHAPE,
  ...{count: 12, labels},
  pixels: Uint8Array.from(
    {length: 108},
    (_, i) => 250 * Number(((i % 9) * (1 + labels[Math.floor(i / 9)])) % 4 < 2),
  ),
};
const told = {train: kinds, validation: binarize(kinds, {rule: 'threshold', seed: 0})};
const createTold = (seed: number): GatedPixelCnn =>
  GatedPixelCnn.create(
    {
      ...{...SHAPE, levels: 2, features: 6, dilations: [1], firstSize: 3, size: 3},
      ...{head: 6, classes: 3},
    },
    seed,
  );
const TOLD: TrainOptions = {...OPTIONS, epochs: 4, binarization: 'threshold', learningRate: 0.03};

test('a model that knows classes is told those of each batch: what the label settles costs nothing', async () => {
  const model = createTold(1);
  const {numTensors} = tf.memory();
  const {bestNats} = await train(model, told, {...TOLD, epochs: 60, averageDecay: 0.9});
  // Without the labels no model does better than log 3 = 1.1.
  assert.ok(bestNats < 0.3, `${bestNats} nats`);
  const amiss = {...told.validation, labels: labels.map((label) => (label + 1) % 3)};
  assert.ok((await evaluate(model, amiss)).nats > 3);
  assert.equal(tf.memory().numTensors, numTensors);
  model.dispose();
});

test('told labels, resumed from any saved state: the same to the bit', async () => {
  const runTold = async (
    seed: number,
    hooks: TrainHooks,
    resumed?: TrainingState,
  ): Promise<Float32Array[]> => {
    const model = createTold(seed);
    await train(model, told, TOLD, hooks, resumed);
    const weights = [...model.parameters.values()].map((value) => value.dataSync().slice() as Float32Array);
    model.dispose();
    return weights;
  };
  const states: TrainingState[] = [];
  const whole = await runTold(1, {stateEverySeconds: 0, onState: async (state) => void states.push(state)});
  assert.equal(states.length, 1 + 12 + 4, 'before the first step, after each, and with each score');
  for (const state of states) assert.deepEqual(await runTold(2, {}, state), whole, `from step ${state.step}`);
});

test('labels that are missing or out of range are named before the first step', async () => {
  const model = createTold(1);
  const {labels: _, ...without} = told.validation;
  const wrong: [{train: Images; validation: Images}, RegExp][] = [
    [
      {...told, train: {...kinds, labels: undefined}},
      /gated: .* conditioned on the class .* images have no labels/,
    ],
    [{...told, validation: without}, /gated: .* images have no labels; use images with labels/],
    [
      {...told, validation: {...without, labels: labels.map((label) => label + 1)}},
      /must be an integer from 0 to 2, got 3/,
    ],
    [{...told, train: {...kinds, labels: labels.slice(1)}}, /12 images need 12 labels, got 11/],
  ];
  for (const [images, message] of wrong) {
    const onProgress = (): void => assert.fail('a step was made');
    await assert.rejects(train(model, images, TOLD, {onProgress}), {name: 'RangeError', message});
  }
  model.dispose();
});

test('options out of range are named, before anything is done', async () => {
  const wrong: [Partial<TrainOptions>, RegExp][] = [
    [{epochs: 0}, /epochs must be an integer of at least 1, got 0/],
    [{epochs: 1.5}, /epochs .* got 1.5/],
    [{batchSize: 0}, /batchSize .* got 0/],
    [{batchSize: 25}, /at most the 24 images, got 25/],
    [{patience: -1}, /patience .* at least 0, got -1/],
    [{seed: 0.5}, /seed .* got 0.5/],
    [{learningRate: -1}, /learningRate must be a number from 0 to 10, got -1/],
    [{learningRate: Number.NaN}, /learningRate .* got NaN/],
    [{warmup: 1.1}, /warmup .* from 0 to 1, got 1.1/],
    [{averageDecay: 2}, /averageDecay .* got 2/],
    [{clipNorm: -0.1}, /clipNorm .* got -0.1/],
  ];
  for (const [change, message] of wrong) {
    await assert.rejects(run({...OPTIONS, ...change}), {name: 'RangeError', message});
  }
});

test('a linear schedule falls in a straight line to 0', () => {
  const options = {learningRate: 1, warmup: 0.5, schedule: 'linear'} as const;
  const rates = Array.from({length: 8}, (_, step) => learningRateAt(step, 8, options));
  assert.deepEqual(rates, [0.2, 0.4, 0.6, 0.8, 1, 0.75, 0.5, 0.25]);
});
