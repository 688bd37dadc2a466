import { decodeRecord } from '../domain/record.ts';
import { NO_REVISION } from '../shared/revision.ts';
import { list } from '../store/listing.ts';
import type { Guard, KeyValue } from '../store/port.ts';
import type { ChangeRoom } from './context.ts';
import { claimsOf } from './edit.ts';

interface Held {
  readonly tenant_id: string;
  readonly source: KeyValue;
}

/**
 * Puts claims right that do not follow from the records any more: one left behind by a record that was deleted by
 * hand would keep its host from everybody, a lost one would let somebody else take it.
 * @returns how many were put right
 * @throws StoreUnavailableError
 */
export const repairClaims = async (room: ChangeRoom): Promise<number> => {
  const { keys, store, log } = room;
  const { kvs } = await list(store, [keys.records('routes'), keys.records('ssl'), keys.claims()]);
  const { wanted, unreadable } = claimsWanted(room, kvs);
  const stored = new Map(kvs.filter(({ key }) => key.startsWith(keys.claims())).map((kv) => [kv.key, kv]));
  let repaired = 0;
  for (const [key, kv] of stored) {
    const holder = keys.holderOf(key);
    if (wanted.has(key) || !holder || unreadable.has(keys.record(holder.kind, holder.id))) continue;
    const record = kvs.find((other) => other.key === keys.record(holder.kind, holder.id));
    const guards: Guard[] = [
      { key, modRevision: kv.modRevision },
      { key: keys.record(holder.kind, holder.id), modRevision: record?.modRevision ?? NO_REVISION },
    ];
    const { committed } = await store.transact({ guards, puts: [], deletes: [key] });
    if (committed) repaired += 1;
    log.warn({ claim: key, committed }, 'a claim outlived its record');
  }
  for (const [key, { tenant_id, source }] of wanted) {
    if (stored.has(key)) continue;
    const guards: Guard[] = [
      { key, modRevision: NO_REVISION },
      { key: source.key, modRevision: source.modRevision },
    ];
    const puts = [{ key, value: JSON.stringify({ tenant_id }) }];
    const { committed } = await store.transact({ guards, puts, deletes: [] });
    if (committed) repaired += 1;
    log.warn({ claim: key, committed }, 'a claim was lost');
  }
  return repaired;
};

/** The claims that follow from the records, and the records that can't be read and keep what they have. */
const claimsWanted = (
  { keys }: ChangeRoom,
  kvs: readonly KeyValue[],
): { wanted: Map<string, Held>; unreadable: Set<string> } => {
  const wanted = new Map<string, Held>();
  const unreadable = new Set<string>();
  for (const source of kvs) {
    const place = keys.parse(source.key);
    if (place?.family !== 'routes' && place?.family !== 'ssl') continue;
    const decoded = decodeRecord(place.family, place.id, source.value);
    if (!decoded.ok) {
      unreadable.add(source.key);
      continue;
    }
    const { tenant_id } = decoded.value;
    for (const { space, labels, wildcard } of claimsOf(place.family, decoded.value)) {
      wanted.set(keys.claim(space, labels, wildcard, `${place.family}:${place.id}`), { tenant_id, source });
    }
  }
  return { wanted, unreadable };
};
