/** What a node acknowledged, held against what the store holds. */
import type { ChangeEntry } from '../../src/contract/change.ts';
import type { HistoryEntry, Kind } from '../../src/contract/record.ts';
import { KINDS } from '../../src/contract/record.ts';
import { list } from '../../src/store/listing.ts';
import type { ConfigStore } from '../../src/store/port.ts';
import { keys } from '../support/truth.ts';
import type { WireAnswer } from './wire.ts';

export class Ledger {
  /** Requests that were answered with success, by their ids. */
  private readonly acknowledged = new Set<string>();
  /** Revisions that answers named, and the request each was for. */
  private readonly revisions = new Map<number, string>();

  note({ status, headers }: WireAnswer): void {
    const id = headers['x-request-id'];
    if (status >= 300 || id === undefined) return;
    this.acknowledged.add(id);
    const revision = Number(headers['x-lockstep-revision']);
    if (Number.isSafeInteger(revision) && revision > 0 && headers['idempotent-replayed'] === undefined) {
      this.revisions.set(revision, id);
    }
  }

  /** How many changes were acknowledged with their revision. */
  get changes(): number {
    return this.revisions.size;
  }

  /**
   * Differences between answers and store, as sentences: changes that nobody was told of, acknowledged ones that are
   * not there, and records that are not what was last written.
   */
  async differences(store: ConfigStore): Promise<string[]> {
    const found: string[] = [];
    const log = await list(store, [keys.changes()]);
    const logged = new Map<number, ChangeEntry>();
    for (const kv of log.kvs) {
      const entry = JSON.parse(kv.value) as ChangeEntry;
      logged.set(kv.modRevision, entry);
      if (!this.acknowledged.has(entry.request_id)) found.push(`nobody was told of ${kv.key}: ${kv.value}`);
    }
    for (const [revision, id] of this.revisions) {
      const entry = logged.get(revision);
      if (entry?.request_id !== id) found.push(`revision ${revision} is not the change of ${id}`);
    }
    for (const kind of KINDS) found.push(...(await this.records(store, kind)));
    return found;
  }

  private async records(store: ConfigStore, kind: Kind): Promise<string[]> {
    const found: string[] = [];
    const { kvs } = await list(store, [keys.records(kind), `${keys.source}versions/${kind}/`]);
    const newest = new Map<string, HistoryEntry>();
    const records = new Map<string, string>();
    for (const { key, value } of kvs) {
      const place = keys.parse(key);
      if (place?.family === kind) records.set(place.id, value);
      if (place?.family !== 'versions') continue;
      const entry = JSON.parse(value) as HistoryEntry;
      if (!this.acknowledged.has(entry.request_id)) found.push(`nobody was told of ${key}`);
      if (entry.version > (newest.get(place.id)?.version ?? 0)) newest.set(place.id, entry);
    }
    for (const [id, entry] of newest) {
      const wanted = entry.action === 'delete' ? undefined : JSON.stringify(entry.record);
      if (records.get(id) !== wanted) found.push(`${kind}/${id} is not what its history says`);
      records.delete(id);
    }
    for (const id of records.keys()) found.push(`${kind}/${id} has no history`);
    return found;
  }
}
