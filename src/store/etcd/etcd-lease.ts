/**
 * A lease and the loop that keeps it alive. Each keepalive is one request with its own deadline on whichever
 * member answers, so losing a member costs one attempt and not the lease.
 *
 * Guarantee: `held()` counts from the moment a keepalive was sent, never from when its answer came, so it
 * never says yes longer than the cluster does.
 */
import { pause } from '../../shared/async.ts';
import type { Lease, LeaseId } from '../port.ts';
import type { Attempt, Calls } from './calls.ts';
import { request } from './calls.ts';
import { isServiceError } from './failure.ts';
import type { EtcdSettings } from './options.ts';

/** Between two attempts while the store does not answer. */
const RETRY_MS = 250;

/** The longest delay that `setTimeout` takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What clocks of different speed and a late event loop may take off a lease. */
const marginOf = (ttl_s: number): number => Math.min(1_000, Math.max(250, ttl_s * 100));

export interface EtcdLeaseParts {
  readonly id: LeaseId;
  readonly ttl_s: number;
  /** Monotonic time when the grant was sent; milliseconds. */
  readonly sentAt_ms: number;
  readonly calls: Calls;
  readonly settings: EtcdSettings;
  /** Where a lease with a timer or a loop enters itself, so that closing the store can end it. */
  readonly active: Set<EtcdLease>;
}

const keepAliveOnce = ({ endpoint, metadata, deadline }: Attempt, id: LeaseId): Promise<number> =>
  new Promise((resolve, reject) => {
    const stream = endpoint.lease.leaseKeepAlive(metadata, { deadline });
    const release = endpoint.track({ abort: () => stream.cancel() });
    stream.on('data', ({ TTL }) => {
      resolve(Number(TTL));
      stream.end();
    });
    stream.on('error', (error) => {
      release();
      reject(error);
    });
    stream.on('end', () => {
      release();
      reject(new Error('the member ended the keepalive without an answer'));
    });
    stream.write({ ID: id });
  });

export class EtcdLease implements Lease {
  readonly id: LeaseId;
  readonly ttl_s: number;
  private readonly parts: EtcdLeaseParts;
  private readonly stopping = new AbortController();
  private heldUntil_ms: number;
  private over = false;
  private timer: NodeJS.Timeout | undefined;
  private loss: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  constructor(parts: EtcdLeaseParts) {
    this.parts = parts;
    this.id = parts.id;
    this.ttl_s = parts.ttl_s;
    this.heldUntil_ms = this.until(parts.sentAt_ms, parts.ttl_s);
  }

  held(): boolean {
    return !this.over && this.parts.settings.clock.monotonic() < this.heldUntil_ms;
  }

  /** Timed only once somebody asks: most leases that nobody keeps are never looked at again. */
  get lost(): Promise<void> {
    if (!this.loss) {
      let resolve = () => {};
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      this.loss = { promise, resolve };
      if (this.over) resolve();
      else this.arm();
    }
    return this.loss.promise;
  }

  /** Keeps the lease alive until it is given up or lost. Never rejects. */
  async keep(): Promise<void> {
    const { calls, settings } = this.parts;
    const interval_ms = (this.ttl_s * 1_000) / 3;
    this.arm();
    for (let delay_ms = interval_ms; ; ) {
      await pause(delay_ms, this.stopping.signal);
      if (this.stopping.signal.aborted || this.over) return;
      let sentAt_ms = 0;
      try {
        const ttl_s = await calls.run({
          name: 'LeaseKeepAlive',
          repeatable: true,
          timeout_ms: Math.max(1, Math.min(settings.deadlines.call_ms, this.left())),
          invoke: (attempt) => {
            sentAt_ms = settings.clock.monotonic();
            return keepAliveOnce(attempt, this.id);
          },
        });
        if (ttl_s <= 0) return this.lose();
        this.heldUntil_ms = Math.max(this.heldUntil_ms, this.until(sentAt_ms, ttl_s));
        delay_ms = interval_ms;
      } catch (error) {
        settings.log.warn({ err: error, lease: this.id }, 'a lease could not be kept alive; trying again');
        delay_ms = RETRY_MS;
      }
    }
  }

  async revoke(): Promise<void> {
    this.stopping.abort();
    try {
      await this.parts.calls.run({
        name: 'LeaseRevoke',
        repeatable: true, // a second revoke finds no lease, which is as good
        invoke: ({ endpoint, metadata, deadline }) =>
          request(endpoint, (done) =>
            endpoint.lease.leaseRevoke({ ID: this.id }, metadata, { deadline }, done),
          ),
      });
    } catch (error) {
      const cause = (error as Error).cause;
      if (!(isServiceError(cause) && cause.details.includes('requested lease not found'))) throw error;
    } finally {
      this.lose();
    }
  }

  abandon(): void {
    this.stopping.abort();
  }

  /** The store closes: no more keepalives, no timers. */
  release(): void {
    this.lose();
  }

  private until(sentAt_ms: number, ttl_s: number): number {
    return sentAt_ms + ttl_s * 1_000 - marginOf(ttl_s);
  }

  private left(): number {
    return this.heldUntil_ms - this.parts.settings.clock.monotonic();
  }

  private arm(): void {
    if (this.timer || this.over) return;
    this.parts.active.add(this);
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        if (this.left() > 0) this.arm();
        else this.lose();
      },
      Math.min(MAX_TIMER_MS, Math.max(0, Math.ceil(this.left()))),
    );
  }

  private lose(): void {
    if (this.over) return;
    this.over = true;
    this.stopping.abort();
    clearTimeout(this.timer);
    this.loss?.resolve();
    this.parts.active.delete(this);
  }
}
