/** Failed logins are slowed down; who logs in correctly elsewhere notices nothing. And what is open, by setting. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GateOptions } from '../../src/api/gate.ts';
import type { Clock } from '../../src/shared/clock.ts';
import { type Fleet, startFleet } from '../support/control-plane.ts';
import type { Reply } from '../support/http-call.ts';
import { ROOT_TOKEN, bearer, issueToken } from '../support/tokens.ts';

let ahead_ms: number;
const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() + ahead_ms };
let fleet: Fleet;

const start = async (options: Omit<Extract<GateOptions, { mode: 'on' }>, 'mode'> = {}): Promise<void> => {
  fleet = await startFleet({ clock, gate: { mode: 'on', rootToken: ROOT_TOKEN, ...options } });
};

beforeEach(() => {
  ahead_ms = 0;
});

afterEach(() => fleet.dispose());

const login = (token: string, from: string): Promise<Reply> =>
  fleet.call('GET', '/tokens', { ...bearer(token), from });

/** Guesses until told to wait. */
const guessUntilTold = async (from: string, guess = (n: number) => `guess-${n}`): Promise<Reply> => {
  for (let n = 0; n < 50; n++) {
    const reply = await login(guess(n), from);
    if (reply.status !== 401) return reply;
  }
  throw new Error('nobody stops the guessing');
};

describe('who guesses', () => {
  beforeEach(() => start());

  test('is told to wait, for how long, and can go on after that', async () => {
    const told = await guessUntilTold('127.0.5.1');
    expect(told).toMatchObject({ status: 429, body: { code: 'too_many_failed_logins' } });
    const wait_s = Number(told.headers['retry-after']);
    expect(wait_s).toBe(told.body['retry_after_s']);
    expect(wait_s).toBeGreaterThanOrEqual(1);
    expect(wait_s).toBeLessThanOrEqual(3);
    ahead_ms += wait_s * 1_000;
    expect((await login('guess', '127.0.5.1')).status).toBe(401);
    expect((await login('guess', '127.0.5.1')).status).toBe(429);
  });

  test('does not learn whether a guess was right while waiting, not even by the root token', async () => {
    await guessUntilTold('127.0.5.1');
    expect((await login(ROOT_TOKEN, '127.0.5.1')).status).toBe(429);
    ahead_ms += 3_000;
    expect((await login(ROOT_TOKEN, '127.0.5.1')).status).toBe(200);
  });

  test('slows nobody else down: not at another address, and at the same none with a token', async () => {
    const { token } = await issueToken(fleet, { role: 'operator' });
    await guessUntilTold('127.0.5.1');
    expect((await login(token, '127.0.5.1')).status).toBe(200);
    expect((await login(ROOT_TOKEN, '127.0.5.2')).status).toBe(200);
  });

  test('slows the root token down only where it was not known before', async () => {
    expect((await login(ROOT_TOKEN, '127.0.5.1')).status).toBe(200);
    await guessUntilTold('127.0.5.1');
    expect((await login(ROOT_TOKEN, '127.0.5.1')).status).toBe(200);
  });

  test('is not who sends a wrong token: it is told to wait, and nobody else at its address is', async () => {
    const { token } = await issueToken(fleet, { role: 'operator' });
    const wrong = (n: number) => `ls_${String(n).padStart(12, '0')}_${'0'.repeat(48)}`;
    const told = await guessUntilTold('127.0.5.1', wrong);
    expect(told).toMatchObject({ status: 429, body: { code: 'too_many_failed_logins' } });
    for (const right of [token, ROOT_TOKEN]) expect((await login(right, '127.0.5.1')).status).toBe(200);
    expect((await login(wrong(99), '127.0.5.1')).status).toBe(429);
  });

  test('the secret of one token from many addresses is told to wait, and who has it is not', async () => {
    const { id, token } = await issueToken(fleet, { role: 'operator' });
    const guesses: number[] = [];
    for (let n = 0; n < 30; n++) {
      guesses.push((await login(`ls_${id}_${'0'.repeat(48)}`, `127.0.6.${n + 1}`)).status);
    }
    expect(guesses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401));
    expect(guesses.slice(20)).toEqual(Array.from({ length: 10 }, () => 429));
    expect((await login(token, '127.0.6.40')).status).toBe(200);
  });

  test('is also one who sends revoked tokens; who sends none at all is not guessing', async () => {
    const { id, token } = await issueToken(fleet, { role: 'operator' });
    await fleet.call('DELETE', `/tokens/${id}`, bearer(ROOT_TOKEN));
    expect((await guessUntilTold('127.0.5.1', () => token)).status).toBe(429);
    for (let n = 0; n < 50; n++) {
      expect((await fleet.call('GET', '/tokens', { from: '127.0.5.3' })).status).toBe(401);
    }
  });

  test('finds what is public open all the while', async () => {
    await guessUntilTold('127.0.5.1');
    const reply = await fleet.call('GET', '/livez', { ...bearer('guess'), from: '127.0.5.1' });
    expect(reply.status).toBe(200);
  });
});

describe('by setting', () => {
  const DESCRIPTIONS = ['/docs/', '/docs/json', '/docs/yaml', '/docs/static/swagger-ui.css', '/openapi.json'];
  const docs = (status: number) => Object.fromEntries(DESCRIPTIONS.map((path) => [path, status]));
  const statuses = async (token?: string): Promise<Record<string, number>> => {
    const seen: Record<string, number> = {};
    for (const path of [...DESCRIPTIONS, '/metrics', '/livez', '/readyz', '/sync-status']) {
      seen[path] = (await fleet.call('GET', path, token === undefined ? {} : bearer(token))).status;
    }
    return seen;
  };
  const HEALTH = { '/livez': 200, '/readyz': 200 };

  test('docs are public and metrics are for operators, unless it says otherwise', async () => {
    await start();
    expect(await statuses()).toEqual({ ...docs(200), ...HEALTH, '/metrics': 401, '/sync-status': 401 });
    const { token } = await issueToken(fleet, { role: 'viewer', tenants: ['acme'] });
    expect(await statuses(token)).toEqual({ ...docs(200), ...HEALTH, '/metrics': 403, '/sync-status': 403 });
  });

  test('docs can be for holders of any token, and metrics for everybody', async () => {
    await start({ docs: 'token', metrics: 'public' });
    expect(await statuses()).toEqual({
      ...HEALTH,
      ...docs(401),
      '/metrics': 200,
      '/sync-status': 401,
    });
    const { token } = await issueToken(fleet, { role: 'viewer', tenants: ['acme'] });
    expect(await statuses(token)).toEqual({ ...docs(200), ...HEALTH, '/metrics': 200, '/sync-status': 403 });
  });

  test('there need be no root token, and then no text is it', async () => {
    await start({ rootToken: undefined });
    for (const token of ['', 'undefined', '0'.repeat(64)]) {
      expect((await fleet.call('GET', '/tokens', { headers: { 'x-api-key': token } })).status).toBe(401);
    }
  });
});
