/** The life of an API token, on three nodes: made, shown once, used everywhere, revoked everywhere. */
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/shared/clock.ts';
import type { Log } from '../../src/shared/log.ts';
import { type Fleet, ROUTE, startFleet } from '../support/control-plane.ts';
import type { Reply } from '../support/http-call.ts';
import { ROOT_TOKEN, bearer, issueToken } from '../support/tokens.ts';
import { until } from '../support/until.ts';

const HOUR_MS = 3_600_000;
const root = bearer(ROOT_TOKEN);

let ahead_ms: number;
const clock: Clock = { now: () => Date.now() + ahead_ms, monotonic: () => performance.now() };
let logged: string[];
const note = (fields: object, text: string) => logged.push(JSON.stringify([fields, text]));
const log: Log = { debug: note, info: note, warn: note, error: note };
let fleet: Fleet;

beforeEach(async () => {
  ahead_ms = 0;
  logged = [];
  fleet = await startFleet({ nodes: 3, clock, log, gate: { mode: 'on', rootToken: ROOT_TOKEN } });
});

afterEach(() => fleet.dispose());

/** What each node says to it. */
const statuses = async (token: string, path = '/sync-status'): Promise<number[]> =>
  Promise.all(fleet.nodes.map(async (_, n) => (await fleet.callNode(n, 'GET', path, bearer(token))).status));

const revoke = (id: string, query = ''): Promise<Reply> =>
  fleet.callNode(1, 'DELETE', `/tokens/${id}${query}`, root);

test('a new token works on every node by the time it is answered, in either header', async () => {
  const { token } = await issueToken(fleet, { role: 'operator' });
  expect(token).toMatch(/^ls_[0-9a-f]{12}_[0-9a-f]{48}$/);
  expect(await statuses(token)).toEqual([200, 200, 200]);
  const byKey = await fleet.callNode(2, 'GET', '/sync-status', { headers: { 'x-api-key': token } });
  expect(byKey.status).toBe(200);
});

test('a revoked token is refused by every node by the time that is answered, and its id is gone', async () => {
  const { id, token } = await issueToken(fleet, { role: 'operator' });
  expect(await statuses(token)).toEqual([200, 200, 200]);
  expect(await revoke(id)).toMatchObject({
    status: 200,
    body: { token_id: id, sync_status: 'all_nodes_updated' },
  });
  expect(await statuses(token)).toEqual([401, 401, 401]);
  expect(await revoke(id)).toMatchObject({ status: 404, body: { code: 'token_not_found' } });
  const contents = [...(await fleet.contents()).keys()];
  expect(contents.filter((key) => key.startsWith(fleet.keys.tokens()))).toEqual([]);
});

test('of two that revoke a token at once, both find it gone afterwards, and nobody gets an error of the server', async () => {
  const { id, token } = await issueToken(fleet, { role: 'operator' });
  const replies = await Promise.all([0, 1, 2].map((n) => fleet.callNode(n, 'DELETE', `/tokens/${id}`, root)));
  const seen = replies.map(({ status }) => status).sort();
  expect(seen[0]).toBe(200);
  for (const status of seen.slice(1)) expect([200, 404]).toContain(status);
  await fleet.quiet();
  expect(await statuses(token)).toEqual([401, 401, 401]);
});

test('an expired token is refused from that moment, saying so only to who has it', async () => {
  const expires_at = new Date(clock.now() + HOUR_MS).toISOString();
  const { id, token } = await issueToken(fleet, { role: 'operator', expires_at });
  expect(await statuses(token)).toEqual([200, 200, 200]);
  ahead_ms = HOUR_MS + 1;
  const reply = await fleet.call('GET', '/sync-status', bearer(token));
  expect(reply).toMatchObject({ status: 401, body: { code: 'token_expired' } });
  const guess = await fleet.call('GET', '/sync-status', bearer(`ls_${id}_${'0'.repeat(48)}`));
  expect(guess).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  expect((await fleet.call('GET', `/tokens/${id}`, root)).body).toMatchObject({
    token: { id, expires_at, expired: true },
  });
});

