import * as tf from '@tensorflow/tfjs';
import * as primitives from '../engine/primitives';
import {LoopConv} from './loopConv';
import type {MaskedConv2d} from './maskedConv2d';
import {RowConv} from './rowConv';

/**
 * The arithmetic of a sampler that computes one pixel of `count` images at a time; T holds [count, features].
 * Results are valid until `scope` returns.
 */
export interface PixelMath<T> {
  convolution(conv: MaskedConv2d): PixelConvolution<T>;
  /** [count, features] from plain numbers. */
  from(values: Float32Array, features: number): T;
  numbers(x: T): Float32Array;
  /** max(x, 0). */
  rectify(x: T): T;
  /** tanh of the first half of the features times sigmoid of the second. */
  gate(x: T): T;
  /** The pixels of a row [count, 1, width, features], valid until they are released. */
  pixels(row: tf.Tensor4D): T[];
  release(pixels: T[]): void;
  scope<R>(run: () => R): R;
}

/** A masked convolution of which one pixel after the other is asked for, row by row. */
export interface PixelConvolution<T> {
  /** Called before the first pixel of each row. */
  beginRow(): void;
  /** Remembers the inputs of pixel x of the row, in the place of those that were remembered for it before. */
  store(x: number, input: T): void;
  /** Stores the inputs of pixel x and returns its outputs plus what is added. */
  at(x: number, input: T, ...added: T[]): T;
  dispose(): void;
}

/** Below this many images a call to TensorFlow costs more than the arithmetic it does; measured with seven blocks of h = 32. */
const LOOP_IMAGES = 16;

/** Calls `build` with the arithmetic that is faster for so many images. */
export function withPixelMath<R>(count: number, width: number, build: <T>(math: PixelMath<T>) => R): R {
  return count <= LOOP_IMAGES ? build(loopMath(count, width)) : build(tensorMath(count, width));
}

/** By TensorFlow: for many images at once. */
export function tensorMath(count: number, width: number): PixelMath<tf.Tensor2D> {
  return {
    convolution: (conv) => new RowConv(conv, width, count),
    from: (values, features) => tf.tensor2d(values.slice(), [count, features]),
    numbers: (x) => x.dataSync() as Float32Array,
    rectify: primitives.rectify,
    gate: primitives.gated,
    pixels: (row) => tf.unstack(tf.squeeze(row, [1]), 1).map((pixel) => tf.keep(pixel) as tf.Tensor2D),
    release: (pixels) => tf.dispose(pixels),
    scope: (run) => tf.tidy(run as () => tf.TensorContainer) as ReturnType<typeof run>,
  };
}

/** By plain loops: for few. */
export function loopMath(count: number, width: number): PixelMath<Float64Array> {
  return {
    convolution: (conv) => new LoopConv(conv.numbers(), width, count),
    from: (values) => Float64Array.from(values),
    numbers: (x) => Float32Array.from(x),
    rectify: (x) => x.map((value) => (value > 0 ? value : 0)),
    gate: (x) => gateLoop(x, count),
    pixels: (row) => {
      const features = row.shape[3];
      const values = row.dataSync();
      return Array.from({length: width}, (_, x) => {
        return Float64Array.from({length: count * features}, (_, i) => {
          return values[(Math.floor(i / features) * width + x) * features + (i % features)];
        });
      });
    },
    release: () => {},
    scope: (run) => run(),
  };
}

function gateLoop(x: Float64Array, count: number): Float64Array {
  const features = x.length / count / 2;
  return Float64Array.from({length: count * features}, (_, i) => {
    const start = Math.floor(i / features) * 2 * features + (i % features);
    return Math.tanh(x[start]) / (1 + Math.exp(-x[start + features]));
  });
}
