/** Load for fault tests: a writer that keeps account of every answer, and a watcher that never gives up. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { NO_REVISION } from '../../../src/shared/revision.ts';
import type { Revision, Stamp } from '../../../src/shared/revision.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../../../src/store/port.ts';
import type { ConfigStore, Step, WatchEnd } from '../../../src/store/port.ts';

/** Where writers write and followers watch. */
export const PREFIX = '/faults/';

/** Watches again from the last applied step whenever a watch ends, as a reflector does. */
export class Follower {
  readonly steps: Step[] = [];
  readonly ends: { end: WatchEnd; at_ms: number }[] = [];
  readonly opens: number[] = [];
  private readonly store: ConfigStore;
  private position: Stamp;
  private stopped = false;
  private stopWatch = () => {};

  constructor(store: ConfigStore, start: Stamp) {
    this.store = store;
    this.position = start;
    this.follow();
  }

  get revisions(): Revision[] {
    return this.steps.map((step) => step.revision);
  }

  stop(): void {
    this.stopped = true;
    this.stopWatch();
  }

  private follow(): void {
    const watch = this.store.watch(PREFIX, this.position, {
      onOpen: () => void this.opens.push(performance.now()),
      onAlive: () => {},
      onStep: (step) => {
        this.steps.push(step);
        this.position = step;
      },
      onEnd: (end) => {
        this.ends.push({ end, at_ms: performance.now() });
        if (!this.stopped && end.reason === 'disconnected')
          setTimeout(() => this.stopped || this.follow(), 50);
      },
    });
    this.stopWatch = () => watch.stop();
  }
}

interface Acknowledged {
  readonly key: string;
  readonly revision: Revision;
}

/** Puts new keys one after the other until stopped, and sorts what became of each. */
export class Writer {
  readonly acknowledged: Acknowledged[] = [];
  readonly unknown: string[] = [];
  readonly refused: string[] = [];
  readonly slowest = { ms: 0 };
  private running = true;
  private readonly done: Promise<void>;

  constructor(store: ConfigStore, name: string) {
    this.done = this.write(store, name);
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.done;
  }

  private async write(store: ConfigStore, name: string): Promise<void> {
    for (let i = 0; this.running; i++) {
      const key = `${PREFIX}${name}/${i}`;
      const start_ms = performance.now();
      try {
        const guards = [{ key, modRevision: NO_REVISION }];
        const result = await store.transact({ guards, puts: [{ key, value: `${i}` }], deletes: [] });
        expect(result.committed).toBe(true);
        this.acknowledged.push({ key, revision: result.revision });
      } catch (error) {
        if (error instanceof OutcomeUnknownError) this.unknown.push(key);
        else if (error instanceof StoreUnavailableError) this.refused.push(key);
        else throw error;
      }
      this.slowest.ms = Math.max(this.slowest.ms, performance.now() - start_ms);
      await sleep(5);
    }
  }
}
