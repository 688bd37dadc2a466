/**
 * The fleet as a stream of what changes in it. One feed for all readers of a node: the state is looked at after news, at
 * most ten times a second, and what differs becomes one numbered event. The last events are kept, so a reader that was cut
 * off goes on after the last it had; one that was away too long gets the whole state again. A reader that does not keep up
 * is cut, and can resume.
 */
import { Readable } from 'node:stream';
import type { FleetAnswer, FleetGateway, FleetNode } from '../../contract/fleet-answer.ts';
import type { FleetUpdate } from '../../contract/fleet-stream.ts';
import type { Disposable } from '../../shared/async.ts';
import type { Clock } from '../../shared/clock.ts';

/** The shortest time between two events. */
const PACE_MS = 100;
/** Without news the state is looked at so often: silence is a change too. */
const IDLE_MS = 1_000;
/** How long events go on being kept after the last reader has gone, for it to come back. */
const LINGER_MS = 60_000;
const KEPT_BYTES_MAX = 4_000_000;
/** What a reader may have lying unread before it is cut. */
const UNREAD_BYTES_MAX = 4_000_000;

export interface FeedOptions {
  /** Tells this feed's numbers from those of another node or an earlier start. */
  readonly instance: string;
  /** The state of this moment; `undefined` before anything is known. */
  readonly read: () => FleetAnswer | undefined;
  /** Calls the listener when the state may have changed. @returns unsubscribe */
  readonly subscribe: (listener: () => void) => () => void;
  readonly clock: Clock;
}

interface Kept {
  readonly number: number;
  /** Bytes: all readers share them, and what is kept weighs what it is counted as. */
  readonly frame: Buffer;
}

/** What makes a difference worth telling: times that merely pass do not. */
const nodeMark = ({ state, revision, version, gateways, quarantined_total }: FleetNode): string =>
  JSON.stringify([state, revision, version, gateways, quarantined_total]);

const gatewayMark = ({
  lag_ms: _l,
  behind: _b,
  silent_ms: _s,
  last_seen: _t,
  ...rest
}: FleetGateway): string => JSON.stringify(rest);

export class FleetFeed implements Disposable {
  private readonly options: FeedOptions;
  private readonly readers = new Set<Readable>();
  private kept: Kept[] = [];
  private keptBytes = 0;
  private number = 0;
  private known: { readonly answer: FleetAnswer; readonly marks: ReadonlyMap<string, string> } | undefined;
  private unsubscribe: (() => void) | undefined;
  private timer: NodeJS.Timeout | undefined;
  private looked_ms = -Infinity;
  private due_ms = Infinity;
  private left_ms = 0;
  private ended = false;

  constructor(options: FeedOptions) {
    this.options = options;
  }

  /**
   * A stream of server-sent events. Ends when the feed does, or has, or when its reader does not keep up.
   * @param after the id of the last event that the reader had
   */
  open(after: string | undefined): Readable {
    const reader = new Readable({ read: () => {}, highWaterMark: UNREAD_BYTES_MAX });
    if (this.ended) {
      reader.push(null);
      return reader;
    }
    this.begin();
    this.look();
    reader.push('retry: 1000\n\n');
    for (const frame of this.since(after)) reader.push(frame);
    this.readers.add(reader);
    reader.once('close', () => {
      this.readers.delete(reader);
      this.left_ms = this.options.clock.monotonic();
    });
    return reader;
  }

  /** Ends one reader's stream; again is nothing. */
  end(reader: Readable): void {
    if (this.readers.delete(reader)) reader.push(null);
  }

  async dispose(): Promise<void> {
    this.ended = true;
    this.rest();
    for (const reader of this.readers) this.end(reader);
  }

  private begin(): void {
    if (this.unsubscribe) return;
    this.unsubscribe = this.options.subscribe(() => this.wakeIn(PACE_MS));
    this.wakeIn(IDLE_MS);
  }

