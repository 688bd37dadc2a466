/**
 * Which records were written or deleted past Lockstep. Every accepted write puts the record and its history entry in one
 * transaction, so a record whose entry is of another revision and says something else is nobody's version.
 */
import type { HistoryEntry, Kind } from '../../contract/record.ts';
import { decodeKeyRecord } from '../../domain/record.ts';
import { isObject, parseJson, sameJson } from '../../shared/json.ts';
import type { Revision } from '../../shared/revision.ts';
import type { KeyValue } from '../../store/port.ts';
import type { ChangeRoom } from '../context.ts';
import { newestEntry } from '../history/newest-entry.ts';
import type { ProjectionDrift } from './projection-drift.ts';
import type { StoredRecord, StoredState } from '../stored-state.ts';

/** Entries asked for at once. */
const AT_ONCE = 16;

/** A record that is not as its last version says. */
export interface RecordDrift {
  readonly key: string;
  /** `undefined`: a challenge key. */
  readonly kind: Kind | undefined;
  readonly id: string;
  readonly found: 'unversioned' | 'unreadable';
  /** Absent: it was deleted. */
  readonly stored: KeyValue | undefined;
  /** The newest version; absent: there never was one, or nobody looked. */
  readonly newest: HistoryEntry | undefined;
  /** Why it can't be read. */
  readonly reason?: string;
}

/** Records already known to be versions, by key, so that only what changed is looked up again. */
export type ProvenVersions = Map<string, Revision>;

/** @throws StoreUnavailableError | CompactedError */
export const compareRecords = async (
  room: ChangeRoom,
  state: StoredState,
  proven: ProvenVersions,
): Promise<RecordDrift[]> => {
  const drifts = unreadableRecords(room, state);
  const doubtful = [...state.records.values()].filter(
    ({ kv, decoded }) => decoded.ok && proven.get(kv.key) !== kv.modRevision,
  );
  for (let from = 0; from < doubtful.length; from += AT_ONCE) {
    const looked = await Promise.all(
      doubtful.slice(from, from + AT_ONCE).map((record) => unversioned(room, state, record)),
    );
    for (const [i, drift] of looked.entries()) {
      const record = doubtful[from + i];
      if (drift) drifts.push(drift);
      else if (record) proven.set(record.kv.key, record.kv.modRevision);
    }
  }
  for (const key of proven.keys()) if (!state.records.has(key)) proven.delete(key);
  return drifts;
};

const unreadableRecords = ({ keys }: ChangeRoom, state: StoredState): RecordDrift[] => {
  const drifts: RecordDrift[] = [];
  const common = { found: 'unreadable', newest: undefined } as const;
  for (const { kv, kind, id, decoded } of state.records.values()) {
    if (!decoded.ok) drifts.push({ ...common, key: kv.key, kind, id, stored: kv, reason: decoded.reason });
  }
  for (const kv of state.keyring) {
    const id = keys.parseKey(kv.key) ?? '';
    const decoded = decodeKeyRecord(id, kv.value);
    if (!decoded.ok)
      drifts.push({ ...common, key: kv.key, kind: undefined, id, stored: kv, reason: decoded.reason });
  }
  return drifts;
};

const unversioned = async (
  room: ChangeRoom,
  state: StoredState,
  { kv, kind, id, decoded }: StoredRecord,
): Promise<RecordDrift | undefined> => {
  if (!decoded.ok) return undefined;
  const { version } = decoded.value;
  const { revision } = state.stamp;
  const read = (which: number, keysOnly: boolean) =>
    room.store.range({ key: room.keys.history(kind, id, which) }, { revision, keysOnly });
  // One transaction put both.
  if ((await read(version, true)).kvs[0]?.modRevision === kv.modRevision) return undefined;
  const [page, next] = await Promise.all([read(version, false), read(version + 1, true)]);
  const entry = page.kvs[0];
  const said = entry && parseJson(entry.value);
  const same =
    isObject(said) &&
    said['action'] !== 'delete' &&
    isObject(said['record']) &&
    sameJson(withoutSeal(said['record']), withoutSeal({ ...decoded.value }));
  if (same && next.kvs.length === 0) return undefined;
  const newest = await newestEntry(room, kind, id, revision);
  return { key: kv.key, kind, id, found: 'unversioned', stored: kv, newest };
};

/** Sealing a secret anew changes how it is kept, not what was said. */
const withoutSeal = (record: Record<string, unknown>): Record<string, unknown> => {
  const { sealed_key: _key, resealed_at: _at, ...rest } = record;
  return rest;
};

/**
 * Records that were deleted past Lockstep, told by what they left behind: objects of the projection, claims. One that left
 * nothing but its history has no effect any more; its next write goes on counting from there.
 * @throws StoreUnavailableError | CompactedError
 */
export const deletedRecords = async (
  room: ChangeRoom,
  state: StoredState,
  orphans: readonly Pick<ProjectionDrift, 'found' | 'recordKey'>[],
): Promise<RecordDrift[]> => {
  const { keys } = room;
  const suspects = new Set<string>();
  for (const { found, recordKey } of orphans) if (found === 'orphan' && recordKey) suspects.add(recordKey);
  for (const claim of state.claims.keys()) {
    const holder = keys.holderOf(claim);
    if (holder) suspects.add(keys.record(holder.kind, holder.id));
  }
  const drifts: RecordDrift[] = [];
  for (const key of suspects) {
    const place = keys.parseRecord(key);
    if (!place || state.records.has(key)) continue;
    const { kind, id } = place;
    const newest = await newestEntry(room, kind, id, state.stamp.revision);
    if (!newest || newest.action === 'delete') continue;
    drifts.push({ key, kind, id, found: 'unversioned', stored: undefined, newest });
  }
  return drifts;
};
