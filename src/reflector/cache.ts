import { KINDS, type Kind, type NodeReceipt, type RecordOf } from '../contract/record.ts';
import type { TokenRecord, TokenUse } from '../contract/token.ts';
import { decodeNodeReceipt, decodeRecord } from '../domain/record.ts';
import { decodeToken, decodeTokenUse } from '../domain/token.ts';
import { NO_REVISION, type Revision, type Stamp } from '../shared/revision.ts';
import type { Keyspace } from '../store/keys.ts';
import type { KeyValue, StoreEvent } from '../store/port.ts';
import type { Picture } from './reflector.ts';

export interface Cached<T> {
  readonly value: T;
  readonly revision: Revision;
}

/** A stored value that can't be used. Its last good value, if there was one, goes on being served. */
export interface Quarantined {
  readonly key: string;
  readonly revision: Revision;
  readonly reason: string;
  readonly serving: 'last_good' | 'nothing';
}

/** All that a node knows, at one revision. Never changes; a change makes a new one. */
export interface Snapshot {
  readonly stamp: Stamp;
  /**
   * The newest revision known to have changed a source record. After a listing a later delete may be missed, never
   * more: this is what every node is expected to have.
   */
  readonly changed: Revision;
  /** The newest revision this node can prove to hold every change of: what its receipt names. */
  readonly applied: Revision;
  readonly config: ReadonlyMap<string, Cached<RecordOf['config']>>;
  readonly routes: ReadonlyMap<string, Cached<RecordOf['routes']>>;
  readonly ssl: ReadonlyMap<string, Cached<RecordOf['ssl']>>;
  readonly nodes: ReadonlyMap<string, Cached<NodeReceipt>>;
  /** API tokens by id. For the gate and its operators: no other answer may show them. */
  readonly tokens: ReadonlyMap<string, Cached<TokenRecord>>;
  readonly token_uses: ReadonlyMap<string, Cached<TokenUse>>;
  readonly quarantined: ReadonlyMap<string, Quarantined>;
}

type Families = 'config' | 'routes' | 'ssl' | 'nodes' | 'tokens' | 'token_uses' | 'quarantined';

/** A snapshot in the making: each map is copied on its first change only. */
class Draft {
  private readonly base: Pick<Snapshot, Families>;
  private readonly copies = new Map<Families, Map<string, unknown>>();

  constructor(base: Pick<Snapshot, Families>) {
    this.base = base;
  }

  map<F extends Families>(
    family: F,
  ): Map<string, Snapshot[F] extends ReadonlyMap<string, infer V> ? V : never> {
    let copy = this.copies.get(family);
    if (!copy) this.copies.set(family, (copy = new Map<string, unknown>(this.base[family])));
    return copy as Map<string, never>;
  }

  has(family: Families, key: string): boolean {
    return (this.copies.get(family) ?? this.base[family]).has(key);
  }

  finish(stamp: Stamp, changed: Revision, applied: Revision): Snapshot {
    return { ...this.base, ...Object.fromEntries(this.copies), stamp, changed, applied };
  }
}

const EMPTY: Pick<Snapshot, Families> = {
  config: new Map(),
  routes: new Map(),
  ssl: new Map(),
  nodes: new Map(),
  tokens: new Map(),
  token_uses: new Map(),
  quarantined: new Map(),
};

/** A node's cache: the picture of the source prefix that its reflector keeps, as immutable snapshots. */
export class NodeCache implements Picture {
  private readonly keys: Keyspace;
  private current: Snapshot | undefined;
  private readonly listeners = new Set<(snapshot: Snapshot) => void>();

  constructor(keys: Keyspace) {
    this.keys = keys;
  }

  /** The parts of the source prefix that are cached: everything but history, claims and requests. */
  static listed(keys: Keyspace): string[] {
    const records = KINDS.map((kind) => keys.records(kind));
    return [...records, keys.nodes(), keys.tokens(), keys.tokenUses()];
  }

  /** `undefined` until the first listing. */
  snapshot(): Snapshot | undefined {
    return this.current;
  }

  /** Calls `listener` after each new snapshot, and at once with the present one. @returns unsubscribe */
  subscribe(listener: (snapshot: Snapshot) => void): () => void {
    this.listeners.add(listener);
    if (this.current) listener(this.current);
    return () => this.listeners.delete(listener);
  }

  replace(kvs: readonly KeyValue[], stamp: Stamp): void {
    const before = this.current ?? EMPTY;
    // Last good values outlive a relist that finds them spoilt.
    const draft = new Draft(EMPTY);
    for (const kv of kvs) this.keepLastGood(draft, kv, before);
    let changed = this.changedBefore(stamp);
    for (const kv of kvs) if (this.put(draft, kv) && kv.modRevision > changed) changed = kv.modRevision;
    this.publish(draft.finish(stamp, changed, stamp.revision));
  }

