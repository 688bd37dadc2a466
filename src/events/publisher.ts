/**
 * Publishes every change on Redis, in the order of revisions, by the one node that leads in it.
 *
 * Algorithm: a stream of history entries from the last published revision on; one script in Redis publishes a revision
 * whole and remembers it; a checkpoint in the store, fenced by the term, follows now and then. Who takes over goes on
 * from the later of the two.
 * Guarantee: each revision is published once, in order, without a gap, as long as Redis or the store remembers; what is
 * repeated carries the same revision. Where the store can't tell any more what happened, or takes it back, a resync
 * says so. Redis being away delays events and nothing else.
 */
import { jittered, pause } from '../shared/async.ts';
import type { Clock } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import { type RedisAddress, shownRedis } from '../shared/redis.ts';
import { NO_REVISION, type Revision, type Stamp } from '../shared/revision.ts';
import type { Keyspace } from '../store/keys.ts';
import { CompactedError, type ConfigStore, type KeyValue } from '../store/port.ts';
import type { Term } from '../store/term.ts';
import { ChangeStream, StreamEndedError } from './change-stream.ts';
import { EventChannel, type Position } from './channel.ts';
import { Checkpoint } from './checkpoint.ts';
import { eventOf, resyncOf } from './message.ts';
import { missedChanges, readEntries } from './missed.ts';

/** The checkpoint lies back no further than this while changes come, and not at all when none do. */
const SAVE_MS = 200;
/** A leader that can't reach Redis lets another try. */
const UNREACHABLE_MS = 10_000;
const BACKOFF_BASE_MS = 50;
const BACKOFF_MAX_MS = 2_000;

export interface EventPublisherOptions {
  readonly store: ConfigStore;
  readonly keys: Keyspace;
  readonly redis: RedisAddress;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: () => number;
}

export interface PublisherStatus {
  readonly leads: boolean;
  readonly connected: boolean;
  /** The last revision that is known to be published; 0 where this node has not led yet. */
  readonly published: Revision;
  /** Events this node has published since its start. */
  readonly events: number;
  /** Revisions that wait; at most 2,000 are counted. */
  readonly waiting: number;
}

/** Somewhere publishing is known to have got to; with a history entry of it, if that is known. */
type Known = Stamp & { readonly entry?: string };

interface Under {
  readonly channel: EventChannel;
  readonly checkpoint: Checkpoint;
  readonly signal: AbortSignal;
}

export class EventPublisher {
  private readonly options: EventPublisherOptions;
  private channel: EventChannel | undefined;
  private stream: ChangeStream | undefined;
  /** What this process has published, or gone on from, last. */
  private last: Position | undefined;
  private events = 0;

  constructor(options: EventPublisherOptions) {
    this.options = options;
  }

  status(): PublisherStatus {
    return {
      leads: this.channel !== undefined,
      connected: this.channel?.ready ?? false,
      published: this.last?.revision ?? NO_REVISION,
      events: this.events,
      waiting: this.stream?.waiting ?? 0,
    };
  }

  /** Publishes while the term lasts; gives it up when Redis can't be reached from here. Never rejects. */
  async lead({ fence, signal }: Term): Promise<void> {
    const { store, keys, redis, log, random = Math.random } = this.options;
    let said = false;
    const channel = new EventChannel(redis, keys.source, (error) => {
      if (!said) log.warn({ err: error, redis: shownRedis(redis) }, 'Redis is away: events wait');
      said = true;
    });
    this.channel = channel;
    const checkpoint = new Checkpoint(store, keys, fence);
    try {
      for (let failures = 0; !signal.aborted; failures++) {
        if (!(await channel.settled(UNREACHABLE_MS, signal))) return;
        said = false;
        const before = this.last;
        try {
          if (!(await this.follow({ channel, checkpoint, signal }))) return;
        } catch (error) {
          if (!signal.aborted) log.warn({ err: error }, 'publishing events was interrupted');
        }
        if (this.last !== before) failures = 0;
        await pause(jittered(failures, BACKOFF_BASE_MS, BACKOFF_MAX_MS, random), signal);
      }
    } finally {
      channel.close();
      this.channel = undefined;
    }
  }

  /** @returns false when the term is over */
  private async follow(under: Under): Promise<boolean> {
    const { store, keys } = this.options;
    const start = await this.startingPoint(under);
    if (!start) return false;
    const stream = new ChangeStream(store, keys.allHistory(), start);
    this.stream = stream;
    try {
      return await this.publishAll(under, stream, start);
    } catch (error) {
      if (!(error instanceof StreamEndedError) || error.reason !== 'compacted') throw error;
      return await this.catchUp(under, this.last ?? start);
    } finally {
      stream.stop();
      this.stream = undefined;
    }
  }

