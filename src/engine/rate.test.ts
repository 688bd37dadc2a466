import { beforeEach, describe, expect, it } from 'vitest';
import { TestHost } from '../../test/engine/host.ts';
import type { RateLimit } from './policy.ts';
import { countRequest } from './rate.ts';

const limit = (count: number, window_s = 60): RateLimit => ({ count, window_s, scope: 'node' });

describe('the sliding window', () => {
  let host: TestHost;
  beforeEach(() => {
    host = new TestHost();
    host.time_ms = 60_000 * 1_000_000;
  });
  const send = (times: number, rate = limit(10)): number[] =>
    Array.from({ length: times }, () => countRequest(host, rate, 'c')).flatMap((state, at) =>
      state.limited ? [at] : [],
    );

  it('lets exactly the limit pass and refuses the next', () => expect(send(12)).toEqual([10, 11]));

  it('carries the last window over, by the share that is still within reach', () => {
    send(10);
    host.time_ms += 60_000;
    expect(send(1)).toEqual([0]);
    host.time_ms += 30_000;
    expect(send(6)).toEqual([5]);
  });

  it('has forgotten everything after two windows', () => {
    send(10);
    host.time_ms += 120_000;
    expect(send(10)).toEqual([]);
  });

  it('applies a changed limit to the very next request, in both directions', () => {
    expect(send(5, limit(5))).toEqual([]);
    expect(send(1, limit(5))).toEqual([0]);
    expect(send(5, limit(10))).toEqual([]);
    expect(send(1, limit(3))).toEqual([0]);
  });

  it('does not count what it refuses', () => {
    send(10);
    send(50);
    host.time_ms += 66_000;
    expect(send(1)).toEqual([]);
  });

  it('tells when a request passes again: then, and not a second before', () => {
    for (const used of [3, 10]) {
      const start = host.time_ms;
      send(used, limit(used));
      host.time_ms += 13_000;
      const wait = countRequest(host, limit(used), 'c').retry_after_s;
      host.time_ms += wait * 1000;
      expect(send(1, limit(used))).toEqual([]);
      host.time_ms = start + 10 * 120_000;
    }
  });

  it('counts windows of other lengths apart', () => {
    send(10, limit(10, 60));
    expect(send(10, limit(10, 30))).toEqual([]);
  });
});
