/** The reflector on a real store whose watches break and whose listings fail on demand. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KEYS } from '../../test/support/change-room.ts';
import { FlakyStore } from '../../test/support/flaky-store.ts';
import { tenantRecord } from '../../test/support/records.ts';
import { until } from '../../test/support/until.ts';
import { systemClock } from '../shared/clock.ts';
import { silentLog } from '../shared/log.ts';
import type { Revision } from '../shared/revision.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../store/embedded/embedded-store.ts';
import { StoreUnavailableError } from '../store/port.ts';
import { NodeCache, type Snapshot } from './cache.ts';
import { Reflector } from './reflector.ts';

let store: EmbeddedStore;
let flaky: FlakyStore;
let cache: NodeCache;
let reflector: Reflector;
let revisions: number[];

beforeEach(async () => {
  store = await openEmbeddedStore({});
  flaky = new FlakyStore(store);
  cache = new NodeCache(KEYS);
  revisions = [];
  cache.subscribe(({ stamp }) => revisions.push(stamp.revision));
  reflector = new Reflector({
    store: flaky,
    prefix: KEYS.source,
    listed: NodeCache.listed(KEYS),
    picture: cache,
    clock: systemClock,
    log: silentLog,
    random: () => 0,
  });
});

afterEach(async () => {
  await reflector.dispose();
  await store.close();
});

const write = async (id: string, threat_threshold: number): Promise<Revision> => {
  const record = {
    key: KEYS.record('config', id),
    value: JSON.stringify(tenantRecord(id, { threat_threshold })),
  };
  return (await store.transact({ guards: [], puts: [record], deletes: [] })).revision;
};
const erase = async (id: string): Promise<Revision> =>
  (await store.transact({ guards: [], puts: [], deletes: [KEYS.record('config', id)] })).revision;
const state = () => reflector.status().state;
const live = () => until('it is live', () => state() === 'live');
const known = (): Record<string, unknown> =>
  Object.fromEntries(
    [...((cache.snapshot() as Snapshot).config ?? [])].map(([id, { value }]) => [id, value.threat_threshold]),
  );

describe('a reflector', () => {
  test('lists what there is, then follows every change, and never goes back', async () => {
    await write('a', 1);
    reflector.start();
    await live();
    expect(known()).toEqual({ a: 1 });
    for (let n = 1; n <= 100; n++) await write(`t${n % 7}`, n % 101);
    const last = await erase('a');
    expect(await reflector.reached(last, 1_000)).toBe(true);
    expect(Object.keys(known())).toHaveLength(7);
    expect(revisions).toEqual([...revisions].sort((x, y) => x - y));
    expect(new Set(revisions).size).toBe(revisions.length);
    expect(reflector.status()).toMatchObject({ state: 'live', listings: 1, failures: 0 });
  });

  test('whose watch breaks goes on from the last applied step, without listing and without a gap', async () => {
    reflector.start();
    await live();
    for (let n = 1; n <= 20; n++) {
      flaky.cutWatches();
      expect(state()).toBe('disconnected');
      const last = await write('a', n);
      expect(await reflector.reached(last, 5_000)).toBe(true);
      expect(known()).toEqual({ a: n });
      await live();
    }
    expect(reflector.status()).toMatchObject({ listings: 1, failures: 0 });
    expect(revisions).toEqual([...revisions].sort((x, y) => x - y));
  });

  test('lists anew when the store has compacted what it missed, and serves the old picture until then', async () => {
    await write('a', 1);
    await write('gone', 1);
    reflector.start();
    await live();
    flaky.fail();
    await erase('gone');
    const last = await write('a', 2);
    store.compact(last);
    expect(known()).toEqual({ a: 1, gone: 1 });
    flaky.recover();
    expect(await reflector.reached(last, 5_000)).toBe(true);
    expect(known()).toEqual({ a: 2 });
    expect(reflector.status().listings).toBe(2);
  });

  test('whose first listings fail tries again until one succeeds', async () => {
    await write('a', 1);
    let failing = 4;
    flaky.beforeRange = () => {
      if (failing-- > 0) throw new StoreUnavailableError('not yet');
    };
    reflector.start();
    await until('it has failed', () => reflector.status().failures > 0);
    expect(state()).toBe('disconnected');
    expect(cache.snapshot()).toBeUndefined();
    await live();
    expect(known()).toEqual({ a: 1 });
    expect(reflector.status()).toMatchObject({ listings: 1, failures: 0 });
  });

  test('keeps the last good value of a record that is spoilt, over a listing too', async () => {
    await write('a', 1);
    reflector.start();
    await live();
    const key = KEYS.record('config', 'a');
    const { revision } = await store.transact({ guards: [], puts: [{ key, value: 'spoilt' }], deletes: [] });
    await reflector.reached(revision, 1_000);
    expect(await reflector.refresh(1_000)).toBe(true);
    expect(known()).toEqual({ a: 1 });
    expect(cache.snapshot()?.quarantined.get(key)?.serving).toBe('last_good');
  });

  test('that is stopped in any phase stays stopped, and lets nobody wait', async () => {
    reflector.start();
    const waiting = reflector.reached(1_000_000 as Revision, 60_000);
    await reflector.dispose();
    expect(await waiting).toBe(false);
    expect(state()).toBe('stopped');
    const seen = revisions.length;
    await write('a', 1);
    await reflector.dispose();
    await store.range({ key: 'x' });
    expect(revisions).toHaveLength(seen);
    expect(await reflector.refresh(1)).toBe(false);
  });
});

describe('a refresh', () => {
  test('heals what a listing shows and the watch never said, and brings the watch back', async () => {
    reflector.start();
    await live();
    flaky.cutWatches();
    const last = await write('a', 3);
    expect(await reflector.refresh(1_000)).toBe(true);
    expect(known()).toEqual({ a: 3 });
    expect(reflector.status().applied?.revision).toBeGreaterThanOrEqual(last);
    await live();
    expect(await reflector.reached(await write('a', 4), 1_000)).toBe(true);
  });

  test('asked for by many at once is one listing, and by one more while it runs another one', async () => {
    reflector.start();
    await live();
    const { listings } = reflector.status();
    const [first, ...others] = Array.from({ length: 20 }, () => reflector.refresh(5_000));
    expect(await first).toBe(true);
    expect(await Promise.all(others)).toEqual(Array(19).fill(true));
    expect(reflector.status().listings).toBe(listings + 2);
  });

  test('shows what was written before it was asked for, also when a listing was under way', async () => {
    reflector.start();
    await live();
    let hold: (() => void) | undefined;
    flaky.beforeRange = async () => {
      await new Promise<void>((resolve) => (hold = resolve));
    };
    const early = reflector.refresh(5_000);
    await until('the listing is under way', () => hold !== undefined);
    await write('late', 9);
    const late = reflector.refresh(5_000);
    flaky.beforeRange = () => {};
    hold?.();
    expect(await early).toBe(true);
    expect(await late).toBe(true);
    expect(known()).toMatchObject({ late: 9 });
  });

  test('says false when the store is away, and the old picture stays', async () => {
    await write('a', 1);
    reflector.start();
    await live();
    flaky.fail();
    expect(await reflector.refresh(100)).toBe(false);
    expect(known()).toEqual({ a: 1 });
    flaky.recover();
    await live();
  });
});

test('under a storm of writes, cuts, failing listings and compactions the picture equals the store in the end', async () => {
  reflector.start();
  await live();
  let last = 0 as Revision;
  for (let n = 1; n <= 400; n++) {
    last = n % 5 === 0 ? await erase(`t${n % 11}`) : await write(`t${n % 11}`, n % 101);
    if (n % 23 === 0) flaky.cutWatches();
    if (n % 61 === 0) store.compact(last);
    if (n % 97 === 0) void reflector.refresh(1);
    if (n % 40 === 0)
      flaky.beforeRange =
        n % 80 === 0
          ? () => {}
          : () => {
              throw new StoreUnavailableError('storm');
            };
  }
  flaky.beforeRange = () => {};
  expect(await reflector.reached(last, 10_000)).toBe(true);
  const { kvs } = await store.range({ prefix: KEYS.records('config') });
  expect(known()).toEqual(
    Object.fromEntries(
      kvs.map(({ key, value }) => [
        key.split('/').at(-1),
        (JSON.parse(value) as { threat_threshold: number }).threat_threshold,
      ]),
    ),
  );
  expect(revisions).toEqual([...revisions].sort((x, y) => x - y));
});
