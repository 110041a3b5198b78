// biome-ignore-all lint/suspicious/noExplicitAny: as in a notebook, where the
// student's types are the student's
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {transformSync} from 'esbuild';
import * as course from '../../lib/course/index';
import * as lib from '../../lib/index';
import {projectRoot} from '../../lib/storage/paths';
import {exerciseCells, readVerdicts, type Verdict} from '../../scripts/notebooks/exercises';
import {type Notebook, textOf} from '../../scripts/notebooks/notebook';

/**
 * Every check cell, with the answer cells as they are committed, with the solutions,
 * and with plausible wrong answers.
 */

type Answers = Readonly<Record<string, unknown>>;
const folder = path.join(projectRoot(), 'notebooks');
const digit = {height: 28, width: 28, channels: 1};

/** What check cells use that is made earlier in their notebook. */
const EARLIER: Record<string, Answers> = {
  '01': {
    score: {nats: 100},
    model: {image: digit},
    fit: {intercept: 10, coefficients: [1.3, -0.6], std: 15},
    seen: Float64Array.of(20, 30, 50),
  },
  '03': {oneOrder: {model: {image: digit}}, shape: {height: 3, width: 3, channels: 1}},
};

const softmaxed = (nats: readonly number[]): number[] => {
  const shares = nats.map((value) => Math.exp(-value));
  return shares.map((share) => share / shares.reduce((a, b) => a + b, 0));
};
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Two or more for each answer. */
const WRONG: Record<string, Record<string, readonly any[]>> = {
  '00': {
    factors: [(h: number, w: number) => h * w, (h: number, w: number, c: number) => h * w + c],
    mayDepend: [
      (value: any, on: any) => on.pixel < value.pixel,
      (value: any, on: any) => on.pixel < value.pixel || on.color <= value.color,
    ],
  },
  '01': {
    toBits: [(nats: number) => nats / 784, (nats: number) => nats / Math.LN2],
    twoAhead: [
      (ar: any, past: Float64Array) =>
        ar.intercept + ar.coefficients[0] * (past.at(-1) ?? 0) + ar.coefficients[1] * (past.at(-2) ?? 0),
      () => Number.NaN,
    ],
    mine: [new Array(8).fill(1 / 8), [0.25, 0.25, 0, 0, 0, 0, 0.25, 0.25], new Array(8).fill(Number.NaN)],
  },
  '02': {
    connected: [(a: number, b: number) => a <= b, (a: number, b: number) => a > b, () => Number.NaN],
    hiddenDegrees: [
      [1, 2],
      [1, 2, 3, 4],
    ],
    ownPixels: [9, 0],
  },
  '03': {
    myEnsemble: [
      (nats: readonly number[]) => nats.reduce((a, b) => a + b) / nats.length,
      (nats: readonly number[]) => -Math.log(nats.reduce((s, n) => s + Math.exp(-n), 0) / nats.length),
    ],
    myOrder: [Array.from({length: 784}, (_, k) => 783 - k), Array.from({length: 784}, () => 0)],
  },
  '04': {
    weightsAlive: [
      (size: number) => (size * size - 1) / 2,
      (size: number, type: string) => Math.ceil((size * size) / 2) + Number(type === 'B'),
    ],
    myMaskB: [
      [1, 1, 1, 1, 0, 0, 0, 0, 0],
      [1, 1, 1, 0.5, 0.5, 0, 0, 0, 0],
      [-1, -1, -1, -1, -1, 0, 0, 0, 0],
      new Array(9).fill(Number.NaN),
    ],
    sees: [(_: string, a: number, b: number) => a <= b, (_: string, a: number, b: number) => a < b],
    hidden: [120, 0],
  },
  '05': {
    myNats: [
      (logit: number, pixel: number) => Math.log(1 + Math.exp(logit)) - pixel * logit,
      (logit: number, pixel: number) => (pixel ? sigmoid(logit) : 1 - sigmoid(logit)),
    ],
    myBlock: [
      ({down, middle, up}: any, x: tf.Tensor4D) =>
        tf.add(x, up.apply(middle.apply(down.apply(tf.relu(x), 'none'), 'none'), 'none')),
      ({down, middle, up}: any, x: tf.Tensor4D) =>
        up.apply(middle.apply(down.apply(tf.relu(x), 'relu'), 'relu'), 'none'),
    ],
    myChoice: [
      (p: readonly number[], uniform: () => number) => {
        const shared = uniform();
        return p.map((one, i) => Number((i === 1 ? uniform() : shared) < one));
      },
      (p: readonly number[]) => p.map((one) => Number(one > 0.5)),
    ],
  },
  '06': {
    afterGate: [[[2, 2]], [[1, 8]]],
    feedsVertical: [[[2, 2]], []],
    firstResidual: [[], [[1, 8]]],
    myLayer: [course.WIRINGS['link after the gate'], course.WIRINGS['residual in the first layer']],
    myPosterior: [softmaxed, (nats: readonly number[]) => softmaxed(nats.map((n) => -n))],
  },
  '07': {
    myStep: [
      ({o, f, i, g}: any, c: number) => {
        const cell = sigmoid(f) * c + sigmoid(i) * sigmoid(g);
        return {cell, hidden: sigmoid(o) * Math.tanh(cell)};
      },
      ({o, f, i, g}: any, c: number) => {
        const cell = sigmoid(f) * c + sigmoid(i) * Math.tanh(g);
        return {cell, hidden: sigmoid(o) * cell};
      },
    ],
    neighbors: [
      [
        [0, -1],
        [0, 0],
        [0, 1],
      ],
      [
        [-1, -1],
        [-1, 0],
        [-1, 0],
      ],
    ],
    triangleWidth: [(n: number) => 2 * n + 1, (n: number) => 2 * n + 3],
  },
  '08': {
    skewedPlace: [(r: number, c: number) => [r + c, c], (r: number, c: number) => [r, c - r]],
    join: [
      (left: tf.Tensor4D, right: tf.Tensor4D) => tf.add(left, right),
      (left: tf.Tensor4D, right: tf.Tensor4D) => tf.sub(left, lib.shiftDown(right)),
      (left: tf.Tensor4D, right: tf.Tensor4D) => tf.add(left, tf.mul(2, lib.shiftDown(right))),
    ],
    neverSeen: [
      (r: number, c: number) => [r - 1, c + 1],
      (r: number, _: number, width: number) => [r, width - 1],
    ],
    fromTheRight: [
      [
        [0, -1],
        [-1, 0],
      ],
      [[0, 1]],
    ],
  },
  '09': {
    myUniform: [Math.log, (levels: number) => levels],
    myNats: [
      (c: any, v: any) => -Math.log2(c.R[v.R] * c.G[v.G] * c.B[v.B]),
      (c: any, v: any) => -Math.log(c.R[v.R] * c.G[v.G] * c.B[v.B]) / 3,
    ],
    myA: [
      [],
      [
        ['R', 'G'],
        ['R', 'B'],
        ['G', 'B'],
        ['R', 'X'],
      ],
    ],
    myB: [
      [
        ['R', 'R'],
        ['G', 'G'],
        ['B', 'B'],
      ],
      [],
    ],
  },
  '10': {
    mySchedule: [
      (step: number, steps: number, highest: number) =>
        (highest * (1 + Math.cos((Math.PI * step) / steps))) / 2,
      (_: number, __: number, highest: number) => highest,
    ],
    myEpoch: [(history: any) => history.at(-1).epoch, () => 1],
    myAnswers: [course.COMPARISONS.map(() => true), course.COMPARISONS.map(() => false)],
  },
  '11': {
    myNats: [
      (model: number[], data: number[]) => {
        const own = model.reduce((s, p) => s - p * Math.log2(p), 0);
        return {own, test: data.reduce((s, p, k) => s - p * Math.log2(model[k]), 0)};
      },
      (model: number[], data: number[]) => {
        const cost = data.reduce((s, p, k) => s - p * Math.log(model[k]), 0);
        return {own: cost, test: cost};
      },
    ],
    myNearest: [
      (q: number[], t: number[][]) => {
        const all = t.map((one) => one.filter((bit, i) => bit && !q[i]).length);
        return {index: all.indexOf(Math.min(...all)), distance: Math.min(...all)};
      },
      () => ({index: 0, distance: 0}),
    ],
    myProbability: [(p: number, t: number) => p ** (1 / t), (p: number, t: number) => p / t],
  },
  '12': {
    myNats: [
      (nats: number[]) => nats.reduce((a, b) => a + b),
      (nats: number[], _: number[], known: number[]) => nats.reduce((s, n, i) => s + (known[i] ? 0 : n), 0),
    ],
    myOrder: [
      (order: number[]) => order,
      (order: number[], known: number[]) => [
        ...order.filter((i) => !known[i]),
        ...order.filter((i) => known[i]),
      ],
    ],
    myWeights: [
      softmaxed,
      (nats: number[]) => [...softmaxed(nats.map((n) => n - Math.min(...nats))), 0],
      (nats: number[]) => nats.map((n) => Math.exp(Math.min(...nats) - n)),
    ],
  },
  '13': {
    myTransposed: [(k: number) => k, (k: number, _: number, w: number) => (k % w) * w + Math.floor(k / w)],
    myDivergence: [
      (a: number[], b: number[]) => a.filter((bit, i) => bit !== b[i]).length,
      (a: number[], b: number[], _: number[], flipped: number) =>
        a.filter((bit, i) => i > flipped && bit !== b[i]).length,
    ],
    myPasses: [
      (n: number, h: number, w: number, c: number) => n * h * w * c,
      (_: number, h: number, w: number) => h * w,
    ],
  },
};
// The word that is changed belongs to a configuration, which the solution and the
// starting cell share but for it.
WRONG['03'].myConfig = [
  {
    ...lib.MADE_PRESETS.small,
    height: 3,
    width: 3,
    hidden: [60],
    direct: false,
    masks: 1,
    orderAgnostic: false,
  },
  {
    ...lib.MADE_PRESETS.small,
    height: 3,
    width: 3,
    hidden: [60],
    direct: false,
    masks: 2,
    orderAgnostic: true,
  },
];

