import type { Clock } from '../shared/clock.ts';
import type { ConfigStore, LeaseId } from '../store/port.ts';

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

  /** Takes a new lease next time: the store no longer knows the present one. */
  renew(): void {
    this.current = undefined;
  }
}
