import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { KEYS } from '../../test/support/change-room.ts';
import { at, gone, kv, nodeReceipt, put, routeRecord, tenantRecord } from '../../test/support/records.ts';
import type { KeyValue, StoreEvent } from '../store/port.ts';
import { NodeCache, type Snapshot } from './cache.ts';

let cache: NodeCache;

beforeEach(() => {
  cache = new NodeCache(KEYS);
});

const snapshot = (): Snapshot => cache.snapshot() as Snapshot;
const ACME = KEYS.record('config', 'acme');
const R1 = KEYS.record('routes', 'r1');

/** All that a snapshot holds, as plain values. */
const plain = ({ config, routes, ssl, nodes, quarantined }: Snapshot) =>
  structuredClone({ config, routes, ssl, nodes, quarantined });

describe('a cache', () => {
  test('has no snapshot before its first listing, and takes no step', () => {
    expect(cache.snapshot()).toBeUndefined();
    expect(() => cache.apply([], at(2))).toThrow();
  });

  test('reads records and receipts, and no history, claims, requests or keys of others', () => {
    cache.replace(
      [
        kv(ACME, tenantRecord('acme'), 3),
        kv(R1, routeRecord('r1'), 4),
        kv(KEYS.node('n1'), nodeReceipt('n1'), 5),
        kv(KEYS.history('config', 'acme', 1), {}, 3),
        kv(KEYS.claim('hosts', ['com', 'a'], false, 'routes:r1'), { tenant_id: 'acme' }, 4),
        kv(KEYS.request('acme', 'd'), {}, 4),
        kv('/cdn-defense/unknown/x', {}, 4),
        kv('/elsewhere/config/acme', {}, 4),
      ],
      at(6),
    );
    expect([...snapshot().config.keys(), ...snapshot().routes.keys(), ...snapshot().nodes.keys()]).toEqual([
      'acme',
      'r1',
      'n1',
    ]);
    expect(snapshot().quarantined.size).toBe(0);
    expect(snapshot().config.get('acme')).toEqual({ value: tenantRecord('acme'), revision: 3 });
  });

  test('calls what changed records changed, and proves a listing as a whole', () => {
    cache.replace([kv(ACME, tenantRecord('acme'), 3), kv(KEYS.node('n1'), nodeReceipt('n1'), 8)], at(9));
    expect(snapshot()).toMatchObject({ stamp: at(9), changed: 3, applied: 9 });
    cache.apply([put(KEYS.node('n1'), nodeReceipt('n1'), 10)], at(10));
    expect(snapshot()).toMatchObject({ stamp: at(10), changed: 3, applied: 9 });
    cache.apply([gone(ACME, 11)], at(11));
    expect(snapshot()).toMatchObject({ stamp: at(11), changed: 11, applied: 11 });
    cache.replace([], at(12));
    expect(snapshot()).toMatchObject({ changed: 11, applied: 12 });
    cache.replace([], at(5));
    expect(snapshot()).toMatchObject({ changed: 0, applied: 5 });
    cache.apply([put(ACME, tenantRecord('acme'), 6)], at(6));
    cache.replace([], at(20, 'another'));
    expect(snapshot()).toMatchObject({ changed: 0, applied: 20 });
  });

  test('tells its listeners of each snapshot, the first at once, and not after they leave', () => {
    const seen: number[] = [];
    cache.replace([], at(2));
    const leave = cache.subscribe(({ stamp }) => seen.push(stamp.revision));
    cache.apply([], at(3));
    leave();
    cache.apply([], at(4));
    expect(seen).toEqual([2, 3]);
  });
});

test('a listing contradicts a cache that knows a later write of one of its keys, and only then', () => {
  expect(cache.contradicts([kv(ACME, tenantRecord('acme'), 1)])).toBe(false);
  cache.replace([kv(ACME, tenantRecord('acme'), 5), kv(KEYS.node('n1'), nodeReceipt('n1'), 6)], at(6));
  expect(cache.contradicts([kv(ACME, tenantRecord('acme'), 5)])).toBe(false);
  expect(cache.contradicts([kv(ACME, tenantRecord('acme'), 9), kv(R1, routeRecord('r1'), 2)])).toBe(false);
  expect(cache.contradicts([kv(KEYS.history('config', 'acme', 1), {}, 1)])).toBe(false);
  expect(cache.contradicts([])).toBe(false);
  expect(cache.contradicts([kv(ACME, tenantRecord('acme'), 4)])).toBe(true);
});

