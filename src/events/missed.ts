import type { Revision, Stamp } from '../shared/revision.ts';
import type { Keyspace } from '../store/keys.ts';
import { list } from '../store/listing.ts';
import type { ConfigStore, KeyValue } from '../store/port.ts';

/** More than this is not told one by one. */
const MISSED_MAX = 20_000;

/** What the history still tells of the changes after a revision that the store has compacted. */
export interface Missed {
  /** Where the history was read. */
  readonly at: Stamp;
  /** Changes by revision, oldest first; keys of their history entries. */
  readonly changes: readonly (readonly [Revision, readonly string[]])[];
  /** Every change is among them, as far as the history can prove. */
  readonly complete: boolean;
}

/**
 * Compaction forgets a store's revisions, but the history's entries are keys like others: only what was pruned from it is
 * lost.
 * @throws StoreUnavailableError | CompactedError
 */
export const missedChanges = async (store: ConfigStore, keys: Keyspace, after: Revision): Promise<Missed> => {
  const { clusterId, revision, kvs } = await list(store, [keys.allHistory()], { keysOnly: true });
  const at: Stamp = { clusterId, revision };
  const byRevision = new Map<Revision, string[]>();
  const oldest = new Map<string, { version: number; revision: Revision }>();
  for (const kv of kvs) {
    const place = keys.parse(kv.key);
    if (place?.family !== 'versions') continue;
    const object = keys.historyOf(place.kind, place.id);
    const known = oldest.get(object);
    if (!known || place.version < known.version) {
      oldest.set(object, { version: place.version, revision: kv.createRevision });
    }
    if (kv.createRevision <= after) continue;
    byRevision.set(kv.createRevision, [...(byRevision.get(kv.createRevision) ?? []), kv.key]);
  }
  if (byRevision.size > MISSED_MAX) return { at, changes: [], complete: false };
  // Where even the oldest entry came later, the one before it may have been pruned.
  const complete = [...oldest.values()].every((entry) => entry.version === 1 || entry.revision <= after);
  return { at, changes: [...byRevision].sort(([a], [b]) => a - b), complete };
};

/** The entries of one revision, as they stood. @throws StoreUnavailableError | CompactedError */
export const readEntries = async (
  store: ConfigStore,
  entries: readonly string[],
  at: Revision,
): Promise<KeyValue[]> => {
  const pages = await Promise.all(entries.map((key) => store.range({ key }, { revision: at })));
  return pages.flatMap(({ kvs }) => kvs);
};
