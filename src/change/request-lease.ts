import type { Clock } from '../shared/clock.ts';
import { type ConfigStore, type LeaseId, StoreRefusedError } from '../store/port.ts';

const KEEP_S = 24 * 3600;
const RENEW_MS = 3_600_000;

/** The lease under which request receipts of this node are kept: a shared one, new each hour, gone after a day. */
export class RequestLease {
  private readonly store: ConfigStore;
  private readonly clock: Clock;
  private current: { readonly id: LeaseId; readonly since: number } | undefined;

  constructor(store: ConfigStore, clock: Clock) {
    this.store = store;
    this.clock = clock;
  }

  /** @throws StoreUnavailableError */
  async id(): Promise<LeaseId> {
    const now = this.clock.monotonic();
    if (!this.current || now - this.current.since > RENEW_MS) {
      const lease = await this.store.lease(KEEP_S, { keep: false });
      this.current = { id: lease.id, since: now };
    }
    return this.current.id;
  }

  /**
   * Carries out what puts something under the lease; once more under a new one when the store refuses it, since a restored
   * store may have forgotten the one at hand.
   */
  async renewing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreRefusedError)) throw error;
      this.current = undefined;
      return work();
    }
  }
}