describe('a spoilt value', () => {
  const SPOILT: [name: string, key: string, value: unknown][] = [
    ['that is not JSON', ACME, '{'],
    ['that is empty', ACME, ''],
    ['that is null', ACME, 'null'],
    ['of the wrong type', ACME, { ...tenantRecord('acme'), threat_threshold: 'high' }],
    ['out of range', ACME, { ...tenantRecord('acme'), threat_threshold: 101 }],
    ['without a version', ACME, { ...tenantRecord('acme'), version: undefined }],
    ['of version 0', ACME, { ...tenantRecord('acme'), version: 0 }],
    ['that says it is another', ACME, tenantRecord('other')],
    ['of a route without an upstream', R1, { ...routeRecord('r1'), upstream: undefined }],
    ['of a route with a bad path', R1, { ...routeRecord('r1'), path: 'x' }],
  ];

  test.each(SPOILT)('%s keeps the last good one, is quarantined, and mended by the next', (_, key, value) => {
    const good = key === ACME ? tenantRecord('acme', { threat_threshold: 5 }) : routeRecord('r1');
    cache.replace([kv(key, good, 2)], at(2));
    const before = plain(snapshot());
    cache.apply([put(key, value, 3)], at(3));
    expect(snapshot().quarantined.get(key)).toMatchObject({
      key,
      revision: 3,
      serving: 'last_good',
      reason: expect.stringMatching(/\S/) as string,
    });
    expect({ ...plain(snapshot()), quarantined: new Map() }).toEqual(before);
    cache.replace([kv(key, value, 3)], at(4));
    expect(snapshot().quarantined.get(key)?.serving).toBe('last_good');
    expect({ ...plain(snapshot()), quarantined: new Map() }).toEqual(before);
    cache.apply([put(key, good, 5)], at(5));
    expect(snapshot().quarantined.size).toBe(0);
  });

  test('with no good one before serves nothing', () => {
    cache.replace([kv(ACME, '{', 2)], at(2));
    expect(snapshot().config.size).toBe(0);
    expect(snapshot().quarantined.get(ACME)?.serving).toBe('nothing');
  });

  test('that is deleted, by a step or before a listing, takes its last good one along', () => {
    for (const finish of [() => cache.apply([gone(ACME, 4)], at(4)), () => cache.replace([], at(4))]) {
      cache.replace([kv(ACME, tenantRecord('acme'), 2)], at(2));
      cache.apply([put(ACME, '{', 3)], at(3));
      finish();
      expect([snapshot().config.size, snapshot().quarantined.size]).toEqual([0, 0]);
    }
  });

  test('with unknown fields of a newer release is no spoilt value', () => {
    cache.replace([kv(ACME, { ...tenantRecord('acme'), from_the_future: 1 }, 2)], at(2));
    expect(snapshot().quarantined.size).toBe(0);
  });

  test('of a receipt that no lease ends makes no node, and is shown until it is gone', () => {
    const { lease: _, ...free } = kv(KEYS.node('n1'), nodeReceipt('n1'), 3);
    cache.replace([kv(KEYS.node('n1'), nodeReceipt('n1'), 2)], at(2));
    cache.apply([{ type: 'put', ...free }], at(3));
    expect(snapshot().nodes.size).toBe(0);
    expect([...snapshot().quarantined.values()]).toMatchObject([
      { reason: 'it has no lease: no node keeps it', serving: 'nothing' },
    ]);
    cache.apply([put(KEYS.node('n1'), nodeReceipt('n1'), 4)], at(4));
    expect([snapshot().nodes.size, snapshot().quarantined.size]).toEqual([1, 0]);
    cache.replace([free], at(5));
    cache.apply([gone(KEYS.node('n1'), 6)], at(6));
    expect([snapshot().nodes.size, snapshot().quarantined.size]).toEqual([0, 0]);
  });

  test('of a receipt is dropped, and quarantines nothing', () => {
    cache.replace([kv(KEYS.node('n1'), nodeReceipt('n1'), 2)], at(2));
    cache.apply([put(KEYS.node('n1'), '{', 3)], at(3));
    expect([snapshot().nodes.size, snapshot().quarantined.size]).toEqual([0, 0]);
  });
});

describe('over any sequence of puts, deletes and listings', () => {
  const id = fc.constantFrom('a', 'b', 'c');
  const change = fc.oneof(
    fc.record({
      key: id.map((name) => KEYS.record('config', name)),
      value: fc.nat(100),
      kind: fc.constant('config'),
    }),
    fc.record({
      key: id.map((name) => KEYS.record('routes', name)),
      value: fc.nat(100),
      kind: fc.constant('routes'),
    }),
    fc.record({ key: id.map((name) => KEYS.node(name)), value: fc.nat(100), kind: fc.constant('nodes') }),
  );
  const event = fc.record({ change, deletes: fc.boolean() });
  const step = fc.oneof(
    { arbitrary: fc.array(event, { minLength: 1, maxLength: 4 }), weight: 5 },
    { arbitrary: fc.constant('list' as const), weight: 1 },
  );

  const valueOf = (kind: string, key: string, n: number): unknown => {
    const name = key.split('/').at(-1) ?? '';
    if (kind === 'config') return tenantRecord(name, { threat_threshold: n });
    return kind === 'routes' ? routeRecord(name, { priority: n }) : nodeReceipt(name, { revision: n });
  };

  test('a cache equals one that lists afresh, and no snapshot it gave out ever changes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const followed = new NodeCache(KEYS);
        followed.replace([], at(1));
        const truth = new Map<string, KeyValue>();
        const given: { live: Snapshot; copy: ReturnType<typeof plain> }[] = [];
        let now = 1;
        for (const each of steps) {
          now += 1;
          if (each === 'list') followed.replace([...truth.values()], at(now));
          else {
            const events = each.map(({ change: { key, value, kind }, deletes }): StoreEvent => {
              const written = put(key, valueOf(kind, key, value), now);
              if (deletes) truth.delete(key);
              else truth.set(key, kv(key, valueOf(kind, key, value), now));
              return deletes ? gone(key, now) : written;
            });
            followed.apply(events, at(now));
          }
          const live = followed.snapshot() as Snapshot;
          given.push({ live, copy: plain(live) });
          const fresh = new NodeCache(KEYS);
          fresh.replace([...truth.values()], at(now));
          expect(plain(live)).toEqual(plain(fresh.snapshot() as Snapshot));
          expect(live.stamp.revision).toBe(now);
        }
        for (const { live, copy } of given) expect(plain(live)).toEqual(copy);
      }),
      { numRuns: 200 },
    );
  });
});
