/** Keeps what this node says of its gateways in the store: at once when all is well again, together while it is not. */
import type { Progress, Roster } from '../contract/fleet-summary.ts';
import { jittered, pause } from '../shared/async.ts';
import { Bell } from '../shared/bell.ts';
import type { Clock } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import type { Keyspace } from '../store/keys.ts';
import type { ConfigStore, Put } from '../store/port.ts';
import { HeldLease } from './held-lease.ts';

const LEASE_S = 10;
/** Between two writes, and how long a change that not all gateways have yet is waited for at first. */
const COALESCE_MS = 25;
/** It is waited twice as long after each write, up to this: the slowest of many gateways cost few more writes than one. */
const COALESCE_MAX_MS = 400;
const BACKOFF_BASE_MS = 100;
const BACKOFF_MAX_MS = 2_000;

export interface SummaryPublisherOptions {
  readonly store: ConfigStore;
  readonly keys: Keyspace;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: () => number;
  /** The store whose revisions are told now. */
  readonly clusterId: () => string | undefined;
  /** Who there is now; `undefined` = nobody, and it is not said `again`. */
  readonly roster: (number: number, again: boolean) => Roster | undefined;
  readonly progress: (roster: Roster) => Progress;
  /** Nothing is missing: what is written now will not change until something happens. */
  readonly settled: () => boolean;
}

interface Written {
  readonly roster: Roster;
  readonly progress: string;
}

export class SummaryPublisher {
  private readonly options: SummaryPublisherOptions;
  private readonly stopped = new AbortController();
  private readonly lease: HeldLease;
  private written: Written | undefined;
  private rosters = 0;
  private dirty: { roster: boolean; progress: boolean } = { roster: true, progress: true };
  private readonly bell = new Bell();
  private company_ms = COALESCE_MS;
  private running: Promise<void> | undefined;

  constructor(options: SummaryPublisherOptions) {
    this.options = options;
    this.lease = new HeldLease(options.store, LEASE_S, () => this.rewrite());
  }

  start(): void {
    this.running ??= this.run();
  }

  async dispose(): Promise<void> {
    this.stopped.abort();
    this.bell.ring();
    await this.running;
    await this.lease.release();
  }

  /** There may be something new to say. */
  changed(what: 'roster' | 'progress'): void {
    this.dirty[what] = true;
    this.bell.ring();
  }

  /** There is something new to prove: most gateways have it soon. */
  expectMore(): void {
    this.company_ms = COALESCE_MS;
  }

  /** What was written is gone: it is to be written again. */
  rewrite(): void {
    this.written = undefined;
    this.changed('roster');
  }

  private async run(): Promise<void> {
    const { log, clock, settled, random = Math.random } = this.options;
    const { signal } = this.stopped;
    let failures = 0;
    let last_ms = -Infinity;
    while (!signal.aborted) {
      if (!this.dirty.roster && !this.dirty.progress) {
        await this.bell.wait();
        continue;
      }
      await this.pace(last_ms);
      if (signal.aborted) return;
      const { dirty } = this;
      this.dirty = { roster: false, progress: false };
      try {
        await this.write(dirty.roster);
        last_ms = clock.monotonic();
        this.company_ms = settled() ? COALESCE_MS : Math.min(2 * this.company_ms, COALESCE_MAX_MS);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        this.dirty = { roster: true, progress: true };
        log.warn({ err: error }, 'the summary of the gateways could not be written');
        await pause(jittered(failures, BACKOFF_BASE_MS, BACKOFF_MAX_MS, random), signal);
        failures += 1;
      }
    }
  }

  /** Waits for company, unless there is nothing left to wait for. */
  private async pace(last_ms: number): Promise<void> {
    const { clock, settled } = this.options;
    const now = clock.monotonic();
    for (let left = 1; left > 0; ) {
      const until = settled() ? last_ms + COALESCE_MS : Math.max(now, last_ms) + this.company_ms;
      left = until - clock.monotonic();
      if (left > 0) await this.bell.wait(left);
      if (this.stopped.signal.aborted) return;
    }
  }

  private async write(rosterToo: boolean): Promise<void> {
    const { store, keys, nodeId, clusterId } = this.options;
    // A restored store may hold the roster and its lease: nothing is lost then, and yet all of it is of another store.
    const sameStore = this.written?.roster.cluster_id === clusterId();
    // A roster that has become empty is written all the same: keys that go tell of a node that is gone.
    const renew = rosterToo || !this.written || !sameStore;
    const roster = renew
      ? this.options.roster(this.rosters + 1, this.written !== undefined)
      : this.written?.roster;
    if (!roster) return;
    const progress = JSON.stringify(this.options.progress(roster));
    const renewed = roster !== this.written?.roster;
    if (!renewed && this.written?.progress === progress) return;
    if (renewed) this.rosters += 1;
    const lease = await this.lease.id();
    const puts: Put[] = [{ key: keys.progress(nodeId), value: progress, lease }];
    if (renewed) puts.push({ key: keys.roster(nodeId), value: JSON.stringify(roster), lease });
    await store.transact({ guards: [], puts, deletes: [] });
    this.written = { roster, progress };
  }
}
