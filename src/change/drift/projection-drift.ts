import type { Directory } from '../../contract/directory.ts';
import { decodeKeyRecord } from '../../domain/record.ts';
import { certificateId } from '../../domain/certificate.ts';
import { projectKey } from '../../projection/keyring.ts';
import { type Projected, isManaged, render, withoutTimes } from '../../projection/object.ts';
import { placesOf } from '../../projection/place.ts';
import { turn } from '../../shared/async.ts';
import { canonicalJson, isObject, parseJson } from '../../shared/json.ts';
import { NO_REVISION } from '../../shared/revision.ts';
import { SetDigest } from '../../store/digest.ts';
import type { Guard, KeyValue } from '../../store/port.ts';
import type { ChangeRoom } from '../context.ts';
import { projectionsOf } from '../edit.ts';
import { openKey } from '../keys/keyring.ts';
import type { StoredRecord, StoredState } from '../stored-state.ts';

const CHUNK = 100;

/** One object in APISIX's prefix that is not what its source says. */
export interface ProjectionDrift {
  readonly key: string;
  readonly directory: Directory;
  readonly id: string;
  readonly found: 'missing' | 'different' | 'orphan';
  /** What should be there; absent for an orphan. */
  readonly expected: Projected | undefined;
  readonly stored: KeyValue | undefined;
  /** The key of the record it follows from, or of the one whose absence makes it an orphan, where that can be told. */
  readonly recordKey: string | undefined;
  /** While these hold, it is what it was found to be. */
  readonly guards: readonly Guard[];
}

/** How the projection as stored compares with what follows from the sources. */
export interface ProjectionComparison {
  readonly drifts: readonly ProjectionDrift[];
  /** Over all objects of ours, without the times that APISIX keeps. */
  readonly digest: { readonly expected: string; readonly found: string };
}

interface Wanted {
  readonly object: Projected;
  readonly source: KeyValue;
}

/**
 * Where a record of ours has its object, whatever is there has to be that; what others keep elsewhere in the same prefix is
 * left out, and so is the projection of a record that can't be read.
 */
export const compareProjection = async (
  room: ChangeRoom,
  state: StoredState,
): Promise<ProjectionComparison> => {
  const { wanted, unreadable } = await wantedObjects(room, state);
  const digests = { expected: new SetDigest(), found: new SetDigest() };
  const drifts: ProjectionDrift[] = [];
  let n = 0;
  for (const [key, { object, source }] of wanted) {
    const stored = state.projected.get(key);
    digests.expected.add(`${key}\0${canonicalJson(object.body)}`);
    if (stored) digests.found.add(`${key}\0${bodyText(stored.value)}`);
    if (++n % CHUNK === 0) await turn();
    if (render(object, stored?.value, 0) === undefined) continue;
    const guards = [guardOf(key, stored), guardOf(source.key, source)];
    const { directory, id } = object;
    const found = stored ? 'different' : 'missing';
    drifts.push({ key, directory, id, found, expected: object, stored, recordKey: source.key, guards });
  }
  for (const [key, stored] of state.projected) {
    const place = room.keys.parseProjected(key);
    if (!place || wanted.has(key) || unreadable.has(key) || !isManaged(place.directory, stored.value))
      continue;
    digests.found.add(`${key}\0${bodyText(stored.value)}`);
    const recordKey = sourceOf(room, place, stored.value);
    const guards = [guardOf(key, stored), ...sourceGuards(room, state, place, recordKey)];
    drifts.push({ key, ...place, found: 'orphan', expected: undefined, stored, recordKey, guards });
  }
  return { drifts, digest: { expected: digests.expected.hex(), found: digests.found.hex() } };
};

const guardOf = (key: string, kv: KeyValue | undefined): Guard => ({
  key,
  modRevision: kv?.modRevision ?? NO_REVISION,
});

const bodyText = (text: string): string => {
  const value = parseJson(text);
  return isObject(value) ? canonicalJson(withoutTimes(value)) : text;
};

/** The record that would have made this object. */
const sourceOf = (
  { keys }: ChangeRoom,
  { directory, id }: { directory: Directory; id: string },
  text: string,
): string | undefined => {
  if (directory === 'routes' || directory === 'cdn_defense/policies') return keys.record('routes', id);
  if (directory === 'cdn_defense/tenants') return keys.record('config', id);
  if (directory === 'cdn_defense/keyring') return keys.key(id);
  const object = parseJson(text);
  if (!isObject(object) || !isObject(object['labels']) || !Array.isArray(object['snis'])) return undefined;
  const { tenant } = object['labels'];
  const domain: unknown = object['snis'][0];
  return typeof tenant === 'string' && typeof domain === 'string'
    ? keys.record('ssl', certificateId(tenant, domain))
    : undefined;
};

/** An orphan stays one only while no record comes that wants it. */
const sourceGuards = (
  { keys }: ChangeRoom,
  state: StoredState,
  { directory }: { directory: Directory },
  recordKey: string | undefined,
): Guard[] =>
  directory === 'ssls'
    ? [{ prefix: keys.records('ssl'), unchangedSince: state.stamp.revision }]
    : recordKey === undefined
      ? []
      : [guardOf(recordKey, state.records.get(recordKey)?.kv)];

/** What should be there, by key; and the keys of which nothing can be said because their source can't be read. */
const wantedObjects = async (
  room: ChangeRoom,
  state: StoredState,
): Promise<{ wanted: Map<string, Wanted>; unreadable: Set<string> }> => {
  const { keys } = room;
  const wanted = new Map<string, Wanted>();
  const unreadable = new Set<string>();
  for (const source of state.keyring) {
    const kid = keys.parseKey(source.key) ?? '';
    const at = keys.projected('cdn_defense/keyring', kid);
    const object = projectKeyRecord(room, kid, source.value);
    if (object) wanted.set(at, { object, source });
    else unreadable.add(at);
  }
  let n = 0;
  for (const record of state.records.values()) {
    if (++n % CHUNK === 0) await turn();
    const objects = projectRecord(room, record);
    const places = objects ?? placesOf(record.kind, record.id);
    if (!objects) for (const at of places) unreadable.add(keys.projected(at.directory, at.id));
    for (const object of objects ?? []) {
      wanted.set(keys.projected(object.directory, object.id), { object, source: record.kv });
    }
  }
  return { wanted, unreadable };
};

const projectRecord = (room: ChangeRoom, { kind, id, decoded }: StoredRecord): Projected[] | undefined => {
  if (!decoded.ok) return undefined;
  try {
    return projectionsOf(kind, decoded.value, room).filter(
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
