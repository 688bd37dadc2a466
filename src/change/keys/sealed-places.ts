/** Where in the store something is sealed: certificates, each version of them, challenge keys. */
import type { Sealed } from '../../contract/record.ts';
import { isObject, parseJson } from '../../shared/json.ts';
import type { Keyspace } from '../../store/keys.ts';
import type { ConfigStore, KeyValue } from '../../store/port.ts';
import { challengeKeyBinding, keyBinding } from './sealer.ts';

/** Keys read at once: even the largest of them fit into one answer of the store. */
const PAGE_KEYS = 100;

type Json = Record<string, unknown>;

/** One value with something sealed in it. */
export interface SealedPlace {
  readonly kv: KeyValue;
  readonly sealed: Sealed;
  /** What the secret is bound to. */
  readonly bound: string;
  /** Of a certificate: its version, which the history has as well. */
  readonly version?: number;
  /** The value with the secret sealed otherwise, the same in everything else. */
  readonly with: (sealed: Sealed, resealed_at: string) => string;
}

const bindingOf = ({ tenant_id, id, version }: Json): string =>
  keyBinding({ tenant_id: String(tenant_id), id: String(id), version: Number(version) });

const isSealed = (value: unknown): value is Sealed => isObject(value) && typeof value['kid'] === 'string';

const challengeKeyAt = (kv: KeyValue, kid: string, record: Json): SealedPlace | undefined => {
  const { sealed } = record;
  if (!isSealed(sealed)) return undefined;
  const bound = challengeKeyBinding(kid);
  return {
    kv,
    sealed,
    bound,
    with: (now, resealed_at) => JSON.stringify({ ...record, sealed: now, resealed_at }),
  };
};

const certificateAt = (kv: KeyValue, record: Json): SealedPlace | undefined => {
  const { sealed_key: sealed, version } = record;
  if (!isSealed(sealed)) return undefined;
  return {
    kv,
    sealed,
    bound: bindingOf(record),
    version: Number(version),
    with: (now, resealed_at) => JSON.stringify({ ...record, sealed_key: now, resealed_at }),
  };
};

const versionAt = (kv: KeyValue, entry: Json): SealedPlace | undefined => {
  const { record } = entry;
  if (!isObject(record) || !isSealed(record['sealed_key'])) return undefined;
  return {
    kv,
    sealed: record['sealed_key'],
    bound: bindingOf(record),
    with: (now, resealed_at) =>
      JSON.stringify({ ...entry, record: { ...record, sealed_key: now }, resealed_at }),
  };
};

/** What is sealed in a value; `undefined` when nothing is, or the value was spoilt. */
export const sealedPlace = (keys: Keyspace, kv: KeyValue): SealedPlace | undefined => {
  const value = parseJson(kv.value);
  if (!isObject(value)) return undefined;
  const kid = keys.parseKey(kv.key);
  if (kid !== undefined) return challengeKeyAt(kv, kid, value);
  const place = keys.parse(kv.key);
  if (place?.family === 'ssl') return certificateAt(kv, value);
  return place?.family === 'versions' && place.kind === 'ssl' ? versionAt(kv, value) : undefined;
};

/**
 * All values that hold something sealed, or should, page by page as they stand when they are reached.
 * @throws StoreUnavailableError
 */
export async function* sealedPages(store: ConfigStore, keys: Keyspace): AsyncGenerator<readonly KeyValue[]> {
  for (const prefix of [keys.keyring(), keys.records('ssl'), keys.histories('ssl')]) {
    let after: string | undefined;
    do {
      const page = await store.range(
        { prefix, ...(after === undefined ? {} : { after }) },
        { limit: PAGE_KEYS },
      );
      yield page.kvs;
      after = page.more ? page.kvs.at(-1)?.key : undefined;
    } while (after !== undefined);
  }
}
