import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {createAdam} from '../../lib/engine/adam';
import {type Convolution, convolve} from '../../lib/engine/conv';
import {
  bernoulliNegativeLogLikelihood,
  categoricalNegativeLogLikelihood,
} from '../../lib/engine/crossEntropy';
import {gate} from '../../lib/engine/gate';
import {gatedLayers} from '../../lib/engine/gatedLayers';
import {startEngine} from '../../lib/engine/index';
import {lstmLayer, shiftDown} from '../../lib/engine/lstmLayer';
import {lstmScan} from '../../lib/engine/lstmScan';
import {maskedDense} from '../../lib/engine/maskedDense';
import {attribute, native, outputs, withPortableTwins} from '../../lib/engine/native';
import {relu, reluGradient} from '../../lib/engine/relu';
import {reluConvolutions} from '../../lib/engine/reluConvolutions';
import {skew, unskew} from '../../lib/engine/skew';
import {biasGradient, halfSquaredNorm} from '../../lib/engine/sums';
import {Random} from '../../lib/random';

/**
 * Every operation is given inputs of wrong shapes, ranks and types: it must refuse them in one
 * sentence, in both forms, or give the same numbers in both. The same for the native operations alone,
 * which must not trust what calls them.
 */
const SEED = Number(process.env.FUZZ_SEED ?? 1);
const TRIES = 150;

test.before(() => startEngine());

interface Sizes {
  readonly shape: readonly number[];
  readonly type: 'float32' | 'int32';
}
const f = (...shape: number[]): Sizes => ({shape, type: 'float32'});
const i = (...shape: number[]): Sizes => ({shape, type: 'int32'});

function tensorOf({shape, type}: Sizes, random: Random): tf.Tensor {
  const length = tf.util.sizeFromShape([...shape]);
  const values = Array.from({length}, () => (type === 'int32' ? random.integer(2) : random.normal()));
  return tf.tensor(values, [...shape], type);
}

/** One or two of the inputs with another size, rank, order of axes or type. */
function mutated(inputs: readonly Sizes[], random: Random): Sizes[] {
  const result = [...inputs];
  for (let k = 0; k <= random.integer(2); k++) {
    const at = random.integer(inputs.length);
    const {shape, type} = result[at];
    const axis = random.integer(Math.max(1, shape.length));
    const changed = (size: number): number[] => shape.map((old, j) => (j === axis ? size : old));
    const old = shape[axis] ?? 1;
    const other = [
      () => ({shape: changed(old + 1), type}),
      () => ({shape: changed(Math.max(0, old - 1)), type}),
      () => ({shape: changed(2 * old), type}),
      () => ({shape: changed(0), type}),
      () => ({shape: changed(1 + random.integer(9)), type}),
      () => ({shape: shape.slice(1), type}),
      () => ({shape: [...shape, 1], type}),
      () => ({shape: [1, ...shape], type}),
      () => ({shape: [...shape].reverse(), type}),
      () => ({shape, type: type === 'int32' ? ('float32' as const) : ('int32' as const)}),
    ];
    result[at] = other[random.integer(other.length)]();
  }
  return result;
}

const PLACE = {padding: {top: 0, bottom: 0, left: 0, right: 0}, dilation: 1};
const ABOVE = {padding: {top: 1, bottom: 0, left: 1, right: 1}, dilation: 1};
const LEFT = {padding: {top: 0, bottom: 0, left: 1, right: 0}, dilation: 1};
const conv = (kernel: tf.Tensor, bias: tf.Tensor, placement = PLACE): Convolution => ({
  kernel: () => tf.clone(kernel) as tf.Tensor4D,
  bias: bias as tf.Tensor1D,
  placement,
});

type Run = (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];
interface Operation {
  readonly inputs: readonly Sizes[];
  readonly run: Run;
}

/** With its gradients in all float inputs, weighted so that none is 0 by chance. */
const withGradients =
  (run: (...inputs: tf.Tensor[]) => tf.Tensor): Run =>
  (...inputs) => {
    const value = run(...inputs);
    const floats = inputs.filter((x) => x.dtype === 'float32');
    const weights = tf.cos(tf.reshape(tf.range(0, value.size), value.shape));
    const loss = (...changed: tf.Tensor[]): tf.Tensor => {
      const rest = [...changed];
      return tf.sum(
        tf.mul(run(...inputs.map((x) => (x.dtype === 'float32' ? (rest.shift() as tf.Tensor) : x))), weights),
      );
    };
    return [value, ...tf.grads(loss)(floats)];
  };

