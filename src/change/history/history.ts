import { Refusal } from '../../contract/errors.ts';
import type { HistoryEntry, Kind } from '../../contract/record.ts';
import { parseCertificateId } from '../../domain/certificate.ts';
import { isObject, parseJson } from '../../shared/json.ts';
import { list } from '../../store/listing.ts';
import type { ChangeRoom } from '../context.ts';
import { notReached } from '../not-reached.ts';
import { historyRefusal } from '../store-refusal.ts';

/** A history entry as shown: never with the sealed key. */
export type ShownEntry = Omit<HistoryEntry, 'record'> & {
  readonly record: Record<string, unknown>;
  readonly revision: number;
};

export interface HistoryPage {
  /** Newest first. */
  readonly entries: readonly ShownEntry[];
  readonly total: number;
  /** Pass as `before_version` for the next page; absent on the last. */
  readonly next?: number;
}

/**
 * What happened to one object, newest first, as far as it happened under this tenant. Read from the store, not from
 * the cache: history is too large to be held by every node.
 * @throws Refusal history_not_found, history_unavailable, revision_not_reached
 */
export const readHistory = async (
  room: Pick<ChangeRoom, 'store' | 'keys'>,
  query: {
    readonly tenant_id: string;
    readonly kind: Kind;
    readonly id: string;
    readonly limit: number;
    readonly before_version?: number | undefined;
    readonly min_revision?: number | undefined;
  },
): Promise<HistoryPage> => {
  const { kind, id, tenant_id, limit, before_version = Number.MAX_SAFE_INTEGER, min_revision = 0 } = query;
  const notFound = new Refusal('history_not_found', { in: 'path', pointer: '/id', params: { kind, id } });
  if (!couldBeOf(tenant_id, kind, id)) throw notFound;
  const listing = await list(room.store, [room.keys.historyOf(kind, id)]).catch((error: unknown) => {
    throw historyRefusal(error);
  });
  if (listing.revision < min_revision) throw notReached(min_revision);
  const entries = listing.kvs
    // Sealing its key anew rewrites an entry; what it tells of happened when it was created.
    .map((kv) => shownEntry(kv.value, kv.createRevision))
    .filter((entry) => entry?.tenant_id === tenant_id)
    .filter((entry) => entry !== undefined)
    .sort((a, b) => b.version - a.version);
  if (entries.length === 0) throw notFound;
  const page = entries.filter((entry) => entry.version < before_version).slice(0, limit);
  const last = page.at(-1);
  const more = last !== undefined && entries.some((entry) => entry.version < last.version);
  return { entries: page, total: entries.length, ...(more ? { next: last.version } : {}) };
};

/** Ids of configs and certificates say whose they are: another's history is not even read, so it takes no time. */
const couldBeOf = (tenant_id: string, kind: Kind, id: string): boolean =>
  kind === 'config' ? id === tenant_id : kind !== 'ssl' || parseCertificateId(id).tenant_id === tenant_id;

const shownEntry = (text: string, revision: number): ShownEntry | undefined => {
  const entry = parseJson(text);
  if (!isObject(entry) || !isObject(entry['record'])) return undefined;
  const { resealed_at: _at, ...shown } = entry as unknown as HistoryEntry;
  return { ...shown, record: shownRecord(entry['record']), revision };
};

/** A stored record as far as it may be shown: without the sealed key. */
export const shownRecord = (record: Record<string, unknown>): Record<string, unknown> => {
  const { sealed_key: _sealed, resealed_at: _at, ...shown } = record;
  return shown;
};
