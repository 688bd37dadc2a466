import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fleet, ROUTE, TENANT, startFleet } from '../support/control-plane.ts';
import type { CallOptions, Reply } from '../support/http-call.ts';
import { until } from '../support/until.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet({ nodes: 2 });
  await fleet.call('POST', '/global-config/tenant', {
    tenant: TENANT,
    body: { config: { threat_threshold: 70 } },
  });
  for (const n of [1, 2, 3, 4, 5]) {
    const route = { ...ROUTE, id: `r${n}`, hosts: [`h${n}.example.com`] };
    await fleet.call('POST', '/global-routes', { tenant: TENANT, body: { route } });
  }
  await fleet.quiet();
});

afterAll(() => fleet.dispose());

const get = (path: string, options: CallOptions = {}): Promise<Reply> =>
  fleet.call('GET', path, { tenant: TENANT, ...options });

describe('entity tags', () => {
  test.each(['/global-config/tenant', '/global-routes/r1'])(
    'GET %s answers 304 to its own tag',
    async (path) => {
      const { headers } = await get(path);
      const etag = String(headers['etag']);
      expect(etag).toMatch(/^"\d+-\d+"$/);
      for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const again = await get(path, { headers: { 'if-none-match': tags } });
        expect(again).toMatchObject({ status: 304, text: '', headers: { etag } });
      }
      expect((await get(path, { headers: { 'if-none-match': '"9-9"' } })).status).toBe(200);
    },
  );

  test.each([
    '/global-config/all',
    '/global-routes?limit=2',
    '/global-ssl',
    '/history/routes/r1',
    '/livez',
    '/openapi.json',
    '/docs/json',
  ])('GET %s has a weak tag of its text and answers 304 to it', async (path) => {
    const { headers } = await get(path);
    const etag = String(headers['etag']);
    expect(etag).toMatch(/^W\/"[\w-]{27}"$/);
    for (const tags of [etag, etag.slice(2), `"other", ${etag}`, '*']) {
      const again = await get(path, { headers: { 'if-none-match': tags } });
      expect(again).toMatchObject({ status: 304, text: '', headers: { etag } });
      expect(again.headers).not.toHaveProperty('content-type');
    }
    expect((await get(path, { headers: { 'if-none-match': 'W/"other"' } })).status).toBe(200);
    const head = (headers = {}) => fleet.call('HEAD', path, { tenant: TENANT, headers });
    expect(await head()).toMatchObject({ status: 200, text: '', headers: { etag } });
    expect(await head({ 'if-none-match': etag })).toMatchObject({ status: 304, text: '', headers: { etag } });
  });

  test('a list has another tag once one of its items is written', async () => {
    const before = await get('/global-routes');
    await fleet.call('PUT', '/global-routes/r2', { tenant: TENANT, body: { updates: { priority: 3 } } });
    const again = await get('/global-routes', {
      headers: { 'if-none-match': String(before.headers['etag']) },
    });
    expect(again.status).toBe(200);
    expect(again.headers['etag']).not.toBe(before.headers['etag']);
  });

  test('refusals, metrics and answers to changes carry no tag of their text', async () => {
    expect((await get('/global-routes/none')).headers).not.toHaveProperty('etag');
    expect((await get('/metrics')).headers).not.toHaveProperty('etag');
    expect((await fleet.call('POST', '/sync/refresh')).headers).not.toHaveProperty('etag');
  });

  test('a tag is the same on every node and changes with every write', async () => {
    const before = await get('/global-routes/r1');
    const there = await fleet.callNode(1, 'GET', '/global-routes/r1', { tenant: TENANT });
    expect(there.headers['etag']).toBe(before.headers['etag']);
    const body = { updates: { priority: 7 } };
    const written = await fleet.call('PUT', '/global-routes/r1', { tenant: TENANT, body });
    expect(written.headers['etag']).not.toBe(before.headers['etag']);
    expect((await get('/global-routes/r1')).headers['etag']).toBe(written.headers['etag']);
  });
});

describe('reading one’s own writes', () => {
  test('the node that took a write answers with it at once, 50 times in a row', async () => {
    for (let threshold = 1; threshold <= 50; threshold++) {
      await fleet.call('POST', '/global-config/tenant', {
        tenant: TENANT,
        body: { config: { threat_threshold: threshold } },
      });
      expect((await get('/global-config/tenant')).body).toMatchObject({
        config: { threat_threshold: threshold },
      });
    }
  });

  test('min_revision waits on any node until it has the write', async () => {
    for (let threshold = 1; threshold <= 20; threshold++) {
      const body = { config: { threat_threshold: threshold } };
      const { revision } = (await fleet.call('POST', '/global-config/tenant', { tenant: TENANT, body })).body;
      const path = `/global-config/tenant?min_revision=${revision}`;
      const there = await fleet.callNode(1, 'GET', path, { tenant: TENANT });
      expect(there.body).toMatchObject({ config: { threat_threshold: threshold } });
    }
  });

  test('min_revision waits for a node that is catching up', async () => {
    fleet.seen[1]?.fail();
    const body = { config: { threat_threshold: 77 } };
    const { revision } = (await fleet.call('POST', '/global-config/tenant', { tenant: TENANT, body })).body;
    const stale = await fleet.callNode(1, 'GET', '/global-config/tenant', { tenant: TENANT });
    expect(stale.body).not.toMatchObject({ config: { threat_threshold: 77 } });
    const path = `/global-config/tenant?min_revision=${revision}`;
    const reading = fleet.callNode(1, 'GET', path, { tenant: TENANT });
    fleet.seen[1]?.recover();
    expect((await reading).body).toMatchObject({ config: { threat_threshold: 77 } });
  });

  test('a min_revision that does not come is refused after two seconds', async () => {
    const refused = await get('/global-config/tenant?min_revision=1000000');
    expect(refused).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
      body: { code: 'revision_not_reached', pointer: '/min_revision', in: 'query' },
    });
  });
});

