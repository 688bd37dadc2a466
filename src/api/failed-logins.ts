import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Failures at once before any wait. */
const BURST = 20;
/** One more after each of these. */
const INTERVAL_MS = 3_000;
/** Addresses, token ids and known guessable credentials kept, each. */
const KEPT_MAX = 10_000;

/** Like a map, but forgets what was set longest ago. */
class Bounded<V> {
  private readonly entries = new Map<string, V>();

  get(key: string): V | undefined {
    return this.entries.get(key);
  }

  set(key: string, value: V): void {
    this.entries.delete(key);
    this.entries.set(key, value);
    if (this.entries.size <= KEPT_MAX) return;
    const [oldest] = this.entries.keys();
    if (oldest !== undefined) this.entries.delete(oldest);
  }

  delete(key: string): void {
    this.entries.delete(key);
  }
}

/** Leaky buckets: each failure fills one by `INTERVAL_MS`; it leaks in real time. */
class Buckets {
  /** When the bucket will be empty, monotonic. */
  private readonly empty = new Bounded<number>();

  /** How long until the next failure fits, 0 if it fits now. */
  wait_ms(key: string, now: number): number {
    const fill = Math.max(0, (this.empty.get(key) ?? 0) - now);
    return Math.max(0, fill - (BURST - 1) * INTERVAL_MS);
  }

  /** Counts a failure if it fits. @returns how long until the next fits, 0 if this one did */
  charge(key: string, now: number): number {
    const wait = this.wait_ms(key, now);
    if (wait === 0) this.empty.set(key, Math.max(now, this.empty.get(key) ?? 0) + INTERVAL_MS);
    return wait;
  }
}

/** IPv6 clients have a whole /64 each. */
const addressKey = (remote: string): string => {
  // Most are, and this is on the way of every request.
  if (isIPv4(remote) || !isIPv6(remote)) return remote;
  const address = ipaddr.process(remote);
  if (address.kind() === 'ipv4') return address.toString();
  return (address as ipaddr.IPv6).parts.slice(0, 4).join(':');
};

/**
 * Failed logins, counted by address and by the token id they name, in bounded memory. What people choose may be guessed:
 * after too many such failures the guesses of an address are not even looked at for a while, but for one that was right
 * from there before. In API tokens and JWTs there is nothing to guess, so they are always looked at, and only wrong ones
 * are told to wait: one stray client behind a shared address locks no bearer of another one out.
 */
export class FailedLogins {
  private readonly guesses = new Buckets();
  private readonly wrong = new Buckets();
  private readonly byToken = new Buckets();
  /** Address and hash of guessable credentials that were right. */
  private readonly known = new Bounded<true>();
  private readonly monotonic: () => number;

  /** @param monotonic milliseconds */
  constructor(monotonic: () => number) {
    this.monotonic = monotonic;
  }

  /** How long this guess from this address must wait before it is looked at; 0: it may be now. */
  wait_ms(remote: string, digest: Buffer): number {
    const address = addressKey(remote);
    const wait = this.guesses.wait_ms(address, this.monotonic());
    return wait > 0 && this.known.get(knownKey(address, digest)) ? 0 : wait;
  }

  /** A guess was wrong. @returns how long the next one should wait, 0 while there were few */
  guessed(remote: string, digest: Buffer): number {
    const address = addressKey(remote);
    this.known.delete(knownKey(address, digest));
    return this.guesses.charge(address, this.monotonic());
  }

  /**
   * A JWT or an API token was wrong.
   * @param token_id the token it claims to be, whether there is one or not
   * @returns how long the next wrong one should wait, 0 while there were few
   */
  failed(remote: string, token_id: string | undefined): number {
    const now = this.monotonic();
    const ofAddress = this.wrong.charge(addressKey(remote), now);
    const ofToken = token_id === undefined ? 0 : this.byToken.charge(token_id, now);
    return Math.max(ofAddress, ofToken);
  }

  /** A guess was right. */
  succeeded(remote: string, digest: Buffer): void {
    this.known.set(knownKey(addressKey(remote), digest), true);
  }
}

const knownKey = (address: string, digest: Buffer): string => `${address} ${digest.toString('base64')}`;
