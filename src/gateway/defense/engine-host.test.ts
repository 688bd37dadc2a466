import { describe, expect, it } from 'vitest';
import { countRequest } from '../../engine/rate.ts';
import { type Log, silentLog } from '../../shared/log.ts';
import { Counters } from '../limits/counters.ts';
import { engineHost, unshared } from './engine-host.ts';
import { FleetCounters } from '../limits/fleet-counters.ts';

const clock = { now: () => 1_790_000_040_123, monotonic: () => 0 };
const limit = (scope: 'node' | 'fleet') => ({ count: 2, window_s: 60, scope });

describe('the engine on Node', () => {
  it('never lets the fleet know of limits of scope node, nor the gateway count those of scope fleet as its own', () => {
    const [counters, fleet] = [new Counters(clock), new FleetCounters({ clock })];
    const host = engineHost(clock, counters, fleet);
    const limited = (scope: 'node' | 'fleet') => countRequest(host, limit(scope), 'client').limited;
    expect([limited('node'), limited('node'), limited('node')]).toEqual([false, false, true]);
    expect(fleet.take(10)).toEqual([]);
    const kept = counters.size;
    expect([limited('fleet'), limited('fleet'), limited('fleet')]).toEqual([false, false, true]);
    expect(counters.size).toBe(kept);
    expect(fleet.take(10).map(({ own }) => own)).toEqual([0, 2]);
  });

  it('says once that a limit of scope fleet is granted by each gateway, when it has nobody to share with', () => {
    const lines: string[] = [];
    const log: Log = { ...silentLog, warn: (_, message) => lines.push(message) };
    const counters = new Counters(clock);
    const host = engineHost(clock, counters, unshared(counters, log));
    countRequest(host, limit('node'), 'client');
    expect(lines).toEqual([]);
    for (let i = 0; i < 3; i++) countRequest(host, limit('fleet'), 'client');
    expect(lines).toHaveLength(1);
  });
});
