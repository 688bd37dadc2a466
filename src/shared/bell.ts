/** The longest a timer runs. */
const FOREVER_MS = 2 ** 31 - 1;

/**
 * One waits, others ring. Cheaper than an abort signal where it rings a thousand times a second. A ring that nobody waits
 * for is lost: look at the condition before waiting.
 */
export class Bell {
  private done: () => void = () => {};

  /** Resolves at the next ring, after `ms`, or when `signal` aborts. A wait under way ends. */
  wait(ms = FOREVER_MS, signal?: AbortSignal): Promise<void> {
    this.done();
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => this.done();
      const timer = setTimeout(end, Math.max(0, ms));
      signal?.addEventListener('abort', end, { once: true });
      this.done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        this.done = () => {};
        resolve();
      };
    });
  }

  ring(): void {
    this.done();
  }
}
