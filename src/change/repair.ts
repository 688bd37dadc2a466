import type { Directory } from '../contract/directory.ts';
import { DIRECTORIES } from '../contract/directory.ts';
import type { Kind, RepairNote } from '../contract/record.ts';
import { decodeKeyRecord, decodeRecord } from '../domain/record.ts';
import { projectKey } from '../projection/keyring.ts';
import { type Projected, isManaged, render } from '../projection/object.ts';
import { placesOf } from '../projection/place.ts';
import { NO_REVISION } from '../shared/revision.ts';
import { list } from '../store/listing.ts';
import type { Guard, KeyValue, Put } from '../store/port.ts';
import type { ChangeRoom } from './context.ts';
import { projectionsOf } from './edit.ts';
import { openKey } from './keyring.ts';

/** One object in APISIX's prefix that was not what its source record says. */
export interface Repair {
  readonly directory: Directory;
  readonly id: string;
  readonly found: 'missing' | 'different' | 'orphan';
  /** ISO 8601. */
  readonly at: string;
  /** False when somebody changed it meanwhile; the next look decides anew. */
  readonly repaired: boolean;
}

interface Wanted extends Projected {
  readonly source: KeyValue;
}

/**
 * Compares what APISIX reads with what the source records say, and puts right what differs: edits by hand, lost
 * objects, leftovers. Where a record of ours has its object, whatever is there is put right; what others keep
 * elsewhere in the same prefix is left alone, and so is the projection of a record that can't be read.
 * @throws StoreUnavailableError
 */
export const repairProjection = async (room: ChangeRoom): Promise<Repair[]> => {
  await ensureDirectories(room);
  const sources = (['config', 'routes', 'ssl'] as const).map((kind) => room.keys.records(kind));
  const projected = DIRECTORIES.map((directory) => room.keys.projectedIn(directory));
  const listing = await list(room.store, [...sources, room.keys.keyring(), ...projected]);
  const { wanted, unreadable } = wantedObjects(room, listing.kvs);
  const found = new Map<string, KeyValue>();
  for (const kv of listing.kvs) if (room.keys.parseProjected(kv.key)) found.set(kv.key, kv);

  const repairs: Repair[] = [];
  for (const [key, object] of wanted) {
    const stored = found.get(key);
    const value = render(object, stored?.value, Math.floor(room.clock.now() / 1000));
    if (value === undefined) continue;
    const guards: Guard[] = [
      { key, modRevision: stored?.modRevision ?? NO_REVISION },
      { key: object.source.key, modRevision: object.source.modRevision },
    ];
    const puts = [{ key, value }, repairNote(room, object, 'put')];
    const { committed } = await room.store.transact({ guards, puts, deletes: [] });
    repairs.push(repair(room, object, stored ? 'different' : 'missing', committed));
  }
  for (const [key, stored] of found) {
    const place = room.keys.parseProjected(key);
    if (!place || wanted.has(key) || unreadable.has(key) || !isManaged(place.directory, stored.value))
      continue;
    const guards: Guard[] = [{ key, modRevision: stored.modRevision }, ...absentSource(room, place)];
    const puts = [repairNote(room, place, 'delete')];
    const { committed } = await room.store.transact({ guards, puts, deletes: [key] });
    repairs.push(repair(room, place, 'orphan', committed));
  }
  for (const entry of repairs) room.log.warn({ ...entry }, 'the projection differed from its source');
  return repairs;
};

const repair = (
  room: ChangeRoom,
  { directory, id }: { directory: Directory; id: string },
  found: Repair['found'],
  repaired: boolean,
): Repair => ({ directory, id, found, at: new Date(room.clock.now()).toISOString(), repaired });

/** Tells the nodes, which watch the source only, what this transaction writes for the gateways. */
const repairNote = (
  { keys, clock }: ChangeRoom,
  { directory, id }: { directory: Directory; id: string },
  op: 'put' | 'delete',
): Put => {
  const note: RepairNote = {
    projected: [{ directory, id, op }],
    at: new Date(clock.now()).toISOString(),
  };
  return { key: keys.repairNote(), value: JSON.stringify(note) };
};

/** An orphan stays an orphan only while nobody creates its record. */
const absentSource = (room: ChangeRoom, place: { directory: Directory; id: string }): Guard[] => {
  if (place.directory === 'routes')
    return [{ key: room.keys.record('routes', place.id), modRevision: NO_REVISION }];
  if (place.directory === 'cdn_defense/tenants') {
    return [{ key: room.keys.record('config', place.id), modRevision: NO_REVISION }];
  }
  if (place.directory === 'cdn_defense/keyring') {
    return [{ key: room.keys.key(place.id), modRevision: NO_REVISION }];
  }
  return [];
};

/** What should be there, by key; and the keys of which nothing can be said because their source can't be read. */
const wantedObjects = (
  room: ChangeRoom,
  kvs: readonly KeyValue[],
): { wanted: Map<string, Wanted>; unreadable: Set<string> } => {
  const wanted = new Map<string, Wanted>();
  const unreadable = new Set<string>();
  for (const source of kvs) {
    const kid = room.keys.parseKey(source.key);
    if (kid !== undefined) {
      const at = room.keys.projected('cdn_defense/keyring', kid);
      const object = projectKeyRecord(room, kid, source.value);
      if (object) wanted.set(at, { ...object, source });
      else unreadable.add(at);
      continue;
    }
    const place = room.keys.parse(source.key);
    if (place?.family !== 'config' && place?.family !== 'routes' && place?.family !== 'ssl') continue;
    const objects = projectRecord(room, place.family, place.id, source.value);
    if (!objects) {
      for (const at of placesOf(place.family, place.id))
        unreadable.add(room.keys.projected(at.directory, at.id));
      continue;
    }
    for (const object of objects) {
      wanted.set(room.keys.projected(object.directory, object.id), { ...object, source });
    }
  }
  return { wanted, unreadable };
};

const projectRecord = (room: ChangeRoom, kind: Kind, id: string, text: string): Projected[] | undefined => {
  const decoded = decodeRecord(kind, id, text);
  if (!decoded.ok) return undefined;
  try {
    return projectionsOf(kind, decoded.value, room.sealer).filter(
      (object): object is Projected => object.body !== null,
    );
  } catch (error) {
    room.log.warn({ err: error, kind, id }, 'the record can not be projected');
    return undefined;
  }
};

const projectKeyRecord = (room: ChangeRoom, kid: string, text: string): Projected | undefined => {
  const decoded = decodeKeyRecord(kid, text);
  if (!decoded.ok || !room.sealer) return undefined;
  try {
    return projectKey(decoded.value, openKey(room.sealer, decoded.value));
  } catch (error) {
    room.log.warn({ err: error, kid }, 'the challenge key can not be projected');
    return undefined;
  }
};

/** Creates APISIX's directory placeholders that are absent. They are never deleted. */
export const ensureDirectories = async (room: ChangeRoom): Promise<void> => {
  const absent: string[] = [];
  for (const key of room.keys.apisixDirectories()) {
    const { kvs } = await room.store.range({ key }, { keysOnly: true });
    if (kvs.length === 0) absent.push(key);
  }
  if (absent.length === 0) return;
  const guards = absent.map((key): Guard => ({ key, modRevision: NO_REVISION }));
  await room.store.transact({ guards, puts: absent.map((key) => ({ key, value: 'init_dir' })), deletes: [] });
};