const OPERATIONS: Readonly<Record<string, Operation>> = {
  convolve: {
    inputs: [f(2, 4, 5, 3), f(2, 3, 3, 6), f(6)],
    run: withGradients((x, k, b) =>
      convolve(x as tf.Tensor4D, k as tf.Tensor4D, b as tf.Tensor1D, ABOVE, 'relu'),
    ),
  },
  'convolve features': {
    inputs: [f(2, 4, 5, 7), f(2, 3, 7, 6), f(6)],
    run: withGradients((x, k, b) =>
      convolve(x as tf.Tensor4D, k as tf.Tensor4D, b as tf.Tensor1D, ABOVE, 'none'),
    ),
  },
  relu: {inputs: [f(3, 4)], run: withGradients((x) => relu(x))},
  reluGradient: {inputs: [f(3, 4), f(3, 4)], run: (dy, y) => reluGradient(dy, y)},
  biasGradient: {inputs: [f(2, 3, 4, 5)], run: (dy) => biasGradient(dy)},
  halfSquaredNorm: {inputs: [f(3, 4)], run: (x) => halfSquaredNorm(x)},
  skew: {inputs: [f(2, 3, 4, 2)], run: withGradients((x) => skew(x as tf.Tensor4D))},
  unskew: {inputs: [f(2, 3, 4, 2)], run: withGradients((x) => unskew(x as tf.Tensor4D))},
  shiftDown: {inputs: [f(2, 3, 4, 2)], run: withGradients((x) => shiftDown(x as tf.Tensor4D))},
  gate: {inputs: [f(2, 3, 4, 10)], run: withGradients((x) => gate(x as tf.Tensor4D))},
  bernoulli: {
    inputs: [f(3, 7), f(3, 7)],
    run: withGradients((z, x) => bernoulliNegativeLogLikelihood(z as tf.Tensor2D, x as tf.Tensor2D)),
  },
  categorical: {
    inputs: [f(3, 7, 5), i(3, 7)],
    run: withGradients((z, x) => categoricalNegativeLogLikelihood(z as tf.Tensor3D, x as tf.Tensor2D)),
  },
  maskedDense: {
    inputs: [f(3, 5), f(5, 9), f(9), i(5), i(9)],
    run: withGradients((x, w, b, below, above) =>
      maskedDense(
        x as tf.Tensor2D,
        w as tf.Tensor2D,
        b as tf.Tensor1D,
        {below: below as tf.Tensor1D, above: above as tf.Tensor1D, strict: false},
        'relu',
      ),
    ),
  },
  reluConvolutions: {
    inputs: [f(2, 4, 5, 6), f(1, 1, 6, 3), f(3), f(2, 3, 3, 3), f(3), f(1, 1, 3, 6), f(6)],
    run: withGradients((x, k1, b1, k2, b2, k3, b3) =>
      reluConvolutions(x as tf.Tensor4D, [[conv(k1, b1), conv(k2, b2, ABOVE), conv(k3, b3)]], true),
    ),
  },
  gatedLayers: {
    inputs: [
      ...[f(2, 4, 5, 6), f(2, 3, 3, 6), f(6), f(1, 2, 3, 6), f(6), f(1, 1, 6, 6), f(6)],
      ...[f(1, 1, 3, 3), f(3), f(2, 6), f(2, 6)],
    ],
    run: withGradients((x, v, vb, h, hb, l, lb, p, pb, above, left) => {
      const convolutions = {
        vertical: conv(v, vb, ABOVE),
        horizontal: conv(h, hb, LEFT),
        link: conv(l, lb),
        point: conv(p, pb),
      };
      const classes = [above as tf.Tensor2D, left as tf.Tensor2D] as const;
      return gatedLayers(x as tf.Tensor4D, [{convolutions, classes}], {first: false, last: false});
    }),
  },
  lstmScan: {
    inputs: [f(2, 3, 4, 20), f(3, 5, 20), f(5), f(5)],
    run: withGradients((gates, state, hidden, cell) =>
      lstmScan(
        gates as tf.Tensor4D,
        {state: state as tf.Tensor3D, hidden: hidden as tf.Tensor1D, cell: cell as tf.Tensor1D},
        'rows',
      ),
    ),
  },
  lstmLayer: {
    inputs: [
      ...[f(2, 3, 4, 6), f(1, 1, 6, 12), f(12), f(2, 3, 12), f(3), f(3)],
      ...[f(1, 1, 6, 12), f(12), f(2, 3, 12), f(3), f(3), f(1, 1, 3, 6), f(6)],
    ],
    run: withGradients((x, ...w) => {
      const recurrence = (k: number, direction: 'left-to-right' | 'right-to-left') => ({
        input: conv(w[k], w[k + 1]),
        weights: {
          state: w[k + 2] as tf.Tensor3D,
          hidden: w[k + 3] as tf.Tensor1D,
          cell: w[k + 4] as tf.Tensor1D,
        },
        direction,
      });
      const both = [recurrence(0, 'left-to-right'), recurrence(5, 'right-to-left')];
      return lstmLayer(x as tf.Tensor4D, both, conv(w[10], w[11]));
    }),
  },
  Adam: {
    inputs: [f(3, 4)],
    run: (gradient) => {
      const weights = tf.variable(tf.ones([3, 4]));
      const adam = createAdam(new Map([['w', weights]]));
      try {
        adam.step(new Map([['w', gradient]]), 1, 0.1, 0.5);
        return tf.mul(weights, 1);
      } finally {
        adam.dispose();
        weights.dispose();
      }
    },
  },
};

