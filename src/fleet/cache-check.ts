/**
 * A node's cache held against the store at one and the same revision. A watch can lose an event without a word (etcd
 * 3.4.23 can drop deletes), and a cache that is fed by watches alone would never know.
 */
import type { CacheReport } from '../contract/drift.ts';
import { NodeCache, type Snapshot } from '../reflector/cache.ts';
import type { Reflector } from '../reflector/reflector.ts';
import { type Disposable, jittered, pause, turn } from '../shared/async.ts';
import type { Clock } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import type { Revision, Stamp } from '../shared/revision.ts';
import { SetDigest } from '../store/digest.ts';
import type { Keyspace } from '../store/keys.ts';
import { list } from '../store/listing.ts';
import type { ConfigStore, KeyValue } from '../store/port.ts';

const REFRESH_MS = 30_000;
const DIFFERENCES_MAX = 100;
/** Values looked at before others have their turn. */
const CHUNK = 200;

export interface CacheCheckOptions {
  readonly store: ConfigStore;
  readonly keys: Keyspace;
  readonly cache: NodeCache;
  readonly reflector: Reflector;
  /** Writes something under the source prefix and says at which revision. */
  readonly writeMarker: () => Promise<Revision>;
  readonly interval_ms: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: () => number;
}

/** Compares now and then; a cache that differs is counted, and lists anew. */
export class CacheCheck implements Disposable {
  private readonly options: CacheCheckOptions;
  private readonly stopped = new AbortController();
  private running: Promise<void> | undefined;
  private last: CacheReport | undefined;
  private drifts = 0;

  constructor(options: CacheCheckOptions) {
    this.options = options;
  }

  start(): void {
    this.running ??= this.run();
  }

  async dispose(): Promise<void> {
    this.stopped.abort();
    await this.running;
  }

  /** The last comparison; `undefined` before the first. */
  report(): CacheReport | undefined {
    return this.last;
  }

  /** How many comparisons have found a difference since the start. */
  get differing(): number {
    return this.drifts;
  }

  /**
   * Compares once, and lists anew when the cache differs.
   * @returns `undefined` when the cache does not follow the store right now
   * @throws StoreUnavailableError | OutcomeUnknownError, or CompactedError when compaction overtakes the comparison
   */
  async look(): Promise<CacheReport | undefined> {
    const { reflector, writeMarker, cache, log } = this.options;
    if (!reflector.status().current) return undefined;
    // With the marker the snapshot is of now, and the revision it stands at can not have been compacted yet.
    if (!(await reflector.reached(await writeMarker(), REFRESH_MS))) return undefined;
    const snapshot = cache.snapshot();
    if (!snapshot) return undefined;
    const report = await this.compare(snapshot);
    if (!report) return undefined;
    this.last = report;
    if (!report.equal) {
      this.drifts += 1;
      log.error({ ...report }, 'the cache differs from the store: listing anew');
      await reflector.refresh(REFRESH_MS);
    }
    return report;
  }

  private async compare(snapshot: Snapshot): Promise<CacheReport | undefined> {
    const { store, keys, clock } = this.options;
    const { stamp } = snapshot;
    const listing = await list(store, NodeCache.listed(keys), { revision: stamp.revision });
    // Another store: the watch tells, or the next listing.
    if (listing.clusterId !== stamp.clusterId) return undefined;
    const fresh = await read(keys, listing.kvs, stamp);
    const digests = { store: new SetDigest(), cache: new SetDigest() };
    const [stored, cached] = [entriesOf(keys, fresh), entriesOf(keys, snapshot)];
    const differences: CacheReport['differences'] = [];
    let n = 0;
    for (const [object, text] of stored) {
      digests.store.add(text());
      const own = cached.get(object);
      if (!own) differences.push({ object, found: 'missing' });
      else if (own() !== text()) differences.push({ object, found: 'different' });
      if (++n % CHUNK === 0) await turn();
    }
    for (const [object, text] of cached) {
      digests.cache.add(text());
      if (!stored.has(object)) differences.push({ object, found: 'orphan' });
      if (++n % CHUNK === 0) await turn();
    }
    return {
      at: new Date(clock.now()).toISOString(),
      cluster_id: stamp.clusterId,
      revision: stamp.revision,
      digest: { store: digests.store.hex(), cache: digests.cache.hex() },
      equal: differences.length === 0,
      differences: differences.slice(0, DIFFERENCES_MAX),
    };
  }

  private async run(): Promise<void> {
    const { interval_ms, log, random = Math.random } = this.options;
    const { signal } = this.stopped;
    for (;;) {
      await pause(jittered(0, interval_ms, interval_ms, random), signal);
      if (signal.aborted) return;
      try {
        await this.look();
      } catch (error) {
        log.warn({ err: error }, 'the cache could not be compared with the store');
      }
    }
  }
}

/** What a node would know that lists now. */
const read = async (keys: Keyspace, kvs: readonly KeyValue[], stamp: Stamp): Promise<Snapshot> => {
  const fresh = new NodeCache(keys);
  fresh.replace([], stamp);
  for (let from = 0; from < kvs.length; from += CHUNK) {
    fresh.apply(
      kvs.slice(from, from + CHUNK).map((kv) => ({ type: 'put', ...kv })),
      stamp,
    );
    await turn();
  }
  const snapshot = fresh.snapshot();
  if (!snapshot) throw new Error('a cache that was filled has a snapshot');
  return snapshot;
};

/**
 * Everything a snapshot holds as texts, by `family/id`. Of a quarantined value only its revision counts: what is served
 * in its stead depends on what the node has seen.
 */
const entriesOf = (keys: Keyspace, snapshot: Snapshot): Map<string, () => string> => {
  const { quarantined, ...families } = snapshot;
  const entries = new Map<string, () => string>();
  for (const [family, map] of Object.entries(families)) {
    if (!(map instanceof Map)) continue;
    for (const [id, cached] of map as Map<string, { value: unknown; revision: number }>) {
      const object = `${family}/${id}`;
      entries.set(object, () => `${object}\0${cached.revision}\0${JSON.stringify(cached.value)}`);
    }
  }
  for (const { key, revision } of quarantined.values()) {
    const place = keys.parse(key);
    const object = place && 'id' in place ? `${place.family}/${place.id}` : key;
    entries.set(object, () => `${object}\0${revision}\0quarantined`);
  }
  return entries;
};
