/**
 * What all nodes say of the gateways they hear, and which nodes have a pulse: the store's keys about the fleet, as this
 * node's watch brings them. What a node said last is remembered for a while after it is gone.
 */
import type { GatewayKind, Plugin } from '../contract/fleet.ts';
import type { Progress, Roster } from '../contract/fleet-summary.ts';
import { decodeProgress, decodeRoster } from '../domain/fleet-summary.ts';
import type { Picture } from '../reflector/reflector.ts';
import type { Clock } from '../shared/clock.ts';
import { isObject, parseJson } from '../shared/json.ts';
import type { Revision, Stamp } from '../shared/revision.ts';
import type { Keyspace } from '../store/keys.ts';
import type { KeyValue, StoreEvent } from '../store/port.ts';
import { LEASE_MS } from './session.ts';
import { type ReadProgress, type Standing, readProgress, standingOf } from './summary.ts';

/** A pulse stops no later than this after its node has. */
const PULSE_MS = 3_000;
/** Nodes whose pulse has stopped that are remembered. */
const STOPPED_MAX = 1_000;

/** A node's say. */
interface Summary {
  readonly node: string;
  roster?: Roster;
  /** By gateway id: its place in the roster. */
  places: ReadonlyMap<string, number>;
  progress?: ReadProgress;
  /** The revision that wrote the progress: what it tells of came before. */
  written?: Revision;
  /** When the node was found to be gone, ms. */
  lost_ms?: number;
}

/** A gateway, as a node says or last said. */
export interface ToldGateway extends Standing {
  readonly id: string;
  readonly node_id: string;
  /** The node that hears it is gone, or shows no pulse. */
  readonly orphaned: boolean;
  readonly instance: string;
  readonly kind: GatewayKind;
  readonly version: string;
  readonly plugin: Plugin;
  readonly workers: number;
  readonly crew: string;
  readonly rank: number;
  readonly predecessors: readonly string[];
  readonly distrusted?: boolean;
}

export interface SummariesOptions {
  readonly keys: Keyspace;
  readonly clock: Clock;
  /** `roster`: also who hears whom. */
  readonly changed: (what: 'roster' | 'progress') => void;
  /** What a node said is gone from the store. */
  readonly removed: (node: string) => void;
}

export class Summaries implements Picture {
  private readonly options: SummariesOptions;
  /** By node; what a process said that has been replaced, by its own id. */
  private summaries = new Map<string, Summary>();
  /** By node: which process keeps it. */
  private pulses = new Map<string, string | undefined>();
  /** When pulses stopped, ms. */
  private readonly stopped = new Map<string, number>();
  private clusterId: string | undefined;

  constructor(options: SummariesOptions) {
    this.options = options;
  }

  /** The parts of the source prefix that it wants listed. */
  static listed(keys: Keyspace): string[] {
    return [keys.gateways(), keys.pulses()];
  }

  hasPulse(node: string): boolean {
    return this.pulses.has(node);
  }

  /** The process whose pulse a node has; `undefined` = it has none, or says not whose. */
  pulseOf(node: string): string | undefined {
    return this.pulses.get(node);
  }

  /** A node has been silent for no longer than this, ms. */
  silent_ms(node: string): number {
    const stopped = this.stopped.get(node);
    return PULSE_MS + (stopped === undefined ? 0 : Math.round(this.options.clock.monotonic() - stopped));
  }

  /** What a node says of its cache and of the changes it saw. */
  progress(node: string): ReadProgress['progress'] | undefined {
    return this.summaries.get(node)?.progress?.progress;
  }

  replace(kvs: readonly KeyValue[], stamp: Stamp): void {
    const before = this.clusterId === stamp.clusterId ? this.summaries : new Map<string, Summary>();
    this.clusterId = stamp.clusterId;
    this.summaries = new Map();
    this.pulses = new Map();
    for (const kv of rostersFirst(kvs, this.options.keys)) this.put(kv);
    for (const [key, summary] of before) {
      const process = summary.roster?.process;
      if (this.summaries.get(key)?.roster?.process === process) continue;
      this.summaries.set(this.summaries.has(key) && process !== undefined ? process : key, summary);
      this.lose(summary);
    }
    this.options.changed('roster');
  }

  apply(events: readonly StoreEvent[], stamp: Stamp): void {
    this.clusterId = stamp.clusterId;
    const parts = events.map(({ key }) => this.options.keys.parseFleet(key)?.part);
    if (parts.every((part) => part === undefined)) return;
    for (const event of rostersFirst(events, this.options.keys)) {
      if (event.type === 'put') this.put(event);
      else this.remove(event.key);
    }
    this.options.changed(parts.includes('roster') ? 'roster' : 'progress');
  }

