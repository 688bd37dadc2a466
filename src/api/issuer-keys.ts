import { type JSONWebKeySet, type JWTVerifyGetKey, createLocalJWKSet, errors } from 'jose';
import type { Clock } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import { isObject } from '../shared/json.ts';

/** Keys older than this are fetched anew; until they come, these go on being used. */
const FRESH_MS = 600_000;
/** Keys older than this are not used any more: the provider may have withdrawn one. */
const USABLE_MS = 3_600_000;
/** A key nobody knows makes us look again, but not more often than this. */
const COOLDOWN_MS = 10_000;
/** After a fetch that failed. */
const FAILED_COOLDOWN_MS = 2_000;
const FETCH_MS = 5_000;
const BYTES_MAX = 1_048_576;

/** The provider's keys can't be had, so nothing can be said of a token. */
export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError';
}

interface KeySet {
  readonly find: ReturnType<typeof createLocalJWKSet>;
  readonly at: number;
}

export interface IssuerKeysOptions {
  readonly url: string;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Log;
}

/**
 * The public keys of an identity provider: fetched when first needed, refreshed in the background, looked for again when
 * a token names a key that is not there (rotation). With the endpoint down the known ones serve for an hour.
 */
export class IssuerKeys {
  private readonly options: IssuerKeysOptions;
  private readonly stopped = new AbortController();
  private keys: KeySet | undefined;
  private fetching: Promise<void> | undefined;
  private lastTry: { readonly at: number; readonly failed: boolean } | undefined;

  constructor(options: IssuerKeysOptions) {
    this.options = options;
  }

  /** Ends a fetch under way. */
  async dispose(): Promise<void> {
    this.stopped.abort();
    await this.fetching;
  }

  /** For jose: the key a token's header names. @throws KeysUnavailableError, JWKSNoMatchingKey and others of jose */
  readonly keyFor: JWTVerifyGetKey = async (header, token) => {
    const keys = await this.usable();
    try {
      return await keys.find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (this.rests()) {
        // Whether it is a new key or none at all could only be told by a fetch that works.
        if (this.lastTry?.failed) throw new KeysUnavailableError('the key set could not be fetched');
        throw error;
      }
      await this.fetch();
      if (this.lastTry?.failed) throw new KeysUnavailableError('the key set could not be fetched');
      return (await this.usable()).find(header, token);
    }
  };

  private async usable(): Promise<KeySet> {
    const age = this.age();
    if (age > FRESH_MS && !this.rests()) {
      const fetching = this.fetch();
      if (age > USABLE_MS) await fetching;
    }
    if (!this.keys || this.age() > USABLE_MS) {
      throw new KeysUnavailableError('the key set could not be fetched');
    }
    return this.keys;
  }

  private age(): number {
    return this.keys ? this.options.clock.monotonic() - this.keys.at : Infinity;
  }

  /** Whether a fetch was tried so lately that the next has to wait; one under way is joined, not waited for. */
  private rests(): boolean {
    if (!this.lastTry || this.fetching) return false;
    const rest = this.lastTry.failed ? FAILED_COOLDOWN_MS : COOLDOWN_MS;
    return this.options.clock.monotonic() - this.lastTry.at < rest;
  }

  /** Never rejects. */
  private fetch(): Promise<void> {
    this.fetching ??= this.fetchOnce().finally(() => {
      this.fetching = undefined;
    });
    return this.fetching;
  }

  private async fetchOnce(): Promise<void> {
    const { url, clock, log } = this.options;
    try {
      const find = createLocalJWKSet(await this.download());
      this.keys = { find, at: clock.monotonic() };
      this.lastTry = { at: clock.monotonic(), failed: false };
    } catch (error) {
      this.lastTry = { at: clock.monotonic(), failed: true };
      if (!this.stopped.signal.aborted)
        log.warn({ err: error, url }, 'the issuer’s keys could not be fetched');
    }
  }

  private async download(): Promise<JSONWebKeySet> {
    const signal = AbortSignal.any([this.stopped.signal, AbortSignal.timeout(FETCH_MS)]);
    const headers = { accept: 'application/json' };
    const response = await fetch(this.options.url, { signal, headers, redirect: 'error' });
    if (!response.ok) throw new Error(`answered ${response.status}`);
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      size += part.length;
      if (size > BYTES_MAX) throw new Error(`larger than ${BYTES_MAX} bytes`);
      parts.push(part);
    }
    const keys: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
    if (!isObject(keys) || !Array.isArray(keys['keys'])) throw new Error('not a key set');
    return keys as unknown as JSONWebKeySet;
  }
}
