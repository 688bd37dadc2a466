import type { KeyRecord } from '../contract/record.ts';

/**
 * The life of a key that signs challenges and clearances. A key is first only verified with, so that every gateway
 * has it before anything is signed with it; then it signs; then it is only verified with until all that it signed
 * has expired; then it is kept aside for a while, and removed. No step makes anything invalid that is still held.
 */
export const KEY_STATES = ['verify-first', 'signing', 'verify-only', 'retired'] as const;
export type KeyState = KeyRecord['state'];

/** A key as far as its life goes. */
export interface KeyLife {
  readonly id: string;
  readonly state: KeyState;
  /** Wall time at which it entered that state, ms. */
  readonly since_ms: number;
}

export interface KeyringTimes {
  /** How long a key signs. */
  readonly signing_ms: number;
  /** How long a new key is only verified with: longer than a gateway needs to get it, outages included. */
  readonly grace_ms: number;
  /** How long a key is still verified with: at least what it signed lives. */
  readonly verify_ms: number;
  /** How long a retired key is kept before it is removed. */
  readonly retired_ms: number;
}

/** What a challenge and the clearance for solving it live together. The engine's own times are tested to fit. */
const HELD_MS = (300 + 1_800) * 1_000;
const MINUTE_MS = 60_000;

/** A gateway cut off from the store for less than `grace_ms` never meets a key it does not know. */
export const KEYRING_TIMES: KeyringTimes = {
  signing_ms: 24 * 60 * MINUTE_MS,
  grace_ms: 5 * MINUTE_MS,
  verify_ms: HELD_MS + 5 * MINUTE_MS,
  retired_ms: 60 * MINUTE_MS,
};

/** Something to be done to the keyring, in one transaction. */
export type KeyringStep =
  /** A new key. */
  | { readonly do: 'add'; readonly state: 'verify-first' | 'signing' }
  /** Keys enter new states. */
  | { readonly do: 'move'; readonly moves: readonly { readonly id: string; readonly to: KeyState }[] }
  | { readonly do: 'remove'; readonly id: string };

const inState = (keys: readonly KeyLife[], state: KeyState): KeyLife[] =>
  keys.filter((key) => key.state === state).sort((a, b) => a.since_ms - b.since_ms);

/** Puts a key to signing; whatever signed before is verified with from the same moment on. */
const promote = (next: KeyLife, signing: readonly KeyLife[]): KeyringStep => ({
  do: 'move',
  moves: [{ id: next.id, to: 'signing' }, ...signing.map(({ id }) => ({ id, to: 'verify-only' }) as const)],
});

/**
 * What to do now, if anything; one step at a time, to be asked again after each.
 * A clock that has gone back only makes keys live longer.
 */
export const nextStep = (
  keys: readonly KeyLife[],
  times: KeyringTimes,
  now_ms: number,
): KeyringStep | undefined => {
  const aged = (key: KeyLife, age_ms: number): boolean => now_ms - key.since_ms >= age_ms;
  const signing = inState(keys, 'signing');
  const coming = inState(keys, 'verify-first');
  const current = signing.at(-1);
  const [next] = coming;
  // With nothing to sign with, nobody can be challenged: that is worse than a gateway that learns a key late.
  if (!current) return next ? promote(next, []) : { do: 'add', state: 'signing' };
  if (signing.length > 1) {
    const moves = signing.slice(0, -1).map(({ id }) => ({ id, to: 'verify-only' }) as const);
    return { do: 'move', moves };
  }
  if (next && aged(next, times.grace_ms) && aged(current, times.signing_ms)) return promote(next, signing);
  if (!next && aged(current, times.signing_ms - times.grace_ms)) return { do: 'add', state: 'verify-first' };
  const expired = inState(keys, 'verify-only').find((key) => aged(key, times.verify_ms));
  if (expired) return { do: 'move', moves: [{ id: expired.id, to: 'retired' }] };
  const gone = inState(keys, 'retired').find((key) => aged(key, times.retired_ms));
  return gone && { do: 'remove', id: gone.id };
};

/** When the next step is due, as wall time in ms, should nobody else touch the keyring. */
export const nextDue = (keys: readonly KeyLife[], times: KeyringTimes): number => {
  const current = inState(keys, 'signing').at(-1);
  const [next] = inState(keys, 'verify-first');
  if (!current) return 0;
  const turn = current.since_ms + times.signing_ms;
  return Math.min(
    next ? Math.max(turn, next.since_ms + times.grace_ms) : turn - times.grace_ms,
    ...inState(keys, 'verify-only').map(({ since_ms }) => since_ms + times.verify_ms),
    ...inState(keys, 'retired').map(({ since_ms }) => since_ms + times.retired_ms),
  );
};
