import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeCertificate } from '../support/certificates.ts';
import { type Fleet, ROUTE, TENANT, startFleet } from '../support/control-plane.ts';
import type { CallOptions, Reply } from '../support/http-call.ts';
import { until } from '../support/until.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet({ nodes: 3 });
});

afterAll(() => fleet.dispose());

const PATH = '/global-config/tenant';
const setTo = (threat_threshold: number, options: CallOptions = {}, query = ''): Promise<Reply> =>
  fleet.call('POST', `${PATH}${query}`, {
    tenant: TENANT,
    body: { config: { threat_threshold } },
    ...options,
  });
const threshold = async (n = 0, tenant = TENANT): Promise<unknown> => {
  const { body } = await fleet.callNode(n, 'GET', PATH, { tenant });
  return (body['config'] as Record<string, unknown> | undefined)?.['threat_threshold'];
};

describe('waiting for the nodes', () => {
  test('?wait=nodes answers all_nodes_updated, and every node has the write by then', async () => {
    for (let n = 1; n <= 20; n++) {
      const { status, body } = await setTo(n, {}, '?wait=nodes');
      expect({ status, ...body }).toMatchObject({ status: 200, sync_status: 'all_nodes_updated' });
      expect([await threshold(0), await threshold(1), await threshold(2)]).toEqual([n, n, n]);
    }
  });

  test('a created route answers 201 when every node has it', async () => {
    const reply = await fleet.call('POST', '/global-routes?wait=nodes', {
      tenant: TENANT,
      body: { route: ROUTE },
    });
    expect(reply).toMatchObject({ status: 201, body: { sync_status: 'all_nodes_updated' } });
  });

  describe('with a live node that says nothing', () => {
    let release: () => Promise<void>;

    beforeEach(async () => {
      const lease = await fleet.store.lease(60);
      const receipt = { node_id: 'node-4', revision: 1, at: '', started_at: '', version: '0', instance: 'i' };
      const value = JSON.stringify({
        ...receipt,
        cluster_id: fleet.nodes[0]?.node.cache.snapshot()?.stamp.clusterId,
      });
      const key = fleet.keys.node('node-4');
      await fleet.store.transact({ guards: [], puts: [{ key, value, lease: lease.id }], deletes: [] });
      await until(
        'node-4 is seen',
        () => fleet.nodes[0]?.node.cache.snapshot()?.nodes.has('node-4') ?? false,
      );
      release = () => lease.revoke();
    });

    afterEach(() => release());

    test('?wait=nodes answers 202 after timeout_ms and names it', async () => {
      const start = performance.now();
      const reply = await setTo(33, {}, '?wait=nodes&timeout_ms=300');
      expect(performance.now() - start).toBeGreaterThanOrEqual(295);
      expect(reply).toMatchObject({
        status: 202,
        body: { sync_status: 'broadcasting_to_all_nodes', pending: ['node-4'] },
      });
      expect(await threshold(1)).toBe(33);
    });

    test('/defense-plugin/apply waits two seconds by itself, then answers 202 and names it', async () => {
      const start = performance.now();
      const body = { route_id: ROUTE.id, defense_config: { enabled: true } };
      const reply = await fleet.call('POST', '/defense-plugin/apply', { tenant: TENANT, body });
      expect(performance.now() - start).toBeGreaterThanOrEqual(1_990);
      expect(reply).toMatchObject({
        status: 202,
        body: { sync_status: 'syncing_to_apisix_and_nodes', pending: ['node-4'] },
      });
    });

    test('?wait=none does not wait', async () => {
      const body = { route_id: ROUTE.id, defense_config: { enabled: false } };
      const reply = await fleet.call('POST', '/defense-plugin/apply?wait=none', { tenant: TENANT, body });
      expect(reply).toMatchObject({ status: 200, body: { sync_status: 'syncing_to_apisix_and_nodes' } });
      expect(reply.body).not.toHaveProperty('pending');
    });

    test('a wait ends as soon as its lease does', async () => {
      const waiting = setTo(34, {}, '?wait=nodes&timeout_ms=60000');
      await until('the write is there', async () => (await threshold()) === 34);
      await release();
      expect(await waiting).toMatchObject({ status: 200, body: { sync_status: 'all_nodes_updated' } });
    });
  });
});

