import { afterEach, describe, expect, it } from 'vitest';
import {
  type Cleanup,
  ask,
  cleanUp,
  echo,
  echoOf,
  raw,
  routeTo,
  startGateway,
  startUpstream,
} from '../../../test/gateway/fixture.ts';
import type { Defense, DefenseRequest } from './defense.ts';

const stack: Cleanup = [];
afterEach(() => cleanUp(stack));

const start = async (defense: Defense) => {
  const upstream = await startUpstream(stack, echo);
  const started = await startGateway(stack, { defense });
  const plugins = { cdn_defense: { tenant: 't1', route: 'shop' } };
  started.feed.list({
    'routes/shop': routeTo(upstream, { uris: ['/shop/*'], plugins }),
    'routes/open': routeTo(upstream, { uris: ['/open'] }),
    'cdn_defense/tenants/t1': { id: 't1', threat_threshold: 70 },
    'cdn_defense/policies/shop': { id: 'shop', tenant: 't1' },
  });
  return started;
};

describe('the defense', () => {
  it('is asked with the bytes of the request and its objects, on its routes only', async () => {
    const asked: DefenseRequest[] = [];
    const { port, feed } = await start({
      decide: (request) => {
        asked.push(request);
        return { action: 'pass' };
      },
    });
    await ask(port, { path: '/open' });
    await raw(
      port,
      'GET /shop/../shop/%41?q=%C3 HTTP/1.1\r\nHost: Shop.Example\r\nX: 1\r\nx: \xe9\r\nX-Real-IP: 203.0.113.7\r\nConnection: close\r\n\r\n',
    );
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      tenant: 't1',
      route: 'shop',
      method: 'GET',
      scheme: 'http',
      httpVersion: '1.1',
      target: '/shop/../shop/%41?q=%C3',
      uri: '/shop/A',
      host: 'shop.example',
      remoteAddress: '203.0.113.7',
      peerAddress: '127.0.0.1',
    });
    expect(asked[0]?.headers.slice(1, 3)).toEqual([
      ['X', '1'],
      ['x', '\xe9'],
    ]);
    const before = asked[0]?.objects;
    expect(before?.tenants.get('t1')).toEqual({ id: 't1', threat_threshold: 70 });
    const at = feed.put({ 'cdn_defense/tenants/t1': { id: 't1', threat_threshold: 5 } });
    await ask(port, { path: '/shop/x' });
    expect(asked[1]?.objects.tenants.get('t1')).toEqual({ id: 't1', threat_threshold: 5 });
    expect(asked[1]?.objects.stamp.revision).toBe(at);
    expect(asked[1]?.objects.policies).toBe(before?.policies);
    expect(before?.tenants.get('t1')).toEqual({ id: 't1', threat_threshold: 70 });
  });

  it('answers in the place of the upstream', async () => {
    const { port } = await start({
      decide: async () => ({
        action: 'respond',
        status: 403,
        headers: [
          ['Content-Type', 'application/problem+json'],
          ['Set-Cookie', 'a=1'],
          ['Set-Cookie', 'b=2'],
        ],
        body: '{"status":403}',
      }),
    });
    const answer = await ask(port, { path: '/shop/x', method: 'POST', body: 'x'.repeat(100_000) });
    expect(answer).toMatchObject({ status: 403, body: '{"status":403}' });
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2']);
  });

  it('tells the upstream and the client what it wishes, over what the client claims', async () => {
    const { port } = await start({
      decide: () => ({
        action: 'pass',
        upstreamHeaders: [['X-Threat-Score', '12']],
        responseHeaders: [['X-Event', 'e1']],
      }),
    });
    const answer = await ask(port, { path: '/shop/x', headers: { 'x-threat-score': '0' } });
    expect(echoOf(answer).headers['x-threat-score']).toBe('12');
    expect(answer.headers['x-event']).toBe('e1');
  });

  it('may look at the start of a body that the upstream still gets whole', async () => {
    const starts: string[] = [];
    const { port } = await start({
      decide: async (request) => {
        starts.push(Buffer.from(await request.body(4)).toString('latin1'));
        return { action: 'pass' };
      },
    });
    const large = 'abcdefgh'.repeat(50_000);
    for (const body of ['abcdefgh', 'ab', '', large]) {
      const answer = await ask(port, { path: '/shop/x', method: 'POST', body });
      expect(echoOf(answer).body).toBe(body);
    }
    const chunked = { 'Transfer-Encoding': 'chunked' };
    const answer = await ask(port, { path: '/shop/x', method: 'POST', body: 'abcdefgh', headers: chunked });
    expect(echoOf(answer).body).toBe('abcdefgh');
    expect(starts).toEqual(['abcd', 'ab', '', 'abcd', 'abcd']);
    const waiting = 'POST /shop/x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n';
    expect(await raw(port, waiting, (text) => text.includes('100 Continue'))).toContain('100 Continue');
  });

  it('that fails lets the request pass', async () => {
    const { port } = await start({
      decide: () => {
        throw new Error('engine');
      },
    });
    expect((await ask(port, { path: '/shop/x' })).status).toBe(200);
  });

  it('guards WebSocket handshakes', async () => {
    const { port, feed } = await start({
      decide: () => ({ action: 'respond', status: 429, headers: [['Retry-After', '1']], body: '' }),
    });
    const plugins = { cdn_defense: { tenant: 't1', route: 'ws' } };
    feed.put({ 'routes/ws': routeTo(1, { uris: ['/ws'], plugins, enable_websocket: true }) });
    const handshake =
      'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n';
    expect(await raw(port, handshake)).toMatch(/^HTTP\/1\.1 429 [^]*Retry-After: 1/);
  });

  it('rejects objects that it can not use, and the ones before stay', async () => {
    const { feed, gateway } = await start({
      decide: () => ({ action: 'pass' }),
      check: (_kind, _id, object) =>
        object['threat_threshold'] === 'high' ? 'a threshold is a number' : undefined,
    });
    const at = feed.put({ 'cdn_defense/tenants/t1': { id: 't1', threat_threshold: 'high' } });
    expect(gateway.status().rejected).toEqual([
      {
        directory: 'cdn_defense/tenants',
        id: 't1',
        modRevision: at,
        reason: 'a threshold is a number',
        live: 'previous',
      },
    ]);
  });
});