  /** Nobody reads: nothing is looked at. */
  private rest(): void {
    this.unsubscribe?.();
    this.unsubscribe = undefined;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.due_ms = Infinity;
    this.kept = [];
    this.keptBytes = 0;
    this.known = undefined;
  }

  /** Looks so long after the last look, at once if that has passed; an earlier appointment stands. */
  private wakeIn(ms: number): void {
    const { clock } = this.options;
    const at = Math.max(clock.monotonic(), this.looked_ms + ms);
    if (at >= this.due_ms) return;
    clearTimeout(this.timer);
    this.due_ms = at;
    this.timer = setTimeout(() => {
      this.due_ms = Infinity;
      if (this.readers.size === 0 && clock.monotonic() - this.left_ms > LINGER_MS) return this.rest();
      // Shows readers, and what lies between, that the stream lives.
      if (!this.look() && ms === IDLE_MS) this.tell(': alive\n\n');
      this.wakeIn(IDLE_MS);
    }, at - clock.monotonic());
    this.timer.unref();
  }

  /** @returns whether there was something to tell */
  private look(): boolean {
    this.looked_ms = this.options.clock.monotonic();
    const answer = this.options.read();
    if (!answer) return false;
    const marks = new Map([
      ...answer.nodes.map((node) => [`n ${node.node_id}`, nodeMark(node)] as const),
      ...answer.gateways.map((gateway) => [`g ${gateway.gateway_id}`, gatewayMark(gateway)] as const),
    ]);
    const before = this.known;
    this.known = { answer, marks };
    if (!before) return false;
    const update = difference(before, this.known);
    if (!update) return false;
    this.number += 1;
    const frame = this.frame('update', update);
    this.keep({ number: this.number, frame });
    this.tell(frame);
    return true;
  }

  private keep(event: Kept): void {
    this.kept.push(event);
    this.keptBytes += event.frame.length;
    while (this.keptBytes > KEPT_BYTES_MAX) this.keptBytes -= this.kept.shift()?.frame.length ?? Infinity;
  }

  private tell(frame: Buffer | string): void {
    for (const reader of this.readers) if (!reader.push(frame)) this.end(reader);
  }

  private since(after: string | undefined): Buffer[] {
    const [instance, text = ''] = after?.split('.') ?? [];
    const number = Number(text);
    const first = this.kept[0]?.number ?? this.number + 1;
    const resumable =
      instance === this.options.instance &&
      /^\d+$/.test(text) &&
      number >= first - 1 &&
      number <= this.number;
    if (resumable) return this.kept.filter((event) => event.number > number).map(({ frame }) => frame);
    return this.known ? [this.frame('fleet', this.known.answer)] : [];
  }

  private frame(event: 'fleet' | 'update', body: FleetAnswer | FleetUpdate): Buffer {
    const id = `${this.options.instance}.${this.number}`;
    return Buffer.from(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(body)}\n\n`);
  }
}

type Known = { readonly answer: FleetAnswer; readonly marks: ReadonlyMap<string, string> };

const difference = (before: Known, now: Known): FleetUpdate | undefined => {
  const { answer, marks } = now;
  const differs = (mark: string): boolean => before.marks.get(mark) !== marks.get(mark);
  const nodes = answer.nodes.filter(({ node_id }) => differs(`n ${node_id}`));
  const gateways = answer.gateways.filter(({ gateway_id }) => differs(`g ${gateway_id}`));
  const gone = [...before.marks.keys()].filter((mark) => !marks.has(mark));
  const of = (letter: string) =>
    gone.filter((mark) => mark.startsWith(`${letter} `)).map((mark) => mark.slice(2));
  const { cluster_id, revision, etcd_connected } = answer;
  const same =
    cluster_id === before.answer.cluster_id &&
    revision === before.answer.revision &&
    etcd_connected === before.answer.etcd_connected;
  if (same && nodes.length + gateways.length + gone.length === 0) return undefined;
  return {
    cluster_id,
    revision,
    etcd_connected,
    nodes,
    gateways,
    nodes_gone: of('n'),
    gateways_gone: of('g'),
  };
};
