import * as tf from '@tensorflow/tfjs';
import {joinedDiagonals} from '../../lib/course/diagonalBiLstm';
import {rewire, WIRINGS} from '../../lib/course/gatedPixelCnn';
import {maskedStack} from '../../lib/course/pixelCnnMasks';
import {withLogits} from '../../lib/course/withLogits';
import {hiddenMask, type Mask, outputMask} from '../../lib/layers/madeMasks';
import {type MaskType, rasterMask} from '../../lib/layers/rasterMasks';
import {GatedPixelCnn} from '../../lib/models/gatedPixelCnn';
import type {Made} from '../../lib/models/made';
import {PixelRnn} from '../../lib/models/pixelRnn';
import type {AutoregressiveModel, IncrementalLogits} from '../../lib/types';
import {diagonal, gated, type ModelUnderTest, made, madePaths, pixelCnn, rowLstm} from './models';

/**
 * Controls: models that are wrong on purpose, which the properties must find.
 * - leaky: a logit sees its own pixel or a later one. No distribution.
 * - blind: a pixel that should be seen is not. It still is a distribution, so only the demand that allowed
 *   entries of the Jacobian are not zero can find it.
 * - forgetful: the model is right and its cache is not.
 */
export interface Control extends ModelUnderTest {
  readonly fault: 'leaky' | 'blind' | 'forgetful';
  /** So small a fault on 2 x 2 pixels that 20,000 samples do not tell. */
  readonly hiddenFromSamples?: true;
}

/**
 * MADE with one mask wrong: `>=` where equation 11 has `>` (leaky), `>` where equation 10 has
 * `>=` (blind). It has no cache.
 */
function wrongMade(fault: 'leaky' | 'blind'): Control {
  return {
    fault,
    name: `MADE, ${fault}`,
    create: (height, width, seed) => {
      const right = made('right', {}).create(height, width, seed) as Made;
      const [inputs, hidden] = right.degrees;
      const tensor = ({values, inputs, outputs}: Mask) => tf.tensor2d(values, [inputs, outputs]);
      const first = tensor(fault === 'blind' ? outputMask(inputs, hidden) : hiddenMask(inputs, hidden));
      const second = tensor(fault === 'leaky' ? hiddenMask(hidden, inputs) : outputMask(hidden, inputs));
      const parameter = (name: string) => right.parameters.get(name) as tf.Variable;
      const logits = (x: tf.Tensor4D): tf.Tensor =>
        tf.tidy(() => {
          const flat = tf.reshape(x, [x.shape[0], -1]) as tf.Tensor2D;
          const into = tf.mul(parameter('hidden1.weights'), first) as tf.Tensor2D;
          const units = tf.relu(tf.add(tf.matMul(flat, into), parameter('hidden1.bias'))) as tf.Tensor2D;
          const out = tf.mul(parameter('output.weights'), second) as tf.Tensor2D;
          return tf.reshape(tf.add(tf.matMul(units, out), parameter('output.bias')), x.shape);
        });
      return {
        ...withLogits(right, logits),
        dispose: () => {
          right.dispose();
          tf.dispose([first, second]);
        },
      };
    },
    sees: (model) => madePaths(made('right', {}).create(model.image.height, model.image.width, 0)),
  };
}

/**
 * Convolutions with one mask wrong: B in the first layer (leaky), the whole row of the center hidden (blind).
 */
function wrongConvolutions(fault: 'leaky' | 'blind'): Control {
  const noRow = (size: number, type: MaskType): Float32Array =>
    rasterMask(size, type).map((tap, i) => (Math.floor(i / size) === (size - 1) / 2 ? 0 : tap));
  return {
    fault,
    hiddenFromSamples: true,
    name: `convolutions, ${fault}`,
    create: (height, width, seed) =>
      maskedStack({
        image: {height, width, channels: 1},
        types: fault === 'leaky' ? ['B', 'B', 'B'] : ['A', 'B', 'B'],
        seed,
        ...(fault === 'blind' ? {mask: noRow} : {}),
      }),
    sees: pixelCnn('right', {firstSize: 3, dilations: [1, 1]}).sees,
  };
}

