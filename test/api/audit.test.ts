/** Who changed what, and who tried to. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Log } from '../../src/shared/log.ts';
import { makeCertificate } from '../support/certificates.ts';
import { type Fleet, ROUTE, TENANT, startFleet } from '../support/control-plane.ts';
import { until } from '../support/until.ts';

interface Entry {
  readonly revision: number;
  readonly by: string;
  readonly request_id: string;
  readonly edits: readonly Record<string, unknown>[];
}

interface Line {
  readonly audit: Readonly<Record<string, unknown>>;
  readonly suppressed?: number;
}

const lines: Line[] = [];
const note = (fields: object, text: string) => {
  if (text === 'audit') lines.push(fields as Line);
};
const log: Log = { debug: () => {}, info: note, warn: note, error: () => {} };

let fleet: Fleet;

const audit = async (query = ''): Promise<{ entries: Entry[]; next?: string }> => {
  const { status, body } = await fleet.call('GET', `/audit${query}`);
  expect(status).toBe(200);
  return body as unknown as { entries: Entry[]; next?: string };
};

/** The line about a request, once it is there: it is written after the answer. */
const lineOf = async (request_id: string): Promise<Line['audit']> => {
  const find = () => lines.find((line) => line.audit['request_id'] === request_id);
  await until('the audit has its line', () => find() !== undefined);
  return find()?.audit ?? {};
};

beforeAll(async () => {
  fleet = await startFleet({ log });
});
afterAll(() => fleet.dispose());

describe('GET /audit', () => {
  test('says who changed what, from where and why, with the object before and after', async () => {
    const headers = { 'x-change-reason': 'a flood' };
    await fleet.call('POST', '/global-routes', { tenant: TENANT, body: { route: ROUTE } });
    const body = { updates: { strip_path: false } };
    const put = await fleet.call('PUT', `/global-routes/${ROUTE.id}`, { tenant: TENANT, headers, body });
    const { entries } = await audit('?records=true&limit=1');
    expect(entries).toMatchObject([
      {
        revision: put.body.revision,
        by: 'admin',
        origin: { role: 'operator', from: '127.0.0.1' },
        reason: 'a flood',
        request_id: put.headers['x-request-id'],
        edits: [
          {
            kind: 'routes',
            id: ROUTE.id,
            action: 'update',
            version: 2,
            tenant_id: TENANT,
            before: { strip_path: true, version: 1 },
            after: { strip_path: false, version: 2 },
          },
        ],
      },
    ]);
  });

  test('shows no key of a certificate, sealed or not', async () => {
    const { cert, key } = await makeCertificate({ names: ['audit.example.com'] });
    const certificate = { domain: 'audit.example.com', cert, key };
    const posted = await fleet.call('POST', '/global-ssl', { tenant: TENANT, body: certificate });
    expect(posted.status).toBe(201);
    const { text } = await fleet.call('GET', '/audit?records=true&kind=ssl');
    expect(text).toContain('audit.example.com');
    expect(text).not.toMatch(/PRIVATE KEY|sealed|ciphertext/);
  });

  test('is filtered, and read page by page', async () => {
    for (const tenant of ['one', 'two', 'one', 'two', 'one']) {
      await fleet.call('POST', '/global-config/tenant', { tenant, body: { config: {} } });
    }
    expect((await audit('?tenant_id=one')).entries).toHaveLength(3);
    expect((await audit('?tenant_id=one&action=create')).entries).toHaveLength(1);
    expect((await audit('?since=2100-01-01T00:00:00Z')).entries).toEqual([]);
    expect((await audit('?until=2000-01-01T00:00:00Z')).entries).toEqual([]);
    expect((await audit('?actor=nobody')).entries).toEqual([]);
    const pages: number[] = [];
    for (let after = ''; ; ) {
      const { entries, next } = await audit(`?limit=2&tenant_id=one${after}`);
      pages.push(...entries.map((entry) => entry.revision));
      if (next === undefined) break;
      after = `&after=${next}`;
    }
    expect(pages).toHaveLength(3);
    expect(pages).toEqual([...pages].sort((a, b) => b - a));
  });

  test('refuses a cursor, a time, an action and a filter that it does not know', async () => {
    for (const query of ['after=x', 'since=yesterday', 'action=undo', 'limit=201', 'colour=red']) {
      expect((await fleet.call('GET', `/audit?${query}`)).status).toBe(400);
    }
    const late = await fleet.call('GET', '/audit?min_revision=9007199254740991');
    expect(late.body.code).toBe('revision_not_reached');
  });

  test('leaves no way to change or delete what it says', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      expect((await fleet.call(method, '/audit')).status).toBe(405);
    }
  });
});

