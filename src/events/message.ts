import type { ChangeEvent, ResyncEvent } from '../contract/event.ts';
import type { HistoryEntry } from '../contract/record.ts';
import { redacted } from '../domain/redaction.ts';
import { isObject, parseJson } from '../shared/json.ts';
import type { Stamp } from '../shared/revision.ts';
import type { Keyspace } from '../store/keys.ts';
import type { KeyValue, StoreEvent } from '../store/port.ts';

/** The history entries that a revision made. What was sealed anew, or pruned, is no change. */
export const entriesOf = (events: readonly StoreEvent[]): KeyValue[] =>
  events.filter((event) => event.type === 'put' && event.createRevision === event.modRevision) as KeyValue[];

/** @returns `undefined` for what is no history entry, such as something written there by hand */
export const eventOf = (keys: Keyspace, kv: KeyValue, clusterId: string): ChangeEvent | undefined => {
  const place = keys.parse(kv.key);
  const entry = parseJson(kv.value);
  if (place?.family !== 'versions' || !isObject(entry) || !isObject(entry['record'])) return undefined;
  const { action, at, tenant_id, record } = entry as unknown as HistoryEntry;
  return {
    key: keys.record(place.kind, place.id),
    value: action === 'delete' ? null : published({ ...record }),
    timestamp: at,
    cluster_id: clusterId,
    revision: kv.createRevision,
    version: place.version,
    action,
    tenant_id,
  };
};

/** Sealed or not, no key leaves the fleet on a channel. */
const published = (record: Record<string, unknown>): Record<string, unknown> => {
  const { sealed_key: _key, resealed_at: _at, ...shown } = record;
  return redacted('', shown) as Record<string, unknown>;
};

export const resyncOf = (
  keys: Keyspace,
  reason: ResyncEvent['reason'],
  from: Stamp,
  at: Stamp,
  now_ms: number,
): ResyncEvent => ({
  key: keys.source,
  value: null,
  timestamp: new Date(now_ms).toISOString(),
  cluster_id: at.clusterId,
  revision: at.revision,
  version: null,
  action: 'resync',
  tenant_id: null,
  reason,
  from: { cluster_id: from.clusterId, revision: from.revision },
});
