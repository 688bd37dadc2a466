import { beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Ask, echoOf } from '../../gateway/fixture.ts';
import { INJECTION, SQL, outcomeOf, stranger } from '../parameter-rows.ts';
import { hostOf } from '../stage.ts';
import type { Cases } from './cases.ts';
import { roomInMinute } from './minute.ts';

const FORM = 'application/x-www-form-urlencoded';
const SUSPICIOUS = { 'user-agent': 'python-requests/2.32', 'accept-language': '' };

const INJECTIONS: readonly (readonly [place: string, ask: Ask])[] = [
  ['a query', { path: INJECTION }],
  ['a path', { path: `/shop/${encodeURIComponent(SQL)}` }],
  ['a cookie', { headers: { cookie: `session=${encodeURIComponent(SQL)}` } }],
  [
    'JSON',
    {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ filter: [{ id: SQL }] }),
    },
  ],
  ['a form', { method: 'POST', headers: { 'content-type': FORM }, body: `id=${encodeURIComponent(SQL)}` }],
  [
    'a multipart form',
    {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
      body: `--b\r\ncontent-disposition: form-data; name="id"\r\n\r\n${SQL}\r\n--b--\r\n`,
    },
  ],
  [
    'a form that fills 60 KB',
    {
      method: 'POST',
      headers: { 'content-type': FORM },
      body: `pad=${'x'.repeat(60_000)}&id=${encodeURIComponent(SQL)}`,
    },
  ],
];

/** A refusal that names an event and nothing else: no rule, no score, no parameter. */
const expectRefusal = ({ status, headers, body }: Answer, expected: number): void => {
  expect([status, headers['content-type']]).toEqual([expected, 'application/problem+json']);
  expect(Object.keys(JSON.parse(body) as object).sort()).toEqual(
    ['detail', 'event_id', 'status', 'title', 'type'].sort(),
  );
  expect(JSON.parse(body)).toMatchObject({ status: expected, event_id: headers['x-lockstep-event-id'] });
  const told = Object.keys(headers).filter((name) => name.startsWith('x-lockstep-'));
  expect(told).toEqual(['x-lockstep-event-id']);
  expect(body).not.toMatch(/sql|union|score|signal|threshold|tenant/i);
};

const defendedRequests = ({ stage, onEach }: Cases): void => {
  it('lets a browser through, and tells the upstream why, the client nothing but its limit', async () => {
    await onEach(async (gateway) => {
      const answer = await stage().get(gateway, stranger(), '/cart?page=2');
      expect(answer.status).toBe(200);
      const { headers, path } = echoOf(answer);
      expect(path).toBe('/cart?page=2');
      expect(headers).toMatchObject({
        'x-lockstep-verdict': 'pass',
        'x-lockstep-score': '0',
        'x-lockstep-clearance': 'absent',
      });
      expect(Number(headers['x-lockstep-revision'])).toBe(await stage().applied(gateway));
      expect(answer.headers['ratelimit-policy']).toBe('"default";q=1000;w=60');
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('x-lockstep-'))).toEqual([]);
    });
  });

  it.each(INJECTIONS)('blocks an injection in %s, and names an event only', async (_place, ask) => {
    await onEach(async (gateway) => {
      const answer = await stage().send(gateway, { ...ask, headers: { ...ask.headers, ...stranger() } });
      expectRefusal(answer, 403);
    });
  });

  it('passes a body that is none, byte for byte', async () => {
    const body = `name=O%27Brien&note=${'x'.repeat(60_000)}`;
    await onEach(async (gateway) => {
      const answer = await stage().send(gateway, {
        ...{ method: 'POST', path: '/form?x=1', body },
        headers: { 'content-type': FORM, ...stranger() },
      });
      expect(answer.status).toBe(200);
      expect(echoOf(answer)).toMatchObject({ method: 'POST', path: '/form?x=1', body });
    });
  });

  it('never hands a client’s claim of what the defense says to the upstream', async () => {
    const claims = {
      ...{ 'x-lockstep-verdict': 'mine', 'x-lockstep-score': 'mine', 'x-lockstep-signals': 'mine' },
      ...{ 'x-lockstep-clearance': 'mine', 'x-lockstep-revision': 'mine', 'x-lockstep-event-id': 'mine' },
      ...{ 'X-Lockstep-Other': 'mine', x_lockstep_verdict: 'mine' },
    };
    await onEach(async (gateway) => {
      const defended = await stage().get(gateway, { ...claims, ...stranger() });
      expect(defended.status).toBe(200);
      expect(defended.body).not.toContain('mine');
      const plain = await stage().get(gateway, { ...claims, host: hostOf('plain') });
      expect(plain.status).toBe(200);
      expect(plain.body.includes('mine')).toBe(!gateway.dropsClaimsEverywhere);
    });
  });
};