  contradicts(kvs: readonly KeyValue[]): boolean {
    const before = this.current;
    if (!before) return false;
    return kvs.some(({ key, modRevision }) => {
      const place = this.keys.parse(key);
      if (!place || !('id' in place) || place.family === 'versions') return false;
      return modRevision < (before[place.family].get(place.id)?.revision ?? NO_REVISION);
    });
  }

  apply(events: readonly StoreEvent[], stamp: Stamp): void {
    if (!this.current) throw new Error('a step comes after a listing');
    const draft = new Draft(this.current);
    let { changed, applied } = this.current;
    for (const event of events) {
      const touched = event.type === 'put' ? this.put(draft, event) : this.remove(draft, event.key);
      if (touched) changed = applied = stamp.revision;
    }
    this.publish(draft.finish(stamp, changed, applied));
  }

  /** What was known to have changed, unless the store is another one or went back. */
  private changedBefore({ clusterId, revision }: Stamp): Revision {
    const before = this.current;
    const same = before?.stamp.clusterId === clusterId && before.changed <= revision;
    return same ? before.changed : NO_REVISION;
  }

  private keepLastGood(draft: Draft, kv: KeyValue, before: Pick<Snapshot, Families>): void {
    const place = this.keys.parseRecord(kv.key);
    const known = place && before[place.kind].get(place.id);
    if (known) draft.map(place.kind).set(place.id, known);
  }

  /** @returns whether a source record was touched */
  private put(draft: Draft, kv: KeyValue): boolean {
    const place = this.keys.parse(kv.key);
    if (!place || place.family === 'other' || place.family === 'versions') return false;
    if (place.family === 'nodes') {
      this.putReceipt(draft, place.id, kv);
      return false;
    }
    if (place.family === 'token_uses') {
      const use = decodeTokenUse(kv.value);
      if (use.ok) draft.map('token_uses').set(place.id, { value: use.value, revision: kv.modRevision });
      return false;
    }
    if (place.family === 'tokens') {
      this.putToken(draft, place.id, kv);
      return true;
    }
    this.putRecord(draft, place.family, place.id, kv);
    return true;
  }

  /** What no lease ends would have everybody wait for a node that is not there. */
  private putReceipt(draft: Draft, id: string, { key, value, modRevision: revision, lease }: KeyValue): void {
    const receipt = decodeNodeReceipt(value);
    if (receipt.ok && lease !== undefined) draft.map('nodes').set(id, { value: receipt.value, revision });
    else draft.map('nodes').delete(id);
    const reason = 'it has no lease: no node keeps it';
    if (lease === undefined) draft.map('quarantined').set(key, { key, revision, reason, serving: 'nothing' });
    else if (draft.has('quarantined', key)) draft.map('quarantined').delete(key);
  }

  /** A spoilt token is not served as it was last: it may have been spoilt to end it. */
  private putToken(draft: Draft, id: string, kv: KeyValue): void {
    const { key, modRevision: revision, value } = kv;
    const decoded = decodeToken(id, value);
    if (decoded.ok) {
      draft.map('tokens').set(id, { value: decoded.value, revision });
      if (draft.has('quarantined', key)) draft.map('quarantined').delete(key);
      return;
    }
    draft.map('tokens').delete(id);
    const { reason } = decoded;
    draft.map('quarantined').set(key, { key, revision, reason, serving: 'nothing' });
  }

  private putRecord(draft: Draft, kind: Kind, id: string, kv: KeyValue): void {
    const decoded = decodeRecord(kind, id, kv.value);
    if (decoded.ok) {
      draft.map(kind).set(id, { value: decoded.value, revision: kv.modRevision });
      if (draft.has('quarantined', kv.key)) draft.map('quarantined').delete(kv.key);
      return;
    }
    draft.map('quarantined').set(kv.key, {
      key: kv.key,
      revision: kv.modRevision,
      reason: decoded.reason,
      serving: draft.has(kind, id) ? 'last_good' : 'nothing',
    });
  }

  private remove(draft: Draft, key: string): boolean {
    const place = this.keys.parse(key);
    if (!place || place.family === 'other' || place.family === 'versions') return false;
    draft.map(place.family).delete(place.id);
    if (draft.has('quarantined', key)) draft.map('quarantined').delete(key);
    return place.family !== 'nodes' && place.family !== 'token_uses';
  }

  private publish(snapshot: Snapshot): void {
    this.current = snapshot;
    for (const listener of this.listeners) listener(snapshot);
  }
}

/** The revision a snapshot proves to hold, for receipts. */
export const appliedBy = (snapshot: Snapshot | undefined): Revision => snapshot?.applied ?? NO_REVISION;
