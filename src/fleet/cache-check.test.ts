/** A node's cache whose watch loses events, held against the store. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KEYS } from '../../test/support/change-room.ts';
import { LosingStore } from '../../test/support/losing-store.ts';
import { nodeReceipt, tenantRecord } from '../../test/support/records.ts';
import { until } from '../../test/support/until.ts';
import { NodeCache } from '../reflector/cache.ts';
import { Reflector } from '../reflector/reflector.ts';
import { turn } from '../shared/async.ts';
import { systemClock } from '../shared/clock.ts';
import { silentLog } from '../shared/log.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../store/embedded/embedded-store.ts';
import type { LeaseId } from '../store/port.ts';
import { CacheCheck } from './cache-check.ts';

let store: EmbeddedStore;
let losing: LosingStore;
let cache: NodeCache;
let reflector: Reflector;
let check: CacheCheck;

const writeMarker = async () => {
  const put = { key: KEYS.marker(), value: 'x' };
  return (await store.transact({ guards: [], puts: [put], deletes: [] })).revision;
};

beforeEach(async () => {
  store = await openEmbeddedStore({});
  losing = new LosingStore(store);
  cache = new NodeCache(KEYS);
  const common = { store: losing, clock: systemClock, log: silentLog };
  reflector = new Reflector({
    ...common,
    prefix: KEYS.source,
    listed: NodeCache.listed(KEYS),
    picture: cache,
  });
  check = new CacheCheck({ ...common, keys: KEYS, cache, reflector, writeMarker, interval_ms: 20 });
  for (const id of ['a', 'b', 'c']) await put(KEYS.record('config', id), tenantRecord(id));
  reflector.start();
  await live();
});

afterEach(async () => {
  await check.dispose();
  await reflector.dispose();
  await store.close();
});

const put = (key: string, value: unknown, lease?: LeaseId) => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const one = lease === undefined ? { key, value: text } : { key, value: text, lease };
  return store.transact({ guards: [], puts: [one], deletes: [] });
};
const say = async () => put(KEYS.node('n1'), nodeReceipt('n1'), (await store.lease(60)).id);
const remove = (key: string) => store.transact({ guards: [], puts: [], deletes: [key] });
const live = () => until('it is live', () => reflector.status().state === 'live');
const known = () => [...(cache.snapshot()?.config.keys() ?? [])].sort();

describe('a comparison', () => {
  test('of a cache that has everything finds equal digests, of records, receipts and spoilt values alike', async () => {
    await say();
    await put(KEYS.record('config', 'b'), '{');
    const report = await check.look();
    expect(report).toMatchObject({ equal: true, differences: [] });
    expect(report?.digest.cache).toBe(report?.digest.store);
    expect(cache.snapshot()?.quarantined.size).toBe(1);
    expect(check.differing).toBe(0);
    await put(KEYS.record('config', 'a'), tenantRecord('a', { rate_limit: 7 }));
    expect((await check.look())?.digest.store).not.toBe(report?.digest.store);
    expect(reflector.status().listings).toBe(1);
  });

  const LOST: [what: string, lose: () => Promise<unknown>, object: string, found: string][] = [
    ['a lost delete', () => remove(KEYS.record('config', 'a')), 'config/a', 'orphan'],
    ['a lost record', () => put(KEYS.record('config', 'd'), tenantRecord('d')), 'config/d', 'missing'],
    [
      'a lost change',
      () => put(KEYS.record('config', 'b'), tenantRecord('b', { rate_limit: 1 })),
      'config/b',
      'different',
    ],
    ['a lost spoilt value', () => put(KEYS.record('config', 'b'), '{'), 'config/b', 'different'],
    ['a lost receipt', say, 'nodes/n1', 'missing'],
  ];

  test.each(LOST)('finds %s, lists anew and counts it', async (_, lose, object, found) => {
    losing.losing = true;
    await lose();
    losing.losing = false;
    const report = await check.look();
    expect(report).toMatchObject({ equal: false, differences: [{ object, found }] });
    expect(report?.digest.cache).not.toBe(report?.digest.store);
    expect(check.differing).toBe(1);
    expect(reflector.status().listings).toBe(2);
    expect(await check.look()).toMatchObject({ equal: true });
    expect(check.differing).toBe(1);
  });

  test('under a stream of changes compares one and the same revision, so that it finds nothing', async () => {
    let writing = true;
    const writer = (async () => {
      for (let n = 0; writing; n++) {
        await put(KEYS.record('config', `t${n % 20}`), tenantRecord(`t${n % 20}`, { rate_limit: n + 1 }));
        if (n % 3 === 0) await remove(KEYS.record('config', `t${(n + 7) % 20}`));
        await turn();
      }
    })();
    for (let n = 0; n < 30; n++) expect(await check.look()).toMatchObject({ equal: true });
    writing = false;
    await writer;
  });

  test('is left out while the node is cut off', async () => {
    losing.fail();
    await until('it knows', () => !reflector.status().current);
    expect(await check.look()).toBeUndefined();
    losing.recover();
    await live();
  });
});

test('on schedule a lost delete is healed without anybody asking', async () => {
  losing.losing = true;
  await remove(KEYS.record('config', 'a'));
  losing.losing = false;
  expect(known()).toContain('a');
  check.start();
  await until('it is healed', () => known().join() === 'b,c');
  expect(check.differing).toBe(1);
});