test.each(['idempotency-key', 'if-match', 'if-none-match'])(
  'a token is neither made nor revoked by a request with %s, which could not be kept to',
  async (name) => {
    const { id, token } = await issueToken(fleet, { role: 'operator' });
    const before = await fleet.revision();
    const headers = { ...root.headers, [name]: name === 'idempotency-key' ? randomUUID() : '*' };
    const body = { role: 'operator', description: 'never made' };
    for (const reply of [
      await fleet.call('POST', '/tokens', { headers, body }),
      await fleet.call('DELETE', `/tokens/${id}`, { headers }),
    ]) {
      expect({ status: reply.status, ...reply.body }).toMatchObject({
        status: 400,
        code: 'invalid_value',
        in: 'header',
        pointer: `/${name}`,
      });
    }
    expect(await fleet.revision()).toBe(before);
    expect((await fleet.call('GET', '/tokens', bearer(token))).body.total).toBe(1);
  },
);

describe('cut off from the store', () => {
  test('a node goes on knowing tokens, goes on refusing expired ones, and makes and revokes none', async () => {
    const expires_at = new Date(clock.now() + HOUR_MS).toISOString();
    const lasting = await issueToken(fleet, { role: 'operator' });
    const ending = await issueToken(fleet, { role: 'operator', expires_at });
    for (const seen of fleet.seen) seen.fail();
    expect(await statuses(lasting.token, '/global-config/all')).toEqual([200, 200, 200]);
    expect(await statuses(ending.token, '/global-config/all')).toEqual([200, 200, 200]);
    ahead_ms = HOUR_MS + 1;
    expect(await statuses(lasting.token, '/global-config/all')).toEqual([200, 200, 200]);
    expect(await statuses(ending.token, '/global-config/all')).toEqual([401, 401, 401]);
    const body = { role: 'operator', description: 'x' };
    for (const reply of [
      await fleet.call('POST', '/tokens', { ...root, body }),
      await fleet.call('DELETE', `/tokens/${lasting.id}`, root),
    ]) {
      expect(reply).toMatchObject({ status: 503, body: { code: 'etcd_unavailable' } });
    }
  });

  test('a node that has not heard of a revocation is named by it, and refuses the token once it has', async () => {
    const { id, token } = await issueToken(fleet, { role: 'operator' });
    fleet.seen[2]?.fail();
    expect(await revoke(id, '?timeout_ms=100')).toMatchObject({ status: 202, body: { pending: ['node-3'] } });
    expect(await statuses(token, '/global-config/all')).toEqual([401, 401, 200]);
    fleet.seen[2]?.recover();
    await until('node 3 has caught up', async () => (await statuses(token))[2] === 401);
  });
});

test('a token whose answer from the store is lost is made once, and works', async () => {
  const node1 = fleet.seen[0];
  if (!node1) throw new Error('no node');
  let lost = 0;
  node1.transactFault = ({ puts }) =>
    puts.some(({ key }) => key.startsWith(fleet.keys.tokens())) && lost++ === 0 ? 'lost-after' : 'none';
  const { token } = await issueToken(fleet, { role: 'operator' });
  expect(lost).toBeGreaterThan(0);
  expect(await statuses(token)).toEqual([200, 200, 200]);
  const { body } = await fleet.call('GET', '/tokens', root);
  expect(body.total).toBe(1);
});

test('a token that was spoilt in the store is refused, and can still be revoked', async () => {
  const { id, token } = await issueToken(fleet, { role: 'operator' });
  const put = { key: fleet.keys.token(id), value: '{"role":"operator"}' };
  await fleet.store.transact({ guards: [], puts: [put], deletes: [] });
  await until('all refuse it', async () => (await statuses(token)).every((status) => status === 401));
  expect((await fleet.call('GET', '/sync-status', root)).text).toContain(`tokens/${id}`);
  expect((await revoke(id)).status).toBe(200);
  expect((await fleet.call('GET', '/sync-status', root)).text).not.toContain(`tokens/${id}`);
});

