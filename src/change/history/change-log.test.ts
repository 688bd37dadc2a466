import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KEYS, changeRequest, changeRoom } from '../../../test/support/change-room.ts';
import { revision } from '../../shared/revision.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../store/embedded/embedded-store.ts';
import { type ConfigStore, StoreUnavailableError } from '../../store/port.ts';
import { type LoggedChange, changeAt, changePut, differenceOf, listChanges } from './change-log.ts';
import type { ChangeRoom } from '../context.ts';
import { createRoute, deleteRoute, updateRoute } from '../route.ts';
import { deleteTenantConfig, patchTenantConfig, setTenantConfig } from '../tenant-config.ts';

const START_MS = Date.parse('2026-01-01T00:00:00Z');
const MINUTE_MS = 60_000;
const ORIGIN = { role: 'operator', token_id: 'ci', from: '203.0.113.7' };

let store: EmbeddedStore;
let room: ChangeRoom;
let now_ms: number;

beforeEach(async () => {
  store = await openEmbeddedStore({});
  now_ms = START_MS;
  room = changeRoom(store, { clock: { now: () => now_ms, monotonic: () => performance.now() } });
});

afterEach(() => store.close());

/** Every entry, page by page. */
const all = async (filter: object = {}, limit = 7): Promise<LoggedChange[]> => {
  const changes: LoggedChange[] = [];
  let after: string | undefined;
  do {
    const page = await listChanges(room, { ...filter, limit, after });
    expect(page.changes.length).toBeLessThanOrEqual(limit);
    changes.push(...page.changes);
    after = page.next;
  } while (after !== undefined);
  return changes;
};

/** Changes of many tenants, one a minute. */
const history = async (count: number): Promise<number[]> => {
  const revisions: number[] = [];
  for (let i = 0; i < count; i++) {
    const receipt = await setTenantConfig(room, changeRequest(), `tenant-${i % 3}`, { rate_limit: i + 1 });
    revisions.push(receipt.revision ?? 0);
    now_ms += MINUTE_MS;
  }
  return revisions;
};

