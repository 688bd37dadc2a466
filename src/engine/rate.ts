import type { Host } from './host.ts';
import type { RateLimit } from './policy.ts';

/** What the limit says of one request, and what the `RateLimit` headers tell. */
export interface RateState {
  readonly limited: boolean;
  readonly limit: number;
  readonly window_s: number;
  readonly remaining: number;
  /** Seconds until the whole quota is there again, at most two windows. */
  readonly reset_s: number;
  /** Seconds until one request would pass; 0 when this one did. */
  readonly retry_after_s: number;
}

/** The share of the previous window's count that the sliding window still covers, rounded down. */
function carried(previous: number, remaining_ms: number, window_ms: number): number {
  return Math.floor((previous * remaining_ms) / window_ms);
}

/** Whole seconds until `count` carried over a window of `remaining_ms` has sunk to at most `most`. */
function untilSunk(count: number, most: number, remaining_ms: number, window_ms: number): number {
  if (count <= most) return 0;
  // carried(count, r) <= most holds for r < (most + 1) * window / count.
  const enough = ((most + 1) * window_ms) / count;
  return Math.max(0, Math.floor(remaining_ms - enough) + 1);
}

function retryAfter(
  limit: number,
  current: number,
  previous: number,
  left_ms: number,
  window_ms: number,
): number {
  const wait =
    current < limit
      ? untilSunk(previous, limit - current - 1, left_ms, window_ms)
      : left_ms + untilSunk(current, limit - 1, window_ms, window_ms);
  // Strictly more than the wait: on the very millisecond the count may still stand.
  return Math.floor(wait / 1000) + 1;
}

/**
 * A sliding window over two counters: this window's count plus the share of the last one that still lies in
 * the past `window_s` seconds. Keys carry the window's length but no version of the configuration, so a new
 * limit is right on the next request. A refused request is not counted: a client that keeps on trying is let
 * in as soon as its earlier requests have aged.
 */
export function countRequest(host: Host, rate: RateLimit, bucket: string): RateState {
  const now = host.now();
  const window_ms = rate.window_s * 1000;
  const index = Math.floor(now / window_ms);
  const left_ms = (index + 1) * window_ms - now;
  const prefix = `r:${rate.window_s}:${bucket}:`;
  const ttl_s = rate.window_s * 2;
  const key = `${prefix}${index}`;
  const previous = host.counter_get(rate.scope, `${prefix}${index - 1}`);
  const current = host.counter_incr(rate.scope, key, 1, ttl_s);
  const used = carried(previous, left_ms, window_ms) + current;
  const limited = used > rate.count;
  if (limited) host.counter_incr(rate.scope, key, -1, ttl_s);
  return {
    limited,
    limit: rate.count,
    window_s: rate.window_s,
    remaining: Math.max(0, rate.count - used),
    reset_s: Math.ceil(left_ms / 1000) + (current > 0 ? rate.window_s : 0),
    retry_after_s: limited ? retryAfter(rate.count, current - 1, previous, left_ms, window_ms) : 0,
  };
}