  /** Every gateway that another process than `except` tells of, once for each that does. */
  *told(except: string): Iterable<ToldGateway> {
    const now = this.options.clock.monotonic();
    for (const [key, summary] of this.summaries) {
      if (summary.lost_ms !== undefined && now - summary.lost_ms > LEASE_MS) this.summaries.delete(key);
      else if (summary.roster?.process !== except) yield* this.of(summary);
    }
  }

  /** The latest that is told of one gateway. */
  find(id: string): ToldGateway | undefined {
    let found: ToldGateway | undefined;
    for (const summary of this.summaries.values()) {
      const place = summary.places.get(id);
      const one = place === undefined ? undefined : this.at(summary, place);
      if (one && one.rank > (found?.rank ?? 0)) found = one;
    }
    return found;
  }

  private *of(summary: Summary): Iterable<ToldGateway> {
    for (let i = 0; i < summary.places.size; i++) {
      const one = this.at(summary, i);
      if (one) yield one;
    }
  }

  /** What is told of another store's revisions, or from beyond what was written by then, counts for nothing. */
  private at(summary: Summary, place: number): ToldGateway | undefined {
    const { node, roster, progress, written = 0 } = summary;
    const entry = roster?.gateways[place];
    if (!roster || !entry || roster.cluster_id !== this.clusterId) return undefined;
    const sameStore = progress?.progress.cluster_id === this.clusterId;
    const standing = standingOf(roster, place, sameStore ? progress : undefined);
    const genuine = standing.revision < written ? standing : { ...standing, revision: 0 };
    const orphaned = summary.lost_ms !== undefined || !this.pulses.has(node);
    return { ...entry, ...genuine, node_id: node, orphaned };
  }

  private put({ key, value, modRevision, lease }: KeyValue): void {
    const place = this.options.keys.parseFleet(key);
    if (!place) return;
    if (place.part === 'pulse') {
      // Without a lease it would never stop.
      if (lease === undefined) return this.remove(key);
      this.pulses.set(place.node, processOf(value));
      this.stopped.delete(place.node);
    } else if (place.part === 'roster') this.putRoster(place.node, decodeRoster(value));
    else this.putProgress(place.node, decodeProgress(value), modRevision);
  }

  /** Whether that process's roster names that gateway, as far as the watch has brought it. */
  names(node: string, process: string, gatewayId: string, instance: string): boolean {
    const { roster, places } = this.summaries.get(node) ?? {};
    const entry = roster?.process === process ? roster.gateways[places?.get(gatewayId) ?? -1] : undefined;
    return entry?.instance === instance;
  }

  private putRoster(node: string, roster: Roster | undefined): void {
    const before = this.summaries.get(node);
    const process = before?.roster?.process;
    if (before && process !== undefined && process !== roster?.process) {
      this.lose(before);
      this.summaries.set(process, before);
      this.summaries.delete(node);
    }
    const summary = this.summaryOf(node);
    summary.places = new Map(roster?.gateways.map(({ id }, i) => [id, i]));
    if (roster) summary.roster = roster;
    else delete summary.roster;
  }

  private putProgress(node: string, progress: Progress | undefined, written: Revision): void {
    const summary = this.summaryOf(node);
    summary.written = written;
    if (progress) summary.progress = readProgress(progress);
    else delete summary.progress;
  }

  /** To be written to: the node is there. */
  private summaryOf(node: string): Summary {
    const summary: Summary = this.summaries.get(node) ?? { node, places: new Map() };
    delete summary.lost_ms;
    this.summaries.set(node, summary);
    return summary;
  }

  private remove(key: string): void {
    const place = this.options.keys.parseFleet(key);
    if (place?.part === 'pulse') {
      this.pulses.delete(place.node);
      this.stopped.set(place.node, this.options.clock.monotonic());
      for (const oldest of this.stopped.keys()) {
        if (this.stopped.size <= STOPPED_MAX) break;
        this.stopped.delete(oldest);
      }
    } else if (place) {
      const summary = this.summaries.get(place.node);
      if (summary) this.lose(summary);
      this.options.removed(place.node);
    }
  }

  private lose(summary: Summary): void {
    summary.lost_ms ??= this.options.clock.monotonic();
  }
}

const processOf = (pulse: string): string | undefined => {
  const value = parseJson(pulse);
  return isObject(value) && typeof value['instance'] === 'string' ? value['instance'] : undefined;
};

/** A new process under the same node id shows by its roster: its progress is not to be taken for the old one's. */
const rostersFirst = <T extends { readonly key: string }>(
  all: readonly T[],
  keys: Keyspace,
): readonly T[] => {
  const rosters = all.filter(({ key }) => keys.parseFleet(key)?.part === 'roster');
  return rosters.length === 0 ? all : [...rosters, ...all.filter((one) => !rosters.includes(one))];
};
