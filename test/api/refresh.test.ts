/** What `/sync/refresh` makes of edits by hand, and `/sync-status` shows of them. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ControlPlane } from '../../src/compose/control-plane.ts';
import { makeCertificate } from '../support/certificates.ts';
import { type Fleet, ROUTE, TENANT, startFleet } from '../support/control-plane.ts';
import type { FlakyStore, TransactFault } from '../support/flaky-store.ts';
import type { Reply } from '../support/http-call.ts';
import { until } from '../support/until.ts';

const certificate = await makeCertificate();

let fleet: Fleet;

beforeEach(async () => {
  fleet = await startFleet({ nodes: 2 });
  const { cert, key } = certificate;
  const post = (path: string, body: object) => fleet.call('POST', path, { tenant: TENANT, body });
  await post('/global-config/tenant', { config: { threat_threshold: 70 } });
  await post('/global-routes', { route: ROUTE });
  await post('/defense-plugin/apply', { route_id: ROUTE.id, defense_config: { enabled: true } });
  await post('/global-ssl', { domain: 'api.example.com', cert, key });
  await fleet.quiet();
});

afterEach(() => fleet.dispose());

const put = (key: string, value: string) =>
  fleet.store.transact({ guards: [], puts: [{ key, value }], deletes: [] });
const remove = (key: string) => fleet.store.transact({ guards: [], puts: [], deletes: [key] });

/** All of it but the times that APISIX keeps. */
const projection = async (): Promise<Record<string, unknown>> => {
  const entries = [...(await fleet.contents())].filter(([key]) => key.startsWith('/apisix/'));
  return Object.fromEntries(
    entries.map(([key, value]): [string, unknown] => {
      if (!value.startsWith('{')) return [key, value];
      const { update_time: _u, create_time: _c, ...body } = JSON.parse(value) as Record<string, unknown>;
      return [key, body];
    }),
  );
};

const edited = async (key: string, change: (body: Record<string, unknown>) => void): Promise<void> => {
  const body = JSON.parse((await fleet.contents()).get(key) ?? '') as Record<string, unknown>;
  change(body);
  await put(key, JSON.stringify(body));
};

const ORPHAN = { id: 'orphan', uris: ['/x'], labels: { 'managed-by': 'lockstep' }, upstream: { nodes: [] } };
const ROUTE_KEY = `/apisix/routes/${ROUTE.id}`;

const EDITS: [what: string, edit: () => Promise<unknown>, directory: string, id: string, found: string][] = [
  [
    'a route led elsewhere',
    () => edited(ROUTE_KEY, (body) => (body['uris'] = ['/evil'])),
    'routes',
    ROUTE.id,
    'different',
  ],
  [
    'a route without its plugin',
    () => edited(ROUTE_KEY, (body) => (body['plugins'] = {})),
    'routes',
    ROUTE.id,
    'different',
  ],
  [
    'a route overwritten without our label',
    () => put(ROUTE_KEY, JSON.stringify({ id: ROUTE.id, uri: '/*', upstream: { nodes: { 'evil:80': 1 } } })),
    'routes',
    ROUTE.id,
    'different',
  ],
  ['a route that is not JSON any more', () => put(ROUTE_KEY, 'spoilt'), 'routes', ROUTE.id, 'different'],
  ['a lost route', () => remove(ROUTE_KEY), 'routes', ROUTE.id, 'missing'],
  ['a lost certificate', () => remove('/apisix/ssls/api.example.com'), 'ssls', 'api.example.com', 'missing'],
  [
    'a weakened tenant policy',
    () => put(`/apisix/cdn_defense/tenants/${TENANT}`, '{"enabled_defense":false}'),
    'cdn_defense/tenants',
    TENANT,
    'different',
  ],
  [
    'a lost route policy',
    () => remove(`/apisix/cdn_defense/policies/${ROUTE.id}`),
    'cdn_defense/policies',
    ROUTE.id,
    'missing',
  ],
  [
    'an orphaned route',
    () => put('/apisix/routes/orphan', JSON.stringify(ORPHAN)),
    'routes',
    'orphan',
    'orphan',
  ],
  [
    'an orphaned policy',
    () => put('/apisix/cdn_defense/policies/nobody', '{"id":"nobody"}'),
    'cdn_defense/policies',
    'nobody',
    'orphan',
  ],
];

