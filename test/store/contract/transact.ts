import { describe, expect, it } from 'vitest';
import { NO_REVISION } from '../../../src/shared/revision.ts';
import type { Revision } from '../../../src/shared/revision.ts';
import { MAX_OPERATIONS } from '../../../src/store/limits.ts';
import { StoreRefusedError } from '../../../src/store/port.ts';
import type { ConfigStore, Guard, Transaction } from '../../../src/store/port.ts';
import { put, remove } from './bench.ts';
import type { Bench } from './bench.ts';

/** Reads, adds one, and puts it back under a guard, until it wins. */
const increment = async (store: ConfigStore, key: string): Promise<Revision> => {
  for (;;) {
    const [kv] = (await store.range({ key })).kvs;
    const guards = [{ key, modRevision: kv?.modRevision ?? NO_REVISION }];
    const value = String(Number(kv?.value ?? 0) + 1);
    const { committed, revision: at } = await store.transact({
      guards,
      puts: [{ key, value }],
      deletes: [],
    });
    if (committed) return at;
  }
};

export const transactContract = (t: Bench): void => {
  describe('transact', () => {
    it('applies all puts and deletes at one new revision', async () => {
      await put(t.store, `${t.prefix}old`, 'x');
      const before = await t.here();
      const puts = [
        { key: `${t.prefix}a`, value: '1' },
        { key: `${t.prefix}b`, value: '2' },
      ];
      const result = await t.store.transact({
        guards: [],
        puts,
        deletes: [`${t.prefix}old`, `${t.prefix}absent`],
      });
      expect(result).toEqual({
        clusterId: before.clusterId,
        revision: before.revision + 1,
        committed: true,
      });
      expect(await t.everything()).toMatchObject(puts.map((kv) => ({ ...kv, modRevision: result.revision })));
    });

    it('changes nothing, not even the revision, when one of its guards does not hold', async () => {
      const { revision: at } = await put(t.store, `${t.prefix}a`, '1');
      const result = await t.store.transact({
        guards: [
          { key: `${t.prefix}a`, modRevision: at },
          { key: `${t.prefix}b`, modRevision: at },
        ],
        puts: [{ key: `${t.prefix}c`, value: 'x' }],
        deletes: [`${t.prefix}a`],
      });
      expect(result).toMatchObject({ committed: false, revision: at });
      expect(await t.everything()).toMatchObject([{ key: `${t.prefix}a`, value: '1' }]);
    });

    it('keeps its revision when there is nothing to change', async () => {
      const before = await t.here();
      const result = await t.store.transact({ guards: [], puts: [], deletes: [`${t.prefix}absent`] });
      expect(result).toEqual({ ...before, committed: true });
    });
  });
};

export const guardContract = (t: Bench): void => {
  describe('guards', () => {
    it('keeps every kind of guard', async () => {
      const { revision: created } = await put(t.store, `${t.prefix}a`, '1');
      const { revision: changed } = await put(t.store, `${t.prefix}a`, '2');
      const holds = async (guard: Guard) =>
        (await t.store.transact({ guards: [guard], puts: [], deletes: [] })).committed;
      const key = `${t.prefix}a`;
      const absent = `${t.prefix}absent`;
      const table: [Guard, boolean][] = [
        [{ key, modRevision: changed }, true],
        [{ key, modRevision: created }, false],
        [{ key, modRevision: NO_REVISION }, false],
        [{ key: absent, modRevision: NO_REVISION }, true],
        [{ key: absent, modRevision: changed }, false],
        [{ key, createRevision: created }, true],
        [{ key, createRevision: changed }, false],
        [{ key: absent, createRevision: NO_REVISION }, true],
        [{ prefix: t.prefix, unchangedSince: changed }, true],
        [{ prefix: t.prefix, unchangedSince: created }, false],
        [{ prefix: `${t.prefix}a`, unchangedSince: created }, false],
        [{ prefix: `${t.prefix}empty/`, unchangedSince: NO_REVISION }, true],
      ];
      for (const [guard, expected] of table) {
        expect([guard, await holds(guard)]).toEqual([guard, expected]);
      }
      await remove(t.store, key);
      expect(await holds({ prefix: t.prefix, unchangedSince: created })).toBe(true); // deletes do not show
    });

    it('fences a key that was created again, by its create revision', async () => {
      const { revision: first } = await put(t.store, `${t.prefix}leader`, 'one');
      await remove(t.store, `${t.prefix}leader`);
      await put(t.store, `${t.prefix}leader`, 'two');
      const guards = [{ key: `${t.prefix}leader`, createRevision: first }];
      const late = await t.store.transact({
        guards,
        puts: [{ key: `${t.prefix}x`, value: 'late' }],
        deletes: [],
      });
      expect(late.committed).toBe(false);
    });

    it('lets one of many writers through a range guard', async () => {
      const { revision: unchangedSince } = await t.here();
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          t.store.transact({
            guards: [{ prefix: `${t.prefix}claims/`, unchangedSince }],
            puts: [{ key: `${t.prefix}claims/${i}`, value: 'mine' }],
            deletes: [],
          }),
        ),
      );
      expect(results.filter(({ committed }) => committed).length).toBe(1);
      expect((await t.everything()).length).toBe(1);
    });

    it('loses no update of 200 concurrent compare-and-put writers', async () => {
      const key = `${t.prefix}counter`;
      const revisions = await Promise.all(Array.from({ length: 200 }, () => increment(t.store, key)));
      expect((await t.store.range({ key })).kvs).toMatchObject([{ value: '200' }]);
      expect(new Set(revisions).size).toBe(200);
    }, 120_000);
  });
};

export const refusalContract = (t: Bench): void => {
  describe('limits', () => {
    it('refuses what no store could do, and applies nothing of it', async () => {
      const many = Array.from({ length: MAX_OPERATIONS + 1 }, (_, i) => ({
        key: `${t.prefix}${i}`,
        value: '',
      }));
      const twice = { key: `${t.prefix}a`, value: '' };
      const refused: Transaction[] = [
        { guards: [], puts: many, deletes: [] },
        { guards: [], puts: [twice, twice], deletes: [] },
        { guards: [], puts: [twice], deletes: [twice.key] },
        { guards: [], puts: [{ key: `${t.prefix}a`, value: 'x'.repeat(1_600_000) }], deletes: [] },
        { guards: [], puts: [{ key: '', value: '' }], deletes: [] },
      ];
      for (const each of refused)
        await expect(t.store.transact(each)).rejects.toBeInstanceOf(StoreRefusedError);
      expect(await t.everything()).toEqual([]);
      const most = await t.store.transact({ guards: [], puts: many.slice(1), deletes: [] });
      expect(most.committed).toBe(true);
    });

    it('takes values up to the limit of a transaction', async () => {
      await put(t.store, `${t.prefix}big`, 'x'.repeat(1_400_000));
      expect((await t.everything())[0]?.value.length).toBe(1_400_000);
    });
  });
};
