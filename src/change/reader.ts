import type { Directory } from '../contract/directory.ts';
import type { HistoryEntry, Kind, RecordOf } from '../contract/record.ts';
import { type ClaimPlace, ancestors } from '../domain/claim.ts';
import { decodeRecord } from '../domain/record.ts';
import { placesOf } from '../projection/place.ts';
import { isObject, parseJson } from '../shared/json.ts';
import { NO_REVISION, type Revision } from '../shared/revision.ts';
import type { Keyspace } from '../store/keys.ts';
import { list } from '../store/listing.ts';
import type { ConfigStore, Guard, KeyValue } from '../store/port.ts';
import { newestEntry } from './history/newest-entry.ts';

/** Claims read at once when looking for another tenant's: usually the first tells. */
const CLAIMS_PAGE = 500;

/** A record as found in the store. */
export interface Loaded<K extends Kind = Kind> {
  readonly record: RecordOf[K];
  readonly revision: Revision;
}

/**
 * Reads the store for one attempt at a change and remembers everything it saw as guards, so that the commit
 * applies only if the plan would come out the same.
 */
export class GuardedReader {
  private readonly store: ConfigStore;
  private readonly keys: Keyspace;
  private readonly seen = new Map<string, Guard>();
  private readonly reads = new Map<string, Promise<KeyValue | undefined>>();
  private readonly trusting: boolean;
  private newestSeen = NO_REVISION;

  /** @param trusting takes a record's word for its version; an attempt after a lost race looks at the history */
  constructor(store: ConfigStore, keys: Keyspace, trusting: boolean) {
    this.store = store;
    this.keys = keys;
    this.trusting = trusting;
  }

  /** The newest revision that anything was read at. What is planned on it commits later. */
  get revision(): Revision {
    return this.newestSeen;
  }

  guards(): Guard[] {
    return [...this.seen.values()];
  }

  /** A record. One that can't be read any more (edited by hand) is taken from its history. */
  async record<K extends Kind>(kind: K, id: string): Promise<Loaded<K> | undefined> {
    this.prefetch(kind, id);
    const kv = await this.key(this.keys.record(kind, id));
    if (!kv) return undefined;
    const decoded = decodeRecord(kind, id, kv.value);
    if (decoded.ok) return { record: decoded.value, revision: kv.modRevision };
    const newest = await this.newest(kind, id);
    if (!newest || newest.action === 'delete') return undefined;
    return { record: newest.record as RecordOf[K], revision: kv.modRevision };
  }

  /**
   * The newest version an object ever had, 0 for none. A record edited by hand may name an older one, which
   * would lose every race against its own history.
   */
  async newestVersion(kind: Kind, id: string, before: Loaded | undefined): Promise<number> {
    const known = before?.record.version ?? 0;
    if (before && this.trusting) return known;
    return Math.max(known, (await this.newest(kind, id))?.version ?? 0);
  }

  private newest(kind: Kind, id: string): Promise<HistoryEntry | undefined> {
    return newestEntry({ store: this.store, keys: this.keys }, kind, id);
  }

  /** The stored text of a projected object. */
  async projected(directory: Directory, id: string): Promise<string | undefined> {
    return (await this.key(this.keys.projected(directory, id)))?.value;
  }

  /** What is stored of an earlier request. @param key as `requestKey` names it */
  request(key: string): Promise<KeyValue | undefined> {
    return this.key(key);
  }

  /**
   * Whether a tenant may claim a place: nobody else holds it, anything it covers, or anything that covers it.
   */
  async claimable(place: ClaimPlace, tenant_id: string): Promise<boolean> {
    const above = ancestors(place).map((wildcard) => this.at(wildcard));
    const own = place.wildcard ? this.beneath(place) : this.at(place);
    const holders = await Promise.all([own, ...above]);
    return holders.flat().every((holder) => holder === tenant_id);
  }

  /** Whether another tenant holds any place of a space. */
  async heldByOthers(space: ClaimPlace['space'], tenant_id: string): Promise<boolean> {
    const prefix = this.keys.claimsUnder(space, []);
    let page = await this.store.range({ prefix }, { limit: CLAIMS_PAGE });
    const { revision } = page;
    this.note(revision);
    this.guardUnchanged(prefix, revision);
    for (;;) {
      if (page.kvs.some((kv) => holderOf(kv) !== tenant_id)) return true;
      const after = page.kvs.at(-1)?.key;
      if (!page.more || after === undefined) return false;
      page = await this.store.range({ prefix, after }, { limit: CLAIMS_PAGE, revision });
    }
  }

  /** Starts reading what a change of this record will need, so that it is one round trip and not several. */
  private prefetch(kind: Kind, id: string): void {
    for (const place of placesOf(kind, id)) {
      // A failure is met again by whoever needs the key.
      this.key(this.keys.projected(place.directory, place.id)).catch(() => {});
    }
  }

  private key(key: string): Promise<KeyValue | undefined> {
    const underway = this.reads.get(key);
    if (underway) return underway;
    const read = this.store.range({ key }).then((page) => {
      this.note(page.revision);
      const kv = page.kvs[0];
      this.seen.set(key, { key, modRevision: kv?.modRevision ?? NO_REVISION });
      return kv;
    });
    this.reads.set(key, read);
    return read;
  }

  /** Two questions may have looked at one prefix: it must not have changed since the first. */
  private guardUnchanged(prefix: string, since: Revision): void {
    const before = this.seen.get(prefix);
    const earlier = before && 'unchangedSince' in before && before.unchangedSince < since;
    if (!earlier) this.seen.set(prefix, { prefix, unchangedSince: since });
  }

  private note(revision: Revision): void {
    if (revision > this.newestSeen) this.newestSeen = revision;
  }

  /** All claims at one place are of one tenant, so the first tells, and guards, as well as all. */
  private async at(place: ClaimPlace): Promise<string[]> {
    const prefix = this.keys.claimsAt(place.space, place.labels, place.wildcard);
    const page = await this.store.range({ prefix }, { limit: 1 });
    this.note(page.revision);
    const [claim] = page.kvs;
    if (claim) this.seen.set(claim.key, { key: claim.key, modRevision: claim.modRevision });
    else this.guardUnchanged(prefix, page.revision);
    return page.kvs.map(holderOf);
  }

  private async beneath(place: ClaimPlace): Promise<string[]> {
    const prefix = this.keys.claimsUnder(place.space, place.labels);
    const apex = this.keys.claimsAt(place.space, place.labels, false);
    const listing = await list(this.store, [prefix]);
    this.note(listing.revision);
    this.guardUnchanged(prefix, listing.revision);
    return listing.kvs.filter((kv) => !kv.key.startsWith(apex)).map(holderOf);
  }
}

const holderOf = (kv: KeyValue): string => {
  const claim = parseJson(kv.value);
  return isObject(claim) && typeof claim['tenant_id'] === 'string' ? claim['tenant_id'] : '';
};
