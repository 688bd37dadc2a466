import { describe, expect, it } from 'vitest';
import { revision } from '../../../src/shared/revision.ts';
import { list } from '../../../src/store/listing.ts';
import { CompactedError, StoreRefusedError } from '../../../src/store/port.ts';
import { put, remove } from './bench.ts';
import type { Bench } from './bench.ts';

export const rangeContract = (t: Bench): void => {
  describe('range', () => {
    it('gives a key with the revisions of its first and its last put', async () => {
      const created = await put(t.store, `${t.prefix}a`, 'one');
      const changed = await put(t.store, `${t.prefix}a`, 'zwei ☃ 𝄞');
      const page = await t.store.range({ key: `${t.prefix}a` });
      expect(page).toEqual({
        clusterId: created.clusterId,
        revision: changed.revision,
        more: false,
        kvs: [
          {
            key: `${t.prefix}a`,
            value: 'zwei ☃ 𝄞',
            modRevision: changed.revision,
            createRevision: created.revision,
          },
        ],
      });
      expect(changed.revision).toBe(created.revision + 1);
    });

    it('gives a key that is deleted and put again a new create revision', async () => {
      await put(t.store, `${t.prefix}a`, '1');
      await remove(t.store, `${t.prefix}a`);
      expect(await t.everything()).toEqual([]);
      const { revision: at } = await put(t.store, `${t.prefix}a`, '2');
      expect(await t.everything()).toMatchObject([{ createRevision: at, modRevision: at }]);
    });

    it('gives exactly the keys of a prefix, in byte order', async () => {
      const inside = ['', '!', '/', 'a', 'a/b', 'b', 'é', '\uffff', '𝄞', '\u{10ffff}'].map(
        (k) => `${t.prefix}${k}`,
      );
      const outside = [t.prefix.slice(0, -1), `${t.prefix.slice(0, -1)}0`, `${t.prefix.slice(0, -1)}.x`];
      const puts = [...inside, ...outside].reverse().map((key) => ({ key, value: 'x' }));
      await t.store.transact({ guards: [], puts, deletes: [] });
      expect((await t.everything()).map(({ key }) => key)).toEqual(inside);
    });

    it('leaves values empty when only keys are asked for', async () => {
      await put(t.store, `${t.prefix}a`, 'x');
      const { kvs } = await t.store.range({ prefix: t.prefix }, { keysOnly: true });
      expect(kvs).toMatchObject([{ key: `${t.prefix}a`, value: '' }]);
    });

    it('continues after a key, whether that exists or not', async () => {
      for (const key of ['a', 'b', 'c']) await put(t.store, t.prefix + key, key);
      const after = async (key: string) =>
        (await t.store.range({ prefix: t.prefix, after: key })).kvs.map(({ value }) => value).join('');
      expect(await after(`${t.prefix}a`)).toBe('bc');
      expect(await after(`${t.prefix}aa`)).toBe('bc');
      expect(await after('/')).toBe('abc');
      expect(await after(`${t.prefix}c`)).toBe('');
    });
  });
};

export const pagingContract = (t: Bench): void => {
  describe('paging', () => {
    it('reads all pages of a listing at the revision of the first, whatever is written meanwhile', async () => {
      const puts = Array.from({ length: 100 }, (_, i) => ({ key: `${t.prefix}${i + 100}`, value: 'old' }));
      await t.store.transact({ guards: [], puts, deletes: [] });
      const first = await t.store.range({ prefix: t.prefix }, { limit: 30 });
      const kvs = [...first.kvs];
      for (let more = first.more; more; ) {
        await put(t.store, `${t.prefix}199`, 'new');
        await put(t.store, `${t.prefix}1995`, 'new');
        await remove(t.store, `${t.prefix}198`);
        const after = kvs.at(-1)?.key ?? '';
        const page = await t.store.range(
          { prefix: t.prefix, after },
          { limit: 30, revision: first.revision },
        );
        kvs.push(...page.kvs);
        more = page.more;
      }
      expect(kvs.map(({ key }) => key)).toEqual(puts.map(({ key }) => key));
      expect(kvs.every(({ value }) => value === 'old')).toBe(true);
    });

    it('lists more keys than a page holds', async () => {
      for (let batch = 0; batch < 21; batch++) {
        const puts = Array.from({ length: 100 }, (_, i) => ({
          key: `${t.prefix}${1_000_000 + batch * 100 + i}`,
          value: '',
        }));
        await t.store.transact({ guards: [], puts, deletes: [] });
      }
      const { kvs } = await list(t.store, [t.prefix]);
      expect(kvs.length).toBe(2_100);
      expect(new Set(kvs.map(({ key }) => key)).size).toBe(2_100);
    });

    it('reads the past until it is compacted', async () => {
      const { revision: old } = await put(t.store, `${t.prefix}a`, 'old');
      const { revision: at } = await put(t.store, `${t.prefix}a`, 'new');
      const read = () => t.store.range({ key: `${t.prefix}a` }, { revision: old });
      expect((await read()).kvs).toMatchObject([{ value: 'old' }]);
      await t.compact(at);
      await expect(read()).rejects.toBeInstanceOf(CompactedError);
      expect((await t.store.range({ key: `${t.prefix}a` }, { revision: at })).kvs).toMatchObject([
        { value: 'new' },
      ]);
    });

    it('refuses a revision that does not exist yet', async () => {
      const { revision: at } = await t.here();
      const future = revision(at + 1_000);
      await expect(t.store.range({ key: t.prefix }, { revision: future })).rejects.toBeInstanceOf(
        StoreRefusedError,
      );
    });
  });
};
