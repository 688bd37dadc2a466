/** Solved on one gateway, good on every other; anywhere else worth nothing. Keys rotate without anybody noticing. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { advanceKeyring } from '../../src/change/keys/keyring.ts';
import { KEYRING_TIMES } from '../../src/domain/keyring.ts';
import type { KeyRecord } from '../../src/contract/record.ts';
import { type Answer, type Cleanup, cleanUp, echoOf, raw } from '../gateway/fixture.ts';
import { BROWSER } from '../support/browser-like.ts';
import { until } from '../support/until.ts';
import { type Edge, clear, startEdge } from './edge.ts';
import { challengeIn, solution, solve } from './solver.ts';

const stack: Cleanup = [];
let edge: Edge;
let clearance: string;

/** A client of its own, so that limits and strikes of other tests do not matter. */
let clients = 0;
const client = () => ({ 'x-real-ip': `203.0.113.${(clients++ % 250) + 1}` });

const challenged = ({ status, body }: Answer): boolean => status === 403 && body.includes('data-token');

beforeAll(async () => {
  edge = await startEdge(stack);
  await edge.configure({ challenge_all: true });
  await edge.configure({ challenge_all: true }, 'tenant-002');
  await edge.route({ id: 'other', path: '/other/*' }, 'tenant-002');
  await edge.apply({}, 'other', 'tenant-002');
  clearance = await clear(edge, 0);
});
afterAll(() => cleanUp(stack));
beforeEach(() => {
  edge.time.frozen_ms = undefined;
});

describe('a clearance', () => {
  it('of one gateway passes on both, and the upstream is told', async () => {
    for (const gateway of [0, 1]) {
      expect(challenged(await edge.get(gateway, '/shop/x', client()))).toBe(true);
      const answer = await edge.get(gateway, '/shop/x', { cookie: clearance, ...client() });
      expect(answer.status).toBe(200);
      expect(echoOf(answer).headers['x-lockstep-clearance']).toBe('plain');
    }
  });

  it('comes in a cookie that scripts can not read and other sites do not send', async () => {
    const page = await edge.get(0);
    const challenge = challengeIn(page.body);
    const posted = solution(challenge.token, solve(challenge));
    const answer = await edge.get(1, '/shop/x', { 'x-lockstep-solution': posted });
    expect(answer).toMatchObject({ status: 200, body: '{"ok":true}' });
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['set-cookie']?.[0]).toMatch(
      /^lockstep-clearance=l1\.[^;]+; Path=\/; Max-Age=1[78]\d\d; HttpOnly; SameSite=Lax$/,
    );
  });

  const value = () => clearance.slice(clearance.indexOf('=') + 1);
  const withValue = (changed: string) => `lockstep-clearance=${changed}`;
  const parts = (change: (fields: string[]) => void): string => {
    const fields = value().split('.');
    change(fields);
    return withValue(fields.join('.'));
  };

  it.each<[string, () => string]>([
    ['that was made up', () => withValue('l1.k.9999999999.p.' + 'a'.repeat(64))],
    [
      'with another signature',
      () => parts((f) => (f[4] = (f[4] ?? '').replace(/^./, (c) => (c === '0' ? '1' : '0')))),
    ],
    ['that says it lasts longer', () => parts((f) => (f[2] = String(Number(f[2]) + 1)))],
    ['that says it is bound to a browser', () => parts((f) => (f[3] = 'f'))],
    ['of a key that nobody has', () => parts((f) => (f[1] = 'kother'))],
    ['that was cut short', () => withValue(value().slice(0, -1))],
    ['without its signature', () => parts((f) => f.pop())],
    ['that is empty', () => withValue('')],
  ])('%s is worth nothing', async (_what, forge) => {
    for (const gateway of [0, 1]) {
      expect(challenged(await edge.get(gateway, '/shop/x', { cookie: forge(), ...client() }))).toBe(true);
    }
  });

  it('of another tenant, host or user agent is worth nothing', async () => {
    const cookie = clearance;
    expect(challenged(await edge.get(1, '/other/x', { cookie, ...client() }))).toBe(true);
    expect(challenged(await edge.get(1, '/shop/x', { cookie, host: 'other.example', ...client() }))).toBe(
      true,
    );
    const agent = BROWSER['user-agent'].replace('140', '141');
    expect(challenged(await edge.get(1, '/shop/x', { cookie, 'user-agent': agent, ...client() }))).toBe(true);
  });

  it('ends', async () => {
    edge.time.frozen_ms = Date.now() + 1_790_000;
    expect((await edge.get(1, '/shop/x', { cookie: clearance, ...client() })).status).toBe(200);
    edge.time.frozen_ms = Date.now() + 1_801_000;
    expect(challenged(await edge.get(1, '/shop/x', { cookie: clearance, ...client() }))).toBe(true);
  });

  it('is no bypass: what is sent is still read, and limited', async () => {
    const injection = `/shop/x?id=${encodeURIComponent("1' UNION SELECT name FROM users--")}`;
    const answer = await edge.get(1, injection, { cookie: clearance, ...client() });
    expect(answer.status).toBe(403);
    expect(answer.headers['content-type']).toBe('application/problem+json');
  });
});

