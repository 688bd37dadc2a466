/**
 * The fleet's keyring: keys that sign challenges, sealed in the source and, in the same transaction, in the clear
 * where gateways read them. Written by one leader only; what to do when is decided in `domain/keyring.ts`.
 */
import { randomBytes } from 'node:crypto';
import type { ProjectedWrite } from '../../contract/directory.ts';
import type { KeyRecord } from '../../contract/record.ts';
import {
  type KeyLife,
  type KeyState,
  type KeyringStep,
  type KeyringTimes,
  nextDue,
  nextStep,
} from '../../domain/keyring.ts';
import { decodeKeyRecord } from '../../domain/record.ts';
import { projectKey } from '../../projection/keyring.ts';
import { render } from '../../projection/object.ts';
import { assertReadable } from '../../projection/schema.ts';
import { jittered, pause } from '../../shared/async.ts';
import { isObject, parseJson } from '../../shared/json.ts';
import { NO_REVISION, type Revision } from '../../shared/revision.ts';
import { list } from '../../store/listing.ts';
import type { Guard, KeyValue, Put } from '../../store/port.ts';
import type { Term } from '../../store/term.ts';
import type { ChangeRoom } from '../context.ts';
import { projectedNote } from '../projected-note.ts';
import { type Sealer, challengeKeyBinding } from './sealer.ts';

const SECRET_BYTES = 32;
/** How often the keyring is looked at even when nothing is due: somebody may have edited it by hand. */
const LOOK_MS = 15_000;
const BACKOFF_BASE_MS = 50;
const BACKOFF_MAX_MS = 5_000;

/** What keeping the keyring needs: the usual, and a master key. */
export type KeyringRoom = Pick<ChangeRoom, 'store' | 'keys' | 'clock' | 'log' | 'random'> & {
  readonly sealer: Sealer;
};

interface HeldKey {
  readonly record: KeyRecord;
  readonly revision: Revision;
  readonly secret: string;
  readonly projected: KeyValue | undefined;
}

interface HeldKeyring {
  readonly revision: Revision;
  readonly held: ReadonlyMap<string, HeldKey>;
}

/** @throws Refusal sealed_with_other_key */
export const openKey = (sealer: Sealer, record: KeyRecord): string =>
  sealer.open(record.sealed, challengeKeyBinding(record.id));

/** A key sealed under a master key that was replaced lives on by what the gateways hold of it. */
const secretOf = (sealer: Sealer, record: KeyRecord, projected: KeyValue | undefined): string | undefined => {
  try {
    return openKey(sealer, record);
  } catch {
    const object = projected && parseJson(projected.value);
    const secret = isObject(object) ? object['secret'] : undefined;
    return typeof secret === 'string' && secret !== '' ? secret : undefined;
  }
};

const readKeyring = async ({ store, keys, sealer, log }: KeyringRoom): Promise<HeldKeyring> => {
  const { revision, kvs } = await list(store, [keys.keyring(), keys.projectedIn('cdn_defense/keyring')]);
  const found = new Map(kvs.map((kv) => [kv.key, kv]));
  const held = new Map<string, HeldKey>();
  for (const kv of kvs) {
    const kid = keys.parseKey(kv.key);
    if (kid === undefined) continue;
    const decoded = decodeKeyRecord(kid, kv.value);
    const projected = found.get(keys.projected('cdn_defense/keyring', kid));
    const secret = decoded.ok ? secretOf(sealer, decoded.value, projected) : undefined;
    if (decoded.ok && secret !== undefined) {
      held.set(kid, { record: decoded.value, revision: kv.modRevision, secret, projected });
    } else log.warn({ kid }, 'a challenge key can not be read and is left alone');
  }
  return { revision, held };
};

const lifeOf = ({ record: { id, state, since } }: HeldKey): KeyLife => ({
  id,
  state,
  since_ms: Date.parse(since),
});

/** Ids rise with time: should two keys ever sign at once, every gateway prefers the same, the newer one. */
const newKid = (now_ms: number): string =>
  `k${Math.floor(now_ms).toString(36).padStart(9, '0')}${randomBytes(3).toString('hex')}`;

/** A record and what gateways read of it. */
const putsOf = (
  { keys }: KeyringRoom,
  record: KeyRecord,
  secret: string,
  projected: KeyValue | undefined,
  now_ms: number,
): Put[] => {
  const object = projectKey(record, secret);
  assertReadable(object);
  const value = render(object, projected?.value, Math.floor(now_ms / 1_000));
  return [
    { key: keys.key(record.id), value: JSON.stringify(record) },
    ...(value === undefined ? [] : [{ key: keys.projected(object.directory, object.id), value }]),
  ];
};

