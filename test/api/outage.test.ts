/** The store away: reads go on and say so, writes are refused and leave nothing, and all of it ends by itself. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeCertificate } from '../support/certificates.ts';
import { type Fleet, ROUTE, TENANT, startFleet } from '../support/control-plane.ts';
import { until } from '../support/until.ts';

const certificate = await makeCertificate();
const own = { tenant: TENANT };
const PATH = '/global-config/tenant';
const config = (threat_threshold: number) => ({ ...own, body: { config: { threat_threshold } } });

let fleet: Fleet;

beforeEach(async () => {
  fleet = await startFleet({ nodes: 2 });
  await fleet.call('POST', PATH, config(70));
  await fleet.call('POST', '/global-routes', { ...own, body: { route: ROUTE } });
  await fleet.quiet();
  fleet.seen[0]?.fail();
  await until(
    'the node knows',
    async () => (await fleet.call('GET', '/sync-status')).body['state'] === 'disconnected',
  );
});

afterEach(() => fleet.dispose());

test.each([PATH, '/global-config/all', '/global-routes', `/global-routes/${ROUTE.id}`, '/global-ssl'])(
  'GET %s goes on, with stale and its age',
  async (path) => {
    const { status, body } = await fleet.call('GET', path, own);
    expect({ status, ...body }).toMatchObject({ status: 200, stale: true, source: 'local-cache' });
    const age = body['age_ms'] as number;
    await until(
      'the age grows',
      async () => ((await fleet.call('GET', path, own)).body['age_ms'] as number) > age,
    );
  },
);

test('what is not in the cache is missing with the same warning', async () => {
  const { status, body } = await fleet.call('GET', '/global-routes/nope', own);
  expect({ status, ...body }).toMatchObject({ status: 404, stale: true });
});

test('nothing is called synced, connected or live', async () => {
  expect((await fleet.call('GET', PATH, own)).body).toMatchObject({ synced: false });
  const { body } = await fleet.call('GET', '/sync-status');
  // What the others have now, a node that is cut off can't know.
  for (const view of body['nodes'] as { behind: unknown }[]) expect(view.behind).toBeNull();
  expect(body).toMatchObject({
    etcd_connected: false,
    sync_status: { etcd_connected: false, total_cached_configs: 1 },
    store: { endpoints: [{ healthy: false }] },
  });
  expect((await fleet.call('GET', '/metrics')).text).toMatch(/^lockstep_store_live\{[^}]*\} 0$/m);
  expect(await fleet.call('GET', '/readyz')).toMatchObject({ status: 200, body: { etcd_connected: false } });
});

test('every write is refused as etcd_unavailable and leaves nothing, also for later', async () => {
  const { cert, key } = certificate;
  const before = await fleet.contents();
  const writes: [method: string, path: string, body: object | undefined][] = [
    ['POST', PATH, { config: {} }],
    ['PATCH', PATH, { config: { threat_threshold: 1 } }],
    ['DELETE', PATH, undefined],
    ['POST', '/global-routes', { route: { ...ROUTE, id: 'r2' } }],
    ['PUT', `/global-routes/${ROUTE.id}`, { updates: { priority: 1 } }],
    ['DELETE', `/global-routes/${ROUTE.id}`, undefined],
    ['POST', '/global-ssl', { domain: 'api.example.com', cert, key }],
    ['POST', '/defense-plugin/apply', { route_id: ROUTE.id, defense_config: {} }],
    ['POST', '/defense-plugin/update-all', { defense_config: { mode: 'observe' } }],
  ];
  for (const [method, path, body] of writes) {
    const reply = await fleet.call(method, path, { ...own, ...(body ? { body } : {}) });
    expect(reply).toMatchObject({
      status: 503,
      body: { code: 'etcd_unavailable', detail: 'etcd 不可用，请求被拒绝，没有任何更改' },
      headers: { 'retry-after': '1', 'content-type': 'application/problem+json; charset=utf-8' },
    });
  }
  expect((await fleet.call('GET', '/history/config/tenant-001', own)).body.code).toBe('history_unavailable');
  fleet.seen[0]?.recover();
  await fleet.quiet();
  // What nodes write of themselves moves on when they are back.
  const lasting = (contents: Map<string, string>) =>
    [...contents].filter(([key]) => !/\/(marker$|(nodes|pulses|gateways|leader|drift)\/)/.test(key));
  expect(lasting(await fleet.contents())).toEqual(lasting(before));
});

test('when the store is back the node catches up unaided, and takes writes', async () => {
  for (const threshold of [71, 72, 73]) await fleet.callNode(1, 'POST', PATH, config(threshold));
  await fleet.callNode(1, 'DELETE', `/global-routes/${ROUTE.id}`, own);
  expect((await fleet.call('GET', PATH, own)).body).toMatchObject({
    config: { threat_threshold: 70 },
    stale: true,
  });
  fleet.seen[0]?.recover();
  await fleet.quiet();
  const { body } = await fleet.call('GET', PATH, own);
  expect(body).toMatchObject({ config: { threat_threshold: 73 }, synced: true, source: 'global-embedded' });
  expect(body).not.toHaveProperty('stale');
  expect((await fleet.call('GET', '/global-routes', own)).body.total).toBe(0);
  expect(await fleet.call('POST', `${PATH}?wait=nodes`, config(74))).toMatchObject({
    status: 200,
    body: { sync_status: 'all_nodes_updated', version: 5 },
  });
});

test('the other node names the one that is cut off', async () => {
  const reply = await fleet.callNode(1, 'POST', `${PATH}?wait=nodes&timeout_ms=100`, config(80));
  expect(reply).toMatchObject({ status: 202, body: { pending: ['node-1'] } });
  expect((await fleet.callNode(1, 'GET', PATH, own)).body).toMatchObject({
    synced: false,
    pending: ['node-1'],
  });
});
