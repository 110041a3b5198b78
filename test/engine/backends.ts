import assert from 'node:assert/strict';
import {dirname} from 'node:path';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {setWasmPaths} from '@tensorflow/tfjs-backend-wasm';
import {startEngine} from '../../lib/engine/index';
import {native, withPortableTwins} from '../../lib/engine/native';

/** The backends whose kernels must agree: the native one, where there is one, and the portable twins. */
export const backends: string[] = [];

/** To be called once at the top of a test file: starts the engine before its tests. */
export function startBackends(): void {
  test.before(async () => {
    setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
    const {name} = await startEngine();
    backends.push(...(name === 'tensorflow' ? [name, 'wasm', 'cpu'] : [name, 'cpu']));
  });
}

/** Runs a check on each of them, inside tf.tidy, and fails where it leaves tensors behind. */
export async function onEachBackend(check: (backend: string) => void): Promise<void> {
  for (const backend of backends) {
    await tf.setBackend(backend);
    assert.equal(tf.getBackend(), backend);
    const {numTensors} = tf.memory();
    tf.tidy(() => check(backend));
    assert.equal(tf.memory().numTensors, numTensors, `${backend}: tensors are left behind`);
  }
}

/**
 * Runs a check on the active backend with the native form, where there is one, and with the portable twins.
 */
export function inBothForms(check: (form: 'native' | 'twin') => void): void {
  if (native() !== null) check('native');
  withPortableTwins(() => check('twin'));
}

/** Within `relative` of the larger of 1 and the expected number. */
export function close(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  what: string,
  relative = 1e-5,
): void {
  assert.equal(actual.length, expected.length, what);
  for (let i = 0; i < expected.length; i++) {
    const tolerance = relative * Math.max(1, Math.abs(expected[i]));
    assert.ok(
      Math.abs(actual[i] - expected[i]) <= tolerance,
      `${what}[${i}]: ${actual[i]}, not ${expected[i]}`,
    );
  }
}
