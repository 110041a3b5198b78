import * as tf from '@tensorflow/tfjs';
import {attribute, op} from './native';

/**
 * The fused kernels of the library, registered with tfjs beside its own. Each has two forms that must agree in
 * values and gradients: one in operations of the TensorFlow runtime, and a portable twin in plain tfjs
 * for every other backend (WASM, plain JavaScript). Only the gradients that are asked for are computed.
 */

type Inputs = Record<string, tf.Tensor>;
type Attributes = Record<string, unknown>;

interface KernelForms {
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

const INT32 = 3; // TF_INT32, from TensorFlow's C API
const PORTABLE_BACKENDS = ['wasm', 'cpu', 'webgl', 'webgpu'];
const registered = new Set<string>();

function define(forms: KernelForms): (inputs: Inputs, attributes?: Attributes) => tf.Tensor {
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
  tf.registerKernel({kernelName: name, backendName: 'tensorflow', kernelFunc: kernel(forms.native)});
  for (const backendName of PORTABLE_BACKENDS) {
    const portable: KernelForms['native'] = (inputs, attributes) =>
      tf.tidy(() => forms.portable(inputs, attributes));
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

const runReluGradient = define({
  name: 'ReluGradient',
  native: ({dy, y}) => op('ReluGrad', [attribute.type('T')], [dy, y]),
  portable: ({dy, y}) => tf.mul(dy, tf.cast(tf.greater(y, 0), 'float32')),
});

const runBiasGradient = define({
  name: 'BiasGradient',
  native: ({dy}) => op('BiasAddGrad', [attribute.type('T'), attribute.string('data_format', 'NHWC')], [dy]),
  portable: ({dy}) =>
    tf.sum(
      dy,
      Array.from({length: dy.rank - 1}, (_, axis) => axis),
    ),
});

const runDense = define({
  name: 'MaskedDense',
  native: ({x, weights, bias}, {relu}) => {
    const T = [attribute.type('T')];
    const product = op(
      'MatMul',
      [...T, attribute.bool('transpose_a', false), attribute.bool('transpose_b', false)],
      [x, weights],
    );
    const sum = op('BiasAdd', [...T, attribute.string('data_format', 'NHWC')], [product, bias]);
    product.dispose();
    if (!relu) return sum;
    const y = op('Relu', T, [sum]);
    sum.dispose();
    return y;
  },
  portable: ({x, weights, bias}, {relu}) => {
    const sum = tf.add(tf.matMul(x as tf.Tensor2D, weights as tf.Tensor2D), bias);
    return relu ? tf.relu(sum) : sum;
  },
  inputsToSave: ['x', 'weights'],
  outputsToSave: [true],
  gradient: (dy, [x, weights, y], {relu}) => {
    const dz = relu ? runReluGradient({dy, y}) : dy;
    return {
      x: () => tf.matMul(dz as tf.Tensor2D, weights as tf.Tensor2D, false, true),
      weights: () => tf.matMul(x as tf.Tensor2D, dz as tf.Tensor2D, true, false),
      bias: () => runBiasGradient({dy: dz}),
    };
  },
});

/**
 * activation(x · weights + bias), in one kernel.
 *
 * @param x [B, inputs]
 * @param weights [inputs, outputs]
 * @param bias [outputs]
 * @param activation `relu` or `none`
 * @returns [B, outputs]; differentiable in all three; the caller disposes it
 */
export function dense(
  x: tf.Tensor2D,
  weights: tf.Tensor2D,
  bias: tf.Tensor1D,
  activation: 'relu' | 'none',
): tf.Tensor2D {
  return runDense({x, weights, bias}, {relu: activation === 'relu'}) as tf.Tensor2D;
}

const runBernoulli = define({
  name: 'BernoulliNegativeLogLikelihood',
  native: ({logits, x}) => {
    // -log p(x) = softplus(logit) - logit * x, which neither overflows nor loses small values.
    const T = [attribute.type('T')];
    const softplus = op('Softplus', T, [logits]);
    const chosen = op('Mul', T, [logits, x]);
    const nats = op('Sub', T, [softplus, chosen]);
    const axes = tf.tensor1d([1], 'int32');
    const sum = op(
      'Sum',
      [...T, attribute.type('Tidx', INT32), attribute.bool('keep_dims', false)],
      [nats, axes],
    );
    for (const t of [softplus, chosen, nats, axes]) t.dispose();
    return sum;
  },
  portable: ({logits, x}) => {
    const softplus = tf.add(tf.relu(logits), tf.log(tf.add(1, tf.exp(tf.neg(tf.abs(logits))))));
    return tf.sum(tf.sub(softplus, tf.mul(logits, x)), 1);
  },
  inputsToSave: ['logits', 'x'],
  gradient: (dy, [logits, x]) => ({
    logits: () => tf.mul(tf.sub(tf.sigmoid(logits), x), tf.expandDims(dy, 1)),
    x: () => tf.mul(tf.neg(logits), tf.expandDims(dy, 1)),
  }),
});

/**
 * Cross-entropy of independent Bernoulli values given by their logits.
 *
 * @param logits [B, D]
 * @param x [B, D], values 0 or 1
 * @returns [B], nats; differentiable; the caller disposes it
 */
export function bernoulliNegativeLogLikelihood(logits: tf.Tensor2D, x: tf.Tensor2D): tf.Tensor1D {
  return runBernoulli({logits, x}) as tf.Tensor1D;
}
