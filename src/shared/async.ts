/** Resolves after `ms`, or at once when `signal` aborts. Never rejects. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });

/** Lets everything else that waits have its turn: long work calls it now and then. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A delay before attempt `n` (from 0): exponential from `base_ms` to `max_ms`, with half of it random. */
export const jittered = (n: number, base_ms: number, max_ms: number, random: () => number): number => {
  const full = Math.min(max_ms, base_ms * 2 ** Math.min(n, 30));
  return full / 2 + (full / 2) * random();
};

/** Something that was started and can be stopped; stopping twice is harmless. */
export interface Disposable {
  dispose(): Promise<void>;
}

/** Disposes parts that do not depend on one another, all at once, then throws the first failure. */
export const disposeTogether = async (parts: readonly Disposable[]): Promise<void> => {
  const ends = await Promise.allSettled(parts.map((part) => part.dispose()));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
};

/** Disposes in the reverse order of registration, all of them, then throws the first failure. */
export class DisposeStack implements Disposable {
  private readonly parts: { name: string; dispose: () => Promise<void> | void }[] = [];

  add(name: string, dispose: () => Promise<void> | void): void {
    this.parts.push({ name, dispose });
  }

  async dispose(): Promise<void> {
    let failure: Error | undefined;
    for (let part = this.parts.pop(); part; part = this.parts.pop()) {
      try {
        await part.dispose();
      } catch (error) {
        failure ??= new Error(`stopping ${part.name} failed`, { cause: error });
      }
    }
    if (failure) throw failure;
  }
}