describe('a solution', () => {
  const send = async (headers: Record<string, string>, gateway = 1, path = '/shop/x') =>
    (await edge.get(gateway, path, { ...client(), ...headers })).status;

  it('that is wrong, late, forged or for somebody else is refused', async () => {
    const challenge = challengeIn((await edge.get(0)).body);
    const nonce = solve(challenge);
    const good = solution(challenge.token, nonce);
    const { token } = challenge;
    const easier = token.replace(/\.65536\./, '.1.');
    for (const bad of [
      solution(token, `${nonce}1`),
      solution(easier, '0'),
      solution(token.slice(0, -1), nonce),
      'x',
      '',
    ]) {
      expect(await send({ 'x-lockstep-solution': bad })).toBe(403);
    }
    expect(await send({ 'x-lockstep-solution': good, host: 'other.example' })).toBe(403);
    expect(await send({ 'x-lockstep-solution': good, 'user-agent': 'Mozilla/5.0 (other)' })).toBe(403);
    expect(await send({ 'x-lockstep-solution': good }, 1, '/other/x')).toBe(403);
    edge.time.frozen_ms = Date.now() + 301_000;
    expect(await send({ 'x-lockstep-solution': good })).toBe(403);
    edge.time.frozen_ms = undefined;
    expect(await send({ 'x-lockstep-solution': good })).toBe(200);
  });

  it('never reaches the origin, and goes to any page of the site that is defended', async () => {
    const challenge = challengeIn((await edge.get(0)).body);
    const good = solution(challenge.token, solve(challenge));
    for (const path of ['/shop/x', '/shop/deep/er?q=1']) {
      const answer = await edge.get(1, path, { 'x-lockstep-solution': good, ...client() });
      expect(answer.body).toBe('{"ok":true}');
    }
  });

  it('may also be posted to the reserved path, where a defended route covers it', async () => {
    await edge.route({ id: 'site', path: '/*', hosts: ['site.example'] });
    await edge.apply({}, 'site');
    const host = { host: 'site.example' };
    const challenge = challengeIn((await edge.get(0, '/', host)).body);
    const body = solution(challenge.token, solve(challenge));
    const headers = { ...BROWSER, ...host, 'content-type': 'application/x-www-form-urlencoded' };
    const posted = await edge.send(1, { method: 'POST', path: '/.lockstep/verify', headers, body });
    expect(posted.status).toBe(200);
    expect((await edge.get(1, '/.lockstep/verify', host)).status).toBe(405);
    expect((await edge.get(1, '/.lockstep/else', host)).status).toBe(404);
  });

  it('can not be tried without end', async () => {
    const own = client();
    const statuses = new Set<number>();
    for (let i = 0; i < 61; i++) {
      statuses.add(
        (await edge.get(1, '/shop/x', { ...own, 'x-lockstep-solution': `token=${i}&nonce=1` })).status,
      );
    }
    expect([...statuses]).toEqual([403, 429]);
  });

  it('of a browser that calls itself automated, or contradicts its own headers, is refused under js_fingerprint', async () => {
    await edge.apply({ js_fingerprint: true });
    const hints = { 'sec-ch-ua-platform': '"Linux"' };
    const challenge = challengeIn((await edge.get(0, '/shop/x', hints)).body);
    const nonce = solve(challenge);
    const posted = (fields: Record<string, string>) =>
      send({
        ...hints,
        'x-lockstep-solution': solution(challenge.token, nonce, { platform: 'Linux', ...fields }),
      });
    expect(await posted({ webdriver: 'true' })).toBe(403);
    expect(await posted({ languages: 'fr-FR' })).toBe(403);
    expect(await posted({ languages: '' })).toBe(403);
    expect(await posted({ platform: 'Windows' })).toBe(403);
    expect(await posted({})).toBe(200);
    // A clearance from before does not show the browser.
    expect(challenged(await edge.get(1, '/shop/x', { cookie: clearance, ...client() }))).toBe(true);
    await edge.apply({});
  });
});

