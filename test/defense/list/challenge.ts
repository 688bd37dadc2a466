import { beforeAll, describe, expect, it } from 'vitest';
import { CHALLENGE_TTL_S, isSolved } from '../../../src/engine/engine.ts';
import { TestHost } from '../../engine/host.ts';
import { type Answer, echoOf } from '../../gateway/fixture.ts';
import { BROWSER } from '../../support/browser-like.ts';
import type { DefendedGateway } from '../gateway.ts';
import { outcomeOf, stranger } from '../parameter-rows.ts';
import { challengeIn, solution, solve } from '../solver.ts';
import { hostOf } from '../stage.ts';
import type { Cases } from './cases.ts';
import { Mint, OWN } from './mint.ts';

const OTHER_AGENT = BROWSER['user-agent'].replace('140', '141');

type Headers = Readonly<Record<string, string>>;

/** A page, its work, and what comes of it. */
export const challengeCases = ({ stage, onEach }: Cases): void => {
  let mint: Mint;
  const send = (gateway: DefendedGateway, posted: string, headers: Headers = {}): Promise<Answer> =>
    stage().get(gateway, { ...stranger(), ...headers, 'x-lockstep-solution': posted });

  describe('a challenge', () => {
    beforeAll(async () => {
      await stage().apply({});
      await stage().configure({ challenge_all: true });
      await stage().configure({ challenge_all: true }, 'tenant-002');
      mint = new Mint(await stage().signingKey());
    });

    it('solved on any gateway opens every gateway', async () => {
      await onEach(async (gateway) => {
        const asked = challengeIn((await stage().get(gateway, stranger())).body);
        expect(asked.difficulty).toBe(65_536);
        const posted = solution(asked.token, solve(asked));
        await onEach(async (taker) => {
          const answer = await send(taker, posted);
          expect([answer.status, answer.body]).toEqual([200, '{"ok":true}']);
          expect(answer.headers['cache-control']).toBe('no-store');
          const cookie = answer.headers['set-cookie']?.[0] ?? '';
          expect(cookie).toMatch(
            /^lockstep-clearance=l1\.[^;]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/,
          );
          const clearance = cookie.slice(0, cookie.indexOf(';'));
          await onEach(async (opened) => {
            const passed = await stage().get(opened, { cookie: clearance, ...stranger() });
            expect(passed.status).toBe(200);
            expect(echoOf(passed).headers['x-lockstep-clearance']).toBe('plain');
          });
        });
      });
    });

    it('takes more work the higher the score', async () => {
      await stage().configure({ threat_threshold: 0 });
      await onEach(async (gateway) => {
        const suspicious = { 'user-agent': 'sqlmap/1.7', 'accept-language': '', ...stranger() };
        const page = await stage().get(gateway, suspicious);
        expect(challengeIn(page.body).difficulty).toBeGreaterThan(65_536);
      });
      await stage().configure({ challenge_all: true });
    });

    it('is not solved by anything less than the work, nor by another token', async () => {
      const { token, difficulty } = mint.challenge(0);
      const nonce = solve({ token, difficulty });
      const host = new TestHost();
      const lazy = Array.from({ length: 100 }, (_, i) => `no${i}`);
      const unsolved = lazy.find((each) => !isSolved(host, token, each, difficulty)) ?? '';
      const easier = token.replace(`.${difficulty}.`, '.1.');
      const refused = [
        solution(token, unsolved),
        solution(easier, '0'),
        solution(token.slice(0, -1), nonce),
        solution(`${token}0`, nonce),
        solution(token.replace('.p.', '.f.'), nonce),
        'x',
        '',
      ];
      await onEach(async (gateway) => {
        expect((await send(gateway, solution(token, nonce))).status).toBe(200);
        for (const posted of refused) {
          const answer = await send(gateway, posted);
          expect([answer.status, answer.body], posted).toEqual([403, '{"ok":false}']);
          expect(answer.headers['set-cookie']).toBeUndefined();
        }
      });
    });

    it('is worth nothing too late, from another clock, or on another tenant, host or user agent', async () => {
      const solved = ({ token, difficulty }: { token: string; difficulty: number }): string =>
        solution(token, solve({ token, difficulty }));
      const refused: readonly (readonly [posted: string, headers: Headers])[] = [
        [solved(mint.challenge(CHALLENGE_TTL_S + 5)), {}],
        [solved(mint.challenge(-120)), {}],
        [solved(mint.challenge(0)), { host: hostOf('site') }],
        [solved(mint.challenge(0)), { 'user-agent': OTHER_AGENT }],
        [solved(mint.challenge(0, { ...OWN, tenant: 'tenant-002' })), {}],
        [solved(mint.challenge(0, { ...OWN, host: hostOf('other') })), { host: hostOf('other') }],
      ];
      await onEach(async (gateway) => {
        expect((await send(gateway, solved(mint.challenge(CHALLENGE_TTL_S - 30)))).status).toBe(200);
        for (const [posted, headers] of refused) {
          expect((await send(gateway, posted, headers)).status, JSON.stringify(headers)).toBe(403);
        }
      });
    });

    it('answered twice buys the same clearance twice', async () => {
      const asked = mint.challenge(200);
      const posted = solution(asked.token, solve(asked));
      const cookies = new Set<string>();
      await onEach(async (gateway) => {
        for (let i = 0; i < 2; i++) {
          const [cookie = ''] = (await send(gateway, posted)).headers['set-cookie'] ?? [];
          cookies.add(cookie.slice(0, cookie.indexOf(';')));
        }
      });
      expect([...cookies]).toEqual([mint.clearance(200)]);
    });

    it('may be answered at the reserved path, which takes nothing else', async () => {
      const { token, difficulty } = mint.challenge(0);
      const body = solution(token, solve({ token, difficulty }));
      const form = { 'content-type': 'application/x-www-form-urlencoded' };
      await onEach(async (gateway) => {
        const path = '/.lockstep/verify';
        const headers = { ...form, ...stranger() };
        expect((await stage().send(gateway, { method: 'POST', path, headers, body })).body).toBe(
          '{"ok":true}',
        );
        const asked = await stage().get(gateway, stranger(), path);
        expect([asked.status, asked.headers.allow]).toEqual([405, 'POST']);
        expect((await stage().get(gateway, stranger(), '/.lockstep/else')).status).toBe(404);
      });
    });

    it('can not be guessed at without end', async () => {
      await onEach(async (gateway) => {
        const client = stranger();
        const statuses = new Set<number>();
        // Two minutes may be touched: a hundred are too many for both.
        for (let i = 0; i < 130; i++) {
          statuses.add(
            (await stage().get(gateway, { ...client, 'x-lockstep-solution': `nonce=${i}` })).status,
          );
        }
        expect([...statuses]).toEqual([403, 429]);
      });
    });

    it('with js_fingerprint is refused to a browser that is automated or contradicts its headers', async () => {
      await stage().configure({ challenge_all: true, js_fingerprint: true });
      const hints = { 'sec-ch-ua-platform': '"Linux"' };
      await onEach(async (gateway) => {
        const asked = challengeIn((await stage().get(gateway, { ...hints, ...stranger() })).body);
        const nonce = solve(asked);
        const posted = async (fields: Readonly<Record<string, string>>): Promise<Answer> =>
          send(gateway, solution(asked.token, nonce, { platform: 'Linux', ...fields }), hints);
        for (const fields of [{ webdriver: 'true' }, { languages: 'fr-FR' }, { platform: 'Windows' }]) {
          expect((await posted(fields)).status, JSON.stringify(fields)).toBe(403);
        }
        const [set = ''] = (await posted({})).headers['set-cookie'] ?? [];
        const cookie = set.slice(0, set.indexOf(';'));
        const outcome = async (headers: Headers) =>
          outcomeOf(await stage().get(gateway, { cookie, ...headers, ...stranger() }));
        expect(await outcome(hints)).toBe('pass');
        expect(await outcome({ 'sec-ch-ua-platform': '"Windows"' })).toBe('challenge');
        expect(await outcome({ ...hints, 'accept-language': 'de' })).toBe('challenge');
      });
      await stage().configure({ challenge_all: true });
    });
  });
};