  private async publishAll(
    { channel, checkpoint, signal }: Under,
    stream: ChangeStream,
    start: Stamp,
  ): Promise<boolean> {
    const { clock } = this.options;
    let [last, saved] = [start, start];
    let savedAt_ms = clock.monotonic();
    const save = async (): Promise<boolean> => {
      savedAt_ms = clock.monotonic();
      if (last.revision === saved.revision) return true;
      saved = last;
      return checkpoint.save(last);
    };
    try {
      while (!signal.aborted) {
        const step = await stream.next(SAVE_MS, signal);
        if (step) {
          await this.publish(channel, step, step.entries);
          last = { clusterId: step.clusterId, revision: step.revision };
        }
        const due = clock.monotonic() - savedAt_ms >= SAVE_MS;
        if (due && !(await save())) return false;
      }
    } finally {
      // Who takes over then need not repeat it. The error that led here matters more than one of this.
      await save().catch(() => false);
    }
    return false;
  }

  private async publish(channel: EventChannel, at: Stamp, entries: readonly KeyValue[]): Promise<void> {
    const { keys } = this.options;
    const events = entries.flatMap((kv) => eventOf(keys, kv, at.clusterId) ?? []);
    const entry = entries[0]?.key ?? '';
    const position = { clusterId: at.clusterId, revision: at.revision, entry };
    const outcome = await channel.publish(position, events);
    if (outcome === 'elsewhere') throw new Error('events of another cluster were published meanwhile');
    if (outcome === 'published') this.events += events.length;
    this.last = position;
  }

  /**
   * After what to go on: the latest of the store's checkpoint, Redis's position and what this process knows itself. When one
   * of them tells of something that the store does not hold any more, the store was rewound, and that is published first.
   * @returns `undefined` when the term is over
   */
  private async startingPoint({ channel, checkpoint }: Under): Promise<Stamp | undefined> {
    const { checkpoint: kept, now } = await checkpoint.load();
    const known: Known[] = [await channel.position(), this.last, kept].filter((each) => each !== undefined);
    const start = known.reduce<Known | undefined>(
      (best, each) => (best && best.revision >= each.revision ? best : each),
      undefined,
    );
    let lost = known.find((each) => each.clusterId !== now.clusterId || each.revision > now.revision);
    if (start && !lost && !(await this.isRemembered(start))) lost = start;
    if (start && !lost) {
      const { clusterId, revision } = start;
      this.last ??= { entry: '', ...start };
      return { clusterId, revision };
    }
    if (!(await checkpoint.save(now))) return undefined;
    if (lost) {
      const { keys, clock, log } = this.options;
      log.error({ from: lost, to: now }, 'the store was rewound: events from before may not have happened');
      await channel.restart({ ...now, entry: '' }, [resyncOf(keys, 'rewound', lost, now, clock.now())]);
    }
    this.last = { ...now, entry: '' };
    return now;
  }

  /** Whether a change that was published is in the store's past, and not in another one that a restore has undone. */
  private async isRemembered({ entry, revision }: Known): Promise<boolean> {
    if (!entry) return true;
    const { store, keys } = this.options;
    try {
      const { kvs } = await store.range({ key: entry }, { keysOnly: true, revision });
      return kvs[0]?.createRevision === revision;
    } catch (error) {
      if (!(error instanceof CompactedError)) throw error;
    }
    // That past can't be looked at any more. What the object's history keeps tells: an entry goes only to make room for newer ones.
    const place = keys.parse(entry);
    if (place?.family !== 'versions') return false;
    const { kvs } = await store.range(
      { prefix: keys.historyOf(place.kind, place.id) },
      { keysOnly: true, limit: 1 },
    );
    const [oldest] = kvs;
    if (oldest?.key === entry) return oldest.createRevision === revision;
    return oldest !== undefined && oldest.key > entry;
  }

  /** @returns false when the term is over */
  private async catchUp({ channel, checkpoint, signal }: Under, from: Stamp): Promise<boolean> {
    const { store, keys, clock, log } = this.options;
    const { at, changes, complete } = await missedChanges(store, keys, from.revision);
    log.warn({ from, at, changes: changes.length, complete }, 'events are caught up with from the history');
    for (const [revision, entries] of changes) {
      // Redis remembers how far this has come: who takes over goes on from there.
      if (signal.aborted) return false;
      await this.publish(
        channel,
        { clusterId: at.clusterId, revision },
        await readEntries(store, entries, at.revision),
      );
    }
    if (!complete) {
      await channel.restart({ ...at, entry: '' }, [resyncOf(keys, 'compacted', from, at, clock.now())]);
    }
    this.last = { ...at, entry: '' };
    return checkpoint.save(at);
  }
}