describe('pages', () => {
  const pageThrough = async (path: string, idsOf: (reply: Reply) => string[]): Promise<string[][]> => {
    const pages: string[][] = [];
    for (let after = ''; pages.length < 10; ) {
      const reply = await get(`${path}?limit=2${after}`);
      expect(reply.body.total).toBe(5);
      pages.push(idsOf(reply));
      if (!reply.body.next) break;
      after = `&after=${reply.body.next}`;
    }
    return pages;
  };

  test('routes come in pages, each once, and the last has no next', async () => {
    const pages = await pageThrough('/global-routes', ({ body }) => body.routes.map(({ id }) => id));
    expect(pages).toEqual([['r1', 'r2'], ['r3', 'r4'], ['r5']]);
  });

  test('history comes in pages, newest first', async () => {
    const all = await get('/history/config/tenant-001?limit=500');
    const versions = all.body.entries.map(({ version }) => version);
    expect(versions).toEqual(Array.from({ length: all.body.total }, (_, i) => all.body.total - i));
    const seen: number[] = [];
    for (let before = ''; seen.length < versions.length; ) {
      const { body } = await get(`/history/config/tenant-001?limit=20${before}`);
      seen.push(...body.entries.map(({ version }) => version));
      if (body.next === undefined) break;
      before = `&before_version=${body.next}`;
    }
    expect(seen).toEqual(versions);
  });

  test('history takes min_revision, and is refused at one the store does not have', async () => {
    const body = { updates: { priority: 9 } };
    const { revision } = (await fleet.call('PUT', '/global-routes/r3', { tenant: TENANT, body })).body;
    const path = '/history/routes/r3?min_revision=';
    expect((await fleet.callNode(1, 'GET', path + revision, { tenant: TENANT })).body).toMatchObject({
      entries: [{ version: 2, revision }, { version: 1 }],
    });
    expect(await get(`${path}1000000`)).toMatchObject({
      status: 503,
      body: { code: 'revision_not_reached', pointer: '/min_revision', in: 'query' },
    });
  });

  test('history keeps what was written, by whom and why, and goes on after a delete', async () => {
    const tenant = 'tenant-history';
    const headers = { 'x-change-reason': Buffer.from('调整阈值', 'utf8').toString('latin1') };
    await fleet.call('POST', '/global-config/tenant', {
      tenant,
      headers,
      body: { config: { threat_threshold: 1 } },
    });
    await fleet.call('DELETE', '/global-config/tenant', { tenant });
    await fleet.call('POST', '/global-config/tenant', { tenant, body: { config: { threat_threshold: 3 } } });
    const { body } = await fleet.call('GET', `/history/config/${tenant}`, { tenant });
    expect(body.entries).toMatchObject([
      { version: 3, action: 'create', record: { threat_threshold: 3 } },
      { version: 2, action: 'delete', record: { threat_threshold: 1 } },
      { version: 1, action: 'create', by: 'admin', reason: '调整阈值', record: { threat_threshold: 1 } },
    ]);
  });
});

test('synced is false, and pending names the node, while a live node has not reported the write', async () => {
  const lease = await fleet.store.lease(60);
  const silent = {
    node_id: 'node-9',
    cluster_id: 'x',
    revision: 1,
    at: '',
    started_at: '',
    version: '0',
    instance: 'i',
  };
  const put = { key: fleet.keys.node('node-9'), value: JSON.stringify(silent), lease: lease.id };
  await fleet.store.transact({ guards: [], puts: [put], deletes: [] });
  await until('node-9 is seen', () => fleet.nodes[0]?.node.cache.snapshot()?.nodes.has('node-9') ?? false);
  expect((await get('/global-config/tenant')).body).toMatchObject({ synced: false, pending: ['node-9'] });
  await lease.revoke();
  await until('node-9 is gone', () => !fleet.nodes[0]?.node.cache.snapshot()?.nodes.has('node-9'));
  const { body } = await get('/global-config/tenant');
  expect(body).toMatchObject({ synced: true });
  expect(body).not.toHaveProperty('pending');
});
