import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Log, silentLog } from '../../shared/log.ts';
import { type Contribution, FleetCounters, type Total } from './fleet-counters.ts';
import { type ExchangeLink, type ExchangeReply, FleetExchange, GAP_MS } from './fleet-exchange.ts';

const clock = { now: () => Date.now(), monotonic: () => Date.now() };
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Where contributions meet, half a round trip away. What it does is what the script in redis-link.ts does. */
class Meeting {
  private readonly counts = new Map<string, Map<string, number>>();
  private readonly sequences = new Map<string, number>();

  take(gateway: string, sequence: number, contributions: readonly Contribution[]): ExchangeReply {
    const last = this.sequences.get(gateway) ?? 0;
    if (last >= sequence) return { last };
    this.sequences.set(gateway, sequence);
    return { last, totals: contributions.map((each) => this.put(gateway, each)) };
  }

  private put(gateway: string, { key, own }: Contribution): Total {
    const count = this.counts.get(key) ?? new Map<string, number>();
    this.counts.set(key, count.set(gateway, own));
    return { total: [...count.values()].reduce((sum, each) => sum + each, 0), ttl_ms: 60_000 };
  }
}

class MeetingLink implements ExchangeLink {
  ready = true;
  underWay = 0;
  most = 0;
  readonly starts: number[] = [];
  broken: Error | undefined;
  private readonly meeting: Meeting;
  private readonly name: string;
  private readonly half_ms: number;

  constructor(meeting: Meeting, name: string, round_trip_ms: number) {
    this.meeting = meeting;
    this.name = name;
    this.half_ms = round_trip_ms / 2;
  }

  async exchange(sequence: number, contributions: readonly Contribution[]): Promise<ExchangeReply> {
    this.starts.push(Date.now());
    this.most = Math.max(this.most, ++this.underWay);
    try {
      await later(this.half_ms);
      if (this.broken) throw this.broken;
      const reply = this.meeting.take(this.name, sequence, contributions);
      await later(this.half_ms);
      return reply;
    } finally {
      this.underWay -= 1;
    }
  }
}

const gateway = (meeting: Meeting, name: string, round_trip_ms: number, log: Log = silentLog) => {
  const counters = new FleetCounters({ clock });
  const link = new MeetingLink(meeting, name, round_trip_ms);
  const exchange = new FleetExchange({ counters, link, clock, log, random: () => 0.5 });
  exchange.start();
  return { counters, link, exchange };
};

const stop = async (...gateways: { exchange: FleetExchange }[]): Promise<void> => {
  const ended = Promise.all(gateways.map(({ exchange }) => exchange.dispose()));
  await vi.advanceTimersByTimeAsync(200);
  await ended;
};

describe('exchanges', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('start at once, one at a time, and no more often than the gap allows', async () => {
    const one = gateway(new Meeting(), 'one', 10);
    await vi.advanceTimersByTimeAsync(100);
    one.link.starts.length = 0;
    const begin = Date.now();
    one.counters.add('a', 1, 120);
    await vi.advanceTimersByTimeAsync(0);
    expect(one.link.starts).toEqual([begin]);
    for (let at_ms = 0; at_ms < 200; at_ms++) {
      one.counters.add('a', 1, 120);
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(one.link.starts.slice(0, 4).map((at) => at - begin)).toEqual([0, GAP_MS, 2 * GAP_MS, 3 * GAP_MS]);
    expect(one.link.most).toBe(1);
    await stop(one);
  });

  it('look every second whether what was told is still there', async () => {
    const one = gateway(new Meeting(), 'one', 2);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(one.exchange.status.done).toBeGreaterThanOrEqual(9);
    expect(one.exchange.status.done).toBeLessThanOrEqual(11);
    await stop(one);
  });

  it('say once that they fail and once that they are back, and try ever less often in between', async () => {
    const lines: string[] = [];
    const say = (_: object, message: string) => lines.push(message);
    const one = gateway(new Meeting(), 'one', 2, { ...silentLog, info: say, warn: say });
    await vi.advanceTimersByTimeAsync(100);
    one.link.broken = new Error('gone');
    one.counters.add('a', 3, 120);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(one.exchange.status.failed).toBeGreaterThan(10);
    expect(one.exchange.status.failed).toBeLessThan(20);
    expect(lines).toHaveLength(2);
    one.link.broken = undefined;
    await vi.advanceTimersByTimeAsync(1_100);
    expect(lines).toHaveLength(3);
    expect(one.exchange.status.shared).toBe(true);
    await stop(one);
  });

  it('go on under a later number when an earlier one is no longer taken', async () => {
    const meeting = new Meeting();
    meeting.take('one', 500, []);
    const one = gateway(meeting, 'one', 2);
    one.counters.add('a', 3, 120);
    await vi.advanceTimersByTimeAsync(100);
    const two = gateway(meeting, 'two', 2);
    two.counters.get('a');
    await vi.advanceTimersByTimeAsync(100);
    expect(two.counters.get('a')).toBe(3);
    await stop(one, two);
  });

  /**
   * Until when a gateway may admit beyond a limit that the fleet had used up at `full_ms`. What was admitted up to then is
   * told by exchanges that begin within the time of one; the first of this gateway's that begins later, for somebody who
   * asks, learns of it a round trip after its start.
   */
  const refusesFrom = (starts: readonly number[], full_ms: number, round_trip_ms: number): number => {
    const told_ms = full_ms + Math.max(GAP_MS, round_trip_ms);
    const learning_ms = starts.find((start) => start > told_ms);
    return learning_ms === undefined ? told_ms : learning_ms + round_trip_ms;
  };

  it('let each gateway admit beyond the limit only what comes before its first that learns of all the others', async () => {
    const arrival = fc.record({ at: fc.nat(2), after_ms: fc.nat(4) });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        // In steps of the fake clock, which has none below a millisecond.
        fc.integer({ min: 1, max: 30 }),
        fc.array(arrival, { minLength: 30, maxLength: 300 }),
        async (limit, half_ms, arrivals) => {
          const meeting = new Meeting();
          const round_trip_ms = 2 * half_ms;
          const fleet = [0, 1, 2].map((n) => gateway(meeting, `${n}`, round_trip_ms));
          const admitted: { at: number; at_ms: number }[] = [];
          for (const { at, after_ms } of arrivals) {
            await vi.advanceTimersByTimeAsync(after_ms);
            const counters = (fleet[at] as (typeof fleet)[number]).counters;
            // As the engine counts: a refused request is taken back.
            if (counters.add('a', 1, 120) <= limit) admitted.push({ at, at_ms: Date.now() });
            else counters.add('a', -1, 120);
          }
          // Whoever was asked last begins an exchange in this time.
          await vi.advanceTimersByTimeAsync(Math.max(GAP_MS, round_trip_ms));
          const full_ms = admitted[limit - 1]?.at_ms ?? Infinity;
          for (const [at, { link }] of fleet.entries()) {
            const last = admitted.slice(limit).findLast((each) => each.at === at);
            const until_ms = refusesFrom(link.starts, full_ms, round_trip_ms);
            expect(last?.at_ms ?? 0).toBeLessThanOrEqual(until_ms);
          }
          await stop(...fleet);
        },
      ),
      { numRuns: 100, endOnFailure: true },
    );
  }, 30_000);
});
