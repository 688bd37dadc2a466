/** A store that is restored from a backup behind the reflector's back. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KEYS } from '../../test/support/change-room.ts';
import { FlakyStore } from '../../test/support/flaky-store.ts';
import { tenantRecord } from '../../test/support/records.ts';
import { until } from '../../test/support/until.ts';
import { systemClock } from '../shared/clock.ts';
import { silentLog } from '../shared/log.ts';
import type { Revision, Stamp } from '../shared/revision.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../store/embedded/embedded-store.ts';
import { NodeCache } from './cache.ts';
import { Reflector } from './reflector.ts';

let directory: string;
let store: EmbeddedStore;
let seen: FlakyStore;
let cache: NodeCache;
let rewinds: { from: Stamp; to: Stamp }[];
let reflector: Reflector;
const stores: EmbeddedStore[] = [];

const open = async (name: string): Promise<EmbeddedStore> => {
  const opened = await openEmbeddedStore({ directory: join(directory, name) });
  stores.push(opened);
  return opened;
};

const reflect = (knownAt?: Stamp): Reflector =>
  new Reflector({
    store: seen,
    prefix: KEYS.source,
    picture: cache,
    clock: systemClock,
    log: silentLog,
    random: () => 0,
    knownAt,
    onRewound: (from, to) => rewinds.push({ from, to }),
  });

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lockstep-rewind-'));
  store = await open('original');
  seen = new FlakyStore(store);
  cache = new NodeCache(KEYS);
  rewinds = [];
  reflector = reflect();
});

afterEach(async () => {
  await reflector.dispose();
  await Promise.all(stores.splice(0).map((each) => each.close()));
  await rm(directory, { recursive: true, force: true });
});

const write = async (into: EmbeddedStore, id: string, rate_limit: number): Promise<Revision> => {
  const put = { key: KEYS.record('config', id), value: JSON.stringify(tenantRecord(id, { rate_limit })) };
  return (await into.transact({ guards: [], puts: [put], deletes: [] })).revision;
};
const known = (): Record<string, unknown> =>
  Object.fromEntries([...(cache.snapshot()?.config ?? [])].map(([id, { value }]) => [id, value.rate_limit]));
const live = () => until('it is live', () => reflector.status().state === 'live');

/** The store as it was at the backup, then some writes, then the store as it is now. */
const backup = async (): Promise<EmbeddedStore> => {
  await write(store, 'kept', 1);
  await store.close();
  await cp(join(directory, 'original'), join(directory, 'restored'), { recursive: true });
  store = await open('original');
  seen.become(store);
  for (let n = 1; n <= 5; n++) await write(store, 'lost', n);
  reflector.start();
  await live();
  await write(store, 'lost', 6);
  await until('it has everything', () => known()['lost'] === 6);
  return open('restored');
};

test('a restored store that is behind is noticed, and what it does not hold is forgotten', async () => {
  const restored = await backup();
  const from = reflector.status().applied;
  seen.become(restored);
  await until('it has what is there now', () => !('lost' in known()));
  expect(known()).toEqual({ kept: 1 });
  expect(rewinds).toEqual([{ from, to: reflector.status().applied }]);
  await live();
  await write(restored, 'new', 7);
  await until('it follows', () => known()['new'] === 7);
  expect(rewinds).toHaveLength(1);
});

test('a restored store that has grown past the picture before the picture looked is noticed too', async () => {
  const restored = await backup();
  seen.fail();
  for (let n = 1; n <= 20; n++) await write(restored, 'other', n);
  seen.become(restored);
  seen.recover();
  await until('it has what is there now', () => known()['other'] === 20);
  expect(known()).toEqual({ kept: 1, other: 20 });
  expect(rewinds).toHaveLength(1);
  expect(rewinds[0]?.to.revision).toBeGreaterThan(rewinds[0]?.from.revision ?? 0);
  await live();
});

test('a store with another cluster id is noticed, and so is one that an earlier run did not know', async () => {
  await backup();
  seen.become(await open('another'));
  await until('it has what is there now', () => Object.keys(known()).length === 0);
  expect(rewinds).toHaveLength(1);
  expect(rewinds[0]?.to.clusterId).not.toBe(rewinds[0]?.from.clusterId);
  await live();
  const earlier = rewinds[0]?.from;
  await reflector.dispose();
  reflector = reflect(earlier);
  reflector.start();
  await live();
  expect(rewinds[1]).toMatchObject({ from: earlier });
});

test('cuts, compactions and refreshes of one and the same store are no rewinds', async () => {
  await backup();
  for (let n = 0; n < 5; n++) {
    await write(store, 'a', n);
    seen.cutWatches();
    await live();
    store.compact(await write(store, 'b', n));
    seen.cutWatches();
    await reflector.refresh(1_000);
    await live();
  }
  await until('it has everything', () => known()['b'] === 4);
  expect(rewinds).toEqual([]);
});
