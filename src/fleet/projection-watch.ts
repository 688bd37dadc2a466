/**
 * Learns what gateways should have from the source alone: each change's history names what it wrote for them in the same
 * transaction, so no second watch is needed and nothing is proved against a picture that lags behind. What the
 * history can't tell (the state at the start, what a gap swallowed, what was written by hand) comes from listings of
 * the gateways' keys.
 */
import { DIRECTORIES, type ProjectedWrite } from '../contract/directory.ts';
import type { Picture } from '../reflector/reflector.ts';
import { jittered, pause } from '../shared/async.ts';
import { Bell } from '../shared/bell.ts';
import type { Clock } from '../shared/clock.ts';
import { isObject, parseJson } from '../shared/json.ts';
import type { Log } from '../shared/log.ts';
import { NO_REVISION, type Revision, type Stamp } from '../shared/revision.ts';
import type { Keyspace } from '../store/keys.ts';
import { list } from '../store/listing.ts';
import type { ConfigStore, KeyValue, StoreEvent } from '../store/port.ts';
import type { Arrivals } from './arrivals.ts';
import type { Expectation, Expectations, Listed } from './expectations.ts';

/** How often the gateways' keys are listed while there are gateways: what somebody wrote by hand is found by then. */
const LISTING_MS = 15_000;
const CATCH_UP_MS = 5_000;
const BACKOFF_BASE_MS = 100;
const BACKOFF_MAX_MS = 5_000;
/** How long a look at one object in the store is good for. */
const LOOK_MS = 1_000;
/** Longer ids than any gateway takes. */
const ID_MAX = 256;

export interface ProjectionWatchOptions {
  readonly store: ConfigStore;
  readonly keys: Keyspace;
  readonly clock: Clock;
  readonly log: Log;
  readonly expectations: Expectations;
  readonly arrivals: Arrivals;
  /** Writes something that the source's watch will bring, and resolves once it has. @throws when it does not come */
  readonly catchUp: (timeout_ms: number) => Promise<void>;
  /** Called after each change, and after what was expected has changed otherwise. */
  readonly changed: () => void;
  /** Called when nothing that was known counts any more: the store is another one, or went back. */
  readonly restarted: () => void;
  /** Whether anybody cares: without gateways nothing is listed regularly. */
  readonly watched: () => boolean;
  readonly listing_ms?: number;
  readonly random?: () => number;
}

const isWrite = (value: unknown): value is ProjectedWrite =>
  isObject(value) &&
  DIRECTORIES.some((directory) => directory === value['directory']) &&
  typeof value['id'] === 'string' &&
  value['id'].length <= ID_MAX &&
  (value['op'] === 'put' || value['op'] === 'delete');

export class ProjectionWatch implements Picture {
  private readonly options: ProjectionWatchOptions;
  private readonly stopped = new AbortController();
  private at: Stamp | undefined;
  private running: Promise<void> | undefined;
  private readonly bell = new Bell();
  /** Rises with each wish for a listing, and with each restart, which spoils a listing under way. */
  private wishes = 0;
  private restarts = 0;
  private readonly looks = new WeakMap<Expectation, Promise<boolean>>();

  constructor(options: ProjectionWatchOptions) {
    this.options = options;
  }

  start(): void {
    this.running ??= this.run();
  }

  async dispose(): Promise<void> {
    this.stopped.abort();
    this.bell.ring();
    await this.running;
  }

  /** The store that what is expected belongs to; `undefined` before the first listing. */
  get clusterId(): string | undefined {
    return this.at?.clusterId;
  }

  /** Whether the changes have been told up to a revision. */
  reached(revision: Revision): boolean {
    return (this.at?.revision ?? NO_REVISION) >= revision;
  }

  replace(_kvs: readonly KeyValue[], stamp: Stamp): void {
    const { expectations, arrivals } = this.options;
    const goesOn = this.at?.clusterId === stamp.clusterId && this.at.revision <= stamp.revision;
    const restarts = this.at !== undefined && !goesOn;
    // Whoever starts over is to find the store that it is now.
    this.at = stamp;
    if (restarts) this.restart();
    else expectations.gap();
    arrivals.listed(stamp.revision);
    this.wish();
  }

  apply(events: readonly StoreEvent[], stamp: Stamp): void {
    this.at = stamp;
    const writes: ProjectedWrite[] = [];
    const noted = events.some(({ key, type }) => key === this.options.keys.repairNote() && type === 'put');
    let touched = false;
    for (const event of events) touched = this.read(event, noted, writes) || touched;
    if (!touched) return;
    const { expectations, arrivals, clock, changed } = this.options;
    arrivals.came(stamp.revision, clock.monotonic());
    expectations.changed(writes, stamp.revision);
    changed();
  }

  /** The store went back, or is another one: revisions mean something else from here on. */
  restart(): void {
    this.restarts += 1;
    this.options.expectations.reset();
    this.options.arrivals.reset();
    this.options.restarted();
    this.wish();
  }

