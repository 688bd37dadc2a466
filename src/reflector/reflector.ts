/**
 * Reflector: keeps a picture of everything under one prefix equal to the store. List at revision R, watch
 * from R+1, apply one revision's events as one step, resume from the last step applied, list anew when the
 * store has compacted or gone back. After Kubernetes' reflector.
 */
import { jittered, pause } from '../shared/async.ts';
import { Bell } from '../shared/bell.ts';
import type { Clock } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import { NO_REVISION, type Revision, type Stamp } from '../shared/revision.ts';
import { list } from '../store/listing.ts';
import {
  CompactedError,
  type ConfigStore,
  type KeyValue,
  type StoreEvent,
  type Watch,
} from '../store/port.ts';
import { Continuity } from './continuity.ts';
import { type Action, type EventName, INITIAL, type State, next } from './machine.ts';

/** What a reflector feeds. Called synchronously and in order, one call per revision. */
export interface Picture {
  /** Everything there is, at one revision; replaces what was known. */
  replace(kvs: readonly KeyValue[], stamp: Stamp): void;
  /** What one revision changed. */
  apply(events: readonly StoreEvent[], stamp: Stamp): void;
  /** Whether a listing can't come after what is known: a key of it was written before the write that is known. */
  contradicts?(kvs: readonly KeyValue[]): boolean;
}

export interface ReflectorOptions {
  readonly store: ConfigStore;
  readonly prefix: string;
  /** The parts of the prefix to list; what lies elsewhere is seen only as it changes. Default: all of it. */
  readonly listed?: readonly string[];
  readonly picture: Picture;
  /**
   * Writes something under the prefix and says at which revision: once the watch has brought it, everything before has
   * come too. Absent: an open watch is taken for current.
   */
  readonly writeMarker?: () => Promise<Revision>;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: () => number;
  /** Wall time, ms: until when what the picture already holds was known to be current. */
  readonly heardAt?: number | undefined;
  /** Where what the picture already holds stands. */
  readonly knownAt?: Stamp | undefined;
  /**
   * The store turned out not to go on from where the picture stood: a backup was restored, or it is another store.
   * Called before the picture is replaced by what it holds now.
   */
  readonly onRewound?: (from: Stamp, to: Stamp) => void;
  /** Everything from before has arrived, and changes arrive as they happen. */
  readonly onCurrent?: () => void;
}

export interface ReflectorStatus {
  /** `live`: changes arrive as they happen. `catching_up`: a listing or watch is being opened. */
  readonly state: 'live' | 'catching_up' | 'disconnected' | 'stopped';
  /** The last step applied; `undefined` before the first listing. */
  readonly applied: Stamp | undefined;
  /** Everything the store had when it was last asked is in the picture, and the watch has not ended since. */
  readonly current: boolean;
  /** Wall time of the last word from the store, ms; `undefined` if there was none yet. */
  readonly heard_at: number | undefined;
  /** How long ago that was by the monotonic clock, ms; 0 before the first. */
  readonly age_ms: number;
  readonly listings: number;
  readonly failures: number;
}

const BACKOFF_BASE_MS = 50;
const BACKOFF_MAX_MS = 2_000;

interface Waiter {
  readonly done: () => boolean;
  readonly wake: () => void;
}

export class Reflector {
  private readonly options: ReflectorOptions;
  private state: State = INITIAL.state;
  private applied: Stamp | undefined;
  private heardAt: { wall: number; monotonic: number } | undefined;
  private listings = 0;
  private current = false;
  /** The watch has to bring this before the picture counts as current. */
  private marker: Revision | undefined;
  private readonly continuity: Continuity;
  /** Ends whatever activity is under way; a late callback of an ended one is ignored. */
  private activity = new AbortController();
  private watch: Watch | undefined;
  private readonly waiters = new Set<Waiter>();

  constructor(options: ReflectorOptions) {
    this.options = options;
    this.continuity = new Continuity(options.store);
    const { clock, heardAt } = options;
    if (heardAt !== undefined) {
      this.heardAt = { wall: heardAt, monotonic: clock.monotonic() - Math.max(0, clock.now() - heardAt) };
    }
  }

  start(): void {
    this.perform(INITIAL.actions);
  }

  async dispose(): Promise<void> {
    this.send('stop');
    this.wake();
  }

  status(): ReflectorStatus {
    const { phase, failures } = this.state;
    const state =
      phase === 'live' || phase === 'stopped' ? phase : failures > 0 ? 'disconnected' : 'catching_up';
    return {
      state,
      applied: this.applied,
      current: this.current,
      heard_at: this.heardAt?.wall,
      age_ms: this.heardAt ? Math.round(this.options.clock.monotonic() - this.heardAt.monotonic) : 0,
      listings: this.listings,
      failures,
    };
  }

  /** Lists anew and resolves once that listing is applied; callers at the same time share one listing. */
  async refresh(timeout_ms: number): Promise<boolean> {
    // A listing under way may have read before the caller's wish, so the wish needs one that starts later.
    const wanted = this.state.phase === 'listing' ? this.listings + 2 : this.listings + 1;
    this.refreshWanted = Math.max(this.refreshWanted, wanted);
    this.send('refresh');
    return this.until(() => this.listings >= wanted, timeout_ms);
  }
  private refreshWanted = 0;