describe('dry runs', () => {
  test.each<[method: string, path: string, body: object | undefined]>([
    ['POST', PATH, { config: { threat_threshold: 99 } }],
    ['PATCH', PATH, { config: { threat_threshold: 99 } }],
    ['DELETE', PATH, undefined],
    ['POST', '/global-routes', { route: { ...ROUTE, id: 'dry' } }],
    ['PUT', `/global-routes/${ROUTE.id}`, { updates: { priority: 9 } }],
    ['DELETE', `/global-routes/${ROUTE.id}`, undefined],
    ['POST', '/defense-plugin/apply', { route_id: ROUTE.id, defense_config: { mode: 'observe' } }],
    ['POST', '/defense-plugin/update-all', { defense_config: { threat_threshold: 98 } }],
  ])('%s %s?dry_run=true says what would change and changes nothing', async (method, path, body) => {
    await fleet.quiet();
    const before = await fleet.revision();
    const call = {
      tenant: TENANT,
      ...(body ? { body } : {}),
      headers: { 'idempotency-key': `dry-${method}` },
    };
    const reply = await fleet.call(method, `${path}?dry_run=true`, call);
    expect(reply).toMatchObject({ status: 200, body: { dry_run: true, sync_status: 'dry_run' } });
    const { changes } = reply.body as unknown as { changes: { records: object[]; projections: object[] } };
    expect(changes.records.length).toBeGreaterThan(0);
    expect(changes.projections.length).toBeGreaterThan(0);
    expect(await fleet.revision()).toBe(before);
  });

  test('a dry run is refused where the change would be', async () => {
    const body = { route: { ...ROUTE, upstream: 'http://169.254.169.254' } };
    const reply = await fleet.call('POST', '/global-routes?dry_run=true', { tenant: TENANT, body });
    expect(reply.body.code).toBe('upstream_forbidden');
  });
});

describe('a change of all defense configs', () => {
  test.each(['if-match', 'if-none-match'])(
    'takes no %s, which could hold for one object at best',
    async (name) => {
      await fleet.quiet();
      const before = await fleet.revision();
      const reply = await fleet.call('POST', '/defense-plugin/update-all', {
        body: { defense_config: { threat_threshold: 3 } },
        headers: { [name]: '*' },
      });
      expect(reply).toMatchObject({
        status: 400,
        body: { code: 'invalid_value', in: 'header', pointer: `/${name}` },
      });
      expect(await fleet.revision()).toBe(before);
    },
  );

  test('names the revision it wrote in a header, as other changes do', async () => {
    const body = { defense_config: { threat_threshold: 4 } };
    const reply = await fleet.call('POST', '/defense-plugin/update-all', { body });
    expect(reply.headers['x-lockstep-revision']).toBe(String(reply.body['revision']));
    const again = await fleet.call('POST', '/defense-plugin/update-all', { body });
    expect(again.headers['x-lockstep-revision']).toBeUndefined();
  });
});

describe('PATCH and DELETE of a config', () => {
  test('PATCH changes the fields given, takes null ones away and keeps the others', async () => {
    const config = {
      threat_threshold: 10,
      rate_limit: { count: 5, window_s: 1, scope: 'node' },
      mode: 'observe',
    };
    await fleet.call('POST', PATH, { tenant: TENANT, body: { config } });
    const patch = { threat_threshold: 20, mode: null, rate_limit: { count: 7, window_s: 2 } };
    const headers = { 'content-type': 'application/merge-patch+json' };
    const reply = await fleet.call('PATCH', PATH, { tenant: TENANT, headers, body: { config: patch } });
    expect(reply).toMatchObject({ status: 200, body: { message: `租户 ${TENANT} 的全局配置已更新` } });
    const { body } = await fleet.call('GET', PATH, { tenant: TENANT });
    expect(body['config']).toEqual({ threat_threshold: 20, rate_limit: { count: 7, window_s: 2 } });
    expect(body['effective']).toMatchObject({ mode: 'enforce', threat_threshold: 20 });
  });

  test('POST replaces the whole config', async () => {
    await setTo(30);
    expect((await fleet.call('GET', PATH, { tenant: TENANT })).body['config']).toEqual({
      threat_threshold: 30,
    });
  });

  test('DELETE takes it away, and a second DELETE finds nothing', async () => {
    const gone = await fleet.call('DELETE', PATH, { tenant: TENANT });
    expect(gone).toMatchObject({ status: 200, body: { message: `租户 ${TENANT} 的全局配置已删除` } });
    expect(gone.headers).not.toHaveProperty('etag');
    expect((await fleet.call('GET', PATH, { tenant: TENANT })).status).toBe(404);
    expect((await fleet.call('DELETE', PATH, { tenant: TENANT })).status).toBe(404);
  });
});

