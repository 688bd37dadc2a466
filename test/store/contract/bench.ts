/** What the contract tests share: a store under test with a corner of its own, and a watch that remembers. */
import { expect, vi } from 'vitest';
import type { Revision, Stamp } from '../../../src/shared/revision.ts';
import type { ConfigStore, KeyValue, Step, TransactResult, WatchEnd } from '../../../src/store/port.ts';

/** Patience for what comes by itself: progress, expiry, events. */
export const WAIT = { timeout: 15_000, interval: 10 };

export interface StoreUnderTest {
  readonly store: ConfigStore;
  /** Compacts the history before the revision. */
  readonly compact: (at: Revision) => Promise<void>;
}

export interface StoreContract {
  readonly name: string;
  /** A store for each test; data of earlier tests may be in it. */
  readonly open: () => Promise<StoreUnderTest>;
  /** The shortest lease that the store grants; whole seconds. */
  readonly shortestLease_s: number;
  readonly propertyRuns: number;
}

/** Distinct across suites that share one etcd. */
let prefixes = 0;

export class Bench {
  readonly contract: StoreContract;
  /** Every test has its own. */
  prefix = '';
  private under: StoreUnderTest | undefined;

  constructor(contract: StoreContract) {
    this.contract = contract;
  }

  async setUp(): Promise<void> {
    this.under = await this.contract.open();
    this.prefix = `/contract/${++prefixes}/`;
  }

  async tearDown(): Promise<void> {
    await this.under?.store.close();
  }

  get store(): ConfigStore {
    if (!this.under) throw new Error('the bench is not set up');
    return this.under.store;
  }

  async compact(at: Revision): Promise<void> {
    await this.under?.compact(at);
  }

  async here(): Promise<Stamp> {
    const { clusterId, revision } = await this.store.range({ key: this.prefix });
    return { clusterId, revision };
  }

  async everything(): Promise<readonly KeyValue[]> {
    return (await this.store.range({ prefix: this.prefix })).kvs;
  }
}

export const put = (store: ConfigStore, key: string, value: string): Promise<TransactResult> =>
  store.transact({ guards: [], puts: [{ key, value }], deletes: [] });

export const remove = (store: ConfigStore, key: string): Promise<TransactResult> =>
  store.transact({ guards: [], puts: [], deletes: [key] });

/** A watch whose sink remembers everything, in order. */
export const recordWatch = (store: ConfigStore, prefix: string, after: Stamp) => {
  const calls: string[] = [];
  const steps: Step[] = [];
  const ends: WatchEnd[] = [];
  const watch = store.watch(prefix, after, {
    onOpen: () => void calls.push('open'),
    onStep: (step) => {
      calls.push('step');
      steps.push(step);
    },
    onAlive: () => void calls.push('alive'),
    onEnd: (end) => {
      calls.push('end');
      ends.push(end);
    },
  });
  const until = (what: () => boolean) => vi.waitFor(() => expect(what()).toBe(true), WAIT);
  return {
    watch,
    calls,
    steps,
    ends,
    opened: () => until(() => calls.includes('open')),
    hasSteps: (count: number) => until(() => steps.length >= count),
    ended: async () => {
      await until(() => ends.length > 0);
      return ends[0];
    },
  };
};
