import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KEYS } from '../../test/support/change-room.ts';
import { FlakyStore } from '../../test/support/flaky-store.ts';
import { at, gone, put } from '../../test/support/records.ts';
import { until } from '../../test/support/until.ts';
import { systemClock } from '../shared/clock.ts';
import { silentLog } from '../shared/log.ts';
import { type Revision, revision } from '../shared/revision.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../store/embedded/embedded-store.ts';
import type { Put, StoreEvent } from '../store/port.ts';
import { Arrivals } from './arrivals.ts';
import { Expectations } from './expectations.ts';
import { ProjectionWatch } from './projection-watch.ts';

let store: EmbeddedStore;
let flaky: FlakyStore;
let expectations: Expectations;
let watch: ProjectionWatch;
let catchUps: number;
let changes: number;

beforeEach(async () => {
  store = await openEmbeddedStore({});
  flaky = new FlakyStore(store);
  expectations = new Expectations(() => {});
  catchUps = 0;
  changes = 0;
  watch = new ProjectionWatch({
    store: flaky,
    keys: KEYS,
    clock: systemClock,
    log: silentLog,
    expectations,
    arrivals: new Arrivals(),
    catchUp: async () => {
      catchUps += 1;
      await follow();
    },
    changed: () => {
      changes += 1;
    },
    restarted: () => {},
    watched: () => false,
  });
  watch.start();
});

afterEach(async () => {
  await watch.dispose();
  await store.close();
});

const write = async (...puts: Put[]): Promise<Revision> =>
  (await store.transact({ guards: [], puts, deletes: [] })).revision;
const routes = (id: string): Put => ({ key: KEYS.projected('routes', id), value: '{}' });
/** The watch has got as far as the store, without a change. */
const follow = async (): Promise<void> => {
  const { clusterId, revision: now } = await store.range({ key: '/any' });
  watch.apply([], { clusterId, revision: now });
};
const listed = async (): Promise<void> => {
  const { clusterId, revision: now } = await store.range({ key: '/any' });
  watch.replace([], { clusterId, revision: now });
  await until('it is listed', () => expectations.complete);
};
const expected = (): string[] =>
  [...expectations.after(revision(0))].map(
    ({ directory, id, op, revision: of }) => `${op} ${directory}/${id}@${of}`,
  );
/** A step of the source: nothing of it is in the store. */
const step = (n: number, ...events: StoreEvent[]): void => watch.apply(events, at(n, watch.clusterId));

const written = (...projected: object[]) => ({ projected });
const putRoute = { directory: 'routes', id: 'r', op: 'put' };

