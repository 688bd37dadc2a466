/**
 * The change log: one entry for each transaction that changed something, committed with it. Its name holds the
 * revision that the change was planned at, counted from the far end, so that the newest entries are the first keys and
 * a page of them costs one short range. The revision that carries a change is its entry's mod revision.
 *
 * Guarantee: reading page after page meets every entry once. Changes that raced each other may be met in the order in
 * which they were planned.
 */
import type { ChangeEntry, LoggedEdit } from '../../contract/change.ts';
import { isKind } from '../../contract/record.ts';
import type { Authorship } from '../../domain/version.ts';
import { isObject, parseJson } from '../../shared/json.ts';
import { type Revision, revision } from '../../shared/revision.ts';
import type { Keyspace } from '../../store/keys.ts';
import type { KeyValue, Put } from '../../store/port.ts';
import type { ChangeRoom } from '../context.ts';
import { shownRecord } from './history.ts';
import { historyRefusal } from '../store-refusal.ts';

/** Read at once while looking for entries that match. */
const PAGE_ENTRIES = 500;
/** Looked at for one page of matches; what is left is the next page's. */
const SCANNED_MAX = 5_000;
/** How far the clocks of two nodes may lie apart for a search by time to miss nothing. */
const SKEW_MS = 300_000;
/** Looked at for the entry of one revision: so many changes may have overtaken it. */
const OVERTAKEN_MAX = 10_000;
const NEAR_ENTRIES = 64;

type LogRoom = Pick<ChangeRoom, 'store' | 'keys'>;

export interface LoggedChange extends ChangeEntry {
  /** The revision that carries it. */
  readonly revision: Revision;
}

export interface ChangeFilter {
  readonly tenant_id?: string | undefined;
  readonly actor?: string | undefined;
  readonly kind?: string | undefined;
  readonly id?: string | undefined;
  readonly action?: string | undefined;
  readonly request_id?: string | undefined;
  /** Wall time, milliseconds, both inclusive. */
  readonly since_ms?: number | undefined;
  readonly until_ms?: number | undefined;
}

export interface ChangePage {
  /** Newest first. */
  readonly changes: readonly LoggedChange[];
  /**
   * Where the next page begins; absent on the last. A page may hold fewer changes than asked for and still have one,
   * when many were passed over.
   */
  readonly next?: string;
  /** The revision the page was read at. */
  readonly revision: Revision;
}

/** The put that logs a change in the transaction that makes it. @param planned newest revision the plan was read at */
export const changePut = (
  keys: Keyspace,
  planned: Revision,
  author: Authorship,
  edits: readonly LoggedEdit[],
): Put => {
  const { at, actor, origin, reason, request_id } = author;
  const entry: ChangeEntry = {
    at,
    by: actor,
    ...(origin === undefined ? {} : { origin }),
    ...(reason === undefined ? {} : { reason }),
    request_id,
    edits,
  };
  return { key: keys.change(planned, request_id), value: JSON.stringify(entry) };
};

/**
 * A page of the log, newest first.
 * @param query.after `next` of the page before
 * @throws Refusal history_unavailable
 */
export const listChanges = (
  room: LogRoom,
  query: ChangeFilter & { readonly limit: number; readonly after?: string | undefined },
): Promise<ChangePage> =>
  readable(async () => {
    const prefix = room.keys.changes();
    const changes: LoggedChange[] = [];
    const oldest_ms = (query.since_ms ?? -Infinity) - SKEW_MS;
    let after = query.after === undefined ? await startAt(room, query) : room.keys.changeAt(query.after);
    for (let scanned = 0; ; ) {
      const limit = isFiltered(query) ? PAGE_ENTRIES : query.limit - changes.length;
      const page = await room.store.range({ prefix, ...(after === undefined ? {} : { after }) }, { limit });
      for (const [i, kv] of page.kvs.entries()) {
        after = kv.key;
        const change = changeOf(kv);
        if (change && Date.parse(change.at) < oldest_ms) return { changes, revision: page.revision };
        if (change && matches(change, query)) changes.push(change);
        const more = page.more || i < page.kvs.length - 1;
        if (changes.length < query.limit || !more) continue;
        return { changes, next: room.keys.cursorOf(after), revision: page.revision };
      }
      scanned += page.kvs.length;
      if (!page.more) return { changes, revision: page.revision };
      if (scanned >= SCANNED_MAX && after !== undefined) {
        return { changes, next: room.keys.cursorOf(after), revision: page.revision };
      }
    }
  });

