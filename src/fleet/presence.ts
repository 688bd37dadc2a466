import type { NodeReceipt } from '../contract/record.ts';
import { type NodeCache, type Snapshot, appliedBy } from '../reflector/cache.ts';
import { jittered, pause } from '../shared/async.ts';
import { Bell } from '../shared/bell.ts';
import type { Clock } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import { NO_REVISION, type Revision, type Stamp } from '../shared/revision.ts';
import type { Keyspace } from '../store/keys.ts';
import type { ConfigStore, LeaseId, Put } from '../store/port.ts';
import { HeldLease } from './held-lease.ts';

/** How long a node that vanished without a word stays listed. */
const LEASE_S = 10;
/** The shortest lease that etcd grants: a node that stops misses it within 3 s. It costs the store no writes. */
const PULSE_S = 2;
const BACKOFF_BASE_MS = 100;
const BACKOFF_MAX_MS = 2_000;

export interface PresenceOptions {
  readonly store: ConfigStore;
  readonly keys: Keyspace;
  readonly cache: NodeCache;
  /** Whether the cache is proved to hold what the store has. Nothing is reported while it is not. */
  readonly current: () => boolean;
  readonly nodeId: string;
  /** Tells this process from another that was given the same node id. */
  readonly instance: string;
  /** Whose pulse the store has under this node id, as of the cache's snapshot. */
  readonly pulseOf: () => string | undefined;
  readonly version: string;
  /** The names of the master keys this node has, the one it seals with first. */
  readonly masterKeys?: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: () => number;
}

/**
 * Presence: this node's receipt, kept under a lease. Says which change the cache has applied, each time that
 * moves; a burst of changes becomes one receipt. Receipts themselves never cause receipts.
 */
export class Presence {
  private readonly options: PresenceOptions;
  private readonly startedAt: string;
  private readonly stopped = new AbortController();
  private readonly lease: HeldLease;
  private readonly pulse: HeldLease;
  /** What the store holds of ours: the stamp that was last reported. */
  private written: Stamp | undefined;
  /** The lease under which the pulse was written last. */
  private pulsed: LeaseId | undefined;
  private rival = false;
  private reported = false;
  private readonly bell = new Bell();
  private running: Promise<void> | undefined;
  private unsubscribe: () => void = () => {};

  constructor(options: PresenceOptions) {
    this.options = options;
    this.startedAt = new Date(options.clock.now()).toISOString();
    const lost = () => {
      this.written = undefined;
      this.bell.ring();
    };
    this.lease = new HeldLease(options.store, LEASE_S, lost);
    this.pulse = new HeldLease(options.store, PULSE_S, lost);
  }

  start(): void {
    this.unsubscribe = this.options.cache.subscribe((snapshot) => {
      this.watchRival(snapshot);
      this.bell.ring();
    });
    this.running = this.run();
  }

  /** To be called when the cache has become current. */
  look(): void {
    this.bell.ring();
  }

  /** Whether the store has had a receipt of this process: since then, changes are waited for on this node too. */
  hasReported(): boolean {
    return this.reported;
  }

  /** Another process says it is this node: one of the two is set up wrongly. */
  hasRival(): boolean {
    return this.rival;
  }

  /** Takes the node off the list at once. */
  async dispose(): Promise<void> {
    this.stopped.abort();
    this.unsubscribe();
    await this.running;
    await Promise.all([this.lease.release(), this.pulse.release()]);
  }

  private async run(): Promise<void> {
    const { log, random = Math.random } = this.options;
    let failures = 0;
    while (!this.stopped.signal.aborted) {
      const wanted = this.wanted();
      if (!wanted) {
        await this.news();
        continue;
      }
      try {
        await this.report(wanted);
        failures = 0;
      } catch (error) {
        log.warn({ err: error }, 'the receipt could not be written');
        await pause(jittered(failures, BACKOFF_BASE_MS, BACKOFF_MAX_MS, random), this.stopped.signal);
        failures += 1;
      }
    }
  }

  /** The stamp to report, if the store does not hold it yet. */
  private wanted(): Stamp | undefined {
    const snapshot = this.options.cache.snapshot();
    if (!snapshot || this.rival || !this.options.current()) return undefined;
    const stamp: Stamp = { clusterId: snapshot.stamp.clusterId, revision: appliedBy(snapshot) };
    const same =
      this.lease.held &&
      this.pulse.held &&
      this.written?.clusterId === stamp.clusterId &&
      this.written.revision === stamp.revision &&
      this.options.pulseOf() === this.options.instance &&
      snapshot.nodes.get(this.options.nodeId)?.value.instance === this.options.instance;
    return same ? undefined : stamp;
  }

  /** Resolves at the next snapshot, loss of the lease, or stop. */
  private news(): Promise<void> {
    return this.bell.wait(undefined, this.stopped.signal);
  }

  private async report(stamp: Stamp): Promise<void> {
    const { store, keys, nodeId, instance, version, clock, pulseOf, masterKeys = [] } = this.options;
    const [lease, pulse] = await Promise.all([this.lease.id(), this.pulse.id()]);
    const receipt: NodeReceipt = {
      node_id: nodeId,
      cluster_id: stamp.clusterId,
      revision: stamp.revision,
      at: new Date(clock.now()).toISOString(),
      started_at: this.startedAt,
      version,
      instance,
      master_keys: masterKeys,
      pulse: true,
    };
    const puts: Put[] = [{ key: keys.node(nodeId), value: JSON.stringify(receipt), lease }];
    if (this.pulsed !== pulse || pulseOf() !== instance)
      puts.push({ key: keys.pulse(nodeId), value: JSON.stringify({ instance }), lease: pulse });
    const result = await store.transact({ guards: [], puts, deletes: [] });
    this.pulsed = pulse;
    this.written = stamp;
    this.reported = true;
    await this.seen(result.revision);
  }

  /** Waits for the own receipt to come back, so that it is not written twice. */
  private async seen(revision: Revision): Promise<void> {
    const { cache, nodeId } = this.options;
    let before: Stamp | undefined;
    while (!this.stopped.signal.aborted && this.lease.held) {
      const snapshot = cache.snapshot();
      const known = snapshot?.nodes.get(nodeId)?.revision ?? NO_REVISION;
      if (known >= revision || (snapshot?.stamp.revision ?? NO_REVISION) >= revision) return;
      // A store that was rewound may never bring it.
      if (before && snapshot && isBefore(snapshot.stamp, before)) return;
      before = snapshot?.stamp;
      await this.news();
    }
  }

  /** The process that started later under the same id keeps it; the earlier one stops reporting and says so. */
  private watchRival(snapshot: Snapshot): void {
    const { nodeId, instance, log } = this.options;
    const receipt = snapshot.nodes.get(nodeId)?.value;
    const rival = receipt !== undefined && startedAfter(receipt, { started_at: this.startedAt, instance });
    if (rival && !this.rival) log.error({}, 'another process reports under this node id');
    this.rival = rival;
  }
}

/** Of two that started within the same millisecond, the name decides: one of them has to give way. */
const startedAfter = (
  other: Pick<NodeReceipt, 'started_at' | 'instance'>,
  own: Pick<NodeReceipt, 'started_at' | 'instance'>,
): boolean =>
  other.started_at === own.started_at ? other.instance > own.instance : other.started_at > own.started_at;

/** Whether the store has gone back since, or is another one. */
const isBefore = (now: Stamp, then: Stamp): boolean =>
  now.clusterId !== then.clusterId || now.revision < then.revision;
