import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KEYS, changeRequest, changeRoom, contentsOf, historyOf } from '../../test/support/change-room.ts';
import { FlakyStore } from '../../test/support/flaky-store.ts';
import type { DefenseConfig, TenantConfig } from '../contract/policy.ts';
import { effectivePolicy } from '../domain/policy.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../store/embedded/embedded-store.ts';
import { StoreRefusedError } from '../store/port.ts';
import type { ChangeRoom } from './context.ts';
import { updateAllDefense } from './defense-all.ts';
import { applyDefense, createRoute } from './route.ts';
import { setTenantConfig } from './tenant-config.ts';

let store: EmbeddedStore;
let flaky: FlakyStore;
let room: ChangeRoom;

beforeEach(async () => {
  store = await openEmbeddedStore({});
  flaky = new FlakyStore(store);
  room = changeRoom(flaky);
});

afterEach(() => store.close());

const tenant = (id: string, config: TenantConfig) => setTenantConfig(room, changeRequest(), id, config);

const route = async (tenant_id: string, id: string, defense?: DefenseConfig): Promise<void> => {
  const spec = { id, path: '/a', upstream: 'http://backend', hosts: [`${id}.example.com`] };
  await createRoute(room, changeRequest(), tenant_id, spec);
  if (defense) await applyDefense(room, changeRequest(), tenant_id, id, defense);
};

const stored = async <T>(key: string): Promise<T> =>
  JSON.parse((await contentsOf(store)).get(key) ?? '{}') as T;
const configOf = (id: string) => stored<TenantConfig>(KEYS.record('config', id));
const defenseOf = async (id: string) =>
  (await stored<{ plugins?: { cdn_defense: DefenseConfig } }>(KEYS.record('routes', id))).plugins
    ?.cdn_defense;
const updateAll = (config: Parameters<typeof updateAllDefense>[3], tenant_id?: string, options = {}) =>
  updateAllDefense(room, changeRequest(options), tenant_id, config);

describe('an update of all defense configs', () => {
  test('makes its parameters the effective ones everywhere, and leaves everything else', async () => {
    await tenant('a', { threat_threshold: 10, mode: 'observe' });
    await tenant('b', {});
    await route('a', 'a-own', { threat_threshold: 20, js_fingerprint: true });
    await route('a', 'a-inherits', { enabled: true });
    await route('a', 'a-unprotected');
    await route('c', 'c-only-routes', { rate_limit: 5 });
    const update = await updateAll({ threat_threshold: 70, rate_limit: 5000, js_challenge: true });
    expect(update).toMatchObject({
      tenants_updated: 3,
      routes_updated: 2,
      unchanged: 1,
      batches: 1,
      atomic: true,
    });
    expect(await configOf('a')).toMatchObject({
      threat_threshold: 70,
      rate_limit: 5000,
      js_challenge: true,
      mode: 'observe',
    });
    expect(await defenseOf('a-own')).toEqual({ threat_threshold: 70, js_fingerprint: true });
    expect(await defenseOf('a-inherits')).toEqual({ enabled: true });
    expect(await defenseOf('a-unprotected')).toBeUndefined();
    expect(await defenseOf('c-only-routes')).toEqual({ rate_limit: 5000 });
    for (const [owner, id] of [
      ['a', 'a-own'],
      ['a', 'a-inherits'],
      ['c', 'c-only-routes'],
    ] as const) {
      const effective = effectivePolicy(await configOf(owner), await defenseOf(id));
      expect(effective).toMatchObject({ threat_threshold: 70, rate_limit: 5000, js_challenge: true });
    }
  });

  test('can turn both switches', async () => {
    await tenant('a', {});
    await route('a', 'r', {});
    await updateAll({ enabled_defense: false, enabled: false });
    expect(await configOf('a')).toMatchObject({ enabled_defense: false });
    expect(await configOf('a')).not.toHaveProperty('enabled');
    expect(await defenseOf('r')).toEqual({ enabled: false });
  });

  test('of one tenant touches no other, and gives that tenant a config if it has none', async () => {
    await tenant('a', { threat_threshold: 1 });
    await route('b', 'r', { threat_threshold: 2 });
    await updateAll({ threat_threshold: 3 }, 'b');
    expect(await configOf('a')).toMatchObject({ threat_threshold: 1 });
    expect(await configOf('b')).toMatchObject({ threat_threshold: 3, version: 1 });
    expect(await defenseOf('r')).toEqual({ threat_threshold: 3 });
  });

  test('that says what is so already writes nothing', async () => {
    await tenant('a', { threat_threshold: 3 });
    const before = await contentsOf(store);
    const update = await updateAll({ threat_threshold: 3 });
    expect(update).toMatchObject({ tenants_updated: 0, unchanged: 1, atomic: true });
    expect(update.revision).toBeUndefined();
    expect(await contentsOf(store)).toEqual(before);
  });

  test('where there is nothing does nothing', async () => {
    expect(await updateAll({ threat_threshold: 3 })).toMatchObject({
      tenants_updated: 0,
      batches: 0,
      unchanged: 0,
    });
  });
});

