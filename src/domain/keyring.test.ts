import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHALLENGE_TTL_S, CLEARANCE_TTL_S } from '../engine/engine.ts';
import { KEYRING_TIMES, type KeyLife, type KeyringTimes, nextDue, nextStep } from './keyring.ts';

const TIMES: KeyringTimes = { signing_ms: 1_000, grace_ms: 100, verify_ms: 300, retired_ms: 200 };

const key = (id: string, state: KeyLife['state'], since_ms = 0): KeyLife => ({ id, state, since_ms });

describe('the next step of a keyring', () => {
  it.each<[string, KeyLife[], number, unknown]>([
    ['makes the first key sign at once', [], 0, { do: 'add', state: 'signing' }],
    ['leaves a young key alone', [key('a', 'signing')], 899, undefined],
    [
      'adds the next key a grace before it is needed',
      [key('a', 'signing')],
      900,
      { do: 'add', state: 'verify-first' },
    ],
    ['adds one only', [key('a', 'signing'), key('b', 'verify-first', 900)], 950, undefined],
    [
      'lets it sign when it is known everywhere, and the one before only verify',
      [key('a', 'signing'), key('b', 'verify-first', 900)],
      1_000,
      {
        do: 'move',
        moves: [
          { id: 'b', to: 'signing' },
          { id: 'a', to: 'verify-only' },
        ],
      },
    ],
    [
      'waits for a key that came late',
      [key('a', 'signing'), key('b', 'verify-first', 1_500)],
      1_599,
      undefined,
    ],
    [
      'lets the next key sign early when none does',
      [key('b', 'verify-first', 900)],
      900,
      { do: 'move', moves: [{ id: 'b', to: 'signing' }] },
    ],
    [
      'lets the newer of two signing keys sign',
      [key('b', 'signing', 5), key('a', 'signing', 3)],
      5,
      { do: 'move', moves: [{ id: 'a', to: 'verify-only' }] },
    ],
    [
      'keeps what may still be shown to somebody',
      [key('b', 'signing', 1_000), key('a', 'verify-only', 1_000)],
      1_299,
      undefined,
    ],
    [
      'retires a key when all that it signed has expired',
      [key('b', 'signing', 1_000), key('a', 'verify-only', 1_000)],
      1_300,
      { do: 'move', moves: [{ id: 'a', to: 'retired' }] },
    ],
    [
      'removes it later',
      [key('b', 'signing', 1_000), key('a', 'retired', 1_300)],
      1_500,
      { do: 'remove', id: 'a' },
    ],
    [
      'does nothing early when the clock has gone back',
      [key('a', 'signing', 5_000), key('b', 'verify-only', 5_000)],
      10,
      undefined,
    ],
  ])('%s', (_name, keys, now, step) => {
    expect(nextStep(keys, TIMES, now)).toEqual(step);
  });

  it('never invalidates what somebody holds, whenever the steps are taken', () => {
    const pauses = fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 20, maxLength: 60 });
    fc.assert(
      fc.property(pauses, (waits) => {
        let keys: KeyLife[] = [];
        let now = 0;
        let made = 0;
        /** When each key last could have signed, and when it could first be verified with. */
        const lastSigned = new Map<string, number>();
        const firstKnown = new Map<string, number>();
        const move = (ids: ReadonlyMap<string, KeyLife['state']>) => {
          keys = keys.map((each) => {
            const to = ids.get(each.id);
            if (!to) return each;
            if (each.state === 'signing') lastSigned.set(each.id, now);
            if (to === 'signing' && made > 1) {
              expect(now - (firstKnown.get(each.id) ?? 0)).toBeGreaterThanOrEqual(TIMES.grace_ms);
            }
            if (to === 'retired') {
              expect(now - (lastSigned.get(each.id) ?? 0)).toBeGreaterThanOrEqual(TIMES.verify_ms);
            }
            return { id: each.id, state: to, since_ms: now };
          });
        };
        for (const wait of waits) {
          now += wait;
          for (let step = nextStep(keys, TIMES, now); step; step = nextStep(keys, TIMES, now)) {
            if (step.do === 'add') {
              const id = `k${made++}`;
              firstKnown.set(id, now);
              keys = [...keys, key(id, step.state, now)];
            } else if (step.do === 'move') {
              move(new Map(step.moves.map(({ id, to }) => [id, to])));
            } else {
              const { id } = step;
              keys = keys.filter((each) => each.id !== id);
            }
            expect(keys.filter(({ state }) => state === 'signing')).toHaveLength(1);
          }
          expect(keys.length).toBeLessThan(8);
          expect(nextDue(keys, TIMES)).toBeGreaterThan(now);
        }
      }),
    );
  });

  it('verifies for longer than what a key signed can be held', () => {
    expect(KEYRING_TIMES.verify_ms).toBeGreaterThanOrEqual((CHALLENGE_TTL_S + CLEARANCE_TTL_S) * 1_000);
  });
});
