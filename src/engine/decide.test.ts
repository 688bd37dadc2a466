import { beforeEach, describe, expect, it } from 'vitest';
import { TestHost } from '../../test/engine/host.ts';
import type { Gateway, RequestHead, RouteDocument, TenantDocument, Verdict } from './engine.ts';
import {
  clearanceCookieName,
  compileKeyring,
  compilePolicy,
  decideBody,
  decideHead,
  explain,
  isSolved,
  parseCidr,
  rateHeaders,
  upstreamHeaders,
} from './engine.ts';

const gateway: Gateway = {
  trusted_proxies: [parseCidr('10.0.0.0/8')].flatMap((cidr) => cidr ?? []),
  keyring: compileKeyring([{ id: 'k1', secret: 'sixteen bytes or more', state: 'signing' }]),
};

const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36';
const browser: Record<string, string> = {
  'user-agent': CHROME,
  accept: 'text/html,*/*;q=0.8',
  'accept-language': 'en-US,en;q=0.9',
  'accept-encoding': 'gzip',
  'sec-fetch-mode': 'navigate',
};
const scanner = { ...browser, 'user-agent': 'sqlmap/1.7' };

const request = (
  target: string,
  headers: Record<string, string> = browser,
  more: Partial<RequestHead> = {},
): RequestHead => ({
  method: 'GET',
  target,
  host: 'Shop.Example:8443',
  scheme: 'https',
  remote_ip: '198.51.100.7',
  headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
  ...more,
});

