import * as tf from '@tensorflow/tfjs';
import {native} from './native';

/**
 * Operations of the library, registered with tfjs beside its own. Each has two forms that must agree in
 * values and gradients: one in operations of the TensorFlow runtime, and a portable twin in plain tfjs for
 * every other backend (WASM, plain JavaScript). Only the gradients that are asked for are computed.
 *
 * A new one needs a file in native/ whose `registerX()` native/module.cc declares and calls, and a file
 * beside this one that calls `define` with both forms and the gradient, and checks shapes first. Its test
 * holds the two forms together.
 */

export type Inputs = Record<string, tf.Tensor>;
export type Attributes = Record<string, unknown>;

export interface Forms {
  readonly name: string;
  /** On the TensorFlow runtime: intermediate results must be disposed here. */
  readonly native: (inputs: Inputs, attributes: Attributes) => tf.Tensor;
  /** On every other backend: runs inside tf.tidy. */
  readonly portable: (inputs: Inputs, attributes: Attributes) => tf.Tensor;
  readonly gradient?: (
    dy: tf.Tensor,
    saved: tf.Tensor[],
    attributes: Attributes,
  ) => Record<string, () => tf.Tensor>;
  readonly inputsToSave?: string[];
  readonly outputsToSave?: boolean[];
}

/** Names of operations with the backends that they are registered for. */
const registered = new Map<string, Set<string>>();

/** A function that runs the operation, which is registered with a backend when it is first called there. */
export function define(forms: Forms): (inputs: Inputs, attributes?: Attributes) => tf.Tensor {
  return (inputs, attributes = {}) => {
    if (registered.get(forms.name)?.has(tf.getBackend()) !== true) register(forms, tf.getBackend());
    return tf.engine().runKernel(forms.name, inputs, attributes as tf.NamedAttrMap) as tf.Tensor;
  };
}

function register(forms: Forms, backendName: string): void {
  const {name, gradient} = forms;
  const kernelFunc: tf.KernelFunc = ({inputs, attrs}) => {
    const [given, attributes] = [inputs as Inputs, (attrs ?? {}) as Attributes];
    return native() === null
      ? tf.tidy(() => forms.portable(given, attributes))
      : forms.native(given, attributes);
  };
  tf.registerKernel({kernelName: name, backendName, kernelFunc});
  const backends = registered.get(name);
  if (backends !== undefined) {
    backends.add(backendName);
    return;
  }
  registered.set(name, new Set([backendName]));
  if (gradient === undefined) return;
  tf.registerGradient({
    kernelName: name,
    inputsToSave: forms.inputsToSave ?? [],
    outputsToSave: forms.outputsToSave ?? [],
    gradFunc: (dy, saved, attributes) => gradient(dy as tf.Tensor, saved, attributes as Attributes),
  });
}
