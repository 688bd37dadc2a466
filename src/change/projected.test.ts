/** History and repairs say what gateways have to read anew: exactly what the transaction wrote under their prefix. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KEYS, changeRequest, changeRoom, contentsOf } from '../../test/support/change-room.ts';
import type { HistoryEntry, Kind, RepairNote } from '../contract/record.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../store/embedded/embedded-store.ts';
import type { ChangeRoom } from './context.ts';
import { readHistory } from './history/history.ts';
import { checkDrift } from './drift/drift.ts';
import { applyDefense, createRoute, deleteRoute, removeDefense, updateRoute } from './route.ts';
import { setTenantConfig } from './tenant-config.ts';

let store: EmbeddedStore;
let room: ChangeRoom;

beforeEach(async () => {
  store = await openEmbeddedStore({});
  room = changeRoom(store);
});

afterEach(() => store.close());

const entry = async (kind: Kind, id: string, version: number): Promise<HistoryEntry> =>
  JSON.parse((await contentsOf(store)).get(KEYS.history(kind, id, version)) ?? '{}') as HistoryEntry;

/** The keys under the gateways' prefix that one revision put. */
const putAt = async (revision: number | undefined): Promise<string[]> => {
  const { kvs } = await store.range({ prefix: KEYS.projection });
  return kvs.filter((kv) => kv.modRevision === revision).map((kv) => kv.key);
};

const put = (directory: string, id: string) => ({ directory, id, op: 'put' });
const gone = (directory: string, id: string) => ({ directory, id, op: 'delete' });

test('each history entry lists what its transaction wrote for gateways, and no more', async () => {
  const spec = { id: 'r', path: '/a', upstream: 'http://backend' };
  const created = await createRoute(room, changeRequest(), 'acme', spec);
  expect((await entry('routes', 'r', 1)).projected).toEqual([put('routes', 'r')]);
  expect(await putAt(created.revision)).toEqual([KEYS.projected('routes', 'r')]);

  await applyDefense(room, changeRequest(), 'acme', 'r', { threat_threshold: 5 });
  expect((await entry('routes', 'r', 2)).projected).toEqual([
    put('routes', 'r'),
    put('cdn_defense/policies', 'r'),
  ]);

  const tuned = await applyDefense(room, changeRequest(), 'acme', 'r', { threat_threshold: 6 });
  expect((await entry('routes', 'r', 3)).projected).toEqual([put('cdn_defense/policies', 'r')]);
  expect(await putAt(tuned.revision)).toEqual([KEYS.projected('cdn_defense/policies', 'r')]);

  await updateRoute(room, changeRequest(), 'acme', 'r', { path: '/b' });
  expect((await entry('routes', 'r', 4)).projected).toEqual([put('routes', 'r')]);

  await removeDefense(room, changeRequest(), 'acme', 'r');
  expect((await entry('routes', 'r', 5)).projected).toEqual([
    put('routes', 'r'),
    gone('cdn_defense/policies', 'r'),
  ]);

  await deleteRoute(room, changeRequest(), 'acme', 'r');
  expect((await entry('routes', 'r', 6)).projected).toEqual([gone('routes', 'r')]);
});

test('a change that leaves every byte that gateways read as it was lists nothing', async () => {
  await setTenantConfig(room, changeRequest(), 'acme', { threat_threshold: 5 });
  const again = await setTenantConfig(room, changeRequest(), 'acme', { threat_threshold: 5 });
  expect((await entry('config', 'acme', 2)).projected).toEqual([]);
  expect(await putAt(again.revision)).toEqual([]);
});

test('entries of earlier releases, without the list, are read as before', async () => {
  await setTenantConfig(room, changeRequest(), 'acme', { threat_threshold: 5 });
  const { projected, ...old } = await entry('config', 'acme', 1);
  expect(projected).toHaveLength(1);
  const key = KEYS.history('config', 'acme', 1);
  await store.transact({ guards: [], puts: [{ key, value: JSON.stringify(old) }], deletes: [] });
  const page = await readHistory(room, { tenant_id: 'acme', kind: 'config', id: 'acme', limit: 5 });
  expect(page.entries).toMatchObject([{ version: 1, action: 'create' }]);
  expect(page.entries[0]).not.toHaveProperty('projected');
});

test('a repair names in its own transaction what it wrote or took away', async () => {
  await setTenantConfig(room, changeRequest(), 'acme', { threat_threshold: 5 });
  const spoilt = { key: KEYS.projected('cdn_defense/tenants', 'acme'), value: '{}' };
  await store.transact({ guards: [], puts: [spoilt], deletes: [] });
  await checkDrift(room, { nodeId: 'n', onDrift: 'repair' });
  const note = async () => (await store.range({ key: KEYS.repairNote() })).kvs[0];
  const first = await note();
  expect((JSON.parse(first?.value ?? '{}') as RepairNote).projected).toEqual([
    put('cdn_defense/tenants', 'acme'),
  ]);
  expect(await putAt(first?.modRevision)).toEqual([spoilt.key]);

  const orphan = { key: KEYS.projected('cdn_defense/policies', 'nobody'), value: '{}' };
  await store.transact({ guards: [], puts: [orphan], deletes: [] });
  await checkDrift(room, { nodeId: 'n', onDrift: 'repair' });
  expect((JSON.parse((await note())?.value ?? '{}') as RepairNote).projected).toEqual([
    gone('cdn_defense/policies', 'nobody'),
  ]);
});
