import type * as tf from '@tensorflow/tfjs';
import type {Drawing, PlaceOfImage} from '../types';
import {Arguments} from './check';
import type {NativeKernels} from './native';
import {firstNotFinite} from './nativeSampler';
import type {RestartableLogits} from './pixelProgram';

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
 * The weights of a MADE in the order in which the native kernels read them, without what masks hide
 * (native/madeWeights.h): half of them, copied. As many samplers as are wanted share them.
 *
 * @returns a handle; what it holds goes with it
 * @throws RangeError when shapes do not fit each other
 */
export function packMade(kernels: NativeKernels, made: MadeTensors): unknown {
  checkTensors(made);
  const {hidden, biases, output, present, direct, degrees} = made;
  const last = degrees.length;
  const links: [number[], tf.Tensor2D | null][] = [
    ...hidden.map((weights, k): [number[], tf.Tensor2D] => [[k, k + 1, 0, 0], weights]),
    [[last - 1, last, 1, 0], output],
    [[0, 1, 0, 1], present],
    [[0, last, 1, 0], direct],
  ];
  const there = links.filter((link): link is [number[], tf.Tensor2D] => link[1] !== null);
  const layers = [...degrees, degrees[0]];
  return kernels.createMadeWeights(
    Int32Array.from(layers, ({length}) => length),
    Int32Array.from(layers.flatMap((layer) => [...layer])),
    Int32Array.from(there.flatMap(([numbers]) => numbers)),
    there.map(([, weights]) => weights.dataSync<'float32'>()),
    Float32Array.from(biases.flatMap((bias) => [...bias.dataSync()])),
  );
}

/**
 * Draws images from MADE by one call of the native kernels for many values, in which each hidden unit is
 * computed once: when the pixels up to its degree are known. What has come of the pixels so far is kept
 * between calls. lib/models/madeIncremental.ts is the twin.
 */
export class MadeSampler implements RestartableLogits {
  private readonly sampler: unknown;

  /** @param weights what packMade has returned */
  constructor(
    private readonly kernels: NativeKernels,
    weights: unknown,
    private readonly count: number,
  ) {
    this.sampler = kernels.createMadeSampler(weights, count);
  }

  next(previous: Float32Array | null): Float32Array {
    const out = new Float32Array(this.count);
    this.kernels.madeLogits(this.sampler, previous, out);
    return out;
  }

  draw({until, temperature, argmax, uniforms, given, pixels}: Drawing): PlaceOfImage | null {
    const areFinite = new Uint8Array(this.count);
    const places = new Int32Array(this.count);
    this.kernels.drawMade(
      ...([this.sampler, until, temperature, argmax ? 1 : 0] as const),
      ...([uniforms, given, pixels, areFinite, places] as const),
    );
    return firstNotFinite(areFinite, (image) => places[image]);
  }

  restart(): void {
    this.kernels.restartMadeSampler(this.sampler);
  }

  dispose(): void {
    // What is held outside plain arrays goes with the handles.
  }
}

function checkTensors({hidden, biases, output, present, direct, degrees}: MadeTensors): void {
  const given = new Arguments('packMade');
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
