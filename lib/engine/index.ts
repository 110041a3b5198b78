import * as tf from '@tensorflow/tfjs';
import {loadNativeKernels} from './native';
import {threadCount} from './threads';

/** Which TensorFlow runs. */
export interface Engine {
  /** `tensorflow`: the native runtime. `wasm`: WebAssembly, slower, everywhere. */
  readonly name: 'tensorflow' | 'wasm';
  readonly version: string;
  /** One sentence for the user. */
  readonly description: string;
}

let engine: Promise<Engine> | undefined;

/**
 * Starts the engine once: the native TensorFlow runtime where set-up could build it, else WebAssembly.
 * The environment variable TF_ENGINE=wasm asks for WebAssembly; RASTER_THREADS says with how many
 * threads the native runtime works.
 *
 * @throws Error when TF_ENGINE or RASTER_THREADS has another value, or TF_ENGINE asks for a
 *   native runtime that does not load
 */
export function startEngine(): Promise<Engine> {
  engine ??= start().catch((error) => {
    engine = undefined; // so that a corrected TF_ENGINE can be tried in the same notebook
    throw error;
  });
  return engine;
}

async function start(): Promise<Engine> {
  const wanted = typeof process === 'undefined' ? 'wasm' : (process.env.TF_ENGINE ?? '');
  if (!['', 'tensorflow', 'wasm'].includes(wanted)) {
    throw new Error(
      `TF_ENGINE must be 'tensorflow' or 'wasm', got '${wanted}'; unset it to let the engine be chosen`,
    );
  }
  if (wanted !== 'wasm') {
    const threads = threadCount();
    try {
      return await startNative(threads);
    } catch (error) {
      if (wanted === 'tensorflow') throw error;
    }
  }
  return startWasm(wanted === 'wasm' ? 'as TF_ENGINE asks' : 'since the native runtime does not load');
}

async function startNative(threads: number): Promise<Engine> {
  // Only here is tfjs-node known. The name is hidden from bundlers, so that the rest
  // of lib also runs in a browser.
  const name = '@tensorflow/tfjs-node';
  const compat = './compat.cjs';
  require(compat);
  // TensorFlow reads it when it is loaded.
  process.env.TF_NUM_INTRAOP_THREADS ??= String(threads);
  const node = require(name) as typeof import('@tensorflow/tfjs-node');
  await tf.setBackend('tensorflow');
  loadNativeKernels(threads);
  const version = node.version_core === undefined ? '' : nativeVersion();
  return {name: 'tensorflow', version, description: `TensorFlow ${version}, native`};
}

function nativeVersion(): string {
  const backend = tf.backend() as unknown as {binding: {TF_Version: string}};
  return backend.binding.TF_Version;
}

async function startWasm(reason: string): Promise<Engine> {
  const wasm = await import('@tensorflow/tfjs-backend-wasm');
  if (typeof process !== 'undefined' && process.versions?.node !== undefined) {
    const {dirname} = await import('node:path');
    wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  }
  await tf.setBackend('wasm');
  const version = wasm.version_wasm;
  return {name: 'wasm', version, description: `TensorFlow.js on WebAssembly ${version}, ${reason}: slower`};
}
