import * as tf from '@tensorflow/tfjs';
import {nativeKernels} from './nativeKernels';

/**
 * The fused kernels of the library, registered with tfjs beside its own. Each has two forms that must agree in
 * values and gradients: one in operations of the TensorFlow runtime, and a portable twin in plain tfjs
 * for every other backend (WASM, plain JavaScript). Only the gradients that are asked for are computed.
 */

export type Inputs = Record<string, tf.Tensor>;
export type Attributes = Record<string, unknown>;

export interface KernelForms {
  readonly name: string;
  /** On the TensorFlow runtime: intermediate results must be disposed here. */
  readonly native: (inputs: Inputs, attributes: Attributes) => tf.Tensor;
  /** On every other backend: runs inside tf.tidy. */
  readonly portable: (inputs: Inputs, attributes: Attributes) => tf.Tensor;
  /** Whether `native` is of the project's own operations: where those are not loaded, the twin runs on the runtime, too. */
  readonly own?: boolean;
  readonly gradient?: (
    dy: tf.Tensor,
    saved: tf.Tensor[],
    attributes: Attributes,
  ) => Record<string, () => tf.Tensor>;
  readonly inputsToSave?: string[];
  readonly outputsToSave?: boolean[];
}

const PORTABLE_BACKENDS = ['wasm', 'cpu', 'webgl', 'webgpu'];
const registered = new Set<string>();

/** A function that runs the kernel, which is registered when it is first called. */
export function define(forms: KernelForms): (inputs: Inputs, attributes?: Attributes) => tf.Tensor {
  return (inputs, attributes = {}) => {
    if (!registered.has(forms.name)) register(forms);
    return tf.engine().runKernel(forms.name, inputs, attributes as tf.NamedAttrMap) as tf.Tensor;
  };
}

function register(forms: KernelForms): void {
  const {name} = forms;
  const kernel = (run: KernelForms['native']): tf.KernelFunc => {
    return ({inputs, attrs}) => run(inputs as Inputs, (attrs ?? {}) as Attributes);
  };
  const portable: KernelForms['native'] = (inputs, attributes) =>
    tf.tidy(() => forms.portable(inputs, attributes));
  const native = forms.own && nativeKernels() === null ? portable : forms.native;
  tf.registerKernel({kernelName: name, backendName: 'tensorflow', kernelFunc: kernel(native)});
  for (const backendName of PORTABLE_BACKENDS) {
    tf.registerKernel({kernelName: name, backendName, kernelFunc: kernel(portable)});
  }
  if (forms.gradient !== undefined) {
    const gradient = forms.gradient;
    tf.registerGradient({
      kernelName: name,
      inputsToSave: forms.inputsToSave ?? [],
      outputsToSave: forms.outputsToSave ?? [],
      gradFunc: (dy, saved, attributes) => gradient(dy as tf.Tensor, saved, attributes as Attributes),
    });
  }
  registered.add(name);
}