describe('the change log', () => {
  test('has one entry for each change, with who asked for it, from where, why and what it did', async () => {
    const request = changeRequest({ actor: 'alice', origin: ORIGIN, reason: 'a flood' });
    const { revision: at } = await setTenantConfig(room, request, 'acme', { rate_limit: 7 });
    expect(await all()).toEqual([
      {
        at: '2026-01-01T00:00:00.000Z',
        by: 'alice',
        origin: ORIGIN,
        reason: 'a flood',
        request_id: request.request_id,
        edits: [{ kind: 'config', id: 'acme', action: 'create', version: 1, tenant_id: 'acme' }],
        revision: at,
      },
    ]);
  });

  test('has none for what was refused, only looked at, or replayed', async () => {
    const idempotency = { key: 'k', scope: 'acme', fingerprint: 'f' };
    await setTenantConfig(room, changeRequest({ idempotency }), 'acme', {});
    await setTenantConfig(room, changeRequest({ idempotency }), 'acme', {});
    await setTenantConfig(room, changeRequest({ dry_run: true }), 'acme', { rate_limit: 3 });
    await expect(deleteTenantConfig(room, changeRequest(), 'nobody')).rejects.toThrow();
    const preconditions = { ifMatch: ['"9-9"'] };
    await expect(setTenantConfig(room, changeRequest({ preconditions }), 'acme', {})).rejects.toThrow();
    expect(await all()).toHaveLength(1);
  });

  test('is listed newest first, every entry once, whatever the size of a page', async () => {
    const revisions = (await history(40)).reverse();
    for (const limit of [1, 7, 39, 40, 41]) {
      expect((await all({}, limit)).map((change) => change.revision)).toEqual(revisions);
    }
  });

  test('misses none and repeats none while others write through three nodes at once', async () => {
    const nodes = [changeRoom(store), changeRoom(store), changeRoom(store)];
    const receipts = await Promise.all(
      Array.from({ length: 120 }, (_, i) =>
        setTenantConfig(nodes[i % 3] as ChangeRoom, changeRequest(), `tenant-${i % 5}`, {}),
      ),
    );
    const listed = (await all()).map((change) => change.revision);
    expect([...listed].sort((a, b) => a - b)).toEqual(
      receipts.map((receipt) => receipt.revision ?? 0).sort((a, b) => a - b),
    );
  });

  test('is filtered by tenant, actor, object, action, request and time', async () => {
    await history(9);
    const mine = changeRequest({ actor: 'bob' });
    await createRoute(room, mine, 'tenant-1', { id: 'r', path: '/r', upstream: 'http://backend' });
    const count = async (filter: object) => (await all(filter)).length;
    expect(await count({ tenant_id: 'tenant-1' })).toBe(4);
    expect(await count({ actor: 'bob' })).toBe(1);
    expect(await count({ kind: 'config', id: 'tenant-2' })).toBe(3);
    expect(await count({ kind: 'routes', id: 'tenant-2' })).toBe(0);
    expect(await count({ action: 'create' })).toBe(4);
    expect(await count({ request_id: mine.request_id })).toBe(1);
    const [since_ms, until_ms] = [START_MS + 2 * MINUTE_MS, START_MS + 5 * MINUTE_MS];
    expect(await count({ since_ms, until_ms })).toBe(4);
    expect(await count({ since_ms, until_ms, tenant_id: 'tenant-2' })).toBe(2);
    expect(await count({ until_ms: START_MS - 1 })).toBe(0);
  });

  test('finds an old time without reading what came after it', async () => {
    await history(600);
    let read = 0;
    const range: ConfigStore['range'] = async (...question) => {
      const page = await store.range(...question);
      read += page.kvs.length;
      return page;
    };
    const counting = { keys: KEYS, store: Object.assign(Object.create(store) as ConfigStore, { range }) };
    const until_ms = START_MS + 3 * MINUTE_MS;
    const page = await listChanges(counting, { until_ms, limit: 100 });
    expect(page.changes).toHaveLength(4);
    expect(read).toBeLessThan(50);
  });

  test('gives up on a page after a bounded look, and says where to go on', async () => {
    const puts = Array.from({ length: 100 }, (_, i) => i);
    for (let first = 0; first < 5_200; first += 100) {
      const author = { actor: 'other', at: new Date(START_MS).toISOString() };
      const transaction = puts.map((i) =>
        changePut(KEYS, revision(first + i + 1), { ...author, request_id: `r${first + i}` }, [
          { kind: 'config', id: 'x', action: 'update', version: 1, tenant_id: 'x' },
        ]),
      );
      await store.transact({ guards: [], puts: transaction, deletes: [] });
    }
    const page = await listChanges(room, { actor: 'nobody', limit: 10 });
    expect(page).toMatchObject({ changes: [], next: expect.stringMatching(/^\d{16}-r\d+$/) as string });
    expect(await all({ actor: 'nobody' })).toEqual([]);
  });

  test('finds the change of a revision, and nothing at revisions of others', async () => {
    const revisions = await history(10);
    for (const at of revisions) expect((await changeAt(room, revision(at)))?.revision).toBe(at);
    const node = { key: KEYS.node('n'), value: '{}' };
    const foreign = await store.transact({ guards: [], puts: [node], deletes: [] });
    expect(await changeAt(room, foreign.revision)).toBeUndefined();
    expect(await changeAt(room, revision(foreign.revision + 100))).toBeUndefined();
  });

  test('finds a change that many others overtook', async () => {
    const author = { actor: 'slow', at: new Date(START_MS).toISOString(), request_id: 'slow' };
    const edit = { kind: 'config', id: 'x', action: 'update', version: 1, tenant_id: 'x' } as const;
    const planned = (await store.range({ key: KEYS.source })).revision;
    await history(700);
    const puts = [changePut(KEYS, planned, author, [edit])];
    const { revision: at } = await store.transact({ guards: [], puts, deletes: [] });
    expect(await changeAt(room, at)).toMatchObject({ by: 'slow', revision: at });
  });

  test('tells an object before and after each kind of change', async () => {
    const id = 'r';
    const differences = async () => {
      const changes = await all();
      return Promise.all(changes.map(async ({ edits }) => edits[0] && differenceOf(room, edits[0])));
    };
    await createRoute(room, changeRequest(), 'acme', { id, path: '/a', upstream: 'http://backend' });
    await updateRoute(room, changeRequest(), 'acme', id, { path: '/b' });
    await deleteRoute(room, changeRequest(), 'acme', id);
    expect(await differences()).toMatchObject([
      { before: { path: '/b', version: 2 }, after: null },
      { before: { path: '/a', version: 1 }, after: { path: '/b', version: 2 } },
      { before: null, after: { path: '/a' } },
    ]);
  });

  test('says so when the store does not answer', async () => {
    const away: ConfigStore = Object.assign(Object.create(store) as ConfigStore, {
      range: () => Promise.reject(new StoreUnavailableError('away')),
    });
    await patchTenantConfig(room, changeRequest(), 'acme', {}).catch(() => {});
    await expect(listChanges({ store: away, keys: KEYS }, { limit: 1 })).rejects.toMatchObject({
      code: 'history_unavailable',
    });
  });

  test('passes over an entry that was spoilt by hand', async () => {
    await history(3);
    const puts = [{ key: KEYS.change(revision(2), 'spoilt'), value: 'not JSON' }];
    await store.transact({ guards: [], puts, deletes: [] });
    expect(await all({}, 2)).toHaveLength(3);
  });
});