/** The numbers of an operation, or its error. */
function outcome(run: Run, inputs: readonly tf.Tensor[]): {numbers: number[][]} | {error: Error} {
  try {
    return {numbers: tf.tidy(() => [run(...inputs)].flat().map((x) => [...x.dataSync()]))};
  } catch (error) {
    return {error: error as Error};
  }
}

for (const [name, {inputs, run}] of Object.entries(OPERATIONS)) {
  test(`${name}: ${TRIES} wrong inputs (FUZZ_SEED=${SEED}) are refused by both forms, or give the same numbers`, () => {
    const random = new Random(SEED, 'wrong input', name);
    let refused = 0;
    for (let k = 0; k < TRIES; k++) {
      const sizes = k === 0 ? inputs : mutated(inputs, random);
      const text = `FUZZ_SEED=${SEED}, try ${k}, ${JSON.stringify(sizes.map(({shape, type}) => `${type} ${shape}`))}`;
      const {numTensors} = tf.memory();
      const given = sizes.map((one) => tensorOf(one, random));
      const [first, twin] = [outcome(run, given), withPortableTwins(() => outcome(run, given))];
      tf.dispose(given);
      assert.equal(tf.memory().numTensors, numTensors, `${text}: tensors are left behind`);
      if ('error' in first || 'error' in twin) {
        assert.ok('error' in first && 'error' in twin, `${text}: one form refuses, the other does not`);
        assert.equal(first.error.message, twin.error.message, text);
        assert.match(first.error.message, /^[A-Za-z]+: .+ must .+, got .+$/, text);
        refused++;
      } else {
        first.numbers.forEach((numbers, part) => {
          assert.equal(numbers.length, twin.numbers[part].length, text);
          numbers.forEach((value, j) => {
            const expected = twin.numbers[part][j];
            assert.ok(
              Math.abs(value - expected) <= 1e-4 * Math.max(1, Math.abs(expected)),
              `${text}: output ${part}, ${j}: ${value}, not ${expected}`,
            );
          });
        });
      }
    }
    const accepted = outcome(
      run,
      inputs.map((one) => tensorOf(one, random)),
    );
    assert.ok('numbers' in accepted, 'the right inputs are refused');
    assert.ok(
      refused > (name === 'relu' || name === 'halfSquaredNorm' ? TRIES / 8 : TRIES / 4),
      `${refused} of ${TRIES} refused`,
    );
  });
}

