/**
 * All keys at all kept revisions, in memory. Multi-version like etcd's own store: a read names a revision and
 * never sees a later one, so readers stay on what is durable while later commits wait for the disk.
 */
import { revision as toRevision } from '../../shared/revision.ts';
import type { Revision } from '../../shared/revision.ts';
import { compareKeys, lowerBound } from '../key-order.ts';
import type { KeyRange, KeyValue, LeaseId, StoreEvent } from '../port.ts';

export interface KeyVersion {
  readonly modRevision: Revision;
  readonly createRevision: Revision;
  /** Absent: this version is the key's deletion. */
  readonly value?: string;
  readonly lease?: LeaseId;
}

/** What one revision changed, of every key. */
export interface Commit {
  readonly revision: Revision;
  readonly events: readonly StoreEvent[];
}

export interface HistoryBounds {
  /** Most revisions kept for watches and old reads. */
  readonly commits: number;
  /** Most bytes (of UTF-16 text, estimated) those revisions may hold. */
  readonly bytes: number;
}

const sizeOf = (events: readonly StoreEvent[]): number =>
  events.reduce((sum, e) => sum + e.key.length + (e.type === 'put' ? e.value.length : 0), 0);

const lastAtOrBefore = (versions: readonly KeyVersion[], at: Revision): number => {
  let i = versions.length - 1;
  while (i >= 0 && (versions[i] as KeyVersion).modRevision > at) i--;
  return i;
};

export class History {
  private readonly versions = new Map<string, KeyVersion[]>();
  /** Every key of `versions` in byte order, deleted ones too while their deletion is kept. */
  private readonly keys: string[] = [];
  /** One entry per revision from `compacted + 1` to `latest`. */
  private commits: Commit[] = [];
  private bytes = 0;
  private compactedRevision: Revision;
  private readonly bounds: HistoryBounds;

  constructor(loaded: Iterable<KeyValue>, at: Revision, bounds: HistoryBounds) {
    this.bounds = bounds;
    this.compactedRevision = at;
    for (const { key, ...version } of loaded) {
      this.versions.set(key, [version]);
      this.keys.push(key);
    }
    this.keys.sort(compareKeys);
  }

  /** Reads below this revision, and watches from at or below it, are gone. */
  get compacted(): Revision {
    return this.compactedRevision;
  }

  get latest(): Revision {
    return this.commits.at(-1)?.revision ?? this.compactedRevision;
  }

  /** The newest version of a key that lives. */
  current(key: string): KeyVersion | undefined {
    const version = this.versions.get(key)?.at(-1);
    return version?.value === undefined ? undefined : version;
  }

  /** Whether a key under the prefix has a put after the revision and still lives. */
  changedSince(prefix: string, since: Revision): boolean {
    for (let i = lowerBound(this.keys, prefix); this.keys[i]?.startsWith(prefix); i++) {
      if ((this.current(this.keys[i] as string)?.modRevision ?? 0) > since) return true;
    }
    return false;
  }

  /** At most `limit` keys of the range as of a revision at or above `compacted`. */
  read(range: KeyRange, at: Revision, limit: number): { kvs: KeyValue[]; more: boolean } {
    const kvs: KeyValue[] = [];
    for (const key of this.keysOf(range)) {
      const versions = this.versions.get(key) ?? [];
      const version = versions[lastAtOrBefore(versions, at)];
      if (version?.value === undefined) continue;
      if (kvs.length === limit) return { kvs, more: true };
      const { value, ...rest } = version;
      kvs.push({ key, value, ...rest });
    }
    return { kvs, more: false };
  }

  /** Applies puts and deletes at the next revision; deletes of absent keys change nothing. */
  commit(
    puts: readonly { key: string; value: string; lease?: LeaseId }[],
    deletes: Iterable<string>,
  ): Commit | undefined {
    const next = toRevision(this.latest + 1);
    const events: StoreEvent[] = [];
    for (const { key, value, lease } of puts) {
      const createRevision = this.current(key)?.createRevision ?? next;
      const leased = lease === undefined ? {} : { lease };
      const version = { value, modRevision: next, createRevision, ...leased };
      this.push(key, version);
      events.push({ type: 'put', key, ...version });
    }
    for (const key of new Set(deletes)) {
      if (!this.current(key)) continue;
      this.push(key, { modRevision: next, createRevision: next });
      events.push({ type: 'delete', key, modRevision: next });
    }
    if (events.length === 0) return undefined;
    const commit = { revision: next, events };
    this.commits.push(commit);
    this.bytes += sizeOf(events);
    return commit;
  }

  /** Every kept commit after a revision up to another. */
  between(after: Revision, upTo: Revision): readonly Commit[] {
    const first = Math.max(0, after - this.compactedRevision);
    return this.commits.slice(first, upTo - this.compactedRevision);
  }

  /** Takes back every commit after a revision: the disk refused them. */
  rollback(to: Revision): void {
    while (this.latest > to) {
      const { events } = this.commits.pop() as Commit;
      this.bytes -= sizeOf(events);
      for (const { key } of events) {
        const versions = this.versions.get(key) ?? [];
        versions.pop();
        if (versions.length === 0) this.forget(key);
      }
    }
  }

  /** Drops the oldest commits while there are more than the bounds allow, never one after `upTo`. */
  trim(upTo: Revision): void {
    let excess = this.commits.length - this.bounds.commits;
    // An eighth at a time: dropping the head of a large array for every commit would cost more than the commit.
    if (excess > 0 && excess < this.bounds.commits / 8) excess = 0;
    let { bytes } = this;
    for (let i = 0; i < this.commits.length && (i < excess || bytes > this.bounds.bytes); i++) {
      bytes -= sizeOf((this.commits[i] as Commit).events);
      excess = Math.max(excess, i + 1);
    }
    if (excess > 0) this.compact(toRevision(Math.min(upTo, this.compactedRevision + excess)));
  }

  /** Forgets what was only visible before the revision. */
  compact(at: Revision): void {
    const dropped = this.commits.splice(0, Math.max(0, at - this.compactedRevision));
    if (dropped.length === 0) return;
    this.compactedRevision = at;
    const touched = new Set<string>();
    for (const { events } of dropped) {
      this.bytes -= sizeOf(events);
      for (const { key } of events) touched.add(key);
    }
    for (const key of touched) {
      const versions = this.versions.get(key);
      if (!versions) continue;
      const kept = lastAtOrBefore(versions, at);
      const deleted = versions[kept]?.value === undefined;
      versions.splice(0, deleted ? kept + 1 : kept);
      if (versions.length === 0) this.forget(key);
    }
  }

  private *keysOf(range: KeyRange): Generator<string, void> {
    if ('key' in range) {
      yield range.key;
      return;
    }
    const { prefix, after } = range;
    const from = after !== undefined && compareKeys(after, prefix) >= 0 ? `${after}\0` : prefix;
    for (let i = lowerBound(this.keys, from); this.keys[i]?.startsWith(prefix); i++) {
      yield this.keys[i] as string;
    }
  }

  private push(key: string, version: KeyVersion): void {
    const versions = this.versions.get(key);
    if (versions) {
      versions.push(version);
      return;
    }
    this.versions.set(key, [version]);
    this.keys.splice(lowerBound(this.keys, key), 0, key);
  }

  private forget(key: string): void {
    this.versions.delete(key);
    this.keys.splice(lowerBound(this.keys, key), 1);
  }
}
