import * as tf from '@tensorflow/tfjs';
import {setWasmPaths} from '@tensorflow/tfjs-backend-wasm';
import {startEngine} from '../../lib/engine/index';
import {part} from './parts';

export interface RunningEngine {
  /** A sentence for the reader. */
  readonly engine: string;
  /** Whether it is the plain one, in which maps and training take seconds. */
  readonly slow: boolean;
}

let running: Promise<RunningEngine> | undefined;

/** WebAssembly, its program taken from the page's folder; where the browser has none, plain JavaScript. */
export function engine(): Promise<RunningEngine> {
  running ??= start();
  return running;
}

async function start(): Promise<RunningEngine> {
  if (typeof WebAssembly === 'object') {
    try {
      const url = URL.createObjectURL(
        new Blob([(await part('engine')) as BlobPart], {type: 'application/wasm'}),
      );
      const name = 'tfjs-backend-wasm';
      setWasmPaths(
        {[`${name}.wasm`]: url, [`${name}-simd.wasm`]: url, [`${name}-threaded-simd.wasm`]: url},
        true,
      );
      await startEngine();
      URL.revokeObjectURL(url);
      if (tf.getBackend() === 'wasm') return {engine: 'WebAssembly', slow: false};
    } catch (error) {
      console.warn(error);
    }
  }
  await tf.setBackend('cpu');
  return {engine: 'plain JavaScript', slow: true};
}