test('a placement out of range, or an activation that there is not, is refused before memory is taken', () => {
  const [x, kernel, bias] = [tf.ones([1, 4, 4, 3]), tf.ones([2, 3, 3, 6]), tf.ones([6])];
  const run = (placement: object, activation = 'relu'): unknown =>
    convolve(
      x as tf.Tensor4D,
      kernel as tf.Tensor4D,
      bias as tf.Tensor1D,
      {...ABOVE, ...placement},
      activation as 'relu',
    );
  const far = {top: 1e9, bottom: 0, left: 1e9, right: 1e9};
  assert.throws(
    () => run({padding: far, dilation: 1e9}),
    /dilation must be an integer from 1 to 4096, got 10{9}$/,
  );
  assert.throws(
    () => run({padding: far}),
    /padding must leave an image of less than 2\^31 numbers, got 10{9},0,/,
  );
  assert.throws(() => run({padding: {...far, top: -1}}), /padding must be integers of at least 0, got -1,/);
  assert.throws(
    () => run({}, 'tanh'),
    /^RangeError: convolve: the activation must be 'relu' or 'none', got tanh$/,
  );
  tf.dispose([x, kernel, bias]);
});

interface NativeOperation {
  readonly name: string;
  /** @param keep where an operation has that attribute */
  readonly attributes: (keep?: boolean) => Parameters<typeof outputs>[1];
  readonly inputs: readonly Sizes[];
  readonly outputs: number;
}
const DEGREES = [i(5), i(9)];
/** Two blocks. */
const reluBlocks = (keep = true) => [
  ...[attribute.int('dilations', [1, 1]), attribute.int('center_columns', [1, 0])],
  ...[attribute.int('hidden_taps', [1, 0]), attribute.int('groups', 3)],
  ...[attribute.bool('residual', true), attribute.bool('keep', keep)],
];
const reluKernels = [
  f(1, 1, 6, 3),
  f(2, 3, 3, 3),
  f(1, 1, 3, 6),
  f(1, 1, 6, 9),
  f(1, 1, 9, 3),
  f(1, 1, 3, 6),
];
/** Two layers. */
const gated = (keep = true) => [
  ...[attribute.bool('first', false), attribute.bool('last', false)],
  ...[attribute.int('vertical_tops', [1, 1]), attribute.int('vertical_centers', [1, 1])],
  ...[attribute.int('horizontal_centers', [1, 1]), attribute.int('dilations', [1, 2])],
  attribute.bool('keep', keep),
];
const scan = (keep = true) => [
  attribute.int('rows', [-1, -1, -1]),
  attribute.int('columns', [-1, 0, 1]),
  attribute.int('cell_from', 1),
  attribute.bool('keep', keep),
];
const layer = (keep = true) => [
  ...[attribute.int('rows', [0, -1, 0, -1]), attribute.int('columns', [-1, 0, 1, 0])],
  ...[attribute.int('cells_from', [0, 0]), attribute.int('center', 0), attribute.bool('keep', keep)],
];
const image = () => [attribute.int('top', 1), attribute.int('left', 1), attribute.int('dilation', 1)];
const strict = () => [attribute.bool('strict', false)];
const GATED_KERNELS = [f(2, 3, 3, 6), f(1, 2, 3, 6), f(1, 1, 6, 6), f(1, 1, 3, 3)];
/** Of the first layer each image has a class of its own, of the second all have one. */
const GATED_CLASSES = [
  [f(2, 6), f(2, 6)],
  [f(1, 6), f(1, 6)],
];
const SAVED_THREE = 2 * 1; // replaced at run time by what the forward operation saves
const NATIVE: readonly NativeOperation[] = [
  {
    name: 'RasterAdam',
    attributes: () => [attribute.int('N', 2)],
    inputs: [f(6), ...Array.from({length: 5}, () => [f(3, 4), f(2)]).flat(), f(1), f(1)],
    outputs: 0,
  },
  {name: 'RasterGate', attributes: () => [], inputs: [f(2, 3, 4, 10)], outputs: 1},
  {name: 'RasterGateGradient', attributes: () => [], inputs: [f(2, 3, 4, 5), f(2, 3, 4, 10)], outputs: 1},
  {name: 'RasterCrossEntropy', attributes: () => [], inputs: [f(3, 7, 5), i(3, 7)], outputs: 1},
  {name: 'RasterCrossEntropyGradient', attributes: () => [], inputs: [f(3), f(3, 7, 5), i(3, 7)], outputs: 1},
  {
    name: 'RasterMaskedDense',
    attributes: () => [...strict(), attribute.bool('relu', true)],
    inputs: [f(3, 5), f(5, 9), f(9), ...DEGREES],
    outputs: 1,
  },
  {name: 'RasterMaskedDenseInputs', attributes: strict, inputs: [f(3, 9), f(5, 9), ...DEGREES], outputs: 1},
  {name: 'RasterMaskedDenseWeights', attributes: strict, inputs: [f(3, 5), f(3, 9), ...DEGREES], outputs: 1},
  {
    name: 'RasterImageConvolution',
    attributes: image,
    inputs: [f(2, 4, 5, 3), f(2, 3, 3, 6), f(6)],
    outputs: 1,
  },
  {
    name: 'RasterImageConvolutionKernel',
    attributes: image,
    inputs: [f(2, 4, 5, 3), f(2, 4, 5, 6), f(2, 3, 3, 6)],
    outputs: 1,
  },
  {
    name: 'RasterReluConvolutions',
    attributes: (keep) => [...reluBlocks(keep), attribute.int('N', 12)],
    inputs: [f(2, 4, 5, 6), ...reluKernels.flatMap((kernel) => [kernel, f(kernel.shape[3])])],
    outputs: 2,
  },
  {
    name: 'RasterReluConvolutionsGradient',
    attributes: (keep) => [...reluBlocks(keep), attribute.int('N', 6), attribute.int('M', 12)],
    inputs: [f(2, 4, 5, 6), f(2, 4, 5, 6), f(2, SAVED_THREE), ...reluKernels],
    outputs: 13,
  },
  {
    name: 'RasterGatedLayers',
    attributes: (keep) => [...gated(keep), attribute.int('N', 20)],
    inputs: [
      f(2, 4, 5, 6),
      ...GATED_CLASSES.flatMap((classes) => [
        ...GATED_KERNELS.flatMap((kernel) => [kernel, f(kernel.shape[3])]),
        ...classes,
      ]),
    ],
    outputs: 2,
  },
  {
    name: 'RasterGatedLayersGradient',
    attributes: (keep) => [...gated(keep), attribute.int('N', 12), attribute.int('M', 20)],
    inputs: [
      ...[f(2, 4, 5, 6), f(2, 4, 5, 6), f(2, SAVED_THREE)],
      ...GATED_CLASSES.flatMap((classes) => [...GATED_KERNELS, ...classes]),
    ],
    outputs: 21,
  },
  {name: 'RasterLstmScan', attributes: scan, inputs: [f(2, 3, 4, 20), f(3, 5, 20), f(5), f(5)], outputs: 3},
  {
    name: 'RasterLstmScanGradient',
    attributes: scan,
    inputs: [f(2, 3, 4, 5), f(2, 3, 4, 5), f(2, 3, 4, 5), f(2, 3, 4, 20), f(3, 5, 20), f(5), f(5)],
    outputs: 4,
  },
  {
    name: 'RasterLstmLayer',
    attributes: layer,
    inputs: [f(2, 3, 4, 6), f(2, 1, 6, 12), f(2, 12), f(2, 2, 3, 12), f(2, 3), f(2, 3), f(3, 6), f(6)],
    outputs: 4,
  },
  {
    name: 'RasterLstmLayerGradient',
    attributes: layer,
    inputs: [
      ...[f(2, 3, 4, 6), f(2, 3, 4, 6), f(2, 2, 3, 4, 3), f(2, 2, 3, 4, 3), f(2, 2, 3, 4, 12)],
      ...[f(2, 1, 6, 12), f(2, 2, 3, 12), f(2, 3), f(2, 3), f(3, 6)],
    ],
    outputs: 8,
  },
];

