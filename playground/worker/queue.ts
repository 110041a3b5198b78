/** Runs one action after the other; what is stopped before its turn never begins. */
export class Queue {
  private readonly running = new Map<number, AbortController>();
  private last: Promise<void> = Promise.resolve();

  /** @param action is given a signal that `stop(id)` aborts; must not throw */
  add(id: number, action: (signal: AbortSignal) => Promise<void>): void {
    const control = new AbortController();
    this.running.set(id, control);
    // A long action keeps messages waiting: without a turn of theirs a stop would be heard too late.
    this.last = this.last.then(otherMessages).then(async () => {
      await action(control.signal);
      this.running.delete(id);
    });
  }

  stop(id: number): void {
    this.running.get(id)?.abort();
  }
}

/** Until the messages that have arrived are heard. */
export function otherMessages(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
