import { request } from 'node:http';
import { connect } from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSolved } from '../../src/engine/engine.ts';
import { type Batch, corpora, foundLine, fuzz, generated, judgeInNginx } from './fuzz.ts';
import { TestHost } from './host.ts';
import type { Harness } from './nginx.ts';
import { startHarness, unpackedNginx } from './nginx.ts';

const nginx = unpackedNginx();
const browser = {
  'user-agent':
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
  accept: 'text/html,*/*;q=0.8',
  'accept-language': 'en-US,en;q=0.9',
};
const GENERATED = 50_000;
const injection = '/?q=1%27%20or%20%271%27=%271';

/** The real plugin file in nginx with LuaJIT. What stands in for APISIX is a harness: `test/engine/harness/`. */
describe.skipIf(nginx === undefined)('cdn_defense.lua in nginx, behind a harness', () => {
  let harness: Harness;
  let revision = 0;
  beforeAll(async () => {
    harness = await startHarness(nginx ?? '');
    await harness.put('keyring', 'k1', {
      id: 'k1',
      secret: 'a secret of at least thirty-two bytes',
      state: 'signing',
    });
  });
  afterAll(() => harness.stop());

  /** Each test speaks as a client of its own. Not through fetch: that adds headers a navigation does not have. */
  const send = (target: string, headers: Record<string, string> = {}, body = ''): Promise<Response> =>
    new Promise((resolve, reject) => {
      const method = body === '' ? 'GET' : 'POST';
      const sent = request(`${harness.url}${target}`, {
        method,
        headers: { ...browser, 'x-forwarded-for': `192.0.2.${revision}`, ...headers },
      });
      sent.once('error', reject);
      sent.once('response', (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('end', () => {
          const pairs = Object.entries(incoming.headers).map(([name, value]): [string, string] => [
            name,
            String(value),
          ]);
          resolve(new Response(Buffer.concat(chunks), { status: incoming.statusCode ?? 0, headers: pairs }));
        });
      });
      sent.end(body);
    });
  /** Over HTTP/2, with no header that tells of the body. */
  const stream = (target: string, headers: Record<string, string>, body: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const session = connect(harness.http2Url);
      session.once('error', reject);
      const sent = session.request(
        { ':path': target, ...browser, 'x-forwarded-for': `192.0.2.${revision}`, ...headers },
        { endStream: body === '' },
      );
      sent.once('error', reject);
      sent.once('response', (answer) => {
        resolve(Number(answer[':status']));
        session.destroy();
      });
      if (body !== '') sent.end(body);
    });
  const tenant = (fields: object): Promise<void> => {
    revision += 1;
    return harness.put('tenants', 't1', { id: 't1', ...fields });
  };

  it('lets a browser pass, blocks an injection, tells the upstream why and the client only an event id', async () => {
    await tenant({});
    const claims = { 'x-lockstep-verdict': 'forged', 'x-lockstep': 'forged', 'x-lockstepping': 'other' };
    const passed = await send('/hello', claims);
    expect(passed.headers.get('upstream-claims')).toBe('nil other');
    expect([
      passed.status,
      passed.headers.get('upstream-verdict'),
      passed.headers.get('ratelimit-policy'),
    ]).toEqual([200, 'pass', '"default";q=1000;w=60']);
    const blocked = await send(injection);
    expect([blocked.status, blocked.headers.get('content-type')]).toEqual([403, 'application/problem+json']);
    const text = await blocked.text();
    expect(text).not.toMatch(/sql|score|signal/);
    expect(JSON.parse(text)).toMatchObject({
      status: 403,
      event_id: blocked.headers.get('x-lockstep-event-id'),
    });
    // The log phase runs after the answer.
    await expect
      .poll(() => harness.errors())
      .toContain(`cdn_defense ${blocked.headers.get('x-lockstep-event-id')} block`);
    const status = await fetch(`${harness.url}/status`);
    expect(await status.json()).toMatchObject({ counts: { block: expect.any(Number) as number } });
  });

  it('applies every changed parameter to the next request', async () => {
    await tenant({ enabled_defense: false });
    expect((await send(injection)).status).toBe(200);
    await tenant({ mode: 'observe' });
    const observed = await send(injection);
    expect([observed.status, observed.headers.get('upstream-verdict')]).toEqual([200, 'block']);
    await tenant({ deny: ['192.0.2.0/24'] });
    expect((await send('/')).status).toBe(403);
    await tenant({ rate_limit: 2 });
    expect([(await send('/')).status, (await send('/')).status, (await send('/')).status]).toEqual([
      200, 200, 429,
    ]);
    await harness.put('tenants', 't1', { id: 't1', rate_limit: 3 });
    expect([(await send('/')).status, (await send('/')).status]).toEqual([200, 429]);
    await tenant({ threat_threshold: 90 });
    const scanner = { 'user-agent': 'sqlmap/1.7' };
    expect((await send('/', scanner)).status).toBe(200);
    await tenant({ js_challenge: false });
    expect((await send('/', scanner)).headers.get('content-type')).toBe('application/problem+json');
    await tenant({ js_challenge: true });
    expect((await send('/', scanner)).headers.get('content-type')).toBe('text/html; charset=utf-8');
  });

  it('reads bodies, in memory and spooled to disk', async () => {
    await tenant({});
    const post = (body: string): Promise<Response> =>
      send(
        '/form',
        { 'content-type': 'application/x-www-form-urlencoded', 'content-length': `${body.length}` },
        body,
      );
    expect((await post(`a=${'x'.repeat(60_000)}&b=hello`)).status).toBe(200);
    expect((await post('a=1&b=%3Cscript%3Ealert(1)%3C/script%3E')).status).toBe(403);
    expect((await post(`a=${'x'.repeat(60_000)}&b=%3Cscript%3Ealert(1)%3C/script%3E`)).status).toBe(403);
  });

  it.each([
    ['POST', { 'content-type': 'application/x-www-form-urlencoded' }, 403],
    ['POST', {}, 403],
    ['DELETE', { 'content-type': 'application/json' }, 403],
    ['GET', { 'content-type': 'application/x-www-form-urlencoded' }, 403],
  ])('reads the body of a %s over HTTP/2 that no header tells of: %j', async (method, headers, status) => {
    await tenant({ js_challenge: false });
    const sent = { ':method': method, ...headers };
    expect(await stream('/form', sent, 'a=hello+world')).toBe(200);
    expect(await stream('/form', sent, 'a=1&b=%3Cscript%3Ealert(1)%3C/script%3E')).toBe(status);
    expect(await stream('/form', sent, '')).toBe(200);
  });

  it('takes for an attack what surely has a body that nginx refuses to read, and nothing else', async () => {
    await tenant({ js_challenge: false });
    const statuses: number[] = [];
    for (const [method, type] of [['POST'], ['PUT'], ['DELETE'], ['OPTIONS'], ['GET'], ['GET', 'text/xml']]) {
      const headers = { ':method': method ?? '', ...(type === undefined ? {} : { 'content-type': type }) };
      statuses.push(await stream('/form?reading=refused', headers, 'a=hello'));
    }
    expect(statuses).toEqual([403, 403, 200, 200, 200, 403]);
    const announced = { ':method': 'POST', 'content-length': '7' };
    expect(await stream('/form?reading=refused', announced, 'a=hello')).toBe(200);
  });

  it('challenges, takes the solution of the page and lets the browser pass', async () => {
    await tenant({ challenge_all: true });
    const page = await (await send('/')).text();
    const token = /data-token="([^"]+)"/.exec(page)?.[1] ?? '';
    const difficulty = Number(/data-difficulty="(\d+)"/.exec(page)?.[1]);
    expect([token === '', difficulty > 0], page.slice(0, 300)).toEqual([false, true]);
    const host = new TestHost();
    let nonce = 0;
    while (!isSolved(host, token, `${nonce}`, difficulty)) nonce++;
    const solution = `token=${token}&nonce=${nonce}&webdriver=false&languages=en-US%2Cen&platform=Linux`;
    const solved = await send('/', { 'x-lockstep-solution': solution });
    expect(solved.status).toBe(200);
    const cookie = solved.headers.get('set-cookie')?.split(';')[0] ?? '';
    const cleared = await send('/', { cookie });
    expect([cleared.status, cleared.headers.get('upstream-clearance')]).toEqual([200, 'plain']);
    expect((await send('/', { cookie: `${cookie}0` })).status).toBe(403);
    expect((await send('/', { cookie, 'user-agent': `${browser['user-agent']} x` })).status).toBe(403);
  });

  it('decides as Node does, with the matcher of nginx', { timeout: 300_000 }, async () => {
    function* batches(): Generator<Batch> {
      yield* generated(GENERATED, 4711);
      yield* corpora();
    }
    const found = await fuzz(batches(), (vectors) => judgeInNginx(harness.url, vectors));
    process.stdout.write(`  Node and nginx with LuaJIT: ${foundLine(found)}\n`);
    expect(found.differences.slice(0, 5)).toEqual([]);
    expect(found.judged.get('generated')).toBe(GENERATED);
  });
});