describe('the log', () => {
  test('has a line for each change, with its revision', async () => {
    const reply = await fleet.call('POST', '/global-config/tenant', {
      tenant: 'logged',
      body: { config: {} },
    });
    expect(await lineOf(reply.headers['x-request-id'] as string)).toMatchObject({
      outcome: 'accepted',
      status: reply.status,
      actor: 'admin',
      role: 'operator',
      from: '127.0.0.1',
      operation: 'POST /global-config/tenant',
      tenant_id: 'logged',
      revision: reply.body.revision,
    });
  });

  test('has a line for each attempt that was refused, which the store knows nothing of', async () => {
    const before = await fleet.revision();
    const attempts = [
      fleet.call('DELETE', '/global-routes/none', { tenant: TENANT }),
      fleet.call('POST', '/global-routes', { tenant: 'other', body: { route: ROUTE } }),
      fleet.call('POST', '/global-config/tenant', {
        tenant: 'logged',
        headers: { 'if-match': '"99-99"' },
        body: { config: {} },
      }),
      fleet.call('POST', '/global-config/tenant', { tenant: 'logged', body: { config: { mode: 1 } } }),
    ];
    const codes: unknown[] = [];
    for (const reply of await Promise.all(attempts)) {
      const line = await lineOf(reply.headers['x-request-id'] as string);
      expect(line).toMatchObject({ outcome: 'refused', status: reply.status, code: reply.body.code });
      codes.push(line['code']);
      expect((await audit(`?request_id=${String(line['request_id'])}`)).entries).toEqual([]);
    }
    expect(codes).toEqual(['route_not_found', 'route_id_taken', 'precondition_failed', 'invalid_value']);
    expect(await fleet.revision()).toBe(before);
  });

  test('tells what was only looked at, and who read what operators only see', async () => {
    const tried = await fleet.call('DELETE', '/global-config/tenant?dry_run=true', { tenant: 'logged' });
    expect(await lineOf(tried.headers['x-request-id'] as string)).toMatchObject({ outcome: 'looked_at' });
    const read = await fleet.call('GET', '/audit');
    expect(await lineOf(read.headers['x-request-id'] as string)).toMatchObject({ outcome: 'read' });
    const route = await fleet.call('GET', `/global-routes/${ROUTE.id}`, { tenant: TENANT });
    expect(lines.some((line) => line.audit['request_id'] === route.headers['x-request-id'])).toBe(false);
  });

  test('has a line for who hangs up before the answer, too', async () => {
    const { host, port } = { host: '127.0.0.1', port: Number(new URL(fleet.nodes[0]?.url ?? '').port) };
    const before = lines.length;
    const view = fleet.seen[0];
    if (!view) throw new Error('no view');
    const socket = connect({ host, port });
    view.transactFault = () => {
      socket.destroy();
      view.transactFault = () => 'none';
      return 'none';
    };
    const body = JSON.stringify({ config: { threat_threshold: 77 } });
    socket.write(
      `POST /global-config/tenant HTTP/1.1\r\nHost: x\r\nX-Tenant-ID: hasty\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const ofHasty = () => lines.slice(before).find(({ audit: line }) => line['tenant_id'] === 'hasty');
    await until('the audit has its line', () => ofHasty() !== undefined);
    expect(ofHasty()?.audit).toMatchObject({ outcome: 'accepted', revision: expect.any(Number) as number });
  });

  test('is not flooded by refused attempts: what is left out is counted', async () => {
    const flood = Array.from({ length: 500 }, () =>
      fleet.call('DELETE', '/global-routes/none', { tenant: 'x' }),
    );
    const before = lines.length;
    await Promise.all(flood);
    expect(lines.length - before).toBeLessThan(350);
    // Whether told or not: each attempt has a line, or is counted by one that follows.
    await until('the lines account for every attempt', async () => {
      await fleet.call('DELETE', '/global-routes/none', { tenant: 'x' });
      const counted = lines.slice(before).reduce((sum, { suppressed = 0 }) => sum + 1 + suppressed, 0);
      return counted >= 500;
    });
  }, 30_000);

  test('has a line for who comes without a token, and none of what they showed', async () => {
    const closed = await startFleet({ log, gate: { mode: 'on', rootToken: 'a-token-for-tests' } });
    try {
      const headers = { authorization: 'Bearer a-wrong-token' };
      const body = { config: {} };
      const first = lines.length;
      const refused = await closed.call('POST', '/global-config/tenant', { tenant: TENANT, headers, body });
      expect(refused.status).toBe(401);
      expect(await lineOf(refused.headers['x-request-id'] as string)).toMatchObject({
        outcome: 'refused',
        code: 'unauthenticated',
        role: 'none',
        from: '127.0.0.1',
      });
      expect(JSON.stringify(lines.slice(first))).not.toContain('a-wrong-token');
    } finally {
      await closed.dispose();
    }
  });
});
