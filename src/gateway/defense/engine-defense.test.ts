import { describe, expect, it } from 'vitest';
import { INJECTION, KEY, defendedGateway, stillClock } from '../../../test/gateway/defended.ts';
import { ask, echo, echoOf, raw, routeTo, startUpstream } from '../../../test/gateway/fixture.ts';
import { BROWSER } from '../../../test/support/browser-like.ts';
import { silentLog } from '../../shared/log.ts';
import { EngineDefense } from './engine-defense.ts';

const { start, explained, errors, stack } = defendedGateway();

describe('the engine as the gateway’s defense', () => {
  it('lets an ordinary request through and tells the upstream what it saw', async () => {
    const { get, defense } = await start();
    const answer = await get();
    expect(answer.status).toBe(200);
    const { headers } = echoOf(answer);
    expect(headers).toMatchObject({
      'x-lockstep-verdict': 'pass',
      'x-lockstep-score': '0',
      'x-lockstep-clearance': 'absent',
    });
    expect(headers['x-lockstep-revision']).toMatch(/^\d+$/);
    expect(answer.headers['ratelimit']).toBe('"default";r=999;t=120');
    expect(answer.headers['ratelimit-policy']).toBe('"default";q=1000;w=60');
    expect(answer.headers['x-lockstep-event-id']).toBeUndefined();
    expect(explained()).toMatchObject({
      action: 'pass',
      reason: 'clean',
      event_id: headers['x-lockstep-event-id'],
    });
    expect(defense.tally).toMatchObject({ pass: 1, block: 0, failed: 0 });
  });

  it('drops what a client claims in the headers of its own, however spelled', async () => {
    const { port } = await start();
    const text = await raw(
      port,
      'GET /shop/x HTTP/1.1\r\nHost: a\r\nX-Lockstep-Verdict: pass\r\nx_lockstep_score: 7\r\nX-Lockstep: ok\r\nX-Lockstepping: other\r\nX-LOCKSTEP-EVENT-ID: mine\r\nConnection: close\r\n\r\n',
    );
    const { headers } = echoOf({ status: 200, headers: {}, body: text.slice(text.indexOf('{')) });
    expect(headers['x-lockstep-score']).not.toBe('7');
    expect(headers['x_lockstep_score']).toBeUndefined();
    expect(headers['x-lockstep-event-id']).not.toContain('mine');
    expect([headers['x-lockstep'], headers['x-lockstepping']]).toEqual([undefined, 'other']);
  });

  it('blocks an injection with an event id and nothing else', async () => {
    const { get } = await start();
    const answer = await get(INJECTION);
    expect(answer.status).toBe(403);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.headers['cache-control']).toBe('no-store');
    const problem = JSON.parse(answer.body) as Record<string, unknown>;
    expect(Object.keys(problem)).toEqual(['type', 'title', 'status', 'detail', 'event_id']);
    expect(problem['event_id']).toBe(answer.headers['x-lockstep-event-id']);
    expect(explained()).toMatchObject({ action: 'block', reason: 'payload', event_id: problem['event_id'] });
    expect(JSON.stringify(explained()['signals'])).toMatch(/@query/);
  });

  it('reads a body of JSON or a form, at most its limit, and the upstream still gets all of it', async () => {
    const { port } = await start();
    const post = (type: string, body: string) =>
      ask(port, { method: 'POST', path: '/shop/x', headers: { ...BROWSER, 'content-type': type }, body });
    const injection = "1' UNION SELECT password FROM users--";
    expect((await post('application/json', JSON.stringify({ a: { b: [injection] } }))).status).toBe(403);
    expect(
      (await post('application/x-www-form-urlencoded', `a=1&b=${encodeURIComponent(injection)}`)).status,
    ).toBe(403);
    const large = JSON.stringify({ text: 'nothing to see here. '.repeat(20_000) });
    const answer = await post('application/json', large);
    expect(answer.status).toBe(200);
    expect(echoOf(answer).body).toBe(large);
  });

  it('refuses by rate before it reads the body', async () => {
    const { port } = await start({ rate_limit: 1 });
    await ask(port, { path: '/shop/x', headers: BROWSER });
    // Had the body been wanted, the answer would wait for it.
    const text = await raw(port, 'POST /shop/x HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n', (seen) =>
      seen.includes('\r\n\r\n'),
    );
    expect(text).toMatch(/^HTTP\/1\.1 429/);
  });

  it('limits exactly at the boundary and says when to come back', async () => {
    const { get, clock } = await start({ rate_limit: { count: 3, window_s: 10 } });
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await get()).status);
    expect(statuses).toEqual([200, 200, 200]);
    const refused = await get();
    expect(refused.status).toBe(429);
    const wait_s = Number(refused.headers['retry-after']);
    expect(refused.headers['ratelimit']).toMatch(/^"default";r=0;t=\d+$/);
    clock.at_ms += (wait_s - 1) * 1_000;
    expect((await get()).status).toBe(429);
    clock.at_ms += 1_000;
    expect((await get()).status).toBe(200);
  });

  it('counts clients, tenants and routes apart', async () => {
    const { get, feed, port } = await start({ rate_limit: 1 });
    const from = (ip: string) => get('/shop/x', { 'x-real-ip': ip });
    expect((await from('203.0.113.1')).status).toBe(200);
    expect((await from('203.0.113.1')).status).toBe(429);
    expect((await from('203.0.113.2')).status).toBe(200);
    expect((await from('2001:db8::1')).status).toBe(200);
    expect((await from('2001:db8::2')).status).toBe(429);
    const upstream = await startUpstream(stack, echo);
    feed.put({
      'routes/other': routeTo(upstream, {
        uris: ['/other'],
        plugins: { cdn_defense: { tenant: 't1', route: 'other' } },
      }),
    });
    expect(
      (await ask(port, { path: '/other', headers: { ...BROWSER, 'x-real-ip': '203.0.113.1' } })).status,
    ).toBe(200);
  });

  it('believes X-Forwarded-For from trusted proxies only', async () => {
    const { get } = await start(
      { deny: ['203.0.113.0/24'] },
      {},
      { trustedProxies: ['127.0.0.1', '10.0.0.0/8'] },
    );
    expect((await get('/shop/x', { 'x-forwarded-for': '203.0.113.9, 10.1.2.3' })).status).toBe(403);
    const strict = await start({ deny: ['203.0.113.0/24'] });
    expect((await strict.get('/shop/x', { 'x-forwarded-for': '203.0.113.9' })).status).toBe(200);
    expect(
      () => new EngineDefense({ clock: stillClock(), log: silentLog, trustedProxies: ['proxy'] }),
    ).toThrow(RangeError);
  });

  it('observes without acting: the upstream and the log learn what would have been done', async () => {
    const { get } = await start({ mode: 'observe', rate_limit: 2 });
    const answer = await get(INJECTION);
    expect(answer.status).toBe(200);
    expect(answer.headers['ratelimit']).toBeUndefined();
    expect(echoOf(answer).headers).toMatchObject({ 'x-lockstep-verdict': 'block' });
    expect(explained()).toMatchObject({ action: 'pass', decided: 'block' });
    await get();
    expect(echoOf(await get()).headers['x-lockstep-verdict']).toBe('limit');
  });

  it('is off when tenant or route says so', async () => {
    for (const [tenant, policy] of [
      [{ enabled_defense: false }, {}],
      [{}, { enabled: false }],
    ] as const) {
      const { get } = await start(tenant, policy);
      expect((await get(INJECTION)).status).toBe(200);
      expect(explained()).toMatchObject({ reason: 'disabled' });
    }
  });

  it('decides each request by the objects in force at that request', async () => {
    const { get, feed } = await start();
    expect((await get(INJECTION)).status).toBe(403);
    feed.put({ 'cdn_defense/tenants/t1': { id: 't1', enabled_defense: false } });
    expect((await get(INJECTION)).status).toBe(200);
    feed.put({ 'cdn_defense/tenants/t1': { id: 't1' } });
    expect((await get(INJECTION)).status).toBe(403);
    feed.put({ 'cdn_defense/policies/shop': { id: 'shop', tenant: 't1', enabled: false } });
    expect((await get(INJECTION)).status).toBe(200);
    feed.put({ 'cdn_defense/tenants/t1': undefined, 'cdn_defense/policies/shop': undefined });
    expect((await get(INJECTION)).status).toBe(403);
  });

  it('keeps the objects before those it can not use', async () => {
    const { get, feed, gateway } = await start({ enabled_defense: false });
    feed.put({
      'cdn_defense/tenants/t1': { id: 't1', enabled_defense: 'no' },
      'cdn_defense/policies/shop': { id: 'shop', deny: ['not an address'] },
      'cdn_defense/keyring/k1': { ...KEY, secret: 'short' },
      'cdn_defense/keyring/k2': { ...KEY, id: 'k3' },
    });
    expect((await get(INJECTION)).status).toBe(200);
    const rejected = gateway.status().rejected.map(({ id, live, reason }) => [id, live, reason]);
    expect(rejected.map(([id, live]) => [id, live])).toEqual([
      ['t1', 'previous'],
      ['shop', 'previous'],
      ['k1', 'previous'],
      ['k2', 'nothing'],
    ]);
    expect(JSON.stringify(rejected)).not.toMatch(/short|not an address|aaaa/);
  });

  it('that fails lets the request pass, counted, logged, and marked for the upstream', async () => {
    const { port, defense } = await start();
    Object.assign(defense, {
      cache: {
        policy: () => {
          throw new Error('engine');
        },
      },
    });
    const answer = await ask(port, { path: INJECTION, headers: { 'x-lockstep-verdict': 'pass' } });
    expect(answer.status).toBe(200);
    expect(echoOf(answer).headers['x-lockstep-verdict']).toBe('error');
    expect(defense.tally.failed).toBe(1);
    expect(errors).toHaveLength(1);
  });
});
