import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KEYS, changeRequest, changeRoom, contentsOf, historyOf } from '../../test/support/change-room.ts';
import type { Refusal } from '../contract/errors.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../store/embedded/embedded-store.ts';
import type { ChangeRoom } from './context.ts';
import { readHistory } from './history/history.ts';
import { createRoute, deleteRoute, updateRoute } from './route.ts';
import { deleteTenantConfig, patchTenantConfig, setTenantConfig } from './tenant-config.ts';

let store: EmbeddedStore;
let room: ChangeRoom;

beforeEach(async () => {
  store = await openEmbeddedStore({});
  room = changeRoom(store);
});

afterEach(() => store.close());

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
const stored = async (key: string): Promise<Record<string, unknown>> =>
  JSON.parse((await contentsOf(store)).get(key) ?? '{}') as Record<string, unknown>;

describe('versions', () => {
  test('200 concurrent writers through three nodes end at version 200 with 200 history entries', async () => {
    const nodes = [changeRoom(store), changeRoom(store), changeRoom(store)];
    const receipts = await Promise.all(
      upTo(200).map((n) =>
        setTenantConfig(nodes[n % 3] as ChangeRoom, changeRequest(), 'acme', { threat_threshold: n % 101 }),
      ),
    );
    const versions = receipts.map(({ edits }) => edits[0]?.version ?? 0).sort((a, b) => a - b);
    expect(versions).toEqual(upTo(200));
    expect(await historyOf(store, 'config', 'acme')).toEqual(upTo(200));
    const record = await stored(KEYS.record('config', 'acme'));
    expect(record['version']).toBe(200);
    const { entries } = await readHistory(room, { tenant_id: 'acme', kind: 'config', id: 'acme', limit: 1 });
    expect(entries[0]?.record).toEqual(record);
    const projected = await stored(KEYS.projected('cdn_defense/tenants', 'acme'));
    expect(projected['threat_threshold']).toBe(record['threat_threshold']);
  });

  test('concurrent patches of different fields all arrive', async () => {
    const nodes = [changeRoom(store), changeRoom(store), changeRoom(store)];
    await setTenantConfig(room, changeRequest(), 'acme', {});
    const patches = [
      { threat_threshold: 1 },
      { rate_limit: 2 },
      { js_challenge: false },
      { mode: 'observe' as const },
      { js_fingerprint: true },
      { challenge_all: true },
    ];
    await Promise.all(
      patches.map((patch, i) =>
        patchTenantConfig(nodes[i % 3] as ChangeRoom, changeRequest(), 'acme', patch),
      ),
    );
    expect(await stored(KEYS.record('config', 'acme'))).toMatchObject({
      version: 7,
      ...Object.assign({}, ...patches),
    });
  });

  test('deleting and creating again never uses a version twice', async () => {
    for (const round of [1, 2, 3]) {
      const created = await setTenantConfig(room, changeRequest(), 'acme', {});
      expect(created.edits).toMatchObject([{ action: 'create', version: 2 * round - 1 }]);
      const deleted = await deleteTenantConfig(room, changeRequest(), 'acme');
      expect(deleted.edits).toMatchObject([{ action: 'delete', version: 2 * round }]);
    }
    expect(await historyOf(store, 'config', 'acme')).toEqual(upTo(6));
  });

  test('a route id that goes to another tenant goes on counting, and shows neither the other’s history', async () => {
    const spec = { id: 'shared', path: '/a', upstream: 'http://backend', hosts: ['a.example.com'] };
    await createRoute(room, changeRequest(), 'acme', spec);
    await deleteRoute(room, changeRequest(), 'acme', 'shared');
    const again = await createRoute(room, changeRequest(), 'other', spec);
    expect(again.edits).toMatchObject([{ version: 3 }]);
    const historyFor = async (tenant_id: string) =>
      (await readHistory(room, { tenant_id, kind: 'routes', id: 'shared', limit: 9 })).entries.map(
        (e) => e.version,
      );
    expect(await historyFor('acme')).toEqual([2, 1]);
    expect(await historyFor('other')).toEqual([3]);
  });

  test('history is pruned at 500 versions, in the same transaction', async () => {
    for (let n = 0; n < 503; n++)
      await setTenantConfig(room, changeRequest(), 'acme', { threat_threshold: n % 101 });
    expect(await historyOf(store, 'config', 'acme')).toEqual(upTo(503).slice(3));
  }, 30_000);

  test('what a change writes has one revision', async () => {
    const spec = {
      id: 'r',
      path: '/a/*',
      upstream: 'http://backend',
      hosts: ['a.example.com', '*.b.example.com'],
    };
    const { revision } = await createRoute(room, changeRequest(), 'acme', spec);
    const { kvs } = await store.range({ prefix: '/' });
    expect(kvs.length).toBeGreaterThanOrEqual(5);
    expect(new Set(kvs.map((kv) => kv.modRevision))).toEqual(new Set([revision]));
  });
});

describe('If-Match', () => {
  test('lets exactly one of 50 writers in that read the same version', async () => {
    const nodes = [changeRoom(store), changeRoom(store), changeRoom(store)];
    await setTenantConfig(room, changeRequest(), 'acme', {});
    for (let round = 2; round <= 6; round++) {
      const { kvs } = await store.range({ key: KEYS.record('config', 'acme') });
      const ifMatch = [`"${round - 1}-${kvs[0]?.modRevision}"`];
      const outcomes = await Promise.allSettled(
        upTo(50).map((n) =>
          setTenantConfig(nodes[n % 3] as ChangeRoom, changeRequest({ preconditions: { ifMatch } }), 'acme', {
            threat_threshold: n,
          }),
        ),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const refusals = outcomes.flatMap((each) =>
        each.status === 'rejected' ? [each.reason as Refusal] : [],
      );
      expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(['precondition_failed']));
      expect(await stored(KEYS.record('config', 'acme'))).toMatchObject({ version: round });
    }
  });

  test('lets nobody in where there is nothing, and If-None-Match: * exactly one', async () => {
    const refused = setTenantConfig(room, changeRequest({ preconditions: { ifMatch: ['*'] } }), 'acme', {});
    await expect(refused).rejects.toMatchObject({ code: 'precondition_failed' });
    const nodes = [changeRoom(store), changeRoom(store), changeRoom(store)];
    const outcomes = await Promise.allSettled(
      upTo(30).map((n) =>
        setTenantConfig(
          nodes[n % 3] as ChangeRoom,
          changeRequest({ preconditions: { ifNoneMatch: ['*'] } }),
          'acme',
          {},
        ),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await historyOf(store, 'config', 'acme')).toEqual([1]);
  });
});

describe('a change that changes nothing APISIX reads', () => {
  test('leaves its bytes alone', async () => {
    const spec = { id: 'r', path: '/a', upstream: 'http://backend', hosts: ['a.example.com'] };
    const { revision } = await createRoute(room, changeRequest(), 'acme', spec);
    const receipt = await updateRoute(room, changeRequest(), 'acme', 'r', { upstream: 'http://BACKEND:80/' });
    expect(receipt.projected).toEqual([]);
    const { kvs } = await store.range({ key: KEYS.projected('routes', 'r') });
    expect(kvs[0]?.modRevision).toBe(revision);
    expect(await historyOf(store, 'routes', 'r')).toEqual([1, 2]);
  });
});