/**
 * The change that a revision carries; `undefined` for a revision that is no change, or is forgotten.
 * @throws Refusal history_unavailable
 */
export const changeAt = (room: LogRoom, at: Revision): Promise<LoggedChange | undefined> =>
  readable(async () => {
    const prefix = room.keys.changes();
    // It was planned before, so its name comes after this.
    let after = room.keys.changesFrom(at);
    let limit = NEAR_ENTRIES;
    for (let scanned = 0; scanned < OVERTAKEN_MAX; scanned += limit, limit = PAGE_ENTRIES) {
      const page = await room.store.range({ prefix, after }, { limit, keysOnly: true });
      const found = page.kvs.find((kv) => kv.modRevision === at);
      if (found) {
        const { kvs } = await room.store.range({ key: found.key });
        return kvs[0] && changeOf(kvs[0]);
      }
      const last = page.kvs.at(-1);
      if (!last || !page.more) return undefined;
      after = last.key;
    }
    return undefined;
  });

/** An object before and after a change, as far as it may be shown; `null` where there was none. */
export interface Difference {
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

/**
 * What one edit of a change did, from the object's history; `undefined` when the history has forgotten it.
 * @throws Refusal history_unavailable
 */
export const differenceOf = (room: LogRoom, edit: LoggedEdit): Promise<Difference | undefined> =>
  readable(async () => {
    const { kind, id, version, action } = edit;
    if (version === undefined || !isKind(kind)) {
      return edit.written && { before: null, after: action === 'delete' ? null : edit.written };
    }
    const read = async (which: number): Promise<Record<string, unknown> | undefined> => {
      const { kvs } = await room.store.range({ key: room.keys.history(kind, id, which) });
      const entry = kvs[0] && parseJson(kvs[0].value);
      return isObject(entry) && isObject(entry['record']) ? shownRecord(entry['record']) : undefined;
    };
    // A delete's entry holds the record as it was last.
    const [written, earlier] = await Promise.all([
      read(version),
      action === 'update' ? read(version - 1) : undefined,
    ]);
    if (!written) return undefined;
    if (action === 'delete') return { before: written, after: null };
    return { before: earlier ?? null, after: written };
  });

const isFiltered = ({
  limit: _limit,
  after: _after,
  ...filter
}: ChangeFilter & {
  limit: number;
  after?: string | undefined;
}): boolean => Object.values(filter).some((wanted) => wanted !== undefined);

const changeOf = (kv: KeyValue): LoggedChange | undefined => {
  const entry = parseJson(kv.value);
  if (!isObject(entry) || typeof entry['at'] !== 'string' || !Array.isArray(entry['edits'])) return undefined;
  return { ...(entry as unknown as ChangeEntry), revision: kv.modRevision };
};

const matches = (change: LoggedChange, filter: ChangeFilter): boolean => {
  const { actor, request_id, since_ms = -Infinity, until_ms = Infinity } = filter;
  const at_ms = Date.parse(change.at);
  const { tenant_id, kind, id, action } = filter;
  const wanted = Object.entries({ tenant_id, kind, id, action }).filter(([, value]) => value !== undefined);
  return (
    (actor === undefined || change.by === actor) &&
    (request_id === undefined || change.request_id === request_id) &&
    at_ms >= since_ms &&
    at_ms <= until_ms &&
    change.edits.some((edit) => wanted.every(([name, value]) => edit[name as keyof LoggedEdit] === value))
  );
};

/**
 * Where entries of the wanted time begin: found by halving the revisions, so that an old time costs some forty
 * short reads and not the reading of all that came after it.
 */
const startAt = async (room: LogRoom, { until_ms }: ChangeFilter): Promise<string | undefined> => {
  if (until_ms === undefined) return undefined;
  const prefix = room.keys.changes();
  const latest_ms = until_ms + SKEW_MS;
  const first = await room.store.range({ prefix }, { limit: 1 });
  // Entries planned at `low` or before are old enough; those planned after `high` are too new.
  let low = 0;
  let high: number = first.revision;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const after = room.keys.changesFrom(revision(middle));
    const { kvs } = await room.store.range({ prefix, after }, { limit: 1 });
    const change = kvs[0] && changeOf(kvs[0]);
    if (!change || Date.parse(change.at) <= latest_ms) low = middle;
    else high = middle - 1;
  }
  return room.keys.changesFrom(revision(low));
};

const readable = async <T>(read: () => Promise<T>): Promise<T> => {
  try {
    return await read();
  } catch (error) {
    throw historyRefusal(error);
  }
};
