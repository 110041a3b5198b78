import * as tf from '@tensorflow/tfjs';
import type {AdamState, Parameters} from '../types';
import {Arguments} from './check';
import {attribute, native, outputs} from './native';
import {changedInPlace} from './numbersOf';

/**
 * Adam (Kingma and Ba 2015, algorithm 1, in the order of operations at the end of its section 2) together
 * with an exponential moving average of the weights, which is what is evaluated and published.
 * Its step is here and in native/adam.cc, and for a GPU in pytorch/adam.py; its state is a type in
 * lib/types.ts, which lib/storage/checkpoints.ts saves.
 */
export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}
const ADAM_DEFAULTS: AdamOptions = {beta1: 0.9, beta2: 0.999, epsilon: 1e-8};

export const ADAM_PARTS = ['weights', 'average', 'moment1', 'moment2'] as const;

export interface Adam {
  /**
   * One step; the model's parameters hold the new weights afterwards.
   *
   * @param gradients one for each parameter, by its name and of its shape; not disposed
   * @param step counted from 1; the bias correction and nothing else depends on it
   * @param averageDecay share of the old average that is kept, 0 to 1
   * @param scale what the gradients are multiplied with
   * @throws RangeError when a gradient is missing or has another shape, or the step is no positive integer
   */
  step(
    gradients: ReadonlyMap<string, tf.Tensor>,
    step: number,
    learningRate: number,
    averageDecay: number,
    scale?: number,
  ): void;
  /** Calls `run` with the averaged weights in the parameters, then puts the weights back. */
  withAverage<T>(run: () => Promise<T>): Promise<T>;
  state(): Promise<AdamState>;
  restore(state: AdamState): void;
  dispose(): void;
}

/** Adam for these parameters, each of whose steps takes the form that the active backend is fast at. */
export function createAdam(parameters: Parameters, options: AdamOptions = ADAM_DEFAULTS): Adam {
  return new SlotAdam(parameters, options);
}

type Part = (typeof ADAM_PARTS)[number];
/** What a parameter has; `rest` is what the native step knows of parts of it that never had a gradient. */
type Slots = Record<Part | 'rest', tf.Variable>;
/** Numbers of a parameter that rest together: native/adam.cc. */
const REST = 256;

/** The numbers of one step. */
interface Rates {
  /** With the bias corrections of both moments. */
  readonly learning: number;
  /** Shares of the new: 1 - beta1, 1 - beta2. */
  readonly moment1: number;
  readonly moment2: number;
  readonly epsilon: number;
  /** Share of the new weights in the average. */
  readonly average: number;
  readonly scale: number;
}

interface Step {
  readonly slots: Slots;
  readonly gradient: tf.Tensor;
}

/** Gives the four parts of all parameters their next values. */
type Update = (steps: readonly Step[], rates: Rates) => void;

/** One pass over memory, in place, by one operation of the native kernels for all parameters. */
const nativeUpdate: Update = (steps, rates) => {
  const {learning, epsilon, scale} = rates;
  const numbers = tf.tensor1d([learning, rates.moment1, rates.moment2, epsilon, rates.average, scale]);
  const of = (part: Part | 'rest'): tf.Variable[] => steps.map(({slots}) => slots[part]);
  const gradients = steps.map(({gradient}) => gradient);
  const inputs = [
    ...[numbers, ...of('weights'), ...of('moment1'), ...of('moment2'), ...of('average')],
    ...[...gradients, ...of('rest')],
  ];
  try {
    outputs('RasterAdam', [attribute.int('N', steps.length)], inputs, 0);
  } finally {
    numbers.dispose();
  }
  changedInPlace();
};

/** The same in plain tfjs. */
const portableUpdate: Update = (steps, rates) => {
  for (const {slots, gradient} of steps) tf.tidy(() => updatePortably(slots, gradient, rates));
};

function updatePortably(slots: Slots, gradient: tf.Tensor, rates: Rates): void {
  const {weights, average, moment1, moment2} = slots;
  const g = tf.mul(gradient, rates.scale);
  const nextMoment1 = tf.add(moment1, tf.mul(tf.sub(g, moment1), rates.moment1));
  const nextMoment2 = tf.add(moment2, tf.mul(tf.sub(tf.square(g), moment2), rates.moment2));
  const change = tf.div(tf.mul(nextMoment1, rates.learning), tf.add(tf.sqrt(nextMoment2), rates.epsilon));
  const nextWeights = tf.sub(weights, change);
  const nextAverage = tf.sub(average, tf.mul(tf.sub(average, nextWeights), rates.average));
  const next = {weights: nextWeights, average: nextAverage, moment1: nextMoment1, moment2: nextMoment2};
  for (const part of ADAM_PARTS) slots[part].assign(next[part]);
}