  /** Has the gateways' keys listed soon. */
  wish(): void {
    this.wishes += 1;
    this.bell.ring();
  }

  /**
   * Looks one object up in the store, corrects what is expected of it, and says whether it stood as expected. Many who
   * ask at once share one look. Never rejects: `false` when the store does not answer.
   */
  look(entry: Expectation): Promise<boolean> {
    let look = this.looks.get(entry);
    if (!look) {
      look = this.lookUp(entry).catch((error: unknown) => {
        this.options.log.warn({ err: error, id: entry.id }, 'an object could not be looked up');
        return false;
      });
      this.looks.set(entry, look);
      void pause(LOOK_MS, this.stopped.signal).then(() => this.looks.delete(entry));
    }
    return look;
  }

  private async lookUp(entry: Expectation): Promise<boolean> {
    const { store, keys, expectations, catchUp, changed } = this.options;
    const { restarts } = this;
    const key = keys.projected(entry.directory, entry.id);
    const page = await store.range({ key }, { keysOnly: true });
    const found = page.kvs[0]?.modRevision;
    const asExpected = entry.op === 'put' ? found === entry.revision : found === undefined;
    if (!asExpected && (this.at?.revision ?? NO_REVISION) < page.revision) await catchUp(CATCH_UP_MS);
    if (restarts !== this.restarts) return false;
    expectations.found(entry, found, page.revision);
    if (!expectations.stands(entry)) changed();
    return asExpected && expectations.stands(entry);
  }

  /** @returns whether the event is part of a change */
  private read(event: StoreEvent, noted: boolean, writes: ProjectedWrite[]): boolean {
    const { keys } = this.options;
    if (event.key === keys.repairNote()) {
      if (event.type === 'put') this.readWrites(parseJson(event.value), writes);
      return true;
    }
    if (keys.parseKey(event.key) !== undefined) return this.readKey(event, noted);
    const isHistory = keys.parse(event.key)?.family === 'versions';
    // A history entry is written once; later it is only sealed anew, or pruned.
    if (isHistory && event.type === 'put' && event.createRevision === event.modRevision) {
      this.readWrites(parseJson(event.value), writes);
      return true;
    }
    return keys.parseRecord(event.key) !== undefined;
  }

  /** Without a list, a node of an earlier release wrote it: only a listing tells. */
  private readWrites(entry: unknown, writes: ProjectedWrite[]): void {
    const projected = isObject(entry) ? entry['projected'] : undefined;
    if (Array.isArray(projected) && projected.every(isWrite)) writes.push(...projected);
    else this.wish();
  }

  /** Without a note somebody edited it by hand, or a node of an earlier release wrote it: only a listing tells what else. */
  private readKey(event: StoreEvent, noted: boolean): boolean {
    const record = event.type === 'put' ? parseJson(event.value) : undefined;
    // A key that is only sealed anew is not written for gateways.
    if (isObject(record) && record['resealed_at'] !== undefined) return false;
    if (!noted) {
      this.options.expectations.gap();
      this.wish();
    }
    return true;
  }

  private async run(): Promise<void> {
    const { log, watched, random = Math.random, listing_ms = LISTING_MS } = this.options;
    const { signal } = this.stopped;
    let failures = 0;
    let done = 0;
    while (!signal.aborted) {
      const wish = this.wishes;
      const due = wish > done || !this.options.expectations.complete || watched();
      try {
        if (this.at && due) await this.list();
        done = wish;
        failures = 0;
      } catch (error) {
        failures += 1;
        if (!signal.aborted) log.warn({ err: error }, 'the gateways’ keys could not be listed');
      }
      if (signal.aborted) return;
      const backoff = jittered(failures, BACKOFF_BASE_MS, BACKOFF_MAX_MS, random);
      if (failures > 0) await pause(backoff, signal);
      else if (this.wishes === wish) await this.bell.wait(listing_ms);
    }
  }

  private async list(): Promise<void> {
    const { store, keys, expectations, catchUp, changed } = this.options;
    const { restarts } = this;
    const directories = DIRECTORIES.map((directory) => keys.projectedIn(directory));
    const listing = await list(store, directories, { keysOnly: true });
    const found = listing.kvs.flatMap((kv): Listed[] => {
      const place = keys.parseProjected(kv.key);
      return place && place.id.length <= ID_MAX ? [{ ...place, revision: kv.modRevision }] : [];
    });
    const behind = (this.at?.revision ?? NO_REVISION) < listing.revision;
    // What the changes will still bring is no surprise: those up to the listing have to come first.
    if (behind && (!expectations.complete || expectations.differs(found, listing.revision)))
      await catchUp(CATCH_UP_MS);
    if (restarts !== this.restarts || listing.clusterId !== this.at?.clusterId) return this.wish();
    const complete = expectations.complete;
    const surprises = expectations.listed(found, listing.revision);
    if (!complete || surprises > 0) changed();
  }
}
