import { describe, expect, it } from 'vitest';
import { challengeIn, solution, solve } from '../../../test/defense/solver.ts';
import { KEY, SECRET, defendedGateway } from '../../../test/gateway/defended.ts';
import { BROWSER } from '../../../test/support/browser-like.ts';
import { revision } from '../../shared/revision.ts';
import type { DefenseRequest } from './defense.ts';

const { start } = defendedGateway();

describe('the gateway’s answers for the defense', () => {
  it('challenges a navigation with a page that may run nothing but its own script', async () => {
    const { get } = await start({ challenge_all: true });
    const answer = await get('/shop/x', { 'accept-language': 'en-GB,en;q=0.9' });
    expect(answer.status).toBe(403);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'x-frame-options': 'SAMEORIGIN',
    });
    expect(answer.headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'sha256-[A-Za-z0-9+/]{43}='; style-src 'sha256-[A-Za-z0-9+/]{43}='; worker-src blob:/,
    );
    expect(answer.body).toContain('<html lang="en">');
    expect(answer.body).toContain(String(answer.headers['x-lockstep-event-id']));
    expect((await get('/shop/x', { 'accept-language': 'zh-CN' })).body).toContain('<html lang="zh-CN">');
    expect(JSON.stringify(answer)).not.toContain(SECRET);
  });

  it('answers who is to be challenged and can not be shown a page with 403', async () => {
    const { get, feed } = await start({ threat_threshold: 10 });
    const odd = { 'user-agent': 'curl/8.0', 'accept-language': '' };
    expect((await get('/shop/x', { ...odd, accept: 'application/json' })).headers['content-type']).toBe(
      'application/problem+json',
    );
    expect((await get('/shop/x', odd)).headers['content-type']).toBe('text/html; charset=utf-8');
    feed.put({ 'cdn_defense/tenants/t1': { id: 't1', threat_threshold: 10, js_challenge: false } });
    expect((await get('/shop/x', odd)).headers['content-type']).toBe('application/problem+json');
    feed.put({
      'cdn_defense/tenants/t1': { id: 't1', threat_threshold: 10 },
      'cdn_defense/keyring/k1': undefined,
    });
    expect((await get('/shop/x', odd)).headers['content-type']).toBe('application/problem+json');
  });

  it('clears a browser over HTTPS with a cookie that no plain site and no other host can set', async () => {
    const { defense } = await start();
    const request = (headers: [string, string][]): DefenseRequest => ({
      ...{
        tenant: 't1',
        route: 'shop',
        method: 'GET',
        scheme: 'https',
        httpVersion: '1.1',
        host: 'a.example',
      },
      ...{
        target: '/shop/x',
        uri: '/shop/x',
        remoteAddress: '203.0.113.1',
        peerAddress: '203.0.113.1',
        at_ms: 0,
      },
      headers: [...Object.entries(BROWSER), ...headers],
      objects: {
        stamp: { clusterId: 'c', revision: revision(1) },
        tenants: new Map([['t1', { id: 't1', challenge_all: true }]]),
        policies: new Map([['shop', { id: 'shop', tenant: 't1' }]]),
        keyring: new Map([['k1', KEY]]),
      },
      body: () => Promise.reject(new Error('nothing is to be read')),
    });
    const page = await defense.decide(request([]));
    const challenge = challengeIn(page.action === 'respond' ? String(page.body) : '');
    const posted = solution(challenge.token, solve(challenge));
    const cleared = await defense.decide(request([['X-Lockstep-Solution', posted]]));
    const cookie =
      cleared.action === 'respond' ? cleared.headers.find(([name]) => name === 'set-cookie') : undefined;
    expect(cookie?.[1]).toMatch(
      /^__Host-lockstep-clearance=l1\.[^;]+; Path=\/; Max-Age=1[78]\d\d; HttpOnly; SameSite=Lax; Secure$/,
    );
    const again = await defense.decide(request([['cookie', cookie?.[1].split(';')[0] ?? '']]));
    expect(again.action).toBe('pass');
  });
});
