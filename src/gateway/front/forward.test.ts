import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Cleanup,
  ask,
  cleanUp,
  closedPort,
  echo,
  echoOf,
  raw,
  routeTo,
  startGateway,
  startUpstream,
} from '../../../test/gateway/fixture.ts';

const stack: Cleanup = [];
afterEach(() => cleanUp(stack));

describe('forwarding', () => {
  it('reaches the upstream of the matched route and relays its answer', async () => {
    const upstream = await startUpstream(stack, (_request, response) => {
      response.writeHead(201, 'Made', { 'X-One': ['a', 'b'], Server: 'secret/1.0' });
      response.end('hello');
    });
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/one': routeTo(upstream) });
    const answer = await ask(port);
    expect(answer).toMatchObject({ status: 201, body: 'hello' });
    expect(answer.headers).toMatchObject({ 'x-one': 'a, b', server: 'lockstep-gateway' });
  });

  it('answers 503 before the first listing and 404 when no route matches', async () => {
    const { feed, port } = await startGateway(stack);
    expect((await ask(port)).status).toBe(503);
    feed.list({});
    const answer = await ask(port);
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body)).toEqual({ error_msg: '404 Route Not Found' });
  });

  it('sends a body with its length, chunks as chunks, and names an empty one', async () => {
    const upstream = await startUpstream(stack, echo);
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/one': routeTo(upstream) });
    const sized = echoOf(await ask(port, { method: 'POST', body: 'abc' }));
    expect(sized).toMatchObject({ body: 'abc', headers: { 'content-length': '3' } });
    const headers = { 'Transfer-Encoding': 'chunked' };
    const chunked = echoOf(await ask(port, { method: 'PUT', body: 'abcd', headers }));
    expect(chunked).toMatchObject({ body: 'abcd', headers: { 'transfer-encoding': 'chunked' } });
    const bare = await raw(port, 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(bare).toContain('"content-length":"0"');
  });

  it('sets what APISIX sets and drops what a client claims', async () => {
    const upstream = await startUpstream(stack, echo);
    const { feed, port } = await startGateway(stack, { realIpFrom: [] });
    feed.list({ 'routes/one': routeTo(upstream) });
    const headers = {
      Host: 'Shop.example.com:8080',
      'X-Forwarded-For': '198.51.100.1',
      X_Forwarded_For: '1.1.1.1',
      'X-Real-IP': '198.51.100.2',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'evil.example',
      Forwarded: 'for=1.1.1.1',
      Connection: 'close, X-Secret, X-Real-IP',
      'X-Secret': 'hop',
      TE: 'trailers',
      'Proxy-Authorization': 'Basic x',
      'X-Request-ID': 'abc-1',
      // This route has no defense; what only the defense says must not come from a client here either.
      'X-Lockstep-Verdict': 'pass',
      X_Lockstep_Score: '0',
    };
    const { headers: seen } = echoOf(await ask(port, { headers }));
    expect(seen).toMatchObject({
      host: 'Shop.example.com:8080',
      'x-forwarded-for': '198.51.100.1, 127.0.0.1',
      'x-real-ip': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'Shop.example.com:8080',
      'x-forwarded-port': '8080',
      'x-request-id': 'abc-1',
    });
    const dropped = ['x_forwarded_for', 'forwarded', 'x-secret', 'te', 'proxy-authorization'];
    for (const name of [...dropped, 'x-lockstep-verdict', 'x_lockstep_score']) {
      expect(seen).not.toHaveProperty(name);
    }
  });

  it('believes X-Real-IP of a trusted peer only', async () => {
    const upstream = await startUpstream(stack, echo);
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/one': routeTo(upstream) });
    const { headers } = echoOf(await ask(port, { headers: { 'X-Real-IP': '203.0.113.9' } }));
    expect(headers['x-real-ip']).toBe('203.0.113.9');
  });

  it('takes pass_host, strips a path and keeps the query', async () => {
    const upstream = await startUpstream(stack, echo);
    const { feed, port } = await startGateway(stack);
    const base = routeTo(upstream) as { upstream: object };
    const host = { ...base.upstream, pass_host: 'rewrite', upstream_host: 'origin.internal:81' };
    const plugins = { 'proxy-rewrite': { regex_uri: ['^\\/api\\/v1/?(.*)$', '/$1'] } };
    feed.list({
      'routes/rewrite': routeTo(upstream, { uris: ['/api/v1', '/api/v1/*'], upstream: host, plugins }),
      'routes/node': routeTo(upstream, {
        uris: ['/node'],
        upstream: { ...base.upstream, pass_host: 'node' },
      }),
    });
    const path = '/api/v1/a%20b/%2525?x=1&y=%2F';
    expect(echoOf(await ask(port, { path }))).toMatchObject({
      path: '/a%20b/%2525?x=1&y=%2F',
      headers: { host: 'origin.internal:81' },
    });
    expect(echoOf(await ask(port, { path: '/api/v1' })).path).toBe('/');
    expect(echoOf(await ask(port, { path: '/node' })).headers['host']).toBe(`127.0.0.1:${upstream}`);
  });

  it('sends the target as it came when nothing rewrites it', async () => {
    const upstream = await startUpstream(stack, echo);
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/one': routeTo(upstream, { uris: ['/a/*'] }) });
    const path = '/b/../a//x%2Fy/./;v=1?q=%zz';
    expect(echoOf(await ask(port, { path })).path).toBe(path);
  });

  it('spreads requests by weight', async () => {
    const ports = await Promise.all([0, 1, 2].map(() => startUpstream(stack, echo)));
    const { feed, port } = await startGateway(stack);
    const nodes = ports.map((each, i) => ({ host: '127.0.0.1', port: each, weight: [3, 1, 0][i] }));
    feed.list({ 'routes/one': routeTo(0, { upstream: { nodes } }) });
    const count = new Map<number, number>();
    for (let i = 0; i < 8; i += 1) {
      const { port: answered } = echoOf(await ask(port));
      count.set(answered, (count.get(answered) ?? 0) + 1);
    }
    expect(ports.map((each) => count.get(each) ?? 0)).toEqual([6, 2, 0]);
  });

  it('tries the next node when one can not be reached, body and all', async () => {
    const [dead, alive] = [await closedPort(), await startUpstream(stack, echo)];
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/one': routeTo([dead, alive]) });
    for (let i = 0; i < 4; i += 1) {
      expect(echoOf(await ask(port, { method: 'POST', body: 'abc' }))).toMatchObject({
        body: 'abc',
        port: alive,
      });
    }
    feed.list({
      'routes/one': routeTo([dead, alive], { upstream: { ...upstreamOf([dead, alive]), retries: 0 } }),
    });
    const statuses = [await ask(port), await ask(port)].map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 502]);
  });

  it('does not repeat a request that a node may have seen', async () => {
    let seen = 0;
    const drop = () =>
      startUpstream(stack, (request) => {
        seen += 1;
        request.socket.destroy();
      });
    const ports = [await drop(), await drop()];
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/one': routeTo(ports) });
    expect((await ask(port, { method: 'POST', body: 'x' })).status).toBe(502);
    expect((await ask(port)).status).toBe(502);
    expect(seen).toBe(2);
  });

  it('replaces a kept connection that the upstream has closed meanwhile', async () => {
    const server = createServer((_request, response) => response.end('ok'));
    let kill = false;
    server.on('connection', (socket) => {
      socket.on('data', () => {
        if (kill) socket.destroy();
      });
    });
    const { listen } = await import('../../../test/gateway/fixture.ts');
    const upstream = await listen(stack, server);
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/one': routeTo(upstream) });
    expect((await ask(port)).status).toBe(200);
    kill = true;
    server.once('connection', () => {
      kill = false;
    });
    expect((await ask(port)).status).toBe(200);
  });

  it('answers 502 for a dead node, 504 for a silent one, 503 for a name nobody knows', async () => {
    const silent = await startUpstream(stack, () => {});
    const { feed, port } = await startGateway(stack);
    const timeout = { connect: 0.2, send: 0.2, read: 0.2 };
    feed.list({
      'routes/dead': routeTo(await closedPort(), { uris: ['/dead'] }),
      'routes/silent': routeTo(silent, { uris: ['/silent'], timeout }),
      'routes/lost': routeTo(1, {
        uris: ['/lost'],
        upstream: { nodes: [{ host: 'nowhere.invalid', port: 80, weight: 1 }] },
      }),
    });
    expect((await ask(port, { path: '/dead' })).status).toBe(502);
    expect((await ask(port, { path: '/silent' })).status).toBe(504);
    expect((await ask(port, { path: '/lost' })).status).toBe(503);
  });

  it('cuts the answer when the upstream breaks off, instead of ending it', async () => {
    const upstream = await startUpstream(stack, (_request, response) => {
      response.write('half', () => response.destroy());
    });
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/one': routeTo(upstream) });
    await expect(ask(port)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('invites a body only when it will be read', async () => {
    const upstream = await startUpstream(stack, echo);
    const { feed, port } = await startGateway(stack);
    feed.list({ 'routes/one': routeTo(upstream, { uris: ['/yes'] }) });
    const head = (path: string) =>
      `POST ${path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n`;
    const refused = await raw(port, head('/no'));
    expect(refused).toMatch(/^HTTP\/1\.1 404 [^]*Connection: close/);
    const invited = await raw(port, head('/yes'), (text) => text.includes('100 Continue'));
    expect(invited).toMatch(/^HTTP\/1\.1 100 Continue/);
    const whole = await raw(port, `${head('/yes')}abc`, (text) => text.includes('"body":"abc"'));
    expect(whole).toContain('"body":"abc"');
    expect(whole).not.toContain('"expect"');
  });
});

const upstreamOf = (ports: readonly number[]): object => (routeTo(ports) as { upstream: object }).upstream;