/** Runs the exercise cells as the kernel would, with some answers put in place of those in the cells. */
async function run(number: string, notebook: Notebook, answers: Answers): Promise<Verdict[]> {
  const lines: string[] = [];
  // Not spread: the compiler would spend minutes on a type of all those names.
  const scope: Answers = Object.assign({}, lib, course, {tf, lib, course}, EARLIER[number], {answers});
  const source = exerciseCells(notebook).map(({cell, check}) => {
    const text = transformSync(textOf(cell.source), {loader: 'ts'}).code;
    // An answer cell's `var` is known in the whole function.
    const given = Object.keys(answers)
      .filter((name) => name !== 'default' && name !== 'module.exports')
      .map((name) => `${name} = answers.${name};`);
    return check ? `${given.join('\n')}\n${text}` : text.replace(/^const /gm, 'var ');
  });
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
  const print = {log: (...words: unknown[]) => lines.push(words.join(' '))};
  const body = `return (async () => {\n${source.join('\n')}\n})();`;
  await new AsyncFunction(...Object.keys(scope), 'console', body)(...Object.values(scope), print);
  return readVerdicts(lines.join('\n'));
}

test.before(() => lib.startEngine());

for (const [number, wrong] of Object.entries(WRONG)) {
  const file = fs.readdirSync(folder).find((name) => name.startsWith(number)) as string;
  const notebook = JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8')) as Notebook;

  test(`${file}: starting cells pass nothing, solutions everything, wrong answers fail`, async () => {
    const solved = {...require(`../../solutions/${number}`)};
    const start = await run(number, notebook, {});
    assert.ok(
      start.length >= exerciseCells(notebook).filter(({check}) => check).length,
      'a check without a verdict',
    );
    for (const {exercise, verdict} of start) assert.notEqual(verdict, 'passed', exercise);
    const right = await run(number, notebook, solved);
    assert.equal(right.length, start.length);
    for (const {exercise, verdict, reason} of right)
      assert.equal(verdict, 'passed', `${exercise}: ${reason}`);
    const names = Object.keys(solved).filter((name) => name !== 'default' && name !== 'module.exports');
    assert.deepEqual(names.sort(), Object.keys(wrong).sort());
    for (const [name, values] of Object.entries(wrong)) {
      assert.ok(values.length >= 2, `${name}: two wrong answers at least`);
      for (const [k, value] of values.entries()) {
        const failed = (await run(number, notebook, {...solved, [name]: value})).filter(
          ({verdict}) => verdict === 'wrong',
        );
        assert.equal(failed.length, 1, `wrong answer ${k} for ${name} is refused by ${failed.length} checks`);
      }
    }
  });
}
