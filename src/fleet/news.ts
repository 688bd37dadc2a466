/** Waiting for a condition on something that changes often: looked at once per turn, however much changes in it. */
import { Bell } from '../shared/bell.ts';

interface Waiter {
  readonly done: () => boolean;
  readonly wake: () => void;
}

export class News {
  private readonly waiters = new Set<Waiter>();
  private readonly listeners = new Set<() => void>();
  private looking = false;

  /** Something has changed. */
  tell(): void {
    if (this.looking || this.waiters.size + this.listeners.size === 0) return;
    this.looking = true;
    setImmediate(() => {
      this.looking = false;
      for (const listener of this.listeners) listener();
      for (const waiter of this.waiters) if (waiter.done()) waiter.wake();
    });
  }

  /** Calls `listener` once per turn in which something has changed. @returns unsubscribe */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Resolves true as soon as the condition holds, false when it does not within `timeout_ms` or before `gone` aborts. */
  async until(condition: () => boolean, timeout_ms: number, gone?: AbortSignal): Promise<boolean> {
    if (condition()) return true;
    const bell = new Bell();
    const waiter: Waiter = { done: condition, wake: () => bell.ring() };
    this.waiters.add(waiter);
    await bell.wait(timeout_ms, gone);
    this.waiters.delete(waiter);
    return condition();
  }
}
