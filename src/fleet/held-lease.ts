/** Keys that go when this node goes: a lease, taken again whenever it was lost. */
import type { ConfigStore, Lease, LeaseId } from '../store/port.ts';

export class HeldLease {
  private readonly store: ConfigStore;
  private readonly ttl_s: number;
  private readonly lost: () => void;
  private lease: Lease | undefined;

  /** @param lost called when the lease and its keys are gone: they are to be written again */
  constructor(store: ConfigStore, ttl_s: number, lost: () => void) {
    this.store = store;
    this.ttl_s = ttl_s;
    this.lost = lost;
  }

  get held(): boolean {
    return this.lease !== undefined;
  }

  /** @throws StoreUnavailableError */
  async id(): Promise<LeaseId> {
    if (this.lease) return this.lease.id;
    const lease = await this.store.lease(this.ttl_s);
    this.lease = lease;
    void lease.lost.then(() => {
      if (this.lease !== lease) return;
      this.lease = undefined;
      this.lost();
    });
    return lease.id;
  }

  /** Gives the keys up at once. With the store away the lease runs out by itself. */
  async release(): Promise<void> {
    const { lease } = this;
    this.lease = undefined;
    await lease?.revoke().catch(() => lease.abandon());
  }
}
