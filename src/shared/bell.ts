/** The longest a timer runs. */
const FOREVER_MS = 2 ** 31 - 1;

/**
 * One waits, others ring. Cheaper than an abort signal where it rings a thousand times a second. A ring that nobody waits
 * for is lost: look at the condition before waiting.
 */
export class Bell {
  private done: () => void = () => {};

  /** Resolves at the next ring, or after `ms`. A wait under way ends. */
  wait(ms = FOREVER_MS): Promise<void> {
    this.done();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.done(), Math.max(0, ms));
      this.done = () => {
        clearTimeout(timer);
        this.done = () => {};
        resolve();
      };
    });
  }

  ring(): void {
    this.done();
  }
}
