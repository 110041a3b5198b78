/** Lets signals, timers and messages through during long work; TensorFlow itself never waits. */
export function yieldToOthers(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else if (typeof MessageChannel === 'function') nextMessage(resolve);
    else setTimeout(resolve);
  });
}

/**
 * What is used of a browser's MessagePort: the notebooks' compiler knows Node's only, which has no onmessage.
 */
interface Port {
  onmessage: (() => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** In a browser a message is the shortest wait: a timer that follows on a timer waits for 4 ms. */
function nextMessage(done: () => void): void {
  const {port1, port2} = new MessageChannel() as unknown as {port1: Port; port2: Port};
  port1.onmessage = () => {
    port1.close();
    done();
  };
  port2.postMessage(null);
}
