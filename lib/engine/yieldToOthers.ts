/** Lets signals, timers and the notebook's messages through during long work; TensorFlow itself never waits. */
export function yieldToOthers(): Promise<void> {
  return new Promise((resolve) =>
    typeof setImmediate === 'function' ? setImmediate(resolve) : setTimeout(resolve),
  );
}