describe('an update of more than one transaction holds', () => {
  const ids = Array.from({ length: 60 }, (_, i) => `tenant-${String(i).padStart(2, '0')}`);

  beforeEach(async () => {
    for (const id of ids) await tenant(id, { threat_threshold: 1 });
  });

  const thresholds = async (): Promise<unknown[]> => {
    const { kvs } = await store.range({ prefix: KEYS.records('config') });
    return kvs.map(({ value }) => (JSON.parse(value) as TenantConfig).threat_threshold);
  };

  test('goes in ordered batches and says so', async () => {
    const transactions = flaky.transactions;
    const update = await updateAll({ threat_threshold: 2 });
    expect(update).toMatchObject({ tenants_updated: 60, unchanged: 0, atomic: false });
    expect(update.batches).toBe(flaky.transactions - transactions);
    expect(update.batches).toBeGreaterThanOrEqual(3);
    expect(new Set(await thresholds())).toEqual(new Set([2]));
  });

  test('interrupted in the middle says how far it came; repeated, it finishes and writes nothing twice', async () => {
    const start = flaky.transactions;
    flaky.transactFault = (_, n) => (n >= start + 2 ? 'unavailable' : 'none');
    await expect(updateAll({ threat_threshold: 2 })).rejects.toMatchObject({
      code: 'etcd_unavailable',
      extra: { completed: 2, total: expect.any(Number) as number },
    });
    const half = await thresholds();
    const done = half.filter((threshold) => threshold === 2).length;
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(60);
    expect(half).toEqual([...Array<number>(done).fill(2), ...Array<number>(60 - done).fill(1)]);
    flaky.transactFault = () => 'none';
    expect(await updateAll({ threat_threshold: 2 })).toMatchObject({
      tenants_updated: 60 - done,
      unchanged: done,
    });
    expect(new Set(await thresholds())).toEqual(new Set([2]));
    for (const id of ids) expect(await historyOf(store, 'config', id)).toEqual([1, 2]);
  });

  test('and meets another of the same node leaves all objects as one of them has it', async () => {
    await Promise.all([updateAll({ threat_threshold: 2 }), updateAll({ threat_threshold: 3 })]);
    expect(new Set(await thresholds())).toEqual(new Set([3]));
    for (const id of ids) expect(await historyOf(store, 'config', id)).toEqual([1, 2, 3]);
  });

  test('and meets writers in between loses none of their other fields', async () => {
    const writers = ids.map((id) =>
      setTenantConfig(changeRoom(store), changeRequest(), id, { rate_limit: 7 }),
    );
    await Promise.all([updateAll({ threat_threshold: 2 }), ...writers]);
    await updateAll({ threat_threshold: 2 });
    for (const id of ids)
      expect(await configOf(id)).toMatchObject({ threat_threshold: 2, rate_limit: 7, version: 3 });
  });
});

test('an update of objects as large as they may be fits into its transactions', async () => {
  const cidrs = (second: number): string[] =>
    Array.from(
      { length: 256 },
      (_, i) => `2001:db8:ffff:ffff:ffff:ffff:${second}fff:${(0xf000 + i).toString(16)}/128`,
    );
  const large = { allow: cidrs(1), deny: cidrs(2), threat_threshold: 1 };
  const upstream = Array.from({ length: 32 }, (_, i) => ({
    url: `http://${'a'.repeat(60)}.${'b'.repeat(60)}.n${i}:8080`,
    weight: 1,
  }));
  for (let n = 0; n < 24; n++) {
    const hosts = Array.from({ length: 10 }, (_, i) => `${'h'.repeat(60)}.r${n}-${i}.example.com`);
    await createRoute(room, changeRequest(), 'a', { id: `r${n}`, path: '/a', upstream, hosts });
    await applyDefense(room, changeRequest(), 'a', `r${n}`, large);
  }
  expect(await updateAll({ threat_threshold: 2 })).toMatchObject({ routes_updated: 24, tenants_updated: 1 });
});

describe('an update of all with an Idempotency-Key', () => {
  const idempotency = { key: 'once', scope: '-', fingerprint: 'first' };

  test.each([
    ['in several batches', 30],
    ['in one batch', 3],
  ])('%s is carried out once, whatever was changed since', async (_, tenants) => {
    for (let i = 0; i < tenants; i++) await tenant(`t${i}`, { threat_threshold: 1 });
    const first = await updateAll({ threat_threshold: 44 }, undefined, { idempotency });
    expect(first).toMatchObject({ tenants_updated: tenants, unchanged: 0, replayed: false });
    await tenant('t1', { threat_threshold: 99 });
    const again = await updateAll({ threat_threshold: 44 }, undefined, { idempotency });
    expect(again).toEqual({ ...first, receipts: [], replayed: true });
    expect(await configOf('t1')).toMatchObject({ threat_threshold: 99 });
    const other = updateAll({ threat_threshold: 45 }, undefined, {
      idempotency: { ...idempotency, fingerprint: 'other' },
    });
    await expect(other).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  });

  test('is remembered under a new lease where the store has forgotten the one at hand', async () => {
    for (let i = 0; i < 30; i++) await tenant(`t${i}`, { threat_threshold: 1 });
    const forgotten = await room.requestLease.id();
    flaky.transactFault = ({ puts }) => {
      if (puts.some(({ lease }) => lease === forgotten)) throw new StoreRefusedError('the lease has ended');
      return 'none';
    };
    const first = await updateAll({ threat_threshold: 44 }, undefined, { idempotency });
    expect(first).toMatchObject({ tenants_updated: 30, replayed: false });
    const again = await updateAll({ threat_threshold: 44 }, undefined, { idempotency });
    expect(again).toEqual({ ...first, receipts: [], replayed: true });
  });

  test('that had nothing to change is remembered too', async () => {
    await tenant('a', { threat_threshold: 45 });
    expect(await updateAll({ threat_threshold: 45 }, undefined, { idempotency })).toMatchObject({
      unchanged: 1,
    });
    await tenant('a', { threat_threshold: 99 });
    const again = await updateAll({ threat_threshold: 45 }, undefined, { idempotency });
    expect(again).toMatchObject({ tenants_updated: 0, unchanged: 1, replayed: true });
    expect(again.revision).toBeUndefined();
    expect(await configOf('a')).toMatchObject({ threat_threshold: 99 });
  });
});