/** A gradient is also given what its operation has saved, whose size is the kernels' own affair. */
function withSaved(operation: NativeOperation): readonly Sizes[] {
  if (!operation.inputs.some(({shape}) => shape[1] === SAVED_THREE && shape.length === 2))
    return operation.inputs;
  const forward = NATIVE.find(({name}) => `${name}Gradient` === operation.name) as NativeOperation;
  const random = new Random(SEED, 'saved');
  const saved = tf.tidy(() => {
    const given = forward.inputs.map((one) => tensorOf(one, random));
    return outputs(forward.name, forward.attributes(), given, forward.outputs)[1].shape;
  });
  return operation.inputs.map((one) =>
    one.shape[1] === SAVED_THREE && one.shape.length === 2 ? f(...saved) : one,
  );
}

const WITH_GRADIENT = NATIVE.filter(({name}) => NATIVE.some((other) => other.name === `${name}Gradient`));
for (const operation of WITH_GRADIENT.filter(({outputs}) => outputs > 1)) {
  test(`${operation.name}: the same result where nothing is kept for a gradient, and nothing kept`, (t) => {
    if (native() === null) return t.skip('the native kernels are absent');
    const random = new Random(SEED, 'keep');
    const inputs = operation.inputs.map((one) => tensorOf(one, random));
    const [kept, plain] = [true, false].map((keep) =>
      outputs(operation.name, operation.attributes(keep), inputs, operation.outputs),
    );
    assert.deepEqual(plain[0].dataSync(), kept[0].dataSync());
    assert.ok(kept.slice(1).every(({size}) => size > 0));
    assert.deepEqual(
      plain.slice(1).map(({size}) => size),
      plain.slice(1).map(() => 0),
    );
    tf.dispose([...inputs, ...kept, ...plain]);
  });
}

