import type { Log } from '../../shared/log.ts';
import type { Revision, Stamp } from '../../shared/revision.ts';
import type { Watch, WatchEnd, WatchSink } from '../port.ts';
import { FIRST_REVISION } from './disk.ts';
import type { Commit, History } from './history.ts';

/** As etcd's client asks for progress: often enough for a three-second silence rule. */
const ALIVE_EVERY_MS = 1_000;

interface WatchParts {
  readonly prefix: string;
  readonly clusterId: string;
  readonly sink: WatchSink;
  readonly log: Log;
  readonly onGone: (watch: EmbeddedWatch) => void;
}

class EmbeddedWatch implements Watch {
  private state: 'opening' | 'live' | 'ended' = 'opening';
  private readonly parts: WatchParts;

  constructor(parts: WatchParts) {
    this.parts = parts;
  }

  stop(): void {
    this.end({ reason: 'stopped' });
  }

  end(end: WatchEnd): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    this.parts.onGone(this);
    this.guarded(() => this.parts.sink.onEnd(end));
  }

  /** Goes live behind the commits that it has missed. */
  open(missed: readonly Commit[]): void {
    if (this.state !== 'opening') return;
    this.state = 'live';
    this.guarded(() => this.parts.sink.onOpen());
    this.deliver(missed);
  }

  alive(): void {
    if (this.state === 'live') this.guarded(() => this.parts.sink.onAlive());
  }

  deliver(commits: readonly Commit[]): void {
    const { prefix, clusterId, sink } = this.parts;
    for (const { revision, events } of commits) {
      if (this.state !== 'live') return;
      const matching = events.filter(({ key }) => key.startsWith(prefix));
      if (matching.length > 0) {
        this.guarded(() => sink.onStep({ clusterId, revision, events: matching }));
      }
    }
  }

  /** A sink that throws must not break the commit that it was told of. */
  private guarded(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.parts.log.error({ err: error, prefix: this.parts.prefix }, 'a watcher failed; its watch ends');
      this.end({ reason: 'disconnected', detail: 'the watcher itself failed' });
    }
  }
}

/** The watches of the embedded store: catch up from history, then live. */
export class Watchers {
  private readonly watches = new Set<EmbeddedWatch>();
  private readonly history: History;
  private readonly clusterId: string;
  private readonly log: Log;
  private heartbeat: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(history: History, clusterId: string, log: Log) {
    this.history = history;
    this.clusterId = clusterId;
    this.log = log;
  }

  /** `durable` tells the newest revision that may be shown. */
  watch(prefix: string, after: Stamp, sink: WatchSink, durable: () => Revision): Watch {
    const { clusterId, log } = this;
    const watch = new EmbeddedWatch({
      prefix,
      clusterId,
      sink,
      log,
      onGone: (gone) => this.remove(gone),
    });
    this.watches.add(watch);
    this.heartbeat ??= setInterval(() => {
      for (const each of [...this.watches]) each.alive();
    }, ALIVE_EVERY_MS);
    // Not before `watch` has returned: a sink may want to stop the watch from its first callback.
    queueMicrotask(() => this.catchUp(watch, after, durable()));
    return watch;
  }

  /** Tells every live watch of commits that are on disk. */
  publish(commits: readonly Commit[]): void {
    for (const watch of [...this.watches]) watch.deliver(commits);
  }

  /** Ends every watch, and from now on each new one at once. */
  close(): void {
    this.closed = true;
    for (const watch of [...this.watches]) watch.stop();
  }

  private catchUp(watch: EmbeddedWatch, after: Stamp, durable: Revision): void {
    if (this.closed) watch.stop();
    else if (after.clusterId !== this.clusterId || after.revision > durable) watch.end({ reason: 'rewound' });
    else if (Math.max(after.revision, FIRST_REVISION) < this.history.compacted)
      watch.end({ reason: 'compacted' });
    else watch.open(this.history.between(after.revision, durable));
  }

  private remove(watch: EmbeddedWatch): void {
    this.watches.delete(watch);
    if (this.watches.size > 0) return;
    clearInterval(this.heartbeat);
    this.heartbeat = undefined;
  }
}