describe('the secret', () => {
  test('is in one answer, and neither it nor its hash is in any other, in the store or in a log', async () => {
    const { id, token } = await issueToken(fleet, { role: 'operator', description: 'the CI' });
    await fleet.call('POST', '/global-routes', { tenant: 'acme', ...bearer(token), body: { route: ROUTE } });
    const stored = (await fleet.contents()).get(fleet.keys.token(id)) ?? '';
    const { hash } = JSON.parse(stored) as { hash: string };
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    const secret = token.slice(`ls_${id}_`.length);
    const paths = [
      ...[
        '/tokens',
        `/tokens/${id}`,
        '/audit?records=true',
        '/sync-status',
        '/global-config/all',
        '/metrics',
      ],
      `/history/routes/${ROUTE.id}`,
    ];
    for (const path of paths) {
      const { status, text, headers } = await fleet.call('GET', path, { tenant: 'acme', ...bearer(token) });
      expect(status).toBe(200);
      expect(text + JSON.stringify(headers)).not.toContain(secret);
      expect(text).not.toContain(hash);
    }
    expect(JSON.stringify([...(await fleet.contents())])).not.toContain(secret);
    expect(logged.join()).not.toContain(secret);
    expect(logged.join()).not.toContain(hash);
    expect(logged.join()).toContain(id);
  });
});

test('the audit says who made and who revoked a token, and what it was', async () => {
  const maker = await issueToken(fleet, { role: 'operator' });
  const body = { role: 'editor', tenants: ['acme'], description: 'the CI' };
  const headers = { ...bearer(maker.token).headers, 'x-change-reason': 'the CI moves' };
  const { about } = (await fleet.call('POST', '/tokens', { headers, body })).body as unknown as {
    about: { id: string };
  };
  await revoke(about.id);
  const { entries } = (await fleet.call('GET', `/audit?records=true&id=${about.id}`, root)).body;
  expect(entries).toMatchObject([
    { by: 'root', edits: [{ kind: 'token', id: about.id, action: 'delete' }] },
    {
      by: `token:${maker.id}`,
      reason: 'the CI moves',
      origin: { role: 'operator', token_id: maker.id, from: '127.0.0.1' },
      edits: [
        {
          kind: 'token',
          id: about.id,
          action: 'create',
          after: { ...body, created_by: `token:${maker.id}` },
        },
      ],
    },
  ]);
});

describe('a change', () => {
  test('by a token names it, and one tenant need not be named', async () => {
    const { id, token } = await issueToken(fleet, { role: 'editor', tenants: ['acme'] });
    const body = { config: { threat_threshold: 61 } };
    expect(
      (await fleet.call('POST', '/global-config/tenant', { ...bearer(token), body })).body,
    ).toMatchObject({
      tenant_id: 'acme',
    });
    expect((await fleet.call('GET', '/global-config/tenant', bearer(token))).body).toMatchObject({
      tenant_id: 'acme',
      updated_by: `token:${id}`,
    });
  });

  test('repeated with and without the header is the same request', async () => {
    const { token } = await issueToken(fleet, { role: 'editor', tenants: ['acme'] });
    const headers = { ...bearer(token).headers, 'idempotency-key': randomUUID() };
    const body = { config: {} };
    const first = await fleet.call('POST', '/global-config/tenant', { headers, body });
    const again = await fleet.call('POST', '/global-config/tenant', { headers, body, tenant: 'acme' });
    expect(again.body.revision).toBe(first.body.revision);
    expect(again.headers['idempotent-replayed']).toBe('true');
  });

  test('of several possible tenants must name one of them', async () => {
    const { token } = await issueToken(fleet, { role: 'editor', tenants: ['acme', 'shop'] });
    const path = '/global-config/tenant';
    const put = (tenant?: string) =>
      fleet.call('POST', path, { ...bearer(token), ...(tenant ? { tenant } : {}), body: { config: {} } });
    expect(await put()).toMatchObject({
      status: 400,
      body: { code: 'tenant_required', pointer: '/x-tenant-id' },
    });
    expect((await put('shop')).status).toBe(200);
    expect(await put('others')).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await fleet.call('POST', path, { ...root, body: { config: {} } })).toMatchObject({
      status: 400,
      body: { code: 'tenant_required' },
    });
  });
});

test('the list shows each token once, page after page', async () => {
  const ids: string[] = [];
  for (const role of ['operator', 'gateway', 'operator'] as const) {
    ids.push((await issueToken(fleet, { role })).id);
  }
  const first = (await fleet.call('GET', '/tokens?limit=2', root)).body;
  const second = (await fleet.call('GET', `/tokens?limit=2&after=${first.next}`, root)).body;
  const shown = [first, second].flatMap(({ tokens }) => tokens as { id: string }[]).map(({ id }) => id);
  expect(shown).toEqual([...ids].sort());
  expect(first.total).toBe(3);
});

