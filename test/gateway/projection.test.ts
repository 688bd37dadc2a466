import { afterEach, describe, expect, it } from 'vitest';
import type { RouteRecord } from '../../src/contract/record.ts';
import type { Projection } from '../../src/projection/object.ts';
import { projectRoute } from '../../src/projection/route.ts';
import { projectTenant } from '../../src/projection/tenant.ts';
import { type Cleanup, ask, cleanUp, echo, echoOf, startGateway, startUpstream } from './fixture.ts';

const stack: Cleanup = [];
afterEach(() => cleanUp(stack));

const record = (id: string, fields: Partial<RouteRecord>): RouteRecord => ({
  id,
  tenant_id: 't1',
  path: '/*',
  upstream: 'http://127.0.0.1:1',
  version: 1,
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:00:00Z',
  updated_by: 'test',
  ...fields,
});

const objectsOf = (projections: readonly Projection[]): Record<string, unknown> =>
  Object.fromEntries(
    projections.flatMap(({ directory, id, body }) => (body ? [[`${directory}/${id}`, body]] : [])),
  );

describe('what the projection writes', () => {
  it('is loaded by the gateway, all of it, and served as the record says', async () => {
    const upstream = await startUpstream(stack, echo);
    const url = `http://127.0.0.1:${upstream}`;
    const { feed, gateway, port } = await startGateway(stack);
    const records = [
      record('strip', { path: '/api/v1/*', upstream: url, strip_path: true, methods: ['GET', 'POST'] }),
      record('plain', { path: '/plain/*', upstream: url, description: '说明' }),
      record('exact', { path: '/exact', upstream: url, strip_path: true, upstream_host: 'back.example' }),
      record('host', {
        path: '/h/*',
        upstream: url,
        hosts: ['a.example.com', '*.b.example.com'],
        priority: 7,
      }),
      record('several', {
        path: '/several',
        upstream: [
          { url, weight: 5 },
          { url: 'http://[::1]:1', weight: 0 },
        ],
        timeout: { connect: 1, send: 2, read: 3 },
      }),
      record('defended', {
        path: '/d/*',
        upstream: url,
        websocket: true,
        plugins: { cdn_defense: { enabled: true, threat_threshold: 75 } },
      }),
      record('off', { path: '/off', upstream: url, enabled: false }),
      record('marks', { path: "/~a!b&c',;=@d-e.f_g/*", upstream: url, strip_path: true }),
    ];
    const tenant = { tenant_id: 't1', version: 1, updated_at: '', updated_by: '', rate_limit: 5 };
    feed.list(objectsOf([...records.flatMap(projectRoute), ...projectTenant(tenant)]));
    expect(gateway.status()).toMatchObject({
      rejected: [],
      unread: { counts: {}, keys: [] },
      counts: { routes: 8, 'cdn_defense/policies': 1, 'cdn_defense/tenants': 1 },
    });
    const paths = [
      ['/api/v1/x?y=1', '/x?y=1'],
      ['/api/v1', '/'],
      ['/plain/x', '/plain/x'],
      ['/exact', '/'],
      ['/several', '/several'],
      ['/d/x', '/d/x'],
      ["/~a!b&c',;=@d-e.f_g/x", '/x'],
    ] as const;
    for (const [path, seen] of paths) expect(echoOf(await ask(port, { path })).path).toBe(seen);
    expect(echoOf(await ask(port, { path: '/exact' })).headers['host']).toBe('back.example');
    for (const [Host, status] of [
      ['a.example.com', 200],
      ['x.y.b.example.com', 200],
      ['example.com', 404],
    ] as const) {
      expect((await ask(port, { path: '/h/1', headers: { Host } })).status).toBe(status);
    }
    for (const ask404 of [{ path: '/off' }, { path: '/api/v1/x', method: 'PUT' }, { path: '/api/v10' }]) {
      expect((await ask(port, ask404)).status).toBe(404);
    }
  });
});