describe('what can not show a page', () => {
  it('gets the same refusal as problem+json, and a POST stays a POST', async () => {
    for (const method of ['POST', 'PUT', 'DELETE']) {
      await edge.configure({ challenge_all: true, threat_threshold: 0 });
      const headers = { ...BROWSER, ...client(), 'content-length': '3' };
      const answer = await edge.send(0, { method, path: '/shop/x', headers, body: 'a=1' });
      expect(answer.status).toBe(403);
      expect(answer.headers['content-type']).toBe('application/problem+json');
      expect(answer.headers['location']).toBeUndefined();
    }
    await edge.configure({ challenge_all: true });
  });

  it('learns from the page what to do without JavaScript, in its language', async () => {
    const english = await edge.get(0, '/shop/x', { 'accept-language': 'fr, en;q=0.5, zh;q=0.1' });
    expect(english.body).toMatch(/<noscript><p>[^<]*JavaScript/);
    expect(english.body).toContain('<html lang="en">');
    const chinese = await edge.get(0, '/shop/x', { 'accept-language': 'zh-TW,zh;q=0.9,en;q=0.8' });
    expect(chinese.body).toContain('<html lang="zh-CN">');
    expect(chinese.body).toMatch(/<noscript><p>&#x672c;/);
  });

  it('gets the head of the page to a HEAD, without a body', async () => {
    const port = Number(new URL(edge.gateways[0]?.urls[0] ?? '').port);
    const text = await raw(
      port,
      'HEAD /shop/x HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\nUser-Agent: x\r\nConnection: close\r\n\r\n',
    );
    expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toBe('');
  });
});

describe('the rotation of keys', () => {
  const states = async () => {
    const { kvs } = await edge.fleet.store.range({ prefix: edge.fleet.keys.keyring() });
    return kvs.map((kv) => (JSON.parse(kv.value) as KeyRecord).state);
  };

  // Three proofs of work take their time on a busy machine.
  const patient = { timeout: 30_000 };
  it(
    'invalidates nobody: challenges and clearances of every key go on until they end by themselves',
    patient,
    async () => {
      const { store, keys, nodes } = edge.fleet;
      const changes = nodes[0]?.node.changes;
      const sealer = changes?.sealer;
      if (!changes || !sealer) throw new Error('a node has a master key');
      const { kvs } = await store.range({ key: keys.leader('keyring') });
      const fence = { key: keys.leader('keyring'), createRevision: kvs[0]?.createRevision ?? 0 } as never;
      /** Lets the leader's clock stand at a moment and takes what is due then. */
      const rotateAt = async (now_ms: number): Promise<void> => {
        const room = { ...changes, sealer, clock: { now: () => now_ms, monotonic: () => now_ms } };
        while ((await advanceKeyring(room, KEYRING_TIMES, fence)).kind === 'stepped');
        await edge.settled();
      };
      const began_ms = Date.now();
      const held: string[] = [clearance];
      const open = challengeIn((await edge.get(0)).body);
      await rotateAt(began_ms + KEYRING_TIMES.signing_ms - KEYRING_TIMES.grace_ms);
      expect(await states()).toEqual(['signing', 'verify-first']);
      held.push(await clear(edge, 1));
      await rotateAt(began_ms + KEYRING_TIMES.signing_ms + KEYRING_TIMES.grace_ms);
      expect(await states()).toEqual(['verify-only', 'signing']);
      held.push(await clear(edge, 1));
      // A challenge from before the rotation is solved after it, on the other gateway.
      const late = solution(open.token, solve(open));
      const answer = await edge.get(1, '/shop/x', { 'x-lockstep-solution': late, ...client() });
      expect(answer.status).toBe(200);
      expect(new Set(held.map((cookie) => cookie.split('.')[1])).size).toBe(2);
      for (const cookie of held) {
        for (const gateway of [0, 1]) {
          expect((await edge.get(gateway, '/shop/x', { cookie, ...client() })).status).toBe(200);
        }
      }
    },
  );

  it('is carried on by another node when the leader stops', async () => {
    const leading = async () => {
      const { kvs } = await edge.fleet.store.range({ key: edge.fleet.keys.leader('keyring') });
      return kvs[0] ? (JSON.parse(kvs[0].value) as { node_id: string }).node_id : undefined;
    };
    const first = await leading();
    await edge.fleet.nodes.find(({ node }) => node.nodeId === first)?.dispose();
    await until('another node leads', async () => ![first, undefined].includes(await leading()));
    expect((await edge.get(1, '/shop/x', { cookie: clearance, ...client() })).status).toBe(200);
  });

  it('never shows a secret in an answer of the API', async () => {
    const { store, keys, nodes } = edge.fleet;
    const { kvs } = await store.range({ prefix: keys.projectedIn('cdn_defense/keyring') });
    const secrets = kvs.flatMap(({ value }) => /"secret":"([0-9a-f]+)"/.exec(value)?.[1] ?? []);
    expect(secrets.length).toBeGreaterThan(0);
    const alive = nodes.findIndex(({ node }) => node.reflector.status().state === 'live');
    for (const path of ['/sync-status', '/metrics', '/global-config/all', '/global-routes', '/readyz']) {
      const { text } = await edge.fleet.callNode(alive, 'GET', path, { tenant: 'tenant-001' });
      for (const secret of secrets) expect(text).not.toContain(secret);
    }
  });
});
