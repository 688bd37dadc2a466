/** What the store really holds, read past the product, to hold the product against. */
import { expect } from 'vitest';
import { type RecordOf, type HistoryEntry, KINDS } from '../../src/contract/record.ts';
import { Keyspace } from '../../src/store/keys.ts';
import { list } from '../../src/store/listing.ts';
import type { ConfigStore } from '../../src/store/port.ts';
import type { Acknowledged } from './writers.ts';

export const keys = new Keyspace('/cdn-defense', '/apisix');

/** Every acknowledged write is in the history under its version, and no version was given twice. */
export const expectNothingLost = async (
  store: ConfigStore,
  acknowledged: readonly Acknowledged[],
): Promise<void> => {
  const seen = new Set(acknowledged.map(({ tenant, version }) => `${tenant} v${version}`));
  expect(seen.size, 'versions given twice').toBe(acknowledged.length);
  const { kvs } = await list(store, [`${keys.source}versions/`]);
  const history = new Map(
    kvs.map((kv) => [kv.key, { ...kv, entry: JSON.parse(kv.value) as HistoryEntry<'config'> }]),
  );
  const newest = new Map<string, number>();
  for (const { entry } of history.values())
    newest.set(entry.id, Math.max(entry.version, newest.get(entry.id) ?? 0));
  for (const { tenant, version, revision, marker } of acknowledged) {
    // The oldest entries leave the history by design.
    if (version <= (newest.get(tenant) ?? 0) - 500) continue;
    const found = history.get(keys.history('config', tenant, version));
    expect(found?.entry.record.rate_limit, `${tenant} v${version}`).toBe(marker);
    expect(found?.modRevision, `${tenant} v${version}`).toBe(revision);
  }
  for (const [tenant, version] of newest) {
    const stored = await store.range({ key: keys.record('config', tenant) });
    const record = JSON.parse(stored.kvs[0]?.value ?? '{}') as RecordOf['config'];
    expect(record.version, `${tenant}: the record is the newest version`).toBe(version);
  }
};

/** Source records and projections agree, tenant by tenant, in the store itself. */
export const expectNothingTorn = async (store: ConfigStore): Promise<void> => {
  const { kvs } = await list(store, [keys.records('config'), keys.projectedIn('cdn_defense/tenants')]);
  const limit = (prefix: string) =>
    kvs
      .filter(({ key, value }) => key.startsWith(prefix) && key !== prefix && value !== 'init_dir')
      .map(({ key, value }) => [
        key.slice(prefix.length),
        (JSON.parse(value) as { rate_limit: number }).rate_limit,
      ]);
  expect(limit(keys.projectedIn('cdn_defense/tenants'))).toEqual(limit(keys.records('config')));
};

/** Waits until a node answers with exactly what the store holds. */
export const expectCacheEquals = async (store: ConfigStore, node: string): Promise<void> => {
  const { kvs } = await list(
    store,
    KINDS.map((kind) => keys.records(kind)),
  );
  const stored = kvs
    .filter(({ key }) => key.startsWith(keys.records('config')))
    .map(({ value, modRevision }) => {
      const { tenant_id, version, rate_limit } = JSON.parse(value) as RecordOf['config'];
      return { tenant_id, version, rate_limit, revision: modRevision };
    });
  await expect
    .poll(
      async () => {
        const answer = (await (await fetch(`${node}/global-config/all?limit=1000`)).json()) as {
          stale?: true;
          tenants: { tenant_id: string; version: number; revision: number; config: { rate_limit: number } }[];
        };
        if (answer.stale) return 'stale';
        return answer.tenants.map(({ tenant_id, version, revision, config }) => ({
          tenant_id,
          version,
          rate_limit: config.rate_limit,
          revision,
        }));
      },
      { timeout: 20_000, interval: 50 },
    )
    .toEqual(stored);
};
