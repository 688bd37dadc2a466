/** What a browser, a proxy or a page of another site could do with the API. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fleet, TENANT, startFleet } from '../support/control-plane.ts';
import { type Reply, rawCall } from '../support/http-call.ts';

const CONSOLE = 'https://console.example.com';
const BODY = { config: { threat_threshold: 70 } };

let fleet: Fleet;
let shared: Fleet;
let open: Fleet;

beforeAll(async () => {
  fleet = await startFleet();
  shared = await startFleet({ corsOrigins: [CONSOLE], gate: { mode: 'on', rootToken: 'a-token-for-tests' } });
  open = await startFleet({ ownPagesOnly: true, corsOrigins: [CONSOLE] });
});

afterAll(() => Promise.all([fleet, shared, open].map((each) => each.dispose())));

const raw = (headers: readonly string[]): Promise<Reply> =>
  rawCall(fleet.nodes[0]?.url ?? '', ['GET /livez HTTP/1.1', ...headers, '', ''].join('\r\n'));

describe('every answer', () => {
  test.each([
    '/livez',
    '/sync-status',
    '/nothing',
    '/%ff',
    '/openapi.json',
    '/docs/',
    '/docs/static/swagger-ui.css',
  ])('of %s may not be framed, guessed about or cached, and does not say what made it', async (path) => {
    const { headers } = await fleet.call('GET', path);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'") as string,
      'referrer-policy': 'no-referrer',
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
    expect(headers['cache-control']).toMatch(/no-store|max-age=0/);
    for (const banner of [
      'server',
      'x-powered-by',
      'strict-transport-security',
      'access-control-allow-origin',
    ]) {
      expect(headers).not.toHaveProperty(banner);
    }
  });

  test('runs nothing in a browser, but for the documentation’s own scripts', async () => {
    const policy = async (path: string) => (await fleet.call('GET', path)).headers['content-security-policy'];
    expect(await policy('/livez')).toContain("default-src 'none'");
    expect(await policy('/docs/')).toContain("default-src 'self'");
    expect(await policy('/docs/')).not.toMatch(/unsafe|https:/);
  });

  test('that refuses what is no HTTP is not to be cached or guessed about either', async () => {
    const { headers } = await raw(['Host: a', 'nonsense']);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });
});

describe('a header that decides who asks or where', () => {
  test.each([
    ['host', 'Host: a', 'HOST: b'],
    ['authorization', 'Authorization: Bearer a', 'authorization: Bearer b'],
    ['x-api-key', 'X-API-KEY: a', 'X-API-KEY: a'],
    ['content-type', 'Content-Type: application/json', 'Content-Type: text/plain'],
    ['idempotency-key', 'Idempotency-Key: a', 'Idempotency-Key: b'],
    ['origin', 'Origin: a', 'Origin: b'],
  ])('is refused when it comes twice: %s', async (name, first, second) => {
    const reply = await raw(name === 'host' ? [first, second] : ['Host: a', first, second]);
    expect(reply).toMatchObject({
      status: 400,
      headers: { 'x-request-id': expect.any(String) as string },
      body: { code: 'malformed_request', in: 'header', pointer: `/${name}` },
    });
  });
});

describe('pages of other sites', () => {
  const preflight = {
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'x-tenant-id',
  };

  test('get no leave from a browser by default', async () => {
    const headers = { origin: CONSOLE };
    const asked = await fleet.call('OPTIONS', '/global-config/tenant', {
      headers: { ...headers, ...preflight },
    });
    const read = await fleet.call('GET', '/livez', { headers });
    for (const reply of [asked, read]) {
      expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
    expect(asked.status).toBe(405);
  });

  test('that the operator named may use the API with a token of their own, others may not', async () => {
    const asked = await shared.call('OPTIONS', '/global-config/tenant', {
      headers: { origin: CONSOLE, ...preflight },
    });
    expect(asked).toMatchObject({
      status: 204,
      headers: {
        'access-control-allow-origin': CONSOLE,
        'access-control-allow-headers': expect.stringContaining('x-tenant-id') as string,
        vary: 'origin',
      },
    });
    expect(asked.headers).not.toHaveProperty('access-control-allow-credentials');
    const refused = await shared.call('GET', '/sync-status', { headers: { origin: CONSOLE } });
    expect(refused).toMatchObject({ status: 401, headers: { 'access-control-allow-origin': CONSOLE } });
    for (const origin of ['https://evil.example', `${CONSOLE}.evil.example`, 'null', '*']) {
      const { headers } = await shared.call('GET', '/livez', { headers: { origin } });
      expect(headers).not.toHaveProperty('access-control-allow-origin');
      expect(headers['vary']).toBe('origin');
    }
  });

  test.each([
    ['a name that was made to lead here', { host: 'evil.example:5001' }, '/host'],
    ['a name that only begins like this machine', { host: 'localhost.evil.example' }, '/host'],
    ['an address that only begins like this machine', { host: '127.0.0.1.evil.example' }, '/host'],
    ['a page of another site', { origin: 'https://evil.example' }, '/origin'],
    ['a page of another server here', { origin: 'http://127.0.0.1:1' }, '/origin'],
    ['a page without an address', { origin: 'null' }, '/origin'],
  ])('can do nothing where no token is needed: %s', async (_, headers, pointer) => {
    const before = await open.revision();
    const reply = await open.call('POST', '/global-config/tenant', { tenant: TENANT, headers, body: BODY });
    expect(reply).toMatchObject({ status: 403, body: { code: 'cross_site_request', in: 'header', pointer } });
    const refresh = await open.call('POST', '/sync/refresh', { headers });
    expect(refresh.status).toBe(403);
    expect(await open.revision()).toBe(before);
  });

  test('leave programs and pages of this machine alone where no token is needed', async () => {
    const own = open.nodes[0]?.url ?? '';
    const { port } = new URL(own);
    const allowed = [
      {},
      { origin: own },
      { origin: CONSOLE },
      { host: `localhost:${port}` },
      { host: '[::1]:80' },
      { host: 'node2:5001' },
    ];
    for (const headers of [
      ...allowed,
      { host: `a.localhost:${port}`, origin: `http://a.localhost:${port}` },
    ]) {
      const reply = await open.call('POST', '/global-config/tenant', { tenant: TENANT, headers, body: BODY });
      expect([200, 201]).toContain(reply.status);
    }
  });
});
