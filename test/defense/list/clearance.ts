import { beforeAll, describe, expect, it } from 'vitest';
import { CLEARANCE_TTL_S } from '../../../src/engine/engine.ts';
import { echoOf } from '../../gateway/fixture.ts';
import { BROWSER } from '../../support/browser-like.ts';
import type { DefendedGateway } from '../gateway.ts';
import { INJECTION, type Outcome, outcomeOf, stranger } from '../parameter-rows.ts';
import { hostOf } from '../stage.ts';
import type { Cases } from './cases.ts';
import { Mint, OWN } from './mint.ts';

const NAME = 'lockstep-clearance=';

/** A clearance with some of its fields (version, key, expiry, kind, signature) changed. */
const altered = (cookie: string, change: (fields: string[]) => void): string => {
  const fields = cookie.slice(NAME.length).split('.');
  change(fields);
  return NAME + fields.join('.');
};

const FORGERIES: readonly (readonly [what: string, forge: (real: string) => string])[] = [
  ['that was made up', () => `${NAME}l1.k.9999999999.p.${'a'.repeat(64)}`],
  [
    'with another signature',
    (real) => altered(real, (f) => (f[4] = (f[4] ?? '').replace(/^./, (c) => (c === '0' ? '1' : '0')))),
  ],
  ['that says it lasts longer', (real) => altered(real, (f) => (f[2] = String(Number(f[2]) + 1)))],
  ['that says it is bound to a browser', (real) => altered(real, (f) => (f[3] = 'f'))],
  ['of a key that nobody has', (real) => altered(real, (f) => (f[1] = 'kother'))],
  ['that was cut short', (real) => real.slice(0, -1)],
  ['with something behind it', (real) => `${real}0`],
  ['without its signature', (real) => altered(real, (f) => f.pop())],
  ['that is empty', () => NAME],
];

/** What a clearance is good for, and everything that it is not. */
export const clearanceCases = ({ stage, onEach }: Cases): void => {
  let mint: Mint;
  const outcome = async (
    gateway: DefendedGateway,
    cookie: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Outcome> => outcomeOf(await stage().get(gateway, { cookie, ...stranger(), ...headers }));

  describe('a clearance', () => {
    beforeAll(async () => {
      await stage().apply({});
      await stage().configure({ challenge_all: true });
      await stage().configure({ challenge_all: true }, 'tenant-002');
      mint = new Mint(await stage().signingKey());
    });

    it.each(FORGERIES)('%s is worth nothing', async (_what, forge) => {
      await onEach(async (gateway) => {
        const real = mint.clearance(0);
        expect(await outcome(gateway, real)).toBe('pass');
        expect(await outcome(gateway, forge(real))).toBe('challenge');
      });
    });

    it('ends half an hour after its challenge', async () => {
      await onEach(async (gateway) => {
        expect(await outcome(gateway, mint.clearance(CLEARANCE_TTL_S - 60))).toBe('pass');
        const late = await stage().get(gateway, {
          cookie: mint.clearance(CLEARANCE_TTL_S + 1),
          ...stranger(),
        });
        expect(outcomeOf(late)).toBe('challenge');
      });
    });

    it('of another tenant, host or user agent is worth nothing', async () => {
      await onEach(async (gateway) => {
        const own = mint.clearance(0);
        expect(await outcome(gateway, own)).toBe('pass');
        expect(await outcome(gateway, own, { host: hostOf('site') })).toBe('challenge');
        expect(await outcome(gateway, own, { host: hostOf('other') })).toBe('challenge');
        const agent = BROWSER['user-agent'].replace('140', '141');
        expect(await outcome(gateway, own, { 'user-agent': agent })).toBe('challenge');
        // Rightly signed, for the right host, but for somebody else's tenant.
        const foreign = mint.clearance(0, { ...OWN, tenant: 'tenant-002' });
        expect(await outcome(gateway, foreign)).toBe('challenge');
        const theirs = mint.clearance(0, { ...OWN, host: hostOf('other') });
        expect(await outcome(gateway, theirs, { host: hostOf('other') })).toBe('challenge');
      });
    });

    it('is no bypass: what is sent is still read, and limited', async () => {
      await onEach(async (gateway) => {
        const answer = await stage().get(gateway, { cookie: mint.clearance(0), ...stranger() }, INJECTION);
        expect(outcomeOf(answer)).toBe('block');
      });
      await stage().configure({ challenge_all: true, rate_limit: { count: 2, window_s: 3600 } });
      await onEach(async (gateway) => {
        const client = stranger();
        const cookie = mint.clearance(0);
        const outcomes: Outcome[] = [];
        for (let i = 0; i < 3; i++) outcomes.push(await outcome(gateway, cookie, client));
        expect(outcomes).toEqual(['pass', 'pass', 'limit']);
      });
      await stage().configure({ challenge_all: true });
    });

    it('that does not stand is told to the upstream where the request passes all the same', async () => {
      await stage().configure({ mode: 'observe' });
      await onEach(async (gateway) => {
        const told = async (cookie: string) =>
          echoOf(await stage().get(gateway, { cookie, ...stranger() })).headers['x-lockstep-clearance'];
        expect(await told(mint.clearance(0))).toBe('plain');
        expect(await told(mint.clearance(CLEARANCE_TTL_S + 1))).toBe('expired');
        expect(await told(mint.clearance(0, { ...OWN, tenant: 'tenant-002' }))).toBe('invalid');
      });
    });
  });
};