/**
 * Four variables for each parameter, saved, restored and lent to the parameters. A parameter's values are
 * those of the variable that is lent to it: they change with a step, so who wants to keep them copies them.
 */
class SlotAdam implements Adam {
  private readonly slots = new Map<string, Slots>();

  constructor(
    private readonly parameters: Parameters,
    private readonly options: AdamOptions,
  ) {
    for (const [name, parameter] of parameters) {
      const variable = (value: () => tf.Tensor): tf.Variable => tf.tidy(() => tf.variable(value(), false));
      this.slots.set(name, {
        weights: variable(() => copy(parameter)),
        average: variable(() => copy(parameter)),
        moment1: variable(() => tf.zeros(parameter.shape)),
        moment2: variable(() => tf.zeros(parameter.shape)),
        rest: variable(() => tf.zeros([Math.ceil(parameter.size / REST)])),
      });
    }
  }

  step(
    gradients: ReadonlyMap<string, tf.Tensor>,
    step: number,
    learningRate: number,
    averageDecay: number,
    scale = 1,
  ): void {
    const {beta1, beta2, epsilon} = this.options;
    const rates: Rates = {
      learning: (learningRate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step),
      moment1: 1 - beta1,
      moment2: 1 - beta2,
      epsilon,
      average: 1 - averageDecay,
      scale,
    };
    const given = new Arguments('Adam');
    given.rule(Number.isInteger(step) && step >= 1, 'step', 'be a positive integer', step);
    // All are looked at before the first weight is changed.
    const steps = Array.from(this.slots, ([name, slots]) => {
      const gradient = gradients.get(name) as tf.Tensor;
      given.tensor(`the gradient of '${name}'`, gradient, slots.weights.shape);
      return {slots, gradient};
    });
    const update = native() === null ? portableUpdate : nativeUpdate;
    update(steps, rates);
    this.lend('weights');
  }

  async withAverage<T>(run: () => Promise<T>): Promise<T> {
    this.lend('average');
    try {
      return await run();
    } finally {
      this.lend('weights');
    }
  }

  async state(): Promise<AdamState> {
    const state: AdamState = {weights: new Map(), average: new Map(), moment1: new Map(), moment2: new Map()};
    for (const [name, slots] of this.slots) {
      for (const part of ADAM_PARTS) {
        // A copy: on some backends `data` is a view of memory that is used again.
        state[part].set(name, Float32Array.from((await slots[part].data()) as Float32Array));
      }
    }
    return state;
  }

  restore(state: AdamState): void {
    for (const [name, slots] of this.slots) {
      const {shape} = this.parameters.get(name) as tf.Variable;
      for (const part of ADAM_PARTS) {
        const data = state[part].get(name);
        if (data === undefined)
          throw new Error(`Adam: the saved state must have the ${part} of '${name}', got none`);
        if (data.length !== tf.util.sizeFromShape(shape)) {
          throw new RangeError(
            `Adam: the saved ${part} of '${name}' must have ${tf.util.sizeFromShape(shape)} numbers, got ${data.length}`,
          );
        }
        tf.tidy(() => slots[part].assign(copy(tf.tensor(data, shape))));
      }
      // Of other values nothing is known.
      tf.tidy(() => slots.rest.assign(tf.zeros(slots.rest.shape)));
    }
    this.lend('weights');
  }

  dispose(): void {
    for (const slots of this.slots.values()) tf.dispose(Object.values(slots));
  }

  private lend(part: 'weights' | 'average'): void {
    for (const [name, slots] of this.slots) {
      const parameter = this.parameters.get(name) as tf.Variable;
      // A step in place leaves it where it was.
      if (parameter.dataId !== slots[part].dataId) parameter.assign(slots[part]);
    }
  }
}

/** In memory of its own: a clone shares it, and a step in place would change both. */
function copy(tensor: tf.Tensor): tf.Tensor {
  return tf.mul(tensor, 1);
}