const challengedRequests = ({ stage, onEach }: Cases): void => {
  it('challenges a suspicious browser with a page that loads nothing and is kept by nobody', async () => {
    await stage().configure({ threat_threshold: 10 });
    await onEach(async (gateway) => {
      const page = await stage().get(gateway, { ...SUSPICIOUS, ...stranger() });
      expect([page.status, page.headers['content-type'], page.headers['cache-control']]).toEqual([
        403,
        'text/html; charset=utf-8',
        'no-store',
      ]);
      expect(page.headers['content-security-policy']).toMatch(/^default-src 'none';/);
      expect(page.body).toContain('data-token="c1.');
      expect(page.body).not.toMatch(/(?:src|href)=/);
      expect(page.body).toContain(String(page.headers['x-lockstep-event-id']));
    });
  });

  it('gives what can not show a page the same refusal as problem+json, and a POST stays a POST', async () => {
    await stage().configure({ threat_threshold: 10 });
    const asks: Ask[] = [
      ...['POST', 'PUT', 'DELETE', 'PATCH'].map((method) => ({
        method,
        body: 'a=1',
        headers: { 'content-length': '3' },
      })),
      { headers: { accept: 'application/json' } },
      { headers: { 'sec-fetch-mode': 'cors' } },
    ];
    for (const ask of asks) {
      await onEach(async (gateway) => {
        const headers = { ...SUSPICIOUS, ...stranger(), ...ask.headers };
        const answer = await stage().send(gateway, { ...ask, headers });
        expectRefusal(answer, 403);
        expect(answer.headers.location).toBeUndefined();
      });
    }
  });

  it('tells who has no JavaScript what to do, in the language of the browser', async () => {
    await stage().configure({ challenge_all: true });
    await onEach(async (gateway) => {
      const english = await stage().get(gateway, { 'accept-language': 'fr, en;q=0.5', ...stranger() });
      expect(english.body).toMatch(/<html lang="en">[^]*<noscript><p>[^<]*JavaScript/);
      const chinese = await stage().get(gateway, { 'accept-language': 'zh-TW,zh;q=0.9', ...stranger() });
      expect(chinese.body).toMatch(/<html lang="zh-CN">[^]*<noscript><p>&#x672c;/);
    });
  });

  it('answers a HEAD without a body', async () => {
    await stage().configure({ threat_threshold: 10 });
    await onEach(async (gateway) => {
      const answer = await stage().send(gateway, {
        method: 'HEAD',
        headers: { ...SUSPICIOUS, ...stranger() },
      });
      expect([answer.status, answer.body]).toEqual([403, '']);
    });
  });
};

const limitsAndModes = ({ stage, onEach }: Cases): void => {
  it('limits a flood at its count, says when to come back, and limits nobody else', async () => {
    await stage().configure({ rate_limit: { count: 20, window_s: 60 } });
    await onEach(async (gateway) => {
      await roomInMinute();
      const client = stranger();
      const statuses: number[] = [];
      for (let i = 0; i < 25; i++) statuses.push((await stage().get(gateway, client)).status);
      expect(statuses).toEqual([...new Array<number>(20).fill(200), ...new Array<number>(5).fill(429)]);
      const limited = await stage().get(gateway, client);
      expectRefusal(limited, 429);
      expect(limited.headers['ratelimit-policy']).toBe('"default";q=20;w=60');
      expect(limited.headers['ratelimit']).toMatch(/^"default";r=0;t=\d+$/);
      const wait_s = Number(limited.headers['retry-after']);
      expect(wait_s).toBeGreaterThan(0);
      expect(wait_s).toBeLessThanOrEqual(120);
      expect((await stage().get(gateway, stranger())).status).toBe(200);
    });
  });

  it('refuses who is on the deny list, passes whatever who is on the allow list sends, unlimited', async () => {
    await stage().configure({ deny: ['203.0.113.0/25'], allow: ['203.0.113.128/25'], rate_limit: 1 });
    await onEach(async (gateway) => {
      expectRefusal(await stage().get(gateway, { 'x-real-ip': '203.0.113.5' }), 403);
      for (let i = 0; i < 3; i++) {
        const answer = await stage().get(gateway, { 'x-real-ip': '203.0.113.200' }, INJECTION);
        expect(answer.status).toBe(200);
      }
    });
  });

  it('only reports in observe mode: everything passes, and the upstream is told what would have been done', async () => {
    await stage().configure({
      mode: 'observe',
      deny: ['203.0.113.5'],
      rate_limit: { count: 2, window_s: 3600 },
    });
    await onEach(async (gateway) => {
      const verdict = async (headers: Readonly<Record<string, string>>, path?: string) => {
        const answer = await stage().get(gateway, headers, path);
        expect(answer.status).toBe(200);
        return echoOf(answer).headers['x-lockstep-verdict'];
      };
      const client = stranger();
      expect(await verdict({ 'x-real-ip': '203.0.113.5' })).toBe('deny');
      expect(await verdict(stranger(), INJECTION)).toBe('block');
      expect(await verdict(client)).toBe('pass');
      expect(await verdict(client)).toBe('pass');
      expect(await verdict(client)).toBe('limit');
    });
  });

  it('goes by the route’s own parameters before the tenant’s, and leaves other tenants alone', async () => {
    await stage().configure({ threat_threshold: 100, challenge_all: true });
    await stage().apply({ challenge_all: false });
    await onEach(async (gateway) => {
      expect(outcomeOf(await stage().get(gateway, stranger()))).toBe('pass');
      const site = await stage().get(gateway, { host: hostOf('site'), ...stranger() });
      expect(outcomeOf(site)).toBe('challenge');
      const other = await stage().get(gateway, { host: hostOf('other'), ...stranger() });
      expect(outcomeOf(other)).toBe('pass');
    });
    await stage().apply({});
  });
};

/** What happens to each kind of request. */
export const requestCases = (cases: Cases): void => {
  describe('a defended route', () => {
    beforeAll(async () => {
      await cases.stage().apply({});
      await cases.stage().configure({});
    });
    defendedRequests(cases);
    challengedRequests(cases);
    limitsAndModes(cases);
  });
};
