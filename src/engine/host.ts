/** How many gateways share a count: each its own, or the whole fleet through the adapter's shared store. */
export type CounterScope = 'node' | 'fleet';

/**
 * Everything the engine takes from the world. Strings are byte strings (latin1 in Node).
 * Functions are plain fields, never methods: Lua calls them without a receiver.
 */
export interface Host {
  /** Wall time, whole milliseconds since the epoch. */
  readonly now: (this: void) => number;
  /** HMAC-SHA256 as 64 lower-case hex digits. */
  readonly hmac_sha256: (this: void, key: string, message: string) => string;
  /** SHA-256 as 64 lower-case hex digits. */
  readonly sha256: (this: void, message: string) => string;
  /** Whether the pattern, from `*-patterns.ts`, occurs in the subject. An error of the matcher counts as a match. */
  readonly match: (this: void, pattern: string, subject: string) => boolean;
  /** A-Z to a-z and nothing else. */
  readonly lower: (this: void, text: string) => string;
  /** A count, 0 when there is none. */
  readonly counter_get: (this: void, scope: CounterScope, key: string) => number;
  /** Adds `delta` and returns the count; a key lives at least `ttl_s` seconds from its first addition. */
  readonly counter_incr: (
    this: void,
    scope: CounterScope,
    key: string,
    delta: number,
    ttl_s: number,
  ) => number;
}
