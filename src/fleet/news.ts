/** Waiting for a condition on something that changes often: looked at once per turn, however much changes in it. */
import { pause } from '../shared/async.ts';

interface Waiter {
  readonly done: () => boolean;
  readonly wake: () => void;
}

export class News {
  private readonly waiters = new Set<Waiter>();
  private looking = false;

  /** Something has changed. */
  tell(): void {
    if (this.looking || this.waiters.size === 0) return;
    this.looking = true;
    setImmediate(() => {
      this.looking = false;
      for (const waiter of this.waiters) if (waiter.done()) waiter.wake();
    });
  }

  /** Resolves true as soon as the condition holds, false when it does not within `timeout_ms`. */
  async until(condition: () => boolean, timeout_ms: number): Promise<boolean> {
    if (condition()) return true;
    const woken = new AbortController();
    const waiter: Waiter = { done: condition, wake: () => woken.abort() };
    this.waiters.add(waiter);
    await pause(timeout_ms, woken.signal);
    this.waiters.delete(waiter);
    return condition();
  }
}
