import { describe, expect, it, vi } from 'vitest';
import { revision } from '../../../src/shared/revision.ts';
import type { Revision } from '../../../src/shared/revision.ts';
import type { StoreEvent, WatchEnd, Step } from '../../../src/store/port.ts';
import { WAIT, put, recordWatch, remove } from './bench.ts';
import type { Bench } from './bench.ts';

export const watchStepContract = (t: Bench): void => {
  describe('watch', () => {
    it('delivers one step per transaction, with all that it changed under the prefix', async () => {
      await put(t.store, `${t.prefix}gone`, 'x');
      const watched = recordWatch(t.store, t.prefix, await t.here());
      await watched.opened();
      const { revision: at, clusterId } = await t.store.transact({
        guards: [],
        puts: [
          { key: `${t.prefix}a`, value: '1' },
          { key: `${t.prefix}b`, value: '2' },
          { key: `/elsewhere/${t.prefix}`, value: '3' },
        ],
        deletes: [`${t.prefix}gone`],
      });
      await put(t.store, `/elsewhere/${t.prefix}`, '4');
      await put(t.store, `${t.prefix}a`, '5');
      await watched.hasSteps(2);
      const [first, second] = watched.steps;
      expect(first).toEqual({
        clusterId,
        revision: at,
        events: expect.arrayContaining([
          { type: 'put', key: `${t.prefix}a`, value: '1', modRevision: at, createRevision: at },
          { type: 'put', key: `${t.prefix}b`, value: '2', modRevision: at, createRevision: at },
          { type: 'delete', key: `${t.prefix}gone`, modRevision: at },
        ]) as StoreEvent[],
      });
      expect(first?.events.length).toBe(3);
      expect(second).toMatchObject({ revision: at + 2, events: [{ value: '5', createRevision: at }] });
      watched.watch.stop();
    });

    it('starts right behind the stamp given, in the past too', async () => {
      const start = await t.here();
      const revisions = [];
      for (let i = 0; i < 10; i++) revisions.push((await put(t.store, `${t.prefix}a`, `${i}`)).revision);
      const all = recordWatch(t.store, t.prefix, start);
      const half = recordWatch(t.store, t.prefix, { ...start, revision: revisions[4] as Revision });
      const none = recordWatch(t.store, t.prefix, { ...start, revision: revisions[9] as Revision });
      await none.opened();
      revisions.push((await put(t.store, `${t.prefix}a`, 'live')).revision);
      await Promise.all([all.hasSteps(11), half.hasSteps(6), none.hasSteps(1)]);
      const seen = (watched: { steps: Step[] }) => watched.steps.map((step) => step.revision);
      expect(seen(all)).toEqual(revisions);
      expect(seen(half)).toEqual(revisions.slice(5));
      expect(seen(none)).toEqual(revisions.slice(10));
      for (const each of [all, half, none]) each.watch.stop();
    });
  });
};

export const watchLifeContract = (t: Bench): void => {
  describe('watch, while it lives', () => {
    it('delivers every revision once and in order while many write', async () => {
      const watched = recordWatch(t.store, t.prefix, await t.here());
      const results = await Promise.all(
        Array.from({ length: 300 }, (_, i) => put(t.store, `${t.prefix}${i % 7}`, `${i}`)),
      );
      await watched.hasSteps(300);
      const expected = results.map((result) => result.revision).sort((a, b) => a - b);
      expect(watched.steps.map((step) => step.revision)).toEqual(expected);
      watched.watch.stop();
    });

    it('tells that it lives while nothing changes', async () => {
      const watched = recordWatch(t.store, t.prefix, await t.here());
      await vi.waitFor(
        () => expect(watched.calls.filter((call) => call === 'alive').length).toBeGreaterThan(1),
        WAIT,
      );
      expect(watched.calls[0]).toBe('open');
      watched.watch.stop();
    });

    it('ends once, with nothing after it, when stopped', async () => {
      const watched = recordWatch(t.store, t.prefix, await t.here());
      await watched.opened();
      watched.watch.stop();
      watched.watch.stop();
      expect(watched.ends).toEqual([{ reason: 'stopped' }]);
      const other = recordWatch(t.store, t.prefix, await t.here());
      await other.opened();
      await put(t.store, `${t.prefix}a`, 'x');
      await other.hasSteps(1);
      expect(watched.calls.at(-1)).toBe('end');
      expect(watched.steps).toEqual([]);
      other.watch.stop();
    });

    it('can be stopped before it has opened', async () => {
      const watched = recordWatch(t.store, t.prefix, await t.here());
      watched.watch.stop();
      await put(t.store, `${t.prefix}a`, 'x');
      await t.here();
      expect(watched.calls).toEqual(['end']);
    });
  });
};

export const watchEndContract = (t: Bench): void => {
  describe('watch, when it ends', () => {
    it('ends as compacted when its start is gone, and starts at the compacted revision itself', async () => {
      const start = await t.here();
      await put(t.store, `${t.prefix}a`, '1');
      await remove(t.store, `${t.prefix}a`);
      const { revision: at } = await t.here();
      await t.compact(at);
      // One before: the delete at the compacted revision itself can't be told any more.
      for (const from of [start.revision, at - 1]) {
        const watched = recordWatch(t.store, t.prefix, { ...start, revision: revision(from) });
        expect(await watched.ended()).toEqual({ reason: 'compacted' });
        expect(watched.steps).toEqual([]);
      }
      const live = recordWatch(t.store, t.prefix, { ...start, revision: at });
      await live.opened();
      await put(t.store, `${t.prefix}a`, '2');
      await live.hasSteps(1);
      live.watch.stop();
    });

    it('ends as rewound when its start is from another cluster or from a future that never was', async () => {
      const stamp = await t.here();
      const foreign = recordWatch(t.store, t.prefix, { ...stamp, clusterId: 'another' });
      expect(await foreign.ended()).toEqual({ reason: 'rewound' });
      const future = recordWatch(t.store, t.prefix, {
        ...stamp,
        revision: revision(stamp.revision + 1_000_000),
      });
      expect(await future.ended()).toEqual({ reason: 'rewound' });
    });

    it('ends for a sink that throws, and for nobody else', async () => {
      const start = await t.here();
      const other = recordWatch(t.store, t.prefix, start);
      const ends: WatchEnd[] = [];
      t.store.watch(t.prefix, start, {
        onOpen: () => {},
        onAlive: () => {},
        onStep: () => {
          throw new Error('a bug in the watcher');
        },
        onEnd: (end) => void ends.push(end),
      });
      await put(t.store, `${t.prefix}a`, '1');
      await put(t.store, `${t.prefix}a`, '2');
      await other.hasSteps(2);
      await vi.waitFor(() => expect(ends).toMatchObject([{ reason: 'disconnected' }]), WAIT);
      other.watch.stop();
    });
  });
};