const newKey = ({ sealer }: KeyringRoom, state: KeyState, now_ms: number): [KeyRecord, secret: string] => {
  const id = newKid(now_ms);
  const secret = randomBytes(SECRET_BYTES).toString('hex');
  const at = new Date(now_ms).toISOString();
  return [
    { id, state, since: at, created_at: at, sealed: sealer.seal(secret, challengeKeyBinding(id)) },
    secret,
  ];
};

/** With the note of what is written for gateways: a source key alone does not tell whether that was. */
const notedWrites = (
  room: KeyringRoom,
  { puts, deletes }: { puts: Put[]; deletes: string[] },
): { puts: Put[]; deletes: string[] } => {
  const named = (all: readonly string[], op: ProjectedWrite['op']): ProjectedWrite[] =>
    all.flatMap((key) => {
      const place = room.keys.parseProjected(key);
      return place ? [{ ...place, op }] : [];
    });
  const written = puts.map(({ key }) => key);
  const note = projectedNote(room, [...named(written, 'put'), ...named(deletes, 'delete')]);
  return { puts: [...puts, note], deletes };
};

const writesOf = (
  room: KeyringRoom,
  { held }: HeldKeyring,
  step: KeyringStep,
  now_ms: number,
): { puts: Put[]; deletes: string[] } => {
  const { keys } = room;
  if (step.do === 'remove') {
    return { puts: [], deletes: [keys.key(step.id), keys.projected('cdn_defense/keyring', step.id)] };
  }
  if (step.do === 'add') {
    const [record, secret] = newKey(room, step.state, now_ms);
    return { puts: putsOf(room, record, secret, undefined, now_ms), deletes: [] };
  }
  const since = new Date(now_ms).toISOString();
  const puts = step.moves.flatMap(({ id, to }) => {
    const key = held.get(id);
    if (!key) return [];
    const { resealed_at: _, ...record } = key.record;
    return putsOf(room, { ...record, state: to, since }, key.secret, key.projected, now_ms);
  });
  return { puts, deletes: [] };
};

/** What became of a look at the keyring. */
export type Advance =
  | { readonly kind: 'stepped'; readonly step: KeyringStep }
  /** Somebody wrote meanwhile, or the term is over: nothing was changed. */
  | { readonly kind: 'lost' }
  /** Nothing is due before `due_ms`, wall time. */
  | { readonly kind: 'settled'; readonly due_ms: number };

/**
 * Takes the one step that is due, in one transaction guarded by the leader's fence and by all that was read. A commit
 * of unknown outcome needs no resolving: the next look sees what became of it.
 * @throws StoreUnavailableError | OutcomeUnknownError
 */
export const advanceKeyring = async (
  room: KeyringRoom,
  times: KeyringTimes,
  fence: Guard,
): Promise<Advance> => {
  const ring = await readKeyring(room);
  const now_ms = room.clock.now();
  const lives = [...ring.held.values()].map(lifeOf);
  const step = nextStep(lives, times, now_ms);
  if (!step) return { kind: 'settled', due_ms: nextDue(lives, times) };
  const guards: Guard[] = [
    fence,
    { prefix: room.keys.keyring(), unchangedSince: ring.revision },
    // The guard above does not see deletes.
    ...[...ring.held.values()].map(({ record, revision }) => ({
      key: room.keys.key(record.id),
      modRevision: revision,
    })),
    ...[...ring.held.keys()].map((kid): Guard => {
      const modRevision = ring.held.get(kid)?.projected?.modRevision ?? NO_REVISION;
      return { key: room.keys.projected('cdn_defense/keyring', kid), modRevision };
    }),
  ];
  const writes = notedWrites(room, writesOf(room, ring, step, now_ms));
  const { committed } = await room.store.transact({ guards, ...writes });
  if (!committed) return { kind: 'lost' };
  room.log.info({ step }, 'the keyring moved on');
  return { kind: 'stepped', step };
};

/** Keeps the keyring while the term lasts. Never rejects. */
export const keepKeyring = async (
  room: KeyringRoom,
  times: KeyringTimes,
  { fence, signal }: Term,
): Promise<void> => {
  let failures = 0;
  while (!signal.aborted) {
    try {
      const advance = await advanceKeyring(room, times, fence);
      failures = advance.kind === 'lost' ? failures + 1 : 0;
      if (advance.kind === 'settled') {
        await pause(Math.max(1, Math.min(LOOK_MS, advance.due_ms - room.clock.now())), signal);
      }
    } catch (error) {
      failures += 1;
      room.log.warn({ err: error }, 'the keyring could not be looked after');
    }
    if (failures > 0) await pause(jittered(failures, BACKOFF_BASE_MS, BACKOFF_MAX_MS, room.random), signal);
  }
};
