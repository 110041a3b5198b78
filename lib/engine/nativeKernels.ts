/** The project's own kernels in C++ (lib/engine/native), compiled by set-up. Loading them registers operations with TensorFlow. */
export interface NativeKernels {
  /** @returns a handle for applyPixelKernel */
  createPixelKernel(
    weights: Float32Array,
    bias: Float32Array,
    taps: number,
    inputs: number,
    outputs: number,
    count: number,
    rectified: 0 | 1,
  ): unknown;
  applyPixelKernel(
    kernel: unknown,
    inputs: Float32Array,
    seen: Int32Array,
    taps: number,
    added: Float32Array | null,
    out: Float32Array,
  ): void;
  addMatrixProduct(a: Float32Array, weights: Float32Array, out: Float32Array, sizes: Int32Array): void;
  applyGate(x: Float32Array, features: number, out: Float32Array): void;
  applyRectifier(x: Float32Array, out: Float32Array): void;
  applyLstmCell(gates: Float32Array, hidden: number, cell: Float32Array, out: Float32Array): void;
}

let loaded: NativeKernels | null = null;

/** To be called once the native runtime is there. @throws Error when set-up has not compiled them */
export function loadNativeKernels(): void {
  // Beside the binding of tfjs-node; hidden from bundlers as that is.
  const name = '@tensorflow/tfjs-node/lib/napi-v8/raster_kernels.node';
  loaded = require(name) as NativeKernels;
}

/** The kernels, or null where another engine runs: then each has a twin in TypeScript. */
export function nativeKernels(): NativeKernels | null {
  return loaded;
}