describe('what gateways should have', () => {
  test('is listed at the start, of what gateways read only', async () => {
    const first = await write(routes('a'), { key: `${KEYS.projection}upstreams/u`, value: '{}' });
    const second = await write(routes('b'), { key: `${KEYS.projection}routes/`, value: 'init_dir' });
    await listed();
    expect(expected()).toEqual([`put routes/a@${first}`, `put routes/b@${second}`]);
    expect(changes).toBe(1);
  });

  test('is what new history entries say that their change wrote', async () => {
    await listed();
    step(
      50,
      put(
        KEYS.history('routes', 'r', 1),
        written(putRoute, { directory: 'cdn_defense/policies', id: 'r', op: 'delete' }),
        50,
      ),
    );
    expect(expected()).toEqual(['put routes/r@50', 'delete cdn_defense/policies/r@50']);
    expect(expectations.position).toBe(50);
  });

  test('does not change with a history entry that is sealed anew, or pruned', async () => {
    await listed();
    const again = {
      ...put(KEYS.history('routes', 'r', 1), written(putRoute), 60),
      createRevision: revision(50),
    };
    step(60, again, gone(KEYS.history('routes', 'r', 0), 60));
    expect(expected()).toEqual([]);
  });

  test('moves on with a record written by hand, and not with receipts of nodes', async () => {
    await listed();
    step(50, put(KEYS.record('config', 'acme'), {}, 50));
    expect(expectations.position).toBe(50);
    step(51, put(KEYS.node('n1'), {}, 51), put(KEYS.roster('n1'), {}, 51), put(KEYS.progress('n1'), {}, 51));
    expect(expectations.position).toBe(50);
  });

  test('follows repairs, and challenge keys as they change their state', async () => {
    await listed();
    const key = KEYS.key('k1');
    const note = (op: string, n: number) =>
      put(KEYS.repairNote(), written({ directory: 'cdn_defense/keyring', id: 'k1', op }), n);
    step(50, put(KEYS.repairNote(), written(putRoute), 50));
    step(51, put(key, { state: 'verify-first' }, 51), note('put', 51));
    step(52, put(key, { state: 'verify-first', resealed_at: 'now' }, 52));
    step(53, put(key, { state: 'signing' }, 53), note('put', 53));
    expect(expected()).toEqual(['put routes/r@50', 'put cdn_defense/keyring/k1@53']);
    step(54, gone(key, 54), note('delete', 54));
    expect(expected()).toEqual(['put routes/r@50', 'delete cdn_defense/keyring/k1@54']);
    expect(expectations.complete).toBe(true);
  });

  test('is found by listing when a challenge key was edited by hand: nothing may have been written for gateways', async () => {
    const wrote = await write({ key: KEYS.projected('cdn_defense/keyring', 'k1'), value: '{}' });
    await listed();
    for (const value of ['garbage', undefined]) {
      const key = KEYS.key('k1');
      const { clusterId, revision: now } =
        value === undefined
          ? await store.transact({ guards: [], puts: [], deletes: [key] })
          : await store.transact({ guards: [], puts: [{ key, value }], deletes: [] });
      watch.apply([value === undefined ? gone(key, now) : put(key, value, now)], {
        clusterId,
        revision: now,
      });
      expect(expectations.complete).toBe(false);
      await until('it is listed', () => expectations.complete);
      expect(expected()).toEqual([`put cdn_defense/keyring/k1@${wrote}`]);
    }
  });

  test('is listed anew when a node of an earlier release does not say what it wrote', async () => {
    await listed();
    const wrote = await write(routes('old'));
    await follow();
    step(wrote + 1, put(KEYS.history('routes', 'old', 1), { record: {} }, wrote + 1));
    await until('it is found', () => expected().includes(`put routes/old@${wrote}`));
  });

  test('is found by listing what was written by hand, once the changes up to the listing have come', async () => {
    await listed();
    const wrote = await write(routes('by-hand'));
    watch.wish();
    await until('it is found', () => expected().includes(`put routes/by-hand@${wrote}`));
    expect(catchUps).toBe(1);
    watch.wish();
    await until('it is listed', () => flaky.ranges > 10);
    expect(catchUps).toBe(1);
  });

  test('is complete again after a gap once it is listed, however often that fails', async () => {
    await listed();
    await write(routes('missed'));
    let failures = 0;
    flaky.beforeRange = () => {
      if (failures++ < 2) throw new Error('not now');
    };
    const { clusterId, revision: now } = await store.range({ key: '/any' });
    watch.replace([], { clusterId, revision: now });
    expect(expectations.complete).toBe(false);
    await until('it is listed', () => expectations.complete);
    expect(expected()).toHaveLength(1);
  });

  test('of another store has nothing of the one before', async () => {
    await write(routes('a'));
    await listed();
    watch.replace([], at(5, 'another'));
    expect(expected()).toEqual([]);
    expect(expectations.complete).toBe(false);
  });
});

describe('a look at one object', () => {
  test('confirms what is as expected, once for all who ask at once', async () => {
    const wrote = await write(routes('a'));
    await listed();
    const entry = expectations.get('routes', 'a');
    if (!entry) throw new Error('it is expected');
    const before = flaky.ranges;
    expect(await Promise.all([watch.look(entry), watch.look(entry)])).toEqual([true, true]);
    expect(flaky.ranges).toBe(before + 1);
    expect(expected()).toEqual([`put routes/a@${wrote}`]);
  });

  test('corrects what is not', async () => {
    await write(routes('a'));
    await listed();
    const entry = expectations.get('routes', 'a');
    if (!entry) throw new Error('it is expected');
    const wrote = await write(routes('a'));
    expect(await watch.look(entry)).toBe(false);
    expect(expected()).toEqual([`put routes/a@${wrote}`]);
  });

  test('proves nothing while the store does not answer', async () => {
    await write(routes('a'));
    await listed();
    const entry = expectations.get('routes', 'a');
    if (!entry) throw new Error('it is expected');
    flaky.fail();
    expect(await watch.look(entry)).toBe(false);
    expect(expectations.stands(entry)).toBe(true);
  });
});
