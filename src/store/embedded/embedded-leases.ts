/**
 * Leases of the embedded store. A kept lease needs no keepalive: nobody else can use the store while this
 * process has it, so the lease lasts until it is given up or the process ends; at the next start it and its
 * keys are gone. A lease that is not kept runs out by the clock, across restarts too.
 */
import type { Clock } from '../../shared/clock.ts';
import type { Lease, LeaseId } from '../port.ts';
import type { StoredLease } from './disk.ts';

/** `held()` says no this long before the lease ends, as with etcd. */
const MARGIN_MS = 500;

/** The longest delay that `setTimeout` takes; a lease beyond it is looked at again. */
const MAX_TIMER_MS = 2 ** 31 - 1;

interface Held {
  readonly lease: StoredLease & { id: LeaseId };
  /** Monotonic milliseconds; infinite while kept. */
  endsAt_ms: number;
  timer: NodeJS.Timeout | undefined;
  ending: boolean;
  readonly lost: Promise<void>;
  readonly lose: () => void;
}

export class EmbeddedLeases {
  private readonly held = new Map<LeaseId, Held>();
  private readonly clock: Clock;
  /** Ends a lease in the store: its record and its keys, in one commit. */
  private readonly end: (id: LeaseId) => Promise<void>;

  constructor(clock: Clock, end: (id: LeaseId) => Promise<void>) {
    this.clock = clock;
    this.end = end;
  }

  /** Whether a key may be put under the lease. */
  usable(id: LeaseId): boolean {
    return this.held.get(id)?.ending === false;
  }

  /** Its end is decided but not on disk yet: nothing may be put under it any more. */
  ending(id: LeaseId): void {
    const held = this.held.get(id);
    if (held) held.ending = true;
  }

  add(lease: StoredLease & { id: LeaseId }): void {
    const { promise: lost, resolve: lose } = withResolvers();
    const endsAt_ms = Number.POSITIVE_INFINITY;
    this.held.set(lease.id, { lease, endsAt_ms, timer: undefined, ending: false, lost, lose });
    if (!lease.kept) this.runOutIn(lease.id, lease.ends_at_ms - this.clock.now());
  }

  /** Forgets a lease that has ended in the store. */
  drop(id: LeaseId): void {
    const held = this.held.get(id);
    clearTimeout(held?.timer);
    held?.lose();
    this.held.delete(id);
  }

  handle(id: LeaseId): Lease {
    const { lease, lost } = this.held.get(id) as Held;
    return {
      id,
      ttl_s: lease.ttl_s,
      lost,
      held: () => {
        const held = this.held.get(id);
        return held !== undefined && this.clock.monotonic() < held.endsAt_ms - MARGIN_MS;
      },
      revoke: () => (this.held.has(id) ? this.end(id) : Promise.resolve()),
      abandon: () => {
        const held = this.held.get(id);
        if (held?.endsAt_ms === Number.POSITIVE_INFINITY) this.runOutIn(id, lease.ttl_s * 1_000);
      },
    };
  }

  /** Stops all timers; what the disk holds of the leases stays. */
  close(): void {
    for (const id of [...this.held.keys()]) this.drop(id);
  }

  private runOutIn(id: LeaseId, delay_ms: number): void {
    const held = this.held.get(id);
    if (!held) return;
    held.endsAt_ms = this.clock.monotonic() + delay_ms;
    this.arm(held);
  }

  private arm(held: Held): void {
    const delay_ms = Math.min(MAX_TIMER_MS, Math.max(0, held.endsAt_ms - this.clock.monotonic()));
    held.timer = setTimeout(() => {
      if (this.clock.monotonic() < held.endsAt_ms) this.arm(held);
      else this.end(held.lease.id).catch(() => this.retry(held));
    }, delay_ms);
  }

  /** The disk refused the commit that ends the lease; the lease is over all the same. */
  private retry(held: Held): void {
    if (!this.held.has(held.lease.id)) return;
    held.timer = setTimeout(() => void this.end(held.lease.id).catch(() => this.retry(held)), 1_000);
  }
}

const withResolvers = (): { promise: Promise<void>; resolve: () => void } => {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
};