/** Gated PixelCNN whose vertical stack is fed by the horizontal one, which knows pixels of the row. */
const leakyGated: Control = {
  fault: 'leaky',
  name: 'Gated PixelCNN, horizontal feeds vertical',
  create: (height, width, seed) => {
    const shape = {height, width, channels: 1, levels: 2, firstSize: 3, size: 3, head: 12, classes: 0};
    const model = GatedPixelCnn.create({...shape, features: 12, dilations: [1, 1]}, seed);
    return {...rewire(model, WIRINGS['horizontal feeds vertical']), dispose: () => model.dispose()};
  },
  sees: gated('right', {firstSize: 3, dilations: [1, 1]}).sees,
};

/** Diagonal BiLSTM whose map from the right is not shifted down by a row. */
const leakyDiagonal: Control = {
  fault: 'leaky',
  name: 'Diagonal BiLSTM, not shifted',
  create: (height, width, seed) => {
    const config = {channels: 1, levels: 2, features: 12, head: 12, firstSize: 3, layers: 1};
    const kind = joinedDiagonals((left, right) => tf.add(left, right));
    const model = new PixelRnn(
      'diagonal',
      'Diagonal BiLSTM',
      {...config, height, width, residual: true, skip: false},
      kind,
      seed,
    );
    return withCache(model, undefined);
  },
  sees: diagonal('right', {firstSize: 3, layers: 1, residual: true, skip: false}).sees,
};

/**
 * Row LSTM of which it is said that it sees what the Diagonal BiLSTM sees: its triangle is a blindness then.
 */
const blindRows: Control = {
  ...rowLstm('said to see everything', {firstSize: 3, layers: 1, residual: true, skip: false}),
  fault: 'blind',
  sees: diagonal('right', {firstSize: 3, layers: 1, residual: true, skip: false}).sees,
};

/** A right model whose cache takes the third value that is chosen for a 0, whatever it is. */
function forgetful(kind: ModelUnderTest): Control {
  return {
    ...kind,
    fault: 'forgetful',
    name: `${kind.name}, forgetful`,
    create: (height, width, seed) => {
      const model = kind.create(height, width, seed);
      const incremental = (count: number): IncrementalLogits => {
        const right = model.incremental?.(count) as IncrementalLogits;
        let calls = 0;
        return {
          next: (previous) => {
            calls++;
            return right.next(calls === 4 ? new Float32Array(count) : previous);
          },
          dispose: () => right.dispose(),
        };
      };
      return withCache(model, incremental);
    },
  };
}

/** The model with another cache, or without one. */
function withCache(
  model: AutoregressiveModel,
  incremental: ((count: number) => IncrementalLogits) | undefined,
): AutoregressiveModel {
  return {
    ...withLogits(model, (x) => model.logits(x)),
    ...(incremental === undefined ? {} : {incremental}),
    dispose: () => model.dispose(),
  };
}

export const CONTROLS: readonly Control[] = [
  wrongMade('leaky'),
  wrongMade('blind'),
  wrongConvolutions('leaky'),
  wrongConvolutions('blind'),
  leakyGated,
  leakyDiagonal,
  blindRows,
  forgetful(made('one hidden layer', {})),
  {...forgetful(pixelCnn('table 1 in small', {firstSize: 5, dilations: [1, 1]})), hiddenFromSamples: true},
  forgetful(gated('first kernel 3', {firstSize: 3, dilations: [1]})),
  forgetful(rowLstm('one layer', {firstSize: 3, layers: 1, residual: true, skip: false})),
  forgetful(diagonal('one layer', {firstSize: 3, layers: 1, residual: true, skip: false})),
];
