/** How far a run of the bench is, by the items that it goes through one after another. */
export class Progress {
  private done = 0;
  private readonly total: number;

  /** @param weights about how long each item takes, in any unit */
  constructor(
    private readonly weights: readonly number[],
    private readonly now: () => number = () => performance.now() / 1000,
    private readonly started = now(),
  ) {
    this.total = weights.reduce((a, b) => a + b, 0);
  }

  /** The share of all, from 0 to 1, when so much of the current item is done. */
  share(ofItem = 0): number {
    return (this.sumDone() + (this.weights[this.done] ?? 0) * ofItem) / this.total;
  }

  /** Seconds that are left if all goes on as before; null as long as too little is done to say. */
  left(ofItem = 0): number | null {
    const share = this.share(ofItem);
    if (share < 0.02) return null;
    return ((this.now() - this.started) * (1 - share)) / share;
  }

  /** The current item is done. */
  next(): void {
    this.done++;
  }

  private sumDone(): number {
    return this.weights.slice(0, this.done).reduce((a, b) => a + b, 0);
  }
}