describe('preconditions', () => {
  test('If-Match lets the write in that knows the newest version, and tells the others the tag', async () => {
    const first = await setTo(1);
    const etag = String(first.headers['etag']);
    const second = await setTo(2, { headers: { 'if-match': `"0-0", ${etag}` } });
    expect(second.status).toBe(200);
    const late = await setTo(3, { headers: { 'if-match': etag } });
    expect(late).toMatchObject({
      status: 412,
      headers: { etag: second.headers['etag'] },
      body: { etag: second.headers['etag'] },
    });
    expect(await threshold()).toBe(2);
  });

  test('If-None-Match: * creates and never overwrites', async () => {
    const tenant = 'tenant-new';
    const headers = { 'if-none-match': '*' };
    expect((await setTo(5, { tenant, headers })).status).toBe(200);
    const again = await setTo(6, { tenant, headers });
    expect(again).toMatchObject({ status: 412, body: { pointer: '/if-none-match' } });
    const both = await setTo(7, { tenant, headers: { ...headers, 'if-match': '*' } });
    expect(both).toMatchObject({ status: 412, body: { pointer: '/if-none-match' } });
  });
});

describe('Idempotency-Key', () => {
  test('a repeated request gets the first answer on any node, and is carried out once', async () => {
    const { cert, key } = await makeCertificate({ names: ['once.example.com'] });
    const route = { ...ROUTE, id: 'once', hosts: ['once.example.com'] };
    const calls: [method: string, path: string, body: object | undefined][] = [
      ['POST', PATH, { config: { threat_threshold: 44 } }],
      ['POST', '/global-routes', { route }],
      ['PUT', '/global-routes/once', { updates: { priority: 3 } }],
      ['POST', '/global-ssl', { domain: 'once.example.com', cert, key }],
      ['POST', '/defense-plugin/update-all?wait=none', { defense_config: { threat_threshold: 45 } }],
      ['DELETE', '/global-routes/once', undefined],
    ];
    for (const [i, [method, path, body]] of calls.entries()) {
      const call = { tenant: TENANT, ...(body ? { body } : {}), headers: { 'idempotency-key': `once-${i}` } };
      const first = await fleet.call(method, path, call);
      await fleet.quiet();
      const before = await fleet.revision();
      const again = await fleet.callNode(1, method, path, call);
      expect(again.headers['idempotent-replayed']).toBe('true');
      expect({ status: again.status, body: again.body }).toEqual({ status: first.status, body: first.body });
      expect(again.headers['etag']).toBe(first.headers['etag']);
      expect(again.headers['location']).toBe(first.headers['location']);
      expect(await fleet.revision()).toBe(before);
    }
  });

  test('a dry run with a key that was used says what would happen now', async () => {
    const headers = { 'idempotency-key': 'tried-again' };
    expect((await setTo(61, { headers })).status).toBe(200);
    expect((await setTo(62)).status).toBe(200);
    const call = { tenant: TENANT, headers, body: { config: { threat_threshold: 61 } } };
    const reply = await fleet.call('POST', `${PATH}?dry_run=true`, call);
    expect(reply).toMatchObject({ status: 200, body: { dry_run: true } });
    expect(reply.headers['idempotent-replayed']).toBeUndefined();
    expect(await threshold()).toBe(62);
  });

  test('another request with the same key is refused; another tenant’s key is another key', async () => {
    const headers = { 'idempotency-key': 'shared' };
    expect((await setTo(50, { headers })).status).toBe(200);
    const other = await setTo(51, { headers });
    expect(other).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused', in: 'header', pointer: '/idempotency-key' },
    });
    expect((await setTo(51, { headers, tenant: 'tenant-other' })).status).toBe(200);
    expect(await threshold()).toBe(50);
  });
});
