/**
 * The store in one process: nothing to install, durable across kill -9. Revisions, guards and watches live in
 * memory; the disk holds the state of the last flushed revision. History does not survive a restart, so a
 * watch from before it ends `compacted`, which a watcher must handle anyway.
 */
import { randomBytes } from 'node:crypto';
import { systemClock } from '../../shared/clock.ts';
import type { Clock } from '../../shared/clock.ts';
import { silentLog } from '../../shared/log.ts';
import type { Log } from '../../shared/log.ts';
import { NO_REVISION } from '../../shared/revision.ts';
import type { Revision, Stamp } from '../../shared/revision.ts';
import { compareKeys } from '../key-order.ts';
import { checkRange, checkTransaction } from '../limits.ts';
import type * as port from '../port.ts';
import { CompactedError, StoreRefusedError, StoreUnavailableError } from '../port.ts';
import { CommitLog } from './commit-log.ts';
import { Disk, FIRST_REVISION } from './disk.ts';
import type { DiskState, StoredLease } from './disk.ts';
import { EmbeddedLeases } from './embedded-leases.ts';
import { History } from './history.ts';
import type { HistoryBounds } from './history.ts';
import { Watchers } from './watchers.ts';

export interface EmbeddedStoreOptions {
  /** Where the state lives, created if need be; absent: in memory only. */
  readonly directory?: string;
  readonly clock?: Clock;
  readonly log?: Log;
  /** How much of the past is kept for watches and reads at old revisions. */
  readonly history?: HistoryBounds;
}

const HISTORY: HistoryBounds = { commits: 10_000, bytes: 64 * 1024 * 1024 };

const emptyState = (): DiskState => ({
  clusterId: randomBytes(8).toString('hex'),
  revision: FIRST_REVISION,
  keys: [],
  leases: [],
});

/**
 * Opens the store, or creates it.
 * @throws EmbeddedStoreBusyError when another process has the directory
 */
export const openEmbeddedStore = async (options: EmbeddedStoreOptions = {}): Promise<EmbeddedStore> => {
  const { directory, clock = systemClock, log = silentLog, history = HISTORY } = options;
  const disk = directory === undefined ? undefined : new Disk(directory, clock.now());
  const state = disk?.load() ?? emptyState();
  const store = new EmbeddedStore({ disk, state, clock, log, history, name: directory ?? 'memory' });
  await store.restoreLeases(state.leases);
  return store;
};

interface EmbeddedParts {
  readonly disk: Disk | undefined;
  readonly state: DiskState;
  readonly clock: Clock;
  readonly log: Log;
  readonly history: HistoryBounds;
  readonly name: string;
}

export class EmbeddedStore implements port.ConfigStore {
  readonly kind = 'embedded';
  private readonly parts: EmbeddedParts;
  private readonly clusterId: string;
  private readonly history: History;
  private readonly commits: CommitLog;
  private readonly watchers: Watchers;
  private readonly leases: EmbeddedLeases;
  /** Every key once put under a lease; whether it still hangs on it, its current version tells. */
  private readonly leasedKeys = new Map<port.LeaseId, Set<string>>();
  private closing: Promise<void> | undefined;

  /** Use `openEmbeddedStore`. */
  constructor(parts: EmbeddedParts) {
    const { state, disk, log, clock } = parts;
    this.parts = parts;
    this.clusterId = state.clusterId;
    this.history = new History(state.keys, state.revision, parts.history);
    this.watchers = new Watchers(this.history, this.clusterId, log);
    this.commits = new CommitLog(this.history, disk, log, (commits) => this.watchers.publish(commits));
    this.leases = new EmbeddedLeases(clock, (id) => this.endLease(id));
    for (const { key, lease } of state.keys) if (lease) this.leasedKeysOf(lease).add(key);
  }

  async range(range: port.KeyRange, options: port.RangeOptions = {}): Promise<port.RangePage> {
    this.checkOpen();
    checkRange(range);
    const { durable } = this.commits;
    const at = options.revision ?? durable;
    if (at > durable)
      throw new StoreRefusedError(`revision ${at} is in the future; the store is at ${durable}`);
    if (at < this.history.compacted) {
      throw new CompactedError(`revision ${at} is compacted; reads go back to ${this.history.compacted}`);
    }
    const { kvs, more } = this.history.read(range, at, options.limit ?? Number.POSITIVE_INFINITY);
    const shown = options.keysOnly ? kvs.map((kv) => ({ ...kv, value: '' })) : kvs;
    return { ...this.stamp(durable), kvs: shown, more };
  }

