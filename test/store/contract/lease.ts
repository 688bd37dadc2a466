import { describe, expect, it, vi } from 'vitest';
import { StoreRefusedError } from '../../../src/store/port.ts';
import { WAIT, put, recordWatch } from './bench.ts';
import type { Bench } from './bench.ts';

import type { Lease } from '../../../src/store/port.ts';
const putUnder = (t: Bench, lease: Lease, ...names: string[]) =>
  t.store.transact({
    guards: [],
    puts: names.map((name) => ({ key: t.prefix + name, value: 'leased', lease: lease.id })),
    deletes: [],
  });

export const leaseTimeContract = (t: Bench): void => {
  describe('lease, in time', () => {
    it('runs out when nobody keeps it, and its keys go in one step', async () => {
      const lease = await t.store.lease(t.contract.shortestLease_s, { keep: false });
      expect(lease.held()).toBe(true);
      expect(lease.ttl_s).toBeGreaterThanOrEqual(t.contract.shortestLease_s);
      const watched = recordWatch(t.store, t.prefix, await t.here());
      await putUnder(t, lease, 'a', 'b');
      await put(t.store, `${t.prefix}free`, 'x');
      await lease.lost;
      expect(lease.held()).toBe(false);
      await watched.hasSteps(3);
      const last = watched.steps[2];
      expect(last?.events.map(({ type, key }) => [type, key]).sort()).toEqual([
        ['delete', `${t.prefix}a`],
        ['delete', `${t.prefix}b`],
      ]);
      expect((await t.everything()).map(({ key }) => key)).toEqual([`${t.prefix}free`]);
      watched.watch.stop();
    }, 30_000);

    it('outlives its time to live while it is kept, and runs out when it is abandoned', async () => {
      const kept = await t.store.lease(t.contract.shortestLease_s);
      const probe = await t.store.lease(t.contract.shortestLease_s * 2, { keep: false });
      await putUnder(t, kept, 'kept');
      await probe.lost; // about twice the time to live
      expect(kept.held()).toBe(true);
      expect(await t.everything()).toMatchObject([{ key: `${t.prefix}kept` }]);
      kept.abandon();
      await kept.lost;
      expect(kept.held()).toBe(false);
      await vi.waitFor(async () => expect(await t.everything()).toEqual([]), WAIT);
    }, 60_000);
  });
};

export const leaseKeyContract = (t: Bench): void => {
  describe('lease, and its keys', () => {
    it('takes its keys with it when it is revoked', async () => {
      const lease = await t.store.lease(60);
      await putUnder(t, lease, 'a');
      const watched = recordWatch(t.store, t.prefix, await t.here());
      await lease.revoke();
      await lease.lost;
      expect(lease.held()).toBe(false);
      expect(await t.everything()).toEqual([]);
      await watched.hasSteps(1);
      expect(watched.steps[0]?.events).toMatchObject([{ type: 'delete', key: `${t.prefix}a` }]);
      await lease.revoke(); // a second time does no harm
      watched.watch.stop();
    });

    it('is told with its keys, read or watched, and not with others', async () => {
      const lease = await t.store.lease(60);
      const watched = recordWatch(t.store, t.prefix, await t.here());
      await putUnder(t, lease, 'a');
      await put(t.store, `${t.prefix}b`, 'free');
      const leases = (kvs: readonly object[]) => kvs.map((kv) => ('lease' in kv ? kv.lease : undefined));
      expect(leases(await t.everything())).toEqual([lease.id, undefined]);
      await watched.hasSteps(2);
      expect(leases(watched.steps.flatMap(({ events }) => events))).toEqual([lease.id, undefined]);
      await put(t.store, `${t.prefix}a`, 'free');
      expect(leases(await t.everything())).toEqual([undefined, undefined]);
      await lease.revoke();
      watched.watch.stop();
    });

    it('lets go of a key that is put without it', async () => {
      const lease = await t.store.lease(60);
      await putUnder(t, lease, 'a', 'b');
      await put(t.store, `${t.prefix}a`, 'free');
      await lease.revoke();
      expect(await t.everything()).toMatchObject([{ key: `${t.prefix}a`, value: 'free' }]);
    });

    it('takes no key once it has ended', async () => {
      const lease = await t.store.lease(60);
      await lease.revoke();
      await expect(putUnder(t, lease, 'a')).rejects.toBeInstanceOf(StoreRefusedError);
      expect(await t.everything()).toEqual([]);
    });
  });
};