for (const operation of NATIVE) {
  test(`${operation.name}: takes the right inputs, refuses ${TRIES} wrong ones (FUZZ_SEED=${SEED}), and the process lives on`, (t) => {
    if (native() === null) {
      t.skip('the native kernels are absent');
      return;
    }
    const inputs = withSaved(operation);
    const random = new Random(SEED, operation.name);
    let keep = true;
    const run: Run = (...given) =>
      outputs(operation.name, operation.attributes(keep), given, operation.outputs);
    const right = inputs.map((one) => tensorOf(one, random));
    const good = outcome(run, right);
    assert.ok('numbers' in good, 'error' in good ? good.error.message : '');
    let refused = 0;
    for (let k = 0; k < TRIES; k++) {
      const sizes = mutated(inputs, random);
      const given = sizes.map((one) => tensorOf(one, random));
      keep = k % 2 === 0;
      const result = outcome(run, given);
      tf.dispose(given);
      if ('error' in result) {
        assert.match(result.error.message, /Raster[A-Za-z]+: .* must |expected to be/, result.error.message);
        refused++;
      }
    }
    tf.dispose(right);
    assert.ok(refused > TRIES / 2, `${refused} of ${TRIES} refused`);
  });
}

test('attributes out of range are refused by name', (t) => {
  if (native() === null) {
    t.skip('the native kernels are absent');
    return;
  }
  const random = new Random(SEED, 'attributes');
  const wrong: [string, Parameters<typeof outputs>[1], RegExp][] = [
    ...(
      [
        ['dilations', [1, 0], /dilations must be from 1/],
        ['dilations', [1e9, 1], /dilations must be from 1 to 4096/],
        ['dilations', [1], /must have one number for each block/],
        ['center_columns', [1, 1], /center_columns must be columns/],
        ['hidden_taps', [6, 0], /hidden_taps must leave a tap/],
        ['groups', 2, /channels must be a multiple of groups/],
      ] as const
    ).map(([name, value, rule]): [string, Parameters<typeof outputs>[1], RegExp] => [
      'RasterReluConvolutions',
      [
        ...reluBlocks().filter((one) => one.name !== name),
        attribute.int(name, value),
        attribute.int('N', 12),
      ],
      rule,
    ]),
    [
      'RasterReluConvolutions',
      [
        ...reluBlocks().filter(({name}) => name !== 'residual'),
        attribute.bool('residual', false),
        attribute.int('N', 12),
      ],
      /blocks must be one where nothing is added/,
    ],
    ['RasterLstmScan', [attribute.int('rows', [0, 0, -1]), ...scan().slice(1)], /neighbors|before the pixel/],
    ['RasterLstmScan', [attribute.int('rows', [-1, -1]), ...scan().slice(1)], /as many/],
    [
      'RasterLstmScan',
      [...scan().slice(0, 2), attribute.int('cell_from', 3), scan()[3]],
      /cell must come from/,
    ],
    [
      'RasterLstmLayer',
      [...layer().slice(0, 2), attribute.int('cells_from', [0, 5]), ...layer().slice(3)],
      /cell must come from/,
    ],
    ['RasterImageConvolution', [attribute.int('top', -1), ...image().slice(1)], /top must be from 0/],
  ];
  for (const [name, attributes, rule] of wrong) {
    const {inputs, outputs: count} = NATIVE.find((one) => one.name === name) as NativeOperation;
    const given = inputs.map((one) => tensorOf(one, random));
    assert.throws(() => outputs(name, attributes, given, count), rule);
    tf.dispose(given);
  }
});
