import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Contribution } from './fleet-counters.ts';
import { FleetCounters } from './fleet-counters.ts';

const still = () => {
  const clock = { at_ms: 0, now: () => clock.at_ms, monotonic: () => clock.at_ms };
  return clock;
};

/** What Redis does with contributions, and nothing of how they get there. */
class Shelf {
  private readonly counts = new Map<string, Map<string, number>>();

  put(gateway: string, { key, own }: Contribution): void {
    const count = this.counts.get(key) ?? new Map<string, number>();
    this.counts.set(key, count.set(gateway, own));
  }

  total(key: string): number {
    return [...(this.counts.get(key)?.values() ?? [])].reduce((sum, own) => sum + own, 0);
  }

  empty(): void {
    this.counts.clear();
  }
}

const exchange = (shelf: Shelf, name: string, counters: FleetCounters, max = 100): void => {
  for (const contribution of counters.take(max)) {
    shelf.put(name, contribution);
    counters.learn(contribution, { total: shelf.total(contribution.key), ttl_ms: 60_000 });
  }
};

describe('fleet counters', () => {
  it('know at once what is counted here, and the others by the next exchange', () => {
    const shelf = new Shelf();
    const [one, two] = [new FleetCounters({ clock: still() }), new FleetCounters({ clock: still() })];
    for (let i = 0; i < 5; i++) one.add('a', 1, 120);
    expect([one.get('a'), two.get('a')]).toEqual([5, 0]);
    exchange(shelf, 'one', one);
    exchange(shelf, 'two', two);
    expect([one.get('a'), two.get('a')]).toEqual([5, 5]);
    expect(two.add('a', 1, 120)).toBe(6);
  });

  it('want a key that is looked at until an exchange has taken it, and again when it failed', () => {
    const counters = new FleetCounters({ clock: still() });
    let rings = 0;
    counters.onWanted = () => (rings += 1);
    counters.get('a');
    counters.add('b', 1, 120);
    counters.add('b', 1, 120);
    expect(rings).toBe(1);
    const taken = counters.take(10);
    expect(taken).toEqual([
      { key: 'a', own: 0, ttl_ms: 0 },
      { key: 'b', own: 2, ttl_ms: 120_000 },
    ]);
    expect(counters.waiting).toBe(false);
    counters.putBack(taken);
    expect([rings, counters.take(10).length]).toEqual([2, 2]);
  });

  it('keep the newest contribution when an exchange fails and is made up for', () => {
    const counters = new FleetCounters({ clock: still() });
    counters.add('a', 1, 120);
    const failed = counters.take(10);
    counters.add('a', 1, 120);
    counters.putBack(failed);
    expect(counters.take(10)).toEqual([{ key: 'a', own: 2, ttl_ms: 120_000 }]);
  });

  it('are bounded in what they want, and make up for what was left out', () => {
    const counters = new FleetCounters({ clock: still(), maxWanted: 10 });
    for (let i = 0; i < 25; i++) counters.add(`key ${i}`, 1, 120);
    const told = new Set<string>();
    for (let turns = 0; counters.waiting && turns < 20; turns++) {
      for (const { key } of counters.take(4)) told.add(key);
    }
    expect([told.size, counters.waiting]).toEqual([25, false]);
  });

  it('tell everything anew after a loss, and forget nothing of the others before they have done so too', () => {
    const shelf = new Shelf();
    const clock = still();
    const [one, two] = [new FleetCounters({ clock }), new FleetCounters({ clock })];
    one.add('a', 40, 1_000);
    two.add('a', 2, 1_000);
    exchange(shelf, 'one', one);
    exchange(shelf, 'two', two);
    shelf.empty();
    two.lost();
    exchange(shelf, 'two', two);
    expect([shelf.total('a'), two.get('a')]).toEqual([2, 42]);
    one.lost();
    exchange(shelf, 'one', one);
    expect(shelf.total('a')).toBe(42);
    clock.at_ms += 10_000;
    one.add('a', -1, 1_000);
    exchange(shelf, 'one', one);
    two.get('a');
    exchange(shelf, 'two', two);
    expect(two.get('a')).toBe(41);
  });

  it('agree on the true sum whatever the order of additions, exchanges, failures and losses', () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ kind: fc.constant('add' as const), at: fc.nat(2), key: fc.nat(3) }),
      },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('exchange' as const), at: fc.nat(2) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('unanswered' as const), at: fc.nat(2) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('empty' as const), at: fc.nat(2) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const shelf = new Shelf();
        const clock = still();
        const fleet = [0, 1, 2].map(() => new FleetCounters({ clock }));
        const truth = [0, 0, 0, 0];
        for (const each of steps) {
          const counters = fleet[each.at] as FleetCounters;
          if (each.kind === 'add') {
            truth[each.key] = (truth[each.key] ?? 0) + 1;
            const known = counters.add(`${each.key}`, 1, 100_000);
            // Never more than there are: nobody is limited by requests that were not made.
            expect(known).toBeLessThanOrEqual(truth[each.key] ?? 0);
          } else if (each.kind === 'exchange') exchange(shelf, `${each.at}`, counters);
          else if (each.kind === 'empty') {
            shelf.empty();
            for (const all of fleet) all.lost();
          } else {
            // It arrived, and its answer did not.
            const taken = counters.take(100);
            for (const contribution of taken) shelf.put(`${each.at}`, contribution);
            counters.putBack(taken);
          }
        }
        clock.at_ms += 10_000;
        for (let round = 0; round < 2; round++) {
          for (const [i, counters] of fleet.entries()) {
            for (const key of truth.keys()) counters.get(`${key}`);
            exchange(shelf, `${i}`, counters, 1_000);
          }
        }
        for (const counters of fleet) expect(truth.map((_, key) => counters.get(`${key}`))).toEqual(truth);
      }),
    );
  });
});
