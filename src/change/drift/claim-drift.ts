import { turn } from '../../shared/async.ts';
import { NO_REVISION } from '../../shared/revision.ts';
import type { Guard, KeyValue, Transaction } from '../../store/port.ts';
import type { ChangeRoom } from '../context.ts';
import { claimsOf } from '../edit.ts';
import type { StoredRecord, StoredState } from '../stored-state.ts';

/** Records looked at before others have their turn. */
const CHUNK = 200;

/**
 * A claim that does not follow from the records: one left behind by its record keeps a host from everybody, a lost one
 * lets somebody else take it, and so does one in another tenant's name.
 */
export interface ClaimDrift {
  readonly key: string;
  readonly found: 'missing' | 'different' | 'orphan';
  /** The record it is about. */
  readonly recordKey: string;
  readonly repair: Transaction;
}

/** The claims of a record that can't be read stay as they are. */
export const compareClaims = async ({ keys }: ChangeRoom, state: StoredState): Promise<ClaimDrift[]> => {
  const drifts: ClaimDrift[] = [];
  const wanted = new Set<string>();
  const recordGuard = (key: string): Guard => ({
    key,
    modRevision: state.records.get(key)?.kv.modRevision ?? NO_REVISION,
  });
  let n = 0;
  for (const record of state.records.values()) {
    if (++n % CHUNK === 0) await turn();
    for (const { key, value } of claimsWanted(keys, record)) {
      wanted.add(key);
      const claim = state.claims.get(key);
      if (claim?.value === value) continue;
      const recordKey = record.kv.key;
      const guards: Guard[] = [
        { key, modRevision: claim?.modRevision ?? NO_REVISION },
        recordGuard(recordKey),
      ];
      const repair = { guards, puts: [{ key, value }], deletes: [] };
      drifts.push({ key, found: claim ? 'different' : 'missing', recordKey, repair });
    }
  }
  for (const [key, { modRevision }] of state.claims) {
    const holder = keys.holderOf(key);
    if (wanted.has(key) || !holder) continue;
    const recordKey = keys.record(holder.kind, holder.id);
    if (state.records.get(recordKey)?.decoded.ok === false) continue;
    const guards: Guard[] = [{ key, modRevision }, recordGuard(recordKey)];
    drifts.push({ key, found: 'orphan', recordKey, repair: { guards, puts: [], deletes: [key] } });
  }
  return drifts;
};

const claimsWanted = (
  keys: ChangeRoom['keys'],
  { kind, id, decoded }: StoredRecord,
): Pick<KeyValue, 'key' | 'value'>[] => {
  if (!decoded.ok) return [];
  const { tenant_id } = decoded.value;
  return claimsOf(kind, decoded.value).map(({ space, labels, wildcard }) => ({
    key: keys.claim(space, labels, wildcard, keys.holder(kind, id)),
    value: JSON.stringify({ tenant_id }),
  }));
};
