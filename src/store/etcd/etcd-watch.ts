/**
 * One watch on one member, from its first message to its end; whoever watches starts the next one.
 *
 * Algorithm: events gather until an answer is complete (its last fragment), then go out one revision a step.
 * Guarantee: each later revision once, in order, whole. Only delivered events move the position; headers,
 * `created` and progress answers do not, because an isolated member goes on sending those.
 */
import type { ClientDuplexStream } from '@grpc/grpc-js';
import type { Revision, Stamp } from '../../shared/revision.ts';
import type { StoreEvent, Watch, WatchEnd, WatchSink } from '../port.ts';
import type { Authenticator } from './authenticator.ts';
import { prefixEnd, toEvent, toStamp } from './codec.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import type { Endpoint } from './endpoint.ts';
import { describeFailure } from './failure.ts';
import type { WatchRequest } from './generated/etcdserverpb/WatchRequest.ts';
import type { WatchResponse__Output } from './generated/etcdserverpb/WatchResponse.ts';
import type { EtcdSettings } from './options.ts';

export interface EtcdWatchParts {
  readonly prefix: string;
  readonly after: Stamp;
  readonly sink: WatchSink;
  readonly pool: EndpointPool;
  readonly auth: Authenticator;
  readonly settings: EtcdSettings;
  /** Where a majority of the cluster stands. */
  readonly quorum: () => Promise<Stamp>;
  readonly onGone: (watch: EtcdWatch) => void;
}

export class EtcdWatch implements Watch {
  private readonly parts: EtcdWatchParts;
  private readonly endpoint: Endpoint;
  private readonly ticker: NodeJS.Timeout;
  private readonly release: () => void;
  private stream: ClientDuplexStream<WatchRequest, WatchResponse__Output> | undefined;
  private delivered: Revision;
  private gathered: StoreEvent[] = [];
  private heardAt_ms: number;
  private checking = false;
  private ended = false;

  constructor(parts: EtcdWatchParts) {
    this.parts = parts;
    this.delivered = parts.after.revision;
    this.heardAt_ms = parts.settings.clock.monotonic();
    this.endpoint = parts.pool.pick();
    this.release = this.endpoint.track({ abort: (reason) => this.disconnect(reason) });
    this.ticker = setInterval(() => this.tick(), parts.settings.deadlines.progress_ms / 2);
    // Never within the constructor: the sink's owner must hold the watch before its first callback.
    setImmediate(() => void this.open());
  }

  stop(): void {
    this.end({ reason: 'stopped' });
  }

  private async open(): Promise<void> {
    const { auth, settings } = this.parts;
    try {
      if (!(await this.endpoint.settled('streams', settings.deadlines.connect_ms))) {
        return this.fail('cannot be reached');
      }
      const metadata = await auth.metadata(this.endpoint, settings.deadlines.call_ms);
      if (this.ended) return;
      this.stream = this.endpoint.watch.watch(metadata);
    } catch (error) {
      return this.fail(describeFailure(error));
    }
    // Both fire when a stream breaks, and an `error` may still come after we have cancelled.
    this.stream.on('error', (error) => this.fail(describeFailure(error)));
    this.stream.on('end', () => this.fail('the member ended the watch'));
    this.stream.on('data', (answer: WatchResponse__Output) => this.guarded(() => this.receive(answer)));
    const { prefix, after } = this.parts;
    const create_request = {
      key: Buffer.from(prefix),
      range_end: prefixEnd(prefix),
      // One earlier than needed (its events are dropped): etcd 3.4 still accepts a start at the very revision
      // that it compacted, though a delete at that revision is gone. Started one before, it says so.
      start_revision: Math.max(1, after.revision),
      fragment: true,
    };
    this.stream.write({ request_union: 'create_request', create_request });
  }

  private receive(answer: WatchResponse__Output): void {
    if (this.ended) return;
    this.heardAt_ms = this.parts.settings.clock.monotonic();
    const { sink, pool } = this.parts;
    if (answer.canceled) return this.cancelled(answer);
    const stamp = toStamp(answer.header);
    if (stamp.clusterId !== this.parts.after.clusterId) return this.end({ reason: 'rewound' });
    if (answer.created) {
      pool.answered(this.endpoint);
      sink.onOpen();
    } else if (answer.events.length > 0) this.gather(answer, stamp.clusterId);
    else sink.onAlive();
    if (stamp.revision < this.delivered) void this.checkRewound();
  }

  private gather({ events, fragment }: WatchResponse__Output, clusterId: string): void {
    for (const event of events) this.gathered.push(toEvent(event));
    if (fragment) return;
    const complete = this.gathered;
    this.gathered = [];
    for (let from = 0; from < complete.length && !this.ended; ) {
      const { modRevision: revision } = complete[from] as StoreEvent;
      let to = from;
      while (complete[to]?.modRevision === revision) to++;
      if (revision > this.delivered) {
        this.delivered = revision;
        this.parts.sink.onStep({ clusterId, revision, events: complete.slice(from, to) });
      }
      from = to;
    }
  }

  private cancelled({ compact_revision, cancel_reason }: WatchResponse__Output): void {
    if (Number(compact_revision) > 0) return this.end({ reason: 'compacted' });
    // Under 3.4 a stale token is "permission denied" here; a fresh one can do no harm.
    this.parts.auth.forget();
    this.end({ reason: 'disconnected', detail: `etcd cancelled the watch: ${cancel_reason || 'no reason'}` });
  }

  /**
   * A header below what we know of: a member that lags behind, or a restored backup that rewinds silently
   * (its watch would say nothing until it has passed us). A majority tells which.
   */
  private async checkRewound(): Promise<void> {
    if (this.checking) return;
    this.checking = true;
    try {
      const { revision, clusterId } = await this.parts.quorum();
      const { after } = this.parts;
      if (revision < after.revision || revision < this.delivered || clusterId !== after.clusterId) {
        this.end({ reason: 'rewound' });
      }
    } catch {
      // No majority to ask: the next header brings us back here, or silence ends the watch.
    } finally {
      this.checking = false;
    }
  }

  private tick(): void {
    const { clock, deadlines } = this.parts.settings;
    const quiet_ms = clock.monotonic() - this.heardAt_ms;
    if (quiet_ms >= deadlines.silence_ms) this.fail(`was silent for ${Math.round(quiet_ms)} ms`);
    else if (quiet_ms >= deadlines.progress_ms * 0.9) {
      this.stream?.write({ request_union: 'progress_request', progress_request: {} });
    }
  }

  private guarded(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.parts.settings.log.error({ err: error, prefix: this.parts.prefix }, 'a watcher failed');
      this.disconnect('the watcher itself failed');
    }
  }

  private fail(reason: string): void {
    if (this.ended) return;
    this.parts.pool.doubt(this.endpoint, reason);
    this.disconnect(`etcd member ${this.endpoint.url}: ${reason}`);
  }

  private disconnect(detail: string): void {
    this.end({ reason: 'disconnected', detail });
  }

  private end(end: WatchEnd): void {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.ticker);
    this.release();
    this.stream?.cancel();
    this.gathered = [];
    this.parts.onGone(this);
    try {
      this.parts.sink.onEnd(end);
    } catch (error) {
      this.parts.settings.log.error({ err: error, prefix: this.parts.prefix }, 'a watcher failed at its end');
    }
  }
}