describe('a request', () => {
  let host: TestHost;
  beforeEach(() => {
    host = new TestHost();
  });

  const judge = (
    head: RequestHead,
    tenant: TenantDocument = {},
    route: RouteDocument = {},
    body = '',
  ): Verdict => {
    const policy = compilePolicy({ id: 't', ...tenant }, { id: 'r', ...route });
    const decision = decideHead(host, gateway, policy, head);
    return decision.verdict ?? decideBody(host, gateway, policy, head, decision, body);
  };
  const outcome = (
    head: RequestHead,
    tenant: TenantDocument = {},
    route: RouteDocument = {},
    body = '',
  ): string => {
    const { action, reason, status } = judge(head, tenant, route, body);
    return `${action} ${reason} ${status}`;
  };

  const injection = '/?q=1%27%20or%20%271%27=%271';
  const table: [string, RequestHead, TenantDocument, string][] = [
    ['of a browser passes', request('/'), {}, 'pass clean 0'],
    ['with an injection is blocked', request(injection), {}, 'block payload 403'],
    [
      'with an injection passes when the defense is off',
      request(injection),
      { enabled_defense: false },
      'pass disabled 0',
    ],
    ['with an injection passes in observe mode', request(injection), { mode: 'observe' }, 'pass payload 0'],
    [
      'with an injection passes from an allowed network',
      request(injection),
      { allow: ['198.51.100.0/24'] },
      'pass allowlist 0',
    ],
    ['from a denied network is refused', request('/'), { deny: ['198.51.100.0/24'] }, 'deny denylist 403'],
    [
      'the allowlist goes before the denylist',
      request('/'),
      { allow: ['198.51.100.7'], deny: ['0.0.0.0/0'] },
      'pass allowlist 0',
    ],
    [
      'of a scanner that looks like a browser is challenged',
      request('/', scanner),
      {},
      'challenge score 403',
    ],
    [
      'of a scanner is blocked when challenges are off',
      request('/', scanner),
      { js_challenge: false },
      'block score 403',
    ],
    [
      'of a scanner passes under a higher threshold',
      request('/', scanner),
      { threat_threshold: 81 },
      'pass clean 0',
    ],
    [
      'of a scanner that takes no HTML is blocked',
      request('/', { ...scanner, accept: 'application/json' }),
      {},
      'block score 403',
    ],
    [
      'of a scanner that is no navigation is blocked',
      request('/', { ...scanner, 'sec-fetch-mode': 'cors' }),
      {},
      'block score 403',
    ],
    ['POST is never challenged', request('/', scanner, { method: 'POST' }), {}, 'block score 403'],
    [
      'challenge_all challenges a browser',
      request('/'),
      { challenge_all: true },
      'challenge challenge_all 403',
    ],
    [
      'challenge_all lets an API client pass',
      request('/', { ...browser, accept: 'application/json' }),
      { challenge_all: true },
      'pass clean 0',
    ],
    ['threshold 0 acts on everything', request('/'), { threat_threshold: 0 }, 'challenge score 403'],
    ['odd headers alone pass', request('/', {}), {}, 'pass clean 0'],
    ['a reserved path that is none is not found', request('/.lockstep/x'), {}, 'answer reserved 404'],
    ['a reserved path answers POST only', request('/.lockstep/verify'), {}, 'answer reserved 405'],
  ];
  it.each(table)('%s', (_name, head, tenant, expected) => expect(outcome(head, tenant)).toBe(expected));

  it('the route decides over the tenant', () => {
    expect(outcome(request(injection), {}, { enabled: false })).toBe('pass disabled 0');
    expect(outcome(request('/', scanner), { threat_threshold: 90 }, { threat_threshold: 70 })).toBe(
      'challenge score 403',
    );
  });

  it('over the limit is refused before its body is wanted, with the headers that say so', () => {
    const post = request('/', { ...browser, 'content-length': '5' }, { method: 'POST' });
    const policy = compilePolicy({ id: 't', rate_limit: 2 }, { id: 'r' });
    const verdicts = [1, 2, 3].map(() => decideHead(host, gateway, policy, post).verdict);
    expect(verdicts.map((verdict) => verdict?.action)).toEqual([undefined, undefined, 'limit']);
    const rate = verdicts[2]?.rate;
    expect(rate && rateHeaders(rate).map((header) => header.name)).toEqual([
      'ratelimit-policy',
      'ratelimit',
      'retry-after',
    ]);
  });

  it('is counted per client, tenant and route', () => {
    const one = { rate_limit: 1 };
    expect(outcome(request('/'), one)).toBe('pass clean 0');
    expect(outcome(request('/'), one)).toBe('limit rate_limit 429');
    expect(outcome(request('/', browser, { remote_ip: '198.51.100.8' }), one)).toBe('pass clean 0');
    expect(outcome(request('/'), { ...one, id: 'other' })).toBe('pass clean 0');
    expect(outcome(request('/'), one, { id: 'other' })).toBe('pass clean 0');
    expect(outcome(request('/', { ...browser, 'x-forwarded-for': '6.6.6.6' }), one)).toBe(
      'limit rate_limit 429',
    );
    expect(
      outcome(request('/', { ...browser, 'x-forwarded-for': '6.6.6.6' }, { remote_ip: '10.0.0.1' }), one),
    ).toBe('pass clean 0');
  });

  it('is judged by its body too', () => {
    const post = request(
      '/',
      { ...browser, 'content-type': 'application/json', 'content-length': '9' },
      { method: 'POST' },
    );
    expect(outcome(post, {}, {}, '{"a":["x",{"b":"<script>alert(1)</script>"}]}')).toBe('block payload 403');
    expect(outcome(post, {}, {}, '{"a":["x",{"b":"hello"}]}')).toBe('pass clean 0');
  });

  it('the order of headers changes nothing', () => {
    const head = request('/?a=%3Cscript%3E', {
      ...browser,
      'x-a': "1' or '1'='1",
      'x-b': '../../etc/passwd',
      cookie: 'a=<script>',
      referer: 'x',
    });
    const mirrored = { ...head, headers: [...head.headers].reverse() };
    const first = explain(judge(head));
    host = new TestHost();
    expect(explain(judge(mirrored))).toBe(first);
  });

  it('a client whose requests were blocked is challenged at less', () => {
    for (let i = 0; i < 4; i++) judge(request(injection));
    const odd = { ...browser, 'accept-language': '' };
    expect(outcome(request('/', odd))).toBe('challenge score 403');
    expect(outcome(request('/', odd, { remote_ip: '198.51.100.8' }))).toBe('pass clean 0');
  });

  it('tells the upstream everything, in headers without a line break', () => {
    const headers = upstreamHeaders(judge(request(injection), { mode: 'observe' }));
    expect(headers.map((header) => header.value).join(' ')).toMatch(/^block \d+ \S*sql\S* absent$/);
  });

  it('a solved challenge clears the browser on every gateway, for what a challenge can settle', () => {
    const challenged = judge(request('/'), { challenge_all: true });
    const token = challenged.challenge?.token ?? '';
    let nonce = 0;
    while (!isSolved(host, token, `${nonce}`, challenged.challenge?.difficulty ?? 0)) nonce++;
    const post = request('/.lockstep/verify', { ...browser, 'content-length': '9' }, { method: 'POST' });
    const form = `token=${token}&nonce=${nonce}&webdriver=false&languages=en-US%2Cen&platform=Linux`;
    const answer = judge(post, { challenge_all: true }, {}, form);
    expect(answer).toMatchObject({ action: 'answer', status: 200, body: '{"ok":true}' });
    expect(answer.set_cookie).toMatch(
      /^__Host-lockstep-clearance=l1\.k1\..*; Path=\/; Max-Age=1800; HttpOnly; SameSite=Lax; Secure$/,
    );
    const cleared = { ...browser, cookie: answer.set_cookie.split(';')[0] ?? '' };
    const elsewhere = new TestHost();
    host = elsewhere;
    expect(judge(request('/', cleared), { challenge_all: true })).toMatchObject({
      action: 'pass',
      clearance: 'plain',
    });
    const [name, value] = (cleared.cookie ?? '').split('=');
    const twice = (count: number): string =>
      judge(
        request('/', { ...browser, cookie: `${`${name}=l1.k1.9.p.x; `.repeat(count)}a=1; ${name}=${value}` }),
      ).clearance;
    expect([twice(1), twice(3), twice(4)]).toEqual(['plain', 'plain', 'invalid']);
    expect(outcome(request(injection, cleared))).toBe('block payload 403');
    expect(outcome(request('/', { ...scanner, cookie: cleared.cookie }), {})).toBe('challenge score 403');
    expect(outcome(request('/', cleared), { challenge_all: true, js_fingerprint: true })).toBe(
      'challenge challenge_all 403',
    );
    expect(judge(request('/', cleared), { rate_limit: 1 }).action).toBe('limit');
    expect(judge(post, {}, {}, form.replace('c1.', 'c1.x')).status).toBe(403);
  });

  it.each([
    ['XMLHttpRequest', 'block'],
    ['com.example.app', 'challenge'],
  ])('with X-Requested-With: %s is one of a script or of an app that opens a page: %s', (value, decided) => {
    const head = request('/', { ...scanner, 'x-requested-with': value });
    expect(judge(head).decided).toBe(decided);
  });

  it('names its cookie by what the connection proves', () => {
    expect([clearanceCookieName('https'), clearanceCookieName('http')]).toEqual([
      '__Host-lockstep-clearance',
      'lockstep-clearance',
    ]);
  });
});
