/** JWTs of an identity provider: whom they let in, and that no failure of the provider lets anybody in. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/shared/clock.ts';
import { type Fleet, startFleet } from '../support/control-plane.ts';
import type { Reply } from '../support/http-call.ts';
import { AUDIENCE, TestIssuer } from '../support/issuer.ts';
import { elsewhere } from '../support/tenants.ts';
import { ROOT_TOKEN, bearer, issueToken } from '../support/tokens.ts';

const ISSUER = 'https://id.example.com';
const OPERATOR = { lockstep_role: 'operator' };
const EDITOR = { lockstep_role: 'editor', lockstep_tenants: ['acme'] };

let ahead_ms: number;
const clock: Clock = {
  now: () => Date.now() + ahead_ms,
  monotonic: () => performance.now() + ahead_ms,
};
let issuer: TestIssuer;
let fleet: Fleet;

beforeEach(async () => {
  ahead_ms = 0;
  issuer = await TestIssuer.start();
  fleet = await startFleet({
    clock,
    gate: { mode: 'on', rootToken: ROOT_TOKEN, issuer: issuer.options() },
  });
});

afterEach(async () => {
  await fleet.dispose();
  await issuer.stop();
});

const ask = (jwt: string, path = '/tokens'): Promise<Reply> =>
  fleet.call('GET', path, { ...bearer(jwt), from: elsewhere() });

const refusedAs = async (jwt: string, status: number, code: string): Promise<void> => {
  const reply = await ask(jwt);
  expect({ status: reply.status, code: reply.body.code }).toEqual({ status, code });
};

const now_s = (): number => Math.floor(clock.now() / 1000);

test('a JWT lets in by its role and tenants, and its subject signs the changes', async () => {
  const jwt = await issuer.sign({ ...EDITOR, sub: 'ada' });
  const reply = await fleet.call('POST', '/global-config/tenant', { ...bearer(jwt), body: { config: {} } });
  expect(reply).toMatchObject({ status: 200, body: { tenant_id: 'acme' } });
  expect((await ask(jwt, '/global-config/tenant')).body).toMatchObject({ updated_by: 'jwt:ada' });
  expect((await ask(await issuer.sign(OPERATOR))).status).toBe(200);
});

describe('beside a stray client at the same address', () => {
  const FROM = '127.0.9.1';
  const login = (token: string): Promise<Reply> =>
    fleet.call('GET', '/tokens', { ...bearer(token), from: FROM });
  const untilTold = async (token: string): Promise<void> => {
    for (let n = 0; n < 20; n++) expect((await login(token)).status).toBe(401);
    expect((await login(token)).status).toBe(429);
  };

  test('a JWT that was not seen before lets in, whatever the other sends', async () => {
    const { token } = await issueToken(fleet, { role: 'operator' });
    const wrong = await issuer.sign({ ...OPERATOR, aud: 'others' });
    for (const stray of ['a guess', `ls_${'0'.repeat(12)}_${'0'.repeat(48)}`, wrong]) {
      await untilTold(stray.replace(' ', '-'));
      ahead_ms += 1_000;
      const refreshed = await issuer.sign({ ...OPERATOR, jti: stray });
      expect([(await login(refreshed)).status, (await login(token)).status]).toEqual([200, 200]);
      ahead_ms += 60_000;
    }
  });

  test('a root token that looks like a JWT can be guessed no faster than others, and holds up no JWT', async () => {
    await fleet.dispose();
    const rootToken = 'root.token.of-the-tests';
    fleet = await startFleet({ clock, gate: { mode: 'on', rootToken, issuer: issuer.options() } });
    await untilTold('root.token.of-the-guess');
    expect((await login(rootToken)).status).toBe(429);
    expect((await login(await issuer.sign(OPERATOR))).status).toBe(200);
    ahead_ms += 60_000;
    expect((await login(rootToken)).status).toBe(200);
  });
});

describe('a JWT is not believed', () => {
  test.each<[string, () => Promise<string>]>([
    ['of another issuer', () => issuer.sign({ ...OPERATOR, iss: 'https://id.example.net' })],
    ['without an issuer', () => issuer.sign({ ...OPERATOR, iss: undefined })],
    ['for another audience', () => issuer.sign({ ...OPERATOR, aud: ['others'] })],
    ['for nobody', () => issuer.sign({ ...OPERATOR, aud: undefined })],
    ['without an end', () => issuer.sign({ ...OPERATOR, exp: undefined })],
    ['without a subject', () => issuer.sign({ ...OPERATOR, sub: undefined })],
    ['from the future', () => issuer.sign({ ...OPERATOR, nbf: now_s() + 60 })],
    ['by a key that is not published', () => issuer.sign(OPERATOR, { kid: 'unknown' })],
    [
      'that is altered',
      async () => {
        const [head, , signature] = (await issuer.sign(EDITOR)).split('.');
        const claims = { iss: ISSUER, aud: AUDIENCE, sub: 'eve', exp: now_s() + 60, ...OPERATOR };
        return [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
      },
    ],
    [
      'that nobody signed',
      async () =>
        new UnsecuredJWT(OPERATOR)
          .setIssuer(ISSUER)
          .setAudience(AUDIENCE)
          .setSubject('eve')
          .setExpirationTime('1h')
          .encode(),
    ],
    [
      'whose secret is the public key',
      async () => {
        const keys = await (await fetch(`${issuer.url}/keys`)).text();
        return new SignJWT({ ...OPERATOR, iss: ISSUER, aud: AUDIENCE, sub: 'eve', exp: now_s() + 60 })
          .setProtectedHeader({ alg: 'HS256', kid: 'key-1' })
          .sign(Buffer.from(keys));
      },
    ],
    [
      'by a key of its own that it brings along',
      async () => {
        const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        return new SignJWT({ ...OPERATOR, iss: ISSUER, aud: AUDIENCE, sub: 'eve', exp: now_s() + 60 })
          .setProtectedHeader({
            alg: 'ES256',
            kid: 'key-1',
            jwk: publicKey.export({ format: 'jwk' }),
          })
          .sign(privateKey);
      },
    ],
    ['that is three words', async () => 'a.b.c'],
    ['that is noise', async () => [8, 64, 32].map((n) => randomBytes(n).toString('base64url')).join('.')],
  ])('%s', async (_, make) => refusedAs(await make(), 401, 'unauthenticated'));

  test('without a role of ours, though it is known who asks', async () => {
    await refusedAs(await issuer.sign({}), 403, 'forbidden');
    await refusedAs(await issuer.sign({ lockstep_role: 'admin' }), 403, 'forbidden');
  });

  test('as an editor of nobody', async () => {
    const jwt = await issuer.sign({ lockstep_role: 'editor' });
    const reply = await fleet.call('GET', '/global-routes', { ...bearer(jwt), tenant: 'acme' });
    expect(reply).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });
});

test('an end within the tolerance is none, one beyond it is', async () => {
  const jwt = await issuer.sign({ ...OPERATOR, exp: now_s() + 60 });
  ahead_ms = 63_000;
  expect((await ask(jwt)).status).toBe(200);
  ahead_ms = 66_000;
  await refusedAs(jwt, 401, 'token_expired');
});

describe('the keys', () => {
  test('are fetched once for many', async () => {
    const jwt = await issuer.sign(OPERATOR);
    const replies = await Promise.all(Array.from({ length: 20 }, () => ask(jwt)));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    expect(issuer.fetched).toBe(1);
  });

  test('are fetched again for a key that is new, and not again and again for one that is none', async () => {
    expect((await ask(await issuer.sign(OPERATOR))).status).toBe(200);
    await issuer.rotate();
    ahead_ms = 11_000;
    expect((await ask(await issuer.sign(OPERATOR))).status).toBe(200);
    expect(issuer.fetched).toBe(2);
    const unknown = await issuer.sign(OPERATOR, { kid: 'unknown' });
    for (let n = 0; n < 10; n++) await refusedAs(unknown, 401, 'unauthenticated');
    expect(issuer.fetched).toBe(2);
  });

  test('that are withdrawn end what they signed, after ten minutes at most', async () => {
    const old = await issuer.sign({ ...OPERATOR, exp: now_s() + 7_200 });
    expect((await ask(old)).status).toBe(200);
    await issuer.rotate(true);
    ahead_ms = 601_000;
    // The first one after that time is still served by the old ones while new ones come.
    await ask(old);
    await expect.poll(async () => (await ask(old)).status).toBe(401);
    expect((await ask(await issuer.sign({ ...OPERATOR, exp: now_s() + 60 }))).status).toBe(200);
  });
});

describe('with the provider away', () => {
  const away: [string, () => Promise<void>][] = [
    ['nobody answering', () => issuer.stop()],
    ['an error', async () => void (issuer.broken = { status: 500, body: '{}' })],
    ['a page instead of keys', async () => void (issuer.broken = { status: 200, body: '<html>' })],
    ['keys that are none', async () => void (issuer.broken = { status: 200, body: '{"keys":7}' })],
    [
      'more than keys can be',
      async () => void (issuer.broken = { status: 200, body: 'x'.repeat(2_000_000) }),
    ],
    ['a redirection', async () => void (issuer.broken = { status: 302, body: '' })],
  ];

  test.each(away)('from the start (%s) JWTs get 503, tokens work, and it ends by itself', async (_, fail) => {
    const port = Number(new URL(issuer.url).port);
    const jwt = await issuer.sign({ ...OPERATOR, exp: now_s() + 7_200 });
    await fail();
    await refusedAs(jwt, 503, 'issuer_unavailable');
    expect((await ask((await issueToken(fleet, { role: 'operator' })).token)).status).toBe(200);
    if (issuer.broken) issuer.broken = undefined;
    else await issuer.listen(port);
    ahead_ms = 2_001;
    expect((await ask(jwt)).status).toBe(200);
  });

  test('later, the known keys serve for an hour; a key that nobody knows gets 503, as it may be a new one', async () => {
    const jwt = await issuer.sign({ ...OPERATOR, exp: now_s() + 7_200 });
    expect((await ask(jwt)).status).toBe(200);
    await issuer.stop();
    ahead_ms = 3_590_000;
    expect((await ask(jwt)).status).toBe(200);
    await refusedAs(
      await issuer.sign({ ...OPERATOR, exp: now_s() + 60 }, { kid: 'new' }),
      503,
      'issuer_unavailable',
    );
    await refusedAs(`${jwt.slice(0, -8)}AAAAAAAA`, 401, 'unauthenticated');
    ahead_ms = 3_601_000;
    await refusedAs(jwt, 503, 'issuer_unavailable');
    await issuer.listen(0);
  });
});