describe('/sync/refresh repairs', () => {
  test.each(EDITS)('%s', async (_, edit, directory, id, found) => {
    const before = await projection();
    await edit();
    expect(await projection()).not.toEqual(before);
    const { status, body } = await fleet.call('POST', '/sync/refresh');
    expect(status).toBe(200);
    expect(body['repaired_now']).toMatchObject([{ directory, id, found, repaired: true }]);
    expect(await projection()).toEqual(before);
    const shown = await fleet.call('GET', '/sync-status');
    expect(shown.body['repaired']).toMatchObject([{ directory, id, found, repaired: true }]);
    expect((await fleet.call('POST', '/sync/refresh')).body['repaired_now']).toEqual([]);
  });

  test('everything at once, in one go', async () => {
    const before = await projection();
    await edited(ROUTE_KEY, (body) => (body['priority'] = 99));
    await remove('/apisix/ssls/api.example.com');
    await put('/apisix/routes/orphan', JSON.stringify(ORPHAN));
    const { body } = await fleet.call('POST', '/sync/refresh');
    expect(body['repaired_now']).toHaveLength(3);
    expect(await projection()).toEqual(before);
  });

  test('nothing of what others keep in the same prefix', async () => {
    const foreign = JSON.stringify({ id: 'foreign', uri: '/foreign', upstream: { nodes: {} } });
    await put('/apisix/routes/foreign', foreign);
    await put('/apisix/upstreams/1', '{"nodes":{}}');
    await put('/apisix/routes/garbage', 'not JSON');
    const { body } = await fleet.call('POST', '/sync/refresh');
    expect(body['repaired_now']).toEqual([]);
    const contents = await fleet.contents();
    expect(contents.get('/apisix/routes/foreign')).toBe(foreign);
    expect(contents.get('/apisix/routes/garbage')).toBe('not JSON');
  });

  test('a route’s owner can still change and delete a route that was overwritten by hand', async () => {
    const foreign = JSON.stringify({ id: ROUTE.id, uri: '/evil', upstream: { nodes: {} } });
    await put(ROUTE_KEY, foreign);
    const body = { updates: { priority: 5 } };
    const updated = await fleet.call('PUT', `/global-routes/${ROUTE.id}`, { tenant: TENANT, body });
    expect(updated.status).toBe(200);
    expect((await fleet.contents()).get(ROUTE_KEY)).not.toContain('evil');
    await put(ROUTE_KEY, foreign);
    await fleet.call('DELETE', `/global-routes/${ROUTE.id}`, { tenant: TENANT });
    expect((await fleet.contents()).has(ROUTE_KEY)).toBe(false);
  });

  test('a new route is refused where somebody else’s object has its id', async () => {
    await put('/apisix/routes/foreign', JSON.stringify({ id: 'foreign', uri: '/foreign' }));
    const route = { ...ROUTE, id: 'foreign', hosts: ['f.example.com'] };
    const reply = await fleet.call('POST', '/global-routes', { tenant: TENANT, body: { route } });
    expect(reply).toMatchObject({ status: 409, body: { code: 'route_id_taken', pointer: '/route/id' } });
  });

  test('what was edited while another refresh was under way, in one more refresh for all that ask', async () => {
    const before = await projection();
    await edited(ROUTE_KEY, (body) => (body['priority'] = 42));
    const [{ node }, view] = [fleet.nodes[0] as ControlPlane, fleet.seen[0] as FlakyStore];
    const arrivals = vi.spyOn(node.gate, 'admit');
    const { listings } = node.reflector.status();
    let late: Promise<Reply[]> | undefined;
    view.transactFault = async ({ puts }): Promise<TransactFault> => {
      if (late || puts[0]?.key !== ROUTE_KEY) return 'none';
      await edited(`/apisix/cdn_defense/policies/${ROUTE.id}`, (body) => (body['enabled'] = false));
      late = Promise.all(Array.from({ length: 5 }, () => fleet.call('POST', '/sync/refresh')));
      await until('the latecomers have arrived', () => arrivals.mock.calls.length === 6);
      return 'none';
    };
    const first = await fleet.call('POST', '/sync/refresh');
    expect(first.body['repaired_now']).toMatchObject([{ directory: 'routes' }]);
    for (const { body } of (await late) ?? []) {
      expect(body['repaired_now']).toMatchObject([{ directory: 'cdn_defense/policies' }]);
    }
    expect(await projection()).toEqual(before);
    expect(node.reflector.status().listings).toBe(listings + 2);
  });
});

describe('a record that is spoilt by hand', () => {
  const KEY = `/cdn-defense/config/${TENANT}`;

  test('is quarantined and shown, and the last good one is served on', async () => {
    await put(KEY, '{"threat_threshold":"high"}');
    await until('it is quarantined', () =>
      fleet.nodes.every(({ node }) => node.cache.snapshot()?.quarantined.size === 1),
    );
    const { body } = await fleet.call('GET', '/sync-status');
    expect(body['quarantined']).toMatchObject([{ key: KEY, serving: 'last_good' }]);
    const read = await fleet.call('GET', '/global-config/tenant', { tenant: TENANT });
    expect(read.body).toMatchObject({ config: { threat_threshold: 70 }, version: 1 });
  });

  test('stays quarantined over a refresh, which does not touch its projection', async () => {
    const before = await projection();
    await put(KEY, 'garbage');
    const { body } = await fleet.call('POST', '/sync/refresh');
    expect(body).toMatchObject({ quarantined: [{ key: KEY, serving: 'last_good' }], repaired_now: [] });
    expect(await projection()).toEqual(before);
  });

  test.each([
    ['garbage', 'garbage'],
    [
      'with an older version',
      '{"tenant_id":"tenant-001","threat_threshold":5,"version":1,"updated_at":"","updated_by":""}',
    ],
    [
      'of another tenant',
      '{"tenant_id":"tenant-002","threat_threshold":5,"version":1,"updated_at":"","updated_by":""}',
    ],
  ])('(%s) is mended by the next write, which takes the next version', async (_, spoilt) => {
    const config = (threat_threshold: number) => ({ tenant: TENANT, body: { config: { threat_threshold } } });
    for (const threshold of [71, 72]) await fleet.call('POST', '/global-config/tenant', config(threshold));
    await put(KEY, spoilt);
    const reply = await fleet.call('POST', '/global-config/tenant', config(73));
    expect(reply).toMatchObject({ status: 200, body: { version: 4 } });
    const { body } = await fleet.call('GET', '/sync-status');
    expect(body['quarantined']).toEqual([]);
  });

  test('after its delete takes the version after the delete', async () => {
    await fleet.call('DELETE', '/global-config/tenant', { tenant: TENANT });
    await put(KEY, 'garbage');
    const body = { config: { threat_threshold: 1 } };
    const reply = await fleet.call('POST', '/global-config/tenant', { tenant: TENANT, body });
    expect(reply).toMatchObject({ status: 200, body: { version: 3 } });
  });
});
