import { describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../../src/store/port.ts';
import { put, recordWatch } from './bench.ts';
import type { Bench } from './bench.ts';

export const closeContract = (t: Bench): void => {
  describe('close', () => {
    it('ends watches and leases, refuses what comes after, and can be repeated', async () => {
      const stamp = await t.here();
      const watched = recordWatch(t.store, t.prefix, stamp);
      await watched.opened();
      const lease = await t.store.lease(60);
      await t.store.close();
      await t.store.close();
      expect(watched.ends).toEqual([{ reason: 'stopped' }]);
      await lease.lost;
      expect(lease.held()).toBe(false);
      await expect(t.store.range({ key: t.prefix })).rejects.toBeInstanceOf(StoreUnavailableError);
      await expect(put(t.store, `${t.prefix}a`, '')).rejects.toBeInstanceOf(StoreUnavailableError);
      await expect(t.store.lease(60)).rejects.toBeInstanceOf(StoreUnavailableError);
      const late = recordWatch(t.store, t.prefix, stamp);
      expect(await late.ended()).toEqual({ reason: 'stopped' });
      expect(late.calls).toEqual(['end']);
    });
  });
};
