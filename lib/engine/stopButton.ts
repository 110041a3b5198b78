/**
 * The stop button of a notebook. The project's kernel gives each cell a signal of its own under this name
 * (scripts/setup/kernel.cjs); work that takes long looks at it where the caller has named no signal.
 */
const STOP = Symbol.for('autoregressive-image-models.stop');

/** @returns the signal of the running cell; undefined outside of a notebook */
export function stopButton(): AbortSignal | undefined {
  return (globalThis as {[STOP]?: AbortSignal})[STOP];
}
