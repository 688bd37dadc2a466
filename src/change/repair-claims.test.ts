import { afterEach, beforeEach, expect, test } from 'vitest';
import { KEYS, changeRequest, changeRoom, contentsOf } from '../../test/support/change-room.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../store/embedded/embedded-store.ts';
import type { ChangeRoom } from './context.ts';
import { repairClaims } from './repair-claims.ts';
import { createRoute } from './route.ts';

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

const claims = async (): Promise<[string, string][]> =>
  [...(await contentsOf(store))].filter(([key]) => key.startsWith(KEYS.claims()));

test('claims that follow from the records are left alone', async () => {
  await create('a', 'r');
  const before = await claims();
  expect(await repairClaims(room)).toBe(0);
  expect(await claims()).toEqual(before);
  expect(before).toHaveLength(2);
});

test('a claim that outlived its record is given up, so that others can have the host', async () => {
  await create('a', 'r');
  await store.transact({ guards: [], puts: [], deletes: [KEYS.record('routes', 'r')] });
  await expect(create('b', 's')).rejects.toMatchObject({ code: 'domain_taken' });
  expect(await repairClaims(room)).toBe(2);
  await create('b', 's');
});

test('a claim that was lost is made again, so that nobody else takes the host', async () => {
  await create('a', 'r');
  const before = await claims();
  await store.transact({ guards: [], puts: [], deletes: before.map(([key]) => key) });
  expect(await repairClaims(room)).toBe(2);
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
  expect(await repairClaims(room)).toBe(0);
  expect(await claims()).toEqual(before);
});
