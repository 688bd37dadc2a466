import { KINDS, type Kind, type RecordOf } from '../contract/record.ts';
import { DIRECTORIES } from '../contract/directory.ts';
import { type Decoded, decodeRecord } from '../domain/record.ts';
import { turn } from '../shared/async.ts';
import type { Stamp } from '../shared/revision.ts';
import { list } from '../store/listing.ts';
import type { KeyValue } from '../store/port.ts';
import type { ChangeRoom } from './context.ts';

/** Values decoded before others have their turn. */
const CHUNK = 200;

/** A source record as it stands in the store, readable or not. */
export interface StoredRecord {
  readonly kv: KeyValue;
  readonly kind: Kind;
  readonly id: string;
  readonly decoded: Decoded<RecordOf[Kind]>;
}

/** Everything that has to agree with itself, at one revision. Maps are by key. */
export interface StoredState {
  readonly stamp: Stamp;
  readonly records: ReadonlyMap<string, StoredRecord>;
  readonly keyring: readonly KeyValue[];
  readonly projected: ReadonlyMap<string, KeyValue>;
  readonly claims: ReadonlyMap<string, KeyValue>;
}

/** @throws StoreUnavailableError | CompactedError */
export const readState = async ({ store, keys }: ChangeRoom): Promise<StoredState> => {
  const listing = await list(store, [
    ...KINDS.map((kind) => keys.records(kind)),
    keys.keyring(),
    keys.claims(),
    ...DIRECTORIES.map((directory) => keys.projectedIn(directory)),
  ]);
  const records = new Map<string, StoredRecord>();
  const keyring: KeyValue[] = [];
  const projected = new Map<string, KeyValue>();
  const claims = new Map<string, KeyValue>();
  for (const [n, kv] of listing.kvs.entries()) {
    if (n % CHUNK === CHUNK - 1) await turn();
    const place = keys.parseRecord(kv.key);
    if (place) {
      const { kind, id } = place;
      records.set(kv.key, { kv, kind, id, decoded: decodeRecord(kind, id, kv.value) });
    } else if (keys.parseProjected(kv.key)) projected.set(kv.key, kv);
    else if (keys.parseKey(kv.key) !== undefined) keyring.push(kv);
    else if (kv.key.startsWith(keys.claims())) claims.set(kv.key, kv);
  }
  const stamp = { clusterId: listing.clusterId, revision: listing.revision };
  return { stamp, records, keyring, projected, claims };
};