  async transact(transaction: port.Transaction): Promise<port.TransactResult> {
    this.checkOpen();
    checkTransaction(transaction);
    return this.commits.submit(() => {
      const { guards, puts, deletes } = transaction;
      if (!guards.every((guard) => this.holds(guard))) {
        return { ...this.stamp(this.history.latest), committed: false };
      }
      for (const { lease } of puts) {
        if (lease !== undefined && !this.leases.usable(lease))
          throw new StoreRefusedError('the lease has ended');
      }
      this.apply(puts, deletes);
      return { ...this.stamp(this.history.latest), committed: true };
    });
  }

  watch(prefix: string, after: Stamp, sink: port.WatchSink): port.Watch {
    checkRange({ prefix });
    return this.watchers.watch(prefix, after, sink, () => this.commits.durable);
  }

  async lease(ttl_s: number, options: { readonly keep?: boolean } = {}): Promise<port.Lease> {
    this.checkOpen();
    if (!(ttl_s > 0)) throw new StoreRefusedError(`a lease of ${ttl_s} s is not possible`);
    const id = randomBytes(8).toString('hex') as port.LeaseId;
    const whole_s = Math.ceil(ttl_s); // etcd's leases count in whole seconds
    const kept = options.keep ?? true;
    const stored = { ttl_s: whole_s, kept, ends_at_ms: this.parts.clock.now() + whole_s * 1_000 };
    await this.commits.submit(
      (leases) => void leases.set(id, stored),
      () => this.leases.add({ id, ...stored }),
    );
    return this.leases.handle(id);
  }

  endpoints(): readonly port.EndpointStatus[] {
    return [{ endpoint: this.parts.name, healthy: this.commits.healthy && !this.closing }];
  }

  /** Forgets history before the revision, as etcd's compaction does; watches from before it end `compacted`. */
  compact(at: Revision): void {
    this.history.compact(Math.min(at, this.commits.durable) as Revision);
  }

  close(): Promise<void> {
    this.closing ??= (async () => {
      this.watchers.close();
      this.leases.close();
      await this.commits.settled();
      await this.parts.disk?.close();
    })();
    return this.closing;
  }

  /** Takes up the leases of the last run: kept ones ended with the process that kept them. */
  async restoreLeases(stored: readonly (StoredLease & { id: port.LeaseId })[]): Promise<void> {
    for (const lease of stored) this.leases.add(lease);
    await Promise.all(stored.filter(({ kept }) => kept).map(({ id }) => this.endLease(id)));
  }

  private endLease(id: port.LeaseId): Promise<void> {
    return this.commits.submit(
      (leases) => {
        const keys = [...(this.leasedKeys.get(id) ?? [])];
        this.history.commit(
          [],
          keys.filter((key) => this.history.current(key)?.lease === id).sort(compareKeys),
        );
        this.leases.ending(id);
        leases.set(id, undefined);
      },
      () => {
        this.leases.drop(id);
        this.leasedKeys.delete(id);
      },
    );
  }

  private apply(puts: readonly port.Put[], deletes: readonly string[]): void {
    for (const { key, lease } of puts) if (lease) this.leasedKeysOf(lease).add(key);
    this.history.commit(puts, deletes);
  }

  private holds(guard: port.Guard): boolean {
    if ('prefix' in guard) return !this.history.changedSince(guard.prefix, guard.unchangedSince);
    const current = this.history.current(guard.key);
    if ('createRevision' in guard) return (current?.createRevision ?? NO_REVISION) === guard.createRevision;
    return (current?.modRevision ?? NO_REVISION) === guard.modRevision;
  }

  private leasedKeysOf(lease: port.LeaseId): Set<string> {
    const keys = this.leasedKeys.get(lease) ?? new Set<string>();
    this.leasedKeys.set(lease, keys);
    return keys;
  }

  private stamp(at: Revision): Stamp {
    return { clusterId: this.clusterId, revision: at };
  }

  private checkOpen(): void {
    if (this.closing) throw new StoreUnavailableError('the store is closed');
    if (!this.commits.healthy) throw new StoreUnavailableError('the embedded store has failed; see the log');
  }
}
