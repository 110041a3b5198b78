import * as tf from '@tensorflow/tfjs';
import type {Drawing, PlaceOfImage} from '../types';
import {Arguments} from './check';
import {attribute, nativeThreads, outputs} from './native';
import {firstNotFinite} from './nativeSampler';

/** The weights of a MADE, as its model holds them. */
export interface MadeTensors {
  /** [inputs, units] of each hidden layer. */
  readonly hidden: readonly tf.Tensor2D[];
  /** Biases of the hidden layers, then of the outputs. */
  readonly biases: readonly tf.Tensor1D[];
  /** [units of the last hidden layer, values]; null without hidden layers. */
  readonly output: tf.Tensor2D | null;
  /** [values, units of the first hidden layer]: what a unit sees at all. */
  readonly present: tf.Tensor2D | null;
  /** [values, values] */
  readonly direct: tf.Tensor2D | null;
  /** Degrees of the inputs, then of the units of each hidden layer. */
  readonly degrees: readonly Int32Array[];
}

/**
 * Draws images from MADE by one operation of the native kernels for many values, in which each hidden unit is
 * computed once: when the pixels up to its degree are known. What has come of the pixels so far is kept
 * between calls. On the TensorFlow runtime only; lib/models/madeIncremental.ts is the twin.
 */
export class MadeDraw {
  private readonly state: tf.Variable;
  private readonly degrees: tf.Tensor1D;
  private readonly weights: readonly tf.Tensor2D[];
  /** Images are drawn in so many parts, whatever becomes of the threads: those of a part stop together. */
  private readonly parts: number;
  private places: Int32Array;

  /** @throws RangeError when shapes do not fit each other */
  constructor(
    private readonly made: MadeTensors,
    private readonly count: number,
  ) {
    checkTensors(made);
    const {hidden, output, present, direct} = made;
    this.weights = [...hidden, output, present, direct].filter(
      (weights): weights is tf.Tensor2D => weights !== null,
    );
    // To begin with every sum is its bias. The operation changes them in place: they are memory of their own.
    this.state = tf.tidy(() => {
      const sums = tf.concat([...made.biases]);
      return tf.variable(tf.add(tf.zeros([count, sums.size]), sums), false);
    });
    this.degrees = tf.keep(tf.tensor1d(joined(made.degrees), 'int32'));
    this.parts = Math.min(count, nativeThreads());
    this.places = new Int32Array(count);
  }

  draw({until, temperature, argmax, uniforms, given, pixels}: Drawing): PlaceOfImage | null {
    const {count, made} = this;
    const values = made.degrees[0].length;
    const attributes = [
      attribute.int('N', this.weights.length),
      attribute.int('hidden', made.hidden.length),
      attribute.bool('conditioned', made.present !== null),
      attribute.bool('direct', made.direct !== null),
    ];
    const results = tf.tidy(() => {
      const shape: [number, number] = [count, values];
      const inputs = [
        tf.tensor1d([until, temperature, argmax ? 1 : 0, this.parts]),
        tf.tensor1d(this.places, 'int32'),
        this.state,
        tf.tensor2d(uniforms, shape),
        tf.tensor2d(new Float32Array(given), shape),
        tf.tensor2d(new Float32Array(pixels), shape),
        this.degrees,
        ...this.weights,
      ];
      return outputs('RasterMadeDraw', attributes, inputs, 3);
    });
    // Read out here: of what tidy is given back it looks at every number, in search of tensors.
    const [drawn, places, areFinite] = results.map((x) => x.dataSync());
    tf.dispose(results);
    pixels.set(drawn);
    this.places = Int32Array.from(places);
    return firstNotFinite(areFinite, (image) => this.places[image]);
  }

  dispose(): void {
    this.state.dispose();
    this.degrees.dispose();
  }
}

function joined(layers: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(layers.reduce((sum, {length}) => sum + length, 0));
  let at = 0;
  for (const layer of layers) {
    all.set(layer, at);
    at += layer.length;
  }
  return all;
}

function checkTensors({hidden, biases, output, present, direct, degrees}: MadeTensors): void {
  const given = new Arguments('MadeDraw');
  const sizes = degrees.map((layer) => layer.length);
  const values = sizes[0];
  given.rule(
    hidden.length === degrees.length - 1 && biases.length === degrees.length,
    'the hidden layers',
    'have weights, a bias and degrees each',
    `${hidden.length}, ${biases.length - 1} and ${degrees.length - 1}`,
  );
  hidden.forEach((weights, k) => {
    given.tensor(`the weights of hidden layer ${k + 1}`, weights, [sizes[k], sizes[k + 1]]);
    given.tensor(`the bias of hidden layer ${k + 1}`, biases[k], [sizes[k + 1]]);
  });
  given.tensor('the bias of the outputs', biases[hidden.length], [values]);
  if (output !== null) given.tensor('the weights of the outputs', output, [sizes[sizes.length - 1], values]);
  if (present !== null) given.tensor('the weights of presence', present, [values, sizes[1]]);
  if (direct !== null) given.tensor('the direct weights', direct, [values, values]);
}