test('a token that makes no sense is not made, and the refusal says why', async () => {
  const operator = { role: 'operator', description: 'x' };
  const rows: [spec: object, code: string, pointer: string][] = [
    [{ description: 'x' }, 'missing_field', '/role'],
    [{ ...operator, role: 'admin' }, 'invalid_value', '/role'],
    [{ role: 'operator' }, 'missing_field', '/description'],
    [{ ...operator, description: '' }, 'invalid_value', '/description'],
    [{ ...operator, description: 'a\nb' }, 'invalid_value', '/description'],
    [{ ...operator, role: 'editor' }, 'missing_field', '/tenants'],
    [{ ...operator, role: 'editor', tenants: [] }, 'invalid_value', '/tenants'],
    [{ ...operator, role: 'editor', tenants: ['../b'] }, 'invalid_value', '/tenants/0'],
    [{ ...operator, tenants: ['acme'] }, 'invalid_value', '/tenants'],
    [{ ...operator, expires_at: 'tomorrow' }, 'invalid_value', '/expires_at'],
    [{ ...operator, expires_at: '2020-01-01T00:00:00Z' }, 'invalid_value', '/expires_at'],
    [{ ...operator, token: 'mine' }, 'unknown_field', '/token'],
  ];
  for (const [body, code, pointer] of rows) {
    const reply = await fleet.call('POST', '/tokens', { ...root, body });
    expect({ status: reply.status, ...reply.body }).toMatchObject({ status: 400, code, pointer });
  }
  expect((await fleet.call('GET', '/tokens', root)).body.total).toBe(0);
});

describe('a token that is revoked while it is used', () => {
  /** Sends a request but for the end of its body. @returns what sends the end, and the answer's status */
  const halfSent = async (method: string, path: string, token: string, body: object) => {
    const text = JSON.stringify(body);
    const { authorization } = bearer(token).headers;
    const headers = { authorization, 'content-type': 'application/json', 'content-length': text.length };
    const sent = request(`${fleet.nodes[0]?.url}${path}`, { method, headers });
    const status = new Promise<number | undefined>((resolve, reject) => {
      sent.once('error', reject);
      sent.once('response', (response) => {
        response.resume();
        resolve(response.statusCode);
      });
    });
    await new Promise<void>((resolve) => sent.write(text.slice(0, 5), () => resolve()));
    return { status, finish: () => sent.end(text.slice(5)) };
  };

  test('finishes no request whose body was still on its way', async () => {
    const { id, token } = await issueToken(fleet, { role: 'operator' });
    const body = { role: 'operator', description: 'its own successor' };
    const half = await halfSent('POST', '/tokens', token, body);
    // The node has read the headers once a later request on another connection is answered.
    expect((await fleet.call('GET', '/sync-status', bearer(token))).status).toBe(200);
    expect((await revoke(id)).status).toBe(200);
    half.finish();
    expect(await half.status).toBe(401);
    expect((await fleet.call('GET', '/tokens', root)).body.total).toBe(0);
  });

  test('is told on its stream of the fleet at once, and a HEAD of that leaves nobody who reads', async () => {
    const { node } = fleet.nodes[0] ?? {};
    if (!node) throw new Error('no node');
    const opened: ReturnType<typeof node.feed.open>[] = [];
    const open = node.feed.open.bind(node.feed);
    node.feed.open = (after) => {
      const stream = open(after);
      opened.push(stream);
      return stream;
    };
    const { id, token } = await issueToken(fleet, { role: 'operator' });
    expect((await fleet.call('HEAD', '/fleet/stream', bearer(token))).status).toBe(200);
    await until('what a HEAD opened is closed', () => opened[0]?.closed === true);
    const stream = fleet.call('GET', '/fleet/stream', bearer(token));
    await until('the stream is open', () => opened.length === 2);
    const from = performance.now();
    expect((await revoke(id)).status).toBe(200);
    expect((await stream).status).toBe(200);
    // It is looked at every two seconds whether a JWT has expired.
    expect(performance.now() - from).toBeLessThan(1_900);
  });
});
