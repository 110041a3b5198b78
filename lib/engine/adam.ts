import * as tf from '@tensorflow/tfjs';
import type {Parameters} from '../types';
import {attribute, effect, op, ResourceVariable} from './native';

/**
 * Adam (Kingma and Ba 2015, algorithm 1, in the order of operations at the end of its section 2) together with an
 * exponential moving average of the weights, which is what is evaluated and published.
 */
export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}
export const ADAM_DEFAULTS: AdamOptions = {beta1: 0.9, beta2: 0.999, epsilon: 1e-8};

/** The four tensors that Adam and the average keep for each parameter, as plain numbers in raster order. */
export interface AdamState {
  readonly weights: Map<string, Float32Array>;
  readonly average: Map<string, Float32Array>;
  readonly moment1: Map<string, Float32Array>;
  readonly moment2: Map<string, Float32Array>;
}
export const ADAM_PARTS = ['weights', 'average', 'moment1', 'moment2'] as const;

export interface Adam {
  /**
   * One step; the model's parameters hold the new weights afterwards.
   *
   * @param gradients one for each parameter, by its name; not disposed
   * @param step counted from 1; the bias correction and nothing else depends on it
   * @param averageDecay share of the old average that is kept, 0 to 1
   */
  step(
    gradients: ReadonlyMap<string, tf.Tensor>,
    step: number,
    learningRate: number,
    averageDecay: number,
  ): void;
  /** Calls `run` with the averaged weights in the parameters, then puts the weights back. */
  withAverage<T>(run: () => Promise<T>): Promise<T>;
  state(): Promise<AdamState>;
  restore(state: AdamState): void;
  dispose(): void;
}

/** Adam for these parameters, in the form that the running engine is fast at. */
export function createAdam(parameters: Parameters, options: AdamOptions = ADAM_DEFAULTS): Adam {
  return tf.getBackend() === 'tensorflow'
    ? new NativeAdam(parameters, options)
    : new PortableAdam(parameters, options);
}

/** What the two forms share: four slots for each parameter, saved, restored and lent to the parameters. */
abstract class SlotAdam<Slot extends {dispose(): void}> implements Adam {
  protected readonly slots = new Map<string, Record<(typeof ADAM_PARTS)[number], Slot>>();

  constructor(
    protected readonly parameters: Parameters,
    protected readonly options: AdamOptions,
  ) {
    for (const [name, parameter] of parameters) {
      const zeros = tf.zeros(parameter.shape);
      this.slots.set(name, {
        weights: this.create(parameter),
        average: this.create(parameter),
        moment1: this.create(zeros),
        moment2: this.create(zeros),
      });
      zeros.dispose();
    }
  }

  abstract step(
    gradients: ReadonlyMap<string, tf.Tensor>,
    step: number,
    learningRate: number,
    averageDecay: number,
  ): void;
  protected abstract create(initial: tf.Tensor): Slot;
  /** A new tensor with the slot's value; the caller disposes it. */
  protected abstract read(slot: Slot): tf.Tensor;
  protected abstract assign(slot: Slot, value: tf.Tensor): void;

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
        const value = this.read(slots[part]);
        // A copy: on some backends `data` is a view of memory that is used again.
        state[part].set(name, Float32Array.from((await value.data()) as Float32Array));
        value.dispose();
      }
    }
    return state;
  }

  restore(state: AdamState): void {
    for (const [name, slots] of this.slots) {
      const {shape} = this.parameters.get(name) as tf.Variable;
      for (const part of ADAM_PARTS) {
        const data = state[part].get(name);
        if (data === undefined) throw new Error(`Adam: the saved state has no ${part} of '${name}'`);
        const value = tf.tensor(data, shape);
        this.assign(slots[part], value);
        value.dispose();
      }
    }
    this.lend('weights');
  }

  dispose(): void {
    for (const slots of this.slots.values()) for (const part of ADAM_PARTS) slots[part].dispose();
  }

  protected lend(part: 'weights' | 'average'): void {
    for (const [name, slots] of this.slots) {
      const value = this.read(slots[part]);
      (this.parameters.get(name) as tf.Variable).assign(value);
      value.dispose();
    }
  }
}

/** m and v and the weights in one pass over memory: three operations a parameter. */
class NativeAdam extends SlotAdam<ResourceVariable> {
  step(
    gradients: ReadonlyMap<string, tf.Tensor>,
    step: number,
    learningRate: number,
    averageDecay: number,
  ): void {
    const {beta1, beta2, epsilon} = this.options;
    const scalars = [beta1 ** step, beta2 ** step, learningRate, beta1, beta2, epsilon].map((x) =>
      tf.scalar(x),
    );
    const averageRate = tf.scalar(1 - averageDecay);
    const T = attribute.type('T');
    const locking = attribute.bool('use_locking', false);
    const nesterov = attribute.bool('use_nesterov', false);
    for (const [name, slots] of this.slots) {
      const gradient = gradients.get(name) as tf.Tensor;
      const handles = [slots.weights.handle, slots.moment1.handle, slots.moment2.handle];
      effect('ResourceApplyAdam', [T, locking, nesterov], [...handles, ...scalars, gradient]);
      const weights = slots.weights.read();
      const average = slots.average.read();
      const difference = op('Sub', [T], [average, weights]);
      average.dispose();
      // average -= (1 - decay) * (average - weights)
      effect('ResourceApplyGradientDescent', [T, locking], [slots.average.handle, averageRate, difference]);
      difference.dispose();
      (this.parameters.get(name) as tf.Variable).assign(weights);
      weights.dispose();
    }
    for (const t of [...scalars, averageRate]) t.dispose();
  }

  protected create(initial: tf.Tensor): ResourceVariable {
    return new ResourceVariable(initial);
  }
  protected read(slot: ResourceVariable): tf.Tensor {
    return slot.read();
  }
  protected assign(slot: ResourceVariable, value: tf.Tensor): void {
    slot.assign(value);
  }
}

/** The same in plain tfjs. */
class PortableAdam extends SlotAdam<tf.Variable> {
  step(
    gradients: ReadonlyMap<string, tf.Tensor>,
    step: number,
    learningRate: number,
    averageDecay: number,
  ): void {
    const {beta1, beta2, epsilon} = this.options;
    const rate = (learningRate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
    for (const [name, {weights, average, moment1, moment2}] of this.slots) {
      tf.tidy(() => {
        const gradient = gradients.get(name) as tf.Tensor;
        moment1.assign(tf.add(moment1, tf.mul(tf.sub(gradient, moment1), 1 - beta1)));
        moment2.assign(tf.add(moment2, tf.mul(tf.sub(tf.square(gradient), moment2), 1 - beta2)));
        weights.assign(tf.sub(weights, tf.div(tf.mul(moment1, rate), tf.add(tf.sqrt(moment2), epsilon))));
        average.assign(tf.sub(average, tf.mul(tf.sub(average, weights), 1 - averageDecay)));
        (this.parameters.get(name) as tf.Variable).assign(weights);
      });
    }
  }

  protected create(initial: tf.Tensor): tf.Variable {
    return tf.tidy(() => tf.variable(tf.clone(initial), false));
  }
  protected read(slot: tf.Variable): tf.Tensor {
    return tf.clone(slot);
  }
  protected assign(slot: tf.Variable, value: tf.Tensor): void {
    slot.assign(value);
  }
}
