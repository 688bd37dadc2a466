/** What a defended route does with each kind of request, from the control plane's API to the gateway's answer. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { compilePolicy } from '../../src/engine/engine.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { type Cleanup, cleanUp, echoOf } from '../gateway/fixture.ts';
import { BROWSER } from '../support/browser-like.ts';
import { type Edge, startEdge } from './edge.ts';

const INJECTION = "1' UNION SELECT name, password FROM users--";
const SUSPICIOUS = { 'user-agent': 'python-requests/2.32', 'accept-language': '' };

const stack: Cleanup = [];
let edge: Edge;
beforeAll(async () => {
  edge = await startEdge(stack);
});
afterEach(() => {
  edge.time.frozen_ms = undefined;
});
afterAll(() => cleanUp(stack));

/** A client that nobody has seen before. */
let clients = 0;
const stranger = () => ({ 'x-real-ip': `198.51.${Math.floor(clients / 250)}.${(clients++ % 250) + 1}` });

describe.each([0, 1])('gateway %i', (gateway) => {
  it('lets a browser through', async () => {
    await edge.configure({});
    const answer = await edge.get(gateway, '/shop/cart?page=2', stranger());
    expect(answer.status).toBe(200);
    expect(echoOf(answer).headers['x-lockstep-verdict']).toBe('pass');
  });

  it('challenges a suspicious client', async () => {
    await edge.configure({ threat_threshold: 10 });
    const answer = await edge.get(gateway, '/shop/cart', { ...SUSPICIOUS, ...stranger() });
    expect(answer.status).toBe(403);
    expect(answer.headers['content-type']).toContain('text/html');
    expect(answer.body).toContain('data-token="c1.');
  });

  it.each([
    ['a query', { path: `/shop/x?id=${encodeURIComponent(INJECTION)}` }],
    ['a path', { path: `/shop/${encodeURIComponent(INJECTION)}` }],
    ['JSON', { type: 'application/json', body: JSON.stringify({ filter: [{ id: INJECTION }] }) }],
    ['a form', { type: 'application/x-www-form-urlencoded', body: `id=${encodeURIComponent(INJECTION)}` }],
    ['a cookie', { headers: { cookie: `session=${encodeURIComponent(INJECTION)}` } }],
    [
      'a multipart form',
      {
        type: 'multipart/form-data; boundary=b',
        body: `--b\r\ncontent-disposition: form-data; name="id"\r\n\r\n${INJECTION}\r\n--b--\r\n`,
      },
    ],
  ])('blocks an injection in %s', async (_place, sent) => {
    await edge.configure({});
    const {
      path = '/shop/x',
      type,
      body,
      headers = {},
    } = sent as {
      path?: string;
      type?: string;
      body?: string;
      headers?: Record<string, string>;
    };
    const answer = await edge.send(gateway, {
      method: body === undefined ? 'GET' : 'POST',
      path,
      headers: { ...BROWSER, ...(type ? { 'content-type': type } : {}), ...headers, ...stranger() },
      ...(body === undefined ? {} : { body }),
    });
    expect(answer.status).toBe(403);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.body).not.toMatch(/sql|union|signal|score/i);
  });

  it('limits a flood exactly at the boundary', async () => {
    await edge.configure({ rate_limit: { count: 20, window_s: 60 } });
    const client = stranger();
    const statuses = async (count: number): Promise<number[]> => {
      const all = [];
      for (let i = 0; i < count; i++) all.push((await edge.get(gateway, '/shop/x', client)).status);
      return all;
    };
    // Within one minute: at its end a part of what was counted in it would be forgotten.
    const began_ms = Date.UTC(2026, 0, 1, 12, 0, 20, 500);
    edge.time.frozen_ms = began_ms;
    expect(await statuses(20)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(await statuses(5)).toEqual(Array.from({ length: 5 }, () => 429));
    const refused = await edge.get(gateway, '/shop/x', client);
    expect(refused.headers['ratelimit-policy']).toBe('"default";q=20;w=60');
    expect(refused.headers['ratelimit']).toBe('"default";r=0;t=100');
    expect((await edge.get(gateway, '/shop/x', stranger())).status).toBe(200);
    const wait_ms = Number(refused.headers['retry-after']) * 1_000;
    edge.time.frozen_ms = began_ms + wait_ms - 1_000;
    expect(await statuses(1)).toEqual([429]);
    edge.time.frozen_ms = began_ms + wait_ms;
    expect(await statuses(1)).toEqual([200]);
  });

  it('refuses who is on the deny list and passes whatever who is on the allow list sends', async () => {
    await edge.configure({ deny: ['203.0.113.0/25'], allow: ['203.0.113.128/25'], rate_limit: 1 });
    const path = `/shop/x?id=${encodeURIComponent(INJECTION)}`;
    expect((await edge.get(gateway, '/shop/x', { 'x-real-ip': '203.0.113.5' })).status).toBe(403);
    for (let i = 0; i < 3; i++) {
      expect((await edge.get(gateway, path, { 'x-real-ip': '203.0.113.200' })).status).toBe(200);
    }
  });

  it('only observes where the policy says so', async () => {
    await edge.configure({ mode: 'observe', deny: ['203.0.113.5'] });
    const answer = await edge.get(gateway, '/shop/x', { 'x-real-ip': '203.0.113.5' });
    expect(answer.status).toBe(200);
    expect(echoOf(answer).headers['x-lockstep-verdict']).toBe('deny');
  });

  it('is off for a tenant, and for a route', async () => {
    const path = `/shop/x?id=${encodeURIComponent(INJECTION)}`;
    await edge.configure({ enabled_defense: false });
    expect((await edge.get(gateway, path, stranger())).status).toBe(200);
    await edge.configure({ enabled_defense: true });
    expect((await edge.get(gateway, path, stranger())).status).toBe(403);
    await edge.apply({ enabled: false });
    expect((await edge.get(gateway, path, stranger())).status).toBe(200);
    await edge.apply({});
    expect((await edge.get(gateway, path, stranger())).status).toBe(403);
  });

  it('goes by the route’s own parameters before the tenant’s', async () => {
    await edge.configure({ rate_limit: 100, threat_threshold: 100 });
    await edge.apply({ rate_limit: 1 });
    const client = stranger();
    expect((await edge.get(gateway, '/shop/x', client)).status).toBe(200);
    expect((await edge.get(gateway, '/shop/x', client)).status).toBe(429);
    await edge.apply({});
  });
});

describe('the defaults', () => {
  it('of the control plane are those of the engine', () => {
    const { tenant: _tenant, route: _route, rate_limit, ...engine } = compilePolicy(undefined, undefined);
    expect({ ...engine, rate_limit: rate_limit.count }).toEqual(DEFAULT_POLICY);
    expect(rate_limit).toMatchObject({ window_s: 60, scope: 'node' });
  });
});