  /** Resolves true when the picture has applied revision `revision`, false after `timeout_ms`. */
  reached(revision: Revision, timeout_ms: number): Promise<boolean> {
    return this.until(() => (this.applied?.revision ?? NO_REVISION) >= revision, timeout_ms);
  }

  /** Resolves true as soon as `condition` holds, looked at after every step; false after `timeout_ms`, or when `gone` aborts. */
  async until(condition: () => boolean, timeout_ms: number, gone?: AbortSignal): Promise<boolean> {
    if (condition()) return true;
    const bell = new Bell();
    const waiter: Waiter = { done: condition, wake: () => bell.ring() };
    this.waiters.add(waiter);
    await bell.wait(timeout_ms, gone);
    this.waiters.delete(waiter);
    return condition();
  }

  private wake(): void {
    const stopped = this.state.phase === 'stopped';
    for (const waiter of this.waiters) if (stopped || waiter.done()) waiter.wake();
  }

  private send(event: EventName): void {
    const before = this.state;
    const { state, actions } = next(before, event);
    this.state = state;
    if (state.phase !== before.phase) {
      this.options.log.debug({ event, from: before.phase, to: state.phase }, 'reflector');
    }
    if (state.phase === 'live') this.current = true;
    else if (event === 'failed' || event === 'expired') this.current = false;
    this.perform(actions);
    if (state.phase === 'live' && before.phase !== 'live') this.options.onCurrent?.();
    if (event === 'listed' && this.refreshWanted > this.listings) this.send('refresh');
  }

  private perform(actions: readonly Action[]): void {
    for (const action of actions) {
      if (action === 'prove') {
        void this.prove(this.activity.signal);
        continue;
      }
      this.activity.abort();
      this.marker = undefined;
      this.watch?.stop();
      this.watch = undefined;
      if (action === 'cancel') continue;
      this.activity = new AbortController();
      const { signal } = this.activity;
      if (action === 'list') void this.list(signal);
      else if (action === 'watch') this.open(signal);
      else void this.wait(signal);
    }
  }

  private async list(signal: AbortSignal): Promise<void> {
    try {
      const listing = await list(this.options.store, this.options.listed ?? [this.options.prefix]);
      if (signal.aborted) return;
      this.heard();
      const stamp: Stamp = { clusterId: listing.clusterId, revision: listing.revision };
      this.noteRewind(listing.kvs, stamp);
      this.options.picture.replace(listing.kvs, stamp);
      this.applied = stamp;
      this.listings += 1;
      this.send('listed');
      this.wake();
    } catch (error) {
      if (signal.aborted) return;
      this.options.log.warn({ err: error }, 'listing failed');
      this.send(error instanceof CompactedError ? 'expired' : 'failed');
    }
  }

  private open(signal: AbortSignal): void {
    const { store, prefix, picture, log } = this.options;
    const after = this.applied;
    if (!after) throw new Error('a watch starts after a listing');
    this.watch = store.watch(prefix, after, {
      onOpen: () => {
        if (signal.aborted) return;
        this.heard();
        this.send('opened');
        this.wake();
      },
      onStep: (step) => {
        if (signal.aborted) return;
        this.heard();
        picture.apply(step.events, step);
        this.applied = { clusterId: step.clusterId, revision: step.revision };
        this.continuity.applied(step);
        this.passMarker();
        this.wake();
      },
      onAlive: () => {
        if (!signal.aborted) this.heard();
      },
      onEnd: (end) => {
        if (signal.aborted || end.reason === 'stopped') return;
        log.warn({ end }, 'watch ended');
        if (end.reason === 'rewound') this.continuity.denied(this.applied);
        this.send(end.reason === 'disconnected' ? 'failed' : 'expired');
        this.wake();
      },
    });
  }

  private noteRewind(kvs: readonly KeyValue[], to: Stamp): void {
    const before = this.applied ?? this.options.knownAt;
    if (this.options.picture.contradicts?.(kvs)) this.continuity.denied(before);
    const from = this.continuity.listed(before, to);
    if (!from) return;
    this.options.log.error(
      { from, to },
      'the store was rewound: a backup was restored, or it is another store',
    );
    this.options.onRewound?.(from, to);
  }

  private async prove(signal: AbortSignal): Promise<void> {
    try {
      const holds = await this.continuity.holds(this.applied);
      if (signal.aborted) return;
      if (!holds) return this.send('expired');
      this.marker = (await this.options.writeMarker?.()) ?? NO_REVISION;
    } catch (error) {
      if (signal.aborted) return;
      this.options.log.warn({ err: error }, 'what happened before could not be proved to have come');
      return this.send('failed');
    }
    if (!signal.aborted) this.passMarker();
  }

  private passMarker(): void {
    if (this.marker === undefined || (this.applied?.revision ?? NO_REVISION) < this.marker) return;
    this.marker = undefined;
    this.send('proved');
    this.wake();
  }

  private async wait(signal: AbortSignal): Promise<void> {
    const random = this.options.random ?? Math.random;
    await pause(jittered(this.state.failures - 1, BACKOFF_BASE_MS, BACKOFF_MAX_MS, random), signal);
    if (!signal.aborted) this.send('due');
  }

  private heard(): void {
    const { clock } = this.options;
    this.heardAt = { wall: clock.now(), monotonic: clock.monotonic() };
  }
}
