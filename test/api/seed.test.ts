/** Chapter 3 of the seed, as written there: paths, headers, bodies, response fields, Chinese messages. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../support/certificates.ts';
import { type Fleet, ROUTE, TENANT, startFleet } from '../support/control-plane.ts';
import type { Reply } from '../support/http-call.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet({ nodes: 3 });
});

afterAll(() => fleet.dispose());

const CONFIG = { rate_limit: 2000, threat_threshold: 75, enabled_defense: true };
const DEFENSE = { enabled: true, threat_threshold: 75, challenge_type: 'js', js_fingerprint: true };
const english = { headers: { 'accept-language': 'en' } };

const expectNoLanguageMixed = ({ headers, text }: Reply): void => {
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
  expect(text).toMatch(/\p{sc=Han}/u);
};

describe('3.1 tenant configs', () => {
  test('3.1.2 POST /global-config/tenant sets the config and says so', async () => {
    const reply = await fleet.call('POST', '/global-config/tenant', {
      tenant: TENANT,
      body: { config: CONFIG },
    });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      message: '租户 tenant-001 的全局配置已更新',
      sync_status: 'broadcasting_to_all_nodes',
      version: 1,
    });
    expectNoLanguageMixed(reply);
  });

  test('3.1.1 GET /global-config/tenant answers the same config on every node', async () => {
    await fleet.quiet();
    for (const n of [0, 1, 2]) {
      const { status, body } = await fleet.callNode(n, 'GET', '/global-config/tenant', { tenant: TENANT });
      expect(status).toBe(200);
      expect(body).toMatchObject({
        tenant_id: 'tenant-001',
        config: CONFIG,
        source: 'global-embedded',
        synced: true,
        version: 1,
        updated_by: 'admin',
      });
      expect(body['config']).toEqual(CONFIG);
    }
  });

  test('3.1.3 GET /global-config/all answers every tenant', async () => {
    await fleet.call('POST', '/global-config/tenant', { tenant: 'tenant-002', body: { config: {} } });
    const { status, body } = await fleet.call('GET', '/global-config/all');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      total: 2,
      tenants: [
        { tenant_id: 'tenant-001', config: CONFIG },
        { tenant_id: 'tenant-002', config: {} },
      ],
    });
  });

  test('the record in the store is flat and carries its version, as in 5.1', async () => {
    const stored = (await fleet.contents()).get('/cdn-defense/config/tenant-001') ?? '';
    expect(JSON.parse(stored)).toMatchObject({ ...CONFIG, version: 1, updated_by: 'admin' });
  });
});

describe('3.2 routes', () => {
  test('3.2.2 POST /global-routes creates a route', async () => {
    const reply = await fleet.call('POST', '/global-routes', { tenant: TENANT, body: { route: ROUTE } });
    expect(reply.status).toBe(201);
    expect(reply.headers['location']).toBe('/global-routes/api-route-1');
    expect(reply.body).toMatchObject({
      message: '路由 api-route-1 已创建',
      route_id: 'api-route-1',
      sync_status: 'syncing_to_apisix_and_nodes',
    });
    expectNoLanguageMixed(reply);
  });

  test('3.2.1 GET /global-routes lists the tenant’s routes', async () => {
    const { status, body } = await fleet.call('GET', '/global-routes', { tenant: TENANT });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      tenant_id: 'tenant-001',
      total: 1,
      routes: [{ ...ROUTE, tenant_id: 'tenant-001' }],
    });
  });

  test('a route can be read by itself, and only by its tenant', async () => {
    const { body } = await fleet.call('GET', '/global-routes/api-route-1', { tenant: TENANT });
    expect(body).toMatchObject({ tenant_id: 'tenant-001', route: ROUTE });
    const other = await fleet.call('GET', '/global-routes/api-route-1', { tenant: 'tenant-002' });
    expect(other.status).toBe(404);
    expect((await fleet.call('GET', '/global-routes', { tenant: 'tenant-002' })).body.total).toBe(0);
  });

  test('3.2.3 PUT /global-routes/{id} updates the fields given and keeps the others', async () => {
    const updates = { upstream: 'http://new-backend:8080', strip_path: false };
    const reply = await fleet.call('PUT', '/global-routes/api-route-1', {
      tenant: TENANT,
      body: { updates },
    });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      message: '路由 api-route-1 已更新',
      route_id: 'api-route-1',
      version: 2,
    });
    const { body } = await fleet.call('GET', '/global-routes/api-route-1', { tenant: TENANT });
    expect(body).toMatchObject({ route: { ...ROUTE, ...updates, version: 2 } });
  });
});

describe('3.3 certificates', () => {
  test('3.3.1 POST /global-ssl stores a certificate', async () => {
    const { cert, key, not_after } = await makeCertificate();
    const body = { domain: 'api.example.com', cert, key, expires_at: not_after };
    const reply = await fleet.call('POST', '/global-ssl', { tenant: TENANT, body });
    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({
      message: 'SSL证书已上传',
      cert_id: 'tenant-001:api.example.com',
      sync_status: 'syncing_to_all_nodes',
      expires_at: not_after,
    });
    expectNoLanguageMixed(reply);
    expect([...(await fleet.contents()).keys()]).toContain('/cdn-defense/ssl/tenant-001:api.example.com');
  });

  test('certificates are listed, read and deleted, always without their key', async () => {
    const list = await fleet.call('GET', '/global-ssl', { tenant: TENANT });
    expect(list.body).toMatchObject({
      total: 1,
      certificates: [
        {
          cert_id: 'tenant-001:api.example.com',
          domain: 'api.example.com',
          facts: { sans: ['api.example.com'] },
        },
      ],
    });
    const one = await fleet.call('GET', '/global-ssl/tenant-001:api.example.com', { tenant: TENANT });
    expect(one.status).toBe(200);
    for (const { text } of [list, one]) expect(text).not.toMatch(/PRIVATE|sealed/);
    const gone = await fleet.call('DELETE', '/global-ssl/tenant-001:api.example.com', { tenant: TENANT });
    expect(gone.body).toMatchObject({
      message: 'SSL证书已删除',
      cert_id: 'tenant-001:api.example.com',
      version: 2,
    });
    expect((await fleet.call('GET', '/global-ssl', { tenant: TENANT })).body.total).toBe(0);
  });
});

describe('3.4 the defense plugin', () => {
  test('3.4.1 POST /defense-plugin/apply answers all_nodes_updated once every node has it', async () => {
    const body = { route_id: 'api-route-1', defense_config: DEFENSE };
    const reply = await fleet.call('POST', '/defense-plugin/apply', { tenant: TENANT, body });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      message: '防御插件已应用到路由 api-route-1',
      sync_status: 'all_nodes_updated',
    });
    for (const { node } of fleet.nodes) {
      expect(node.cache.snapshot()?.routes.get('api-route-1')?.value.plugins).toEqual({
        cdn_defense: DEFENSE,
      });
    }
  });

  test('3.4.2 POST /defense-plugin/update-all sets the parameters for every tenant', async () => {
    const defense_config = { threat_threshold: 70, rate_limit: 5000, js_challenge: true };
    const reply = await fleet.call('POST', '/defense-plugin/update-all', { body: { defense_config } });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      message: '所有防御配置已更新',
      sync_status: 'all_nodes_updated',
      tenants_updated: 2,
      routes_updated: 1,
      atomic: true,
    });
    for (const tenant of [TENANT, 'tenant-002']) {
      const { body } = await fleet.call('GET', '/global-config/tenant', { tenant });
      expect(body).toMatchObject({ config: defense_config });
    }
  });

  test('DELETE /defense-plugin/{route_id} takes the plugin off', async () => {
    const reply = await fleet.call('DELETE', '/defense-plugin/api-route-1', { tenant: TENANT });
    expect(reply.body).toMatchObject({
      message: '防御插件已从路由 api-route-1 移除',
      sync_status: 'all_nodes_updated',
    });
    const { text } = await fleet.call('GET', '/global-routes/api-route-1', { tenant: TENANT });
    expect(text).not.toContain('cdn_defense');
  });

  test('3.2.4 DELETE /global-routes/{id} deletes the route', async () => {
    const reply = await fleet.call('DELETE', '/global-routes/api-route-1', { tenant: TENANT });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ message: '路由 api-route-1 已删除', route_id: 'api-route-1' });
    expect((await fleet.call('GET', '/global-routes', { tenant: TENANT })).body.total).toBe(0);
  });
});

describe('3.5 synchronisation', () => {
  test('3.5.1 GET /sync-status tells what each node has', async () => {
    await fleet.quiet();
    for (const [n, node_id] of ['node-1', 'node-2', 'node-3'].entries()) {
      const { status, body } = await fleet.callNode(n, 'GET', '/sync-status');
      expect(status).toBe(200);
      expect(body).toMatchObject({
        node_id,
        sync_status: { total_cached_configs: 2, total_cached_routes: 0, etcd_connected: true },
        etcd_connected: true,
        state: 'live',
        nodes: ['node-1', 'node-2', 'node-3'].map((id) => ({ node_id: id, behind: 0 })),
        quarantined: [],
        node_id_conflict: false,
      });
      const { last_sync } = body['sync_status'] as { last_sync: string };
      expect(Math.abs(Date.now() - Date.parse(last_sync))).toBeLessThan(5_000);
    }
  });

  test('3.5.2 POST /sync/refresh lists anew, and finds nothing to repair', async () => {
    const listings = fleet.nodes[0]?.node.reflector.status().listings ?? 0;
    const { status, body } = await fleet.call('POST', '/sync/refresh');
    expect(status).toBe(200);
    expect(body).toMatchObject({ message: '节点 node-1 已重新同步', repaired_now: [], node_id: 'node-1' });
    expect(fleet.nodes[0]?.node.reflector.status().listings).toBe(listings + 1);
  });
});

test('every message is in English on Accept-Language: en', async () => {
  const own = { tenant: 'tenant-en', ...english };
  const { cert, key } = await makeCertificate({ names: ['en.example.com'] });
  const route = { ...ROUTE, id: 'en', hosts: ['en.example.com'] };
  const calls: [method: string, path: string, body: object | undefined, message: string][] = [
    [
      'POST',
      '/global-config/tenant',
      { config: {} },
      'The global config of tenant tenant-en has been updated',
    ],
    ['DELETE', '/global-config/tenant', undefined, 'The global config of tenant tenant-en has been deleted'],
    ['POST', '/global-routes', { route }, 'Route en has been created'],
    ['PUT', '/global-routes/en', { updates: { priority: 1 } }, 'Route en has been updated'],
    [
      'POST',
      '/defense-plugin/apply',
      { route_id: 'en', defense_config: {} },
      'The defense plugin has been applied to route en',
    ],
    ['DELETE', '/defense-plugin/en', undefined, 'The defense plugin has been removed from route en'],
    ['DELETE', '/global-routes/en', undefined, 'Route en has been deleted'],
    ['POST', '/global-ssl', { domain: 'en.example.com', cert, key }, 'The SSL certificate has been uploaded'],
    ['DELETE', '/global-ssl/tenant-en:en.example.com', undefined, 'The SSL certificate has been deleted'],
    [
      'POST',
      '/defense-plugin/update-all',
      { defense_config: { mode: 'observe' } },
      'All defense configs have been updated',
    ],
    ['POST', '/sync/refresh', undefined, 'Node node-1 has been synchronised anew'],
  ];
  for (const [method, path, body, message] of calls) {
    const reply = await fleet.call(method, path, { ...own, ...(body ? { body } : {}) });
    expect(reply.body.message).toBe(message);
    expect(reply.text).not.toMatch(/\p{sc=Han}/u);
  }
  const refused = await fleet.call('GET', '/nothing', english);
  expect(refused.body.detail).toBe('There is nothing at this address.');
  expect(refused.headers['content-language']).toBe('en');
  expect((await fleet.call('GET', '/nothing')).body.detail).toBe('没有这个地址');
});
