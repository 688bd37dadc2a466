import { afterEach, beforeEach, expect, test } from 'vitest';
import { KEYS, changeRequest, changeRoom, contentsOf } from '../../../test/support/change-room.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../store/embedded/embedded-store.ts';
import type { ChangeRoom } from '../context.ts';
import { checkDrift } from './drift.ts';
import { createRoute } from '../route.ts';

let store: EmbeddedStore;
let room: ChangeRoom;

beforeEach(async () => {
  store = await openEmbeddedStore({});
  room = changeRoom(store);
});
afterEach(() => store.close());

const create = (tenant: string, id: string) =>
  createRoute(room, changeRequest(), tenant, {
    id,
    path: '/x/*',
    upstream: 'http://backend',
    hosts: ['shop.example.com', '*.shop.example.com'],
  });

const repairClaims = async (): Promise<number> => {
  const { report } = await checkDrift(room, { nodeId: 'n', onDrift: 'repair' });
  return report?.repaired.filter(({ object }) => object === 'claim').length ?? -1;
};

const claims = async (): Promise<[string, string][]> =>
  [...(await contentsOf(store))].filter(([key]) => key.startsWith(KEYS.claims()));

test('claims that follow from the records are left alone', async () => {
  await create('a', 'r');
  const before = await claims();
  expect(await repairClaims()).toBe(0);
  expect(await claims()).toEqual(before);
  expect(before).toHaveLength(2);
});

test('a claim that outlived its record is given up, so that others can have the host', async () => {
  await create('a', 'r');
  await store.transact({ guards: [], puts: [], deletes: [KEYS.record('routes', 'r')] });
  await expect(create('b', 's')).rejects.toMatchObject({ code: 'domain_taken' });
  const { adopted } = await checkDrift(room, { nodeId: 'n', onDrift: 'repair' });
  expect(adopted).toBe(1);
  await create('b', 's');
});

test('a claim of a record that never was is given up', async () => {
  const [labels, holder] = [['com', 'example', 'shop'], 'routes:nobody'];
  const key = KEYS.claim('hosts', labels, false, holder);
  await store.transact({ guards: [], puts: [{ key, value: '{"tenant_id":"a"}' }], deletes: [] });
  await expect(create('b', 's')).rejects.toMatchObject({ code: 'domain_taken' });
  expect(await repairClaims()).toBe(1);
  await create('b', 's');
});

test('a claim that was lost is made again, so that nobody else takes the host', async () => {
  await create('a', 'r');
  const before = await claims();
  await store.transact({ guards: [], puts: [], deletes: before.map(([key]) => key) });
  expect(await repairClaims()).toBe(2);
  expect(await claims()).toEqual(before);
  await expect(create('b', 's')).rejects.toMatchObject({ code: 'domain_taken' });
});

test('the claims of a record that can’t be read stay as they are', async () => {
  await create('a', 'r');
  const before = await claims();
  await store.transact({
    guards: [],
    puts: [{ key: KEYS.record('routes', 'r'), value: 'oops' }],
    deletes: [],
  });
  expect(await repairClaims()).toBe(0);
  expect(await claims()).toEqual(before);
});
