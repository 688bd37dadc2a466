import type { ProjectedWrite } from '../contract/directory.ts';
import type { Origin } from '../contract/principal.ts';
import type { Action, HistoryEntry, Kind, RecordOf } from '../contract/record.ts';

/** Versions an object keeps before its oldest is pruned. */
export const HISTORY_LIMIT = 500;

/** The entity tag of a record: its version, and the revision that wrote it (a restored store repeats versions). */
export const etagOf = (version: number, revision: number): string => `"${version}-${revision}"`;

/** The version an accepted write gets, given the newest the object ever had (0 for none). */
export const nextVersion = (newest: number): number => newest + 1;

/** The version that leaves the history when `version` enters it, if any. */
export const prunedVersion = (version: number): number | undefined =>
  version > HISTORY_LIMIT ? version - HISTORY_LIMIT : undefined;

/** Who changes something, and why. */
export interface Authorship {
  readonly actor: string;
  readonly origin?: Origin | undefined;
  readonly request_id: string;
  readonly reason?: string | undefined;
  /** ISO 8601. */
  readonly at: string;
}

export const historyEntry = <K extends Kind>(
  kind: K,
  id: string,
  action: Action,
  record: RecordOf[K],
  version: number,
  author: Authorship,
  projected: readonly ProjectedWrite[],
): HistoryEntry<K> => ({
  kind,
  id,
  tenant_id: record.tenant_id,
  version,
  action,
  at: author.at,
  by: author.actor,
  ...(author.origin === undefined ? {} : { origin: author.origin }),
  ...(author.reason === undefined ? {} : { reason: author.reason }),
  request_id: author.request_id,
  projected,
  record,
});
