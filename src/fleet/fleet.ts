/**
 * The fleet as one node knows it: what gateways should have, what those that it hears have proved, what other nodes say of
 * theirs. The one place to ask who has a change, and to be told of proofs as they come.
 */
import type { FleetState, Heartbeat, HeartbeatAnswer, Receipts, ReceiptsAnswer } from '../contract/fleet.ts';
import type { Progress, Roster } from '../contract/fleet-summary.ts';
import type { NodeCache } from '../reflector/cache.ts';
import type { Picture } from '../reflector/reflector.ts';
import { together } from '../reflector/together.ts';
import type { Disposable } from '../shared/async.ts';
import type { Clock } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import { NO_REVISION, type Revision } from '../shared/revision.ts';
import type { Keyspace } from '../store/keys.ts';
import type { ConfigStore } from '../store/port.ts';
import { Arrivals } from './arrivals.ts';
import { RecentChanges } from './change-times.ts';
import type { Convergence } from './convergence.ts';
import { Expectations } from './expectations.ts';
import { type GatewayView, latest, viewOfSession, viewOfTold } from './gateway-view.ts';
import { Gateways, type HeardElsewhere } from './gateways.ts';
import { Ledger } from './ledger.ts';
import { News } from './news.ts';
import { ProjectionWatch } from './projection-watch.ts';
import type { ProvingListener } from './proving.ts';
import { SilentGateways } from './silent-gateways.ts';
import { Summaries, type ToldGateway } from './summaries.ts';
import { progressOf, rosterOf } from './summary.ts';
import { SummaryPublisher } from './summary-publisher.ts';

/** Who waits for the fleet looks so often, whatever happens: gateways that fall silent make no news. */
const LOOK_MS = 1_000;

export interface FleetOptions {
  readonly store: ConfigStore;
  readonly keys: Keyspace;
  readonly nodeId: string;
  /** Tells this process from another that was given the same node id. */
  readonly instance: string;
  readonly cache: NodeCache;
  readonly convergence: Convergence;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether the store is heard: without it nothing is known of others. */
  readonly connected: () => boolean;
  /** Writes something that the source's watch will bring, and resolves once it has. @throws when it does not come */
  readonly catchUp: (timeout_ms: number) => Promise<void>;
  readonly listing_ms?: number;
}

/** A node as this one sees it. */
export interface NodeStanding {
  readonly node_id: string;
  readonly state: FleetState;
  /** The newest change it has said it applied. */
  readonly revision: number;
  /** It has been silent for no longer than this, ms. */
  readonly silent_ms: number;
  readonly version: string;
  readonly quarantined: Progress['quarantined'];
  readonly quarantined_total: number;
}

/** Where some revisions, written by one request, have got to. */
export interface FleetStanding {
  /** Nodes that have not reported it. */
  readonly nodes: readonly string[];
  /** How many gateways are known. */
  readonly known: number;
  /** Gateways that have not proved it. */
  readonly gateways: readonly GatewayView[];
  /** Gateways that have all the rest and have turned something of it down; only that is listed. */
  readonly rejected: readonly GatewayView[];
}

export class Fleet implements Disposable {
  /** To be fed by a reflector on the source prefix. */
  readonly picture: Picture;
  /** Of each of the last changes: who had it, and after how long. */
  readonly ledger: Ledger;
  /** Told of whenever anything about the fleet has changed. */
  readonly news = new News();
  private readonly options: FleetOptions;
  private readonly arrivals = new Arrivals();
  private readonly recent = new RecentChanges();
  private readonly expectations: Expectations;
  private readonly watch: ProjectionWatch;
  private readonly heard: Gateways;
  private readonly summaries: Summaries;
  private readonly publisher: SummaryPublisher;
  private unsubscribe: () => void = () => {};

  constructor(options: FleetOptions) {
    this.options = options;
    const { store, keys, nodeId, clock, log, catchUp, listing_ms } = options;
    const { arrivals } = this;
    const expectations = new Expectations((before, now) => this.heard.replaced(before, now));
    this.expectations = expectations;
    this.watch = new ProjectionWatch({
      ...{ store, keys, clock, log, expectations, arrivals, catchUp },
      ...(listing_ms === undefined ? {} : { listing_ms }),
      changed: () => {
        this.publisher.expectMore();
        this.heard.expectMore();
      },
      restarted: () => this.startOver(),
      watched: () => this.heard.size > 0,
    });
    this.heard = new Gateways({
      ...{ nodeId, clock, log, expectations, arrivals },
      clusterId: () => this.watch.clusterId,
      look: (entry) => this.watch.look(entry),
      arrived: () => this.watch.wish(),
      elsewhere: (id) => this.heardElsewhere(id),
      named: (id, instance) => this.summaries.names(nodeId, options.instance, id, instance),
      changed: (what) => {
        this.publisher.changed(what);
        this.news.tell();
      },
    });
    this.heard.proving.subscribe({
      advance: ({ gateway_id, changes }) => {
        for (const { revision, latency_ms } of changes) this.recent.add(revision, gateway_id, latency_ms);
      },
    });
    this.ledger = new Ledger({ nodeId, arrivals, clock });
    this.heard.proving.subscribe(this.ledger.proving);
    this.summaries = new Summaries({
      keys,
      clock,
      changed: (what) => this.othersChanged(what),
      removed: (node) => {
        if (node === nodeId) this.publisher.rewrite();
      },
    });
    this.publisher = new SummaryPublisher({
      ...{ store, keys, nodeId, clock, log },
      clusterId: () => this.watch.clusterId,
      roster: (number, again) => this.roster(number, again),
      progress: (roster) => this.progress(roster),
      settled: () => this.settledHere(),
    });
    this.picture = together(() => [this.watch, this.summaries]);
  }

  /** The parts of the source prefix that it wants listed. */
  static listed(keys: Keyspace): string[] {
    return Summaries.listed(keys);
  }

  start(): void {
    this.unsubscribe = this.options.cache.subscribe(() => {
      this.ledger.reports(this.options.convergence.nodes());
      if ((this.options.cache.snapshot()?.quarantined.size ?? 0) > 0) this.publisher.changed('progress');
      this.news.tell();
    });
    this.watch.start();
    this.heard.start();
    this.publisher.start();
  }

  async dispose(): Promise<void> {
    this.unsubscribe();
    this.heard.dispose();
    await this.publisher.dispose();
    await this.watch.dispose();
  }

  /** From now on no heartbeat is held, so that none holds up a stop. */
  releaseHeartbeats(): void {
    this.heard.releaseAll();
  }

  /** @throws Refusal not_ready, gateway_id_conflict, too_many_gateways */
  heartbeat(body: Heartbeat, gone: AbortSignal): Promise<HeartbeatAnswer> {
    return this.heard.heartbeat(body, gone);
  }

  /** @throws Refusal gateway_not_found, gateway_id_conflict */
  receipts(body: Receipts): Promise<ReceiptsAnswer> {
    return this.heard.receipts(body);
  }

  /** Proofs and rejections of the gateways that this node hears, as they come. @returns unsubscribe */
  subscribe(listener: ProvingListener): () => void {
    return this.heard.proving.subscribe(listener);
  }

  /** This node has committed a change that it began at that (monotonic) time. */
  committed(revision: Revision, began_ms: number): void {
    this.arrivals.committed(revision, began_ms);
  }

  /** The store went back to an earlier past, as a restored backup does: nothing that was proved counts any more. */
  rewound(): void {
    this.watch.restart();
  }

  /** Has the gateways' keys listed soon, to find what was written by hand. */
  refresh(): void {
    this.watch.wish();
  }

  /** What gateways that have everything have proved; `undefined` before that is known. */
  position(): Revision | undefined {
    return this.expectations.complete ? this.expectations.position : undefined;
  }

  /** The newest change that gateways are to have; `undefined` before that is known. */
  newest(): Revision | undefined {
    return this.expectations.complete ? this.expectations.newest : undefined;
  }

  /** All gateways of the fleet, by id. */
  gateways(): GatewayView[] {
    const { nodeId, instance, clock, connected } = this.options;
    const now = clock.monotonic();
    const own = [...this.heard.all()].map((session) => viewOfSession(session, nodeId, now));
    const others = [...this.summaries.told(instance)].map((told) => viewOfTold(told, clock.now()));
    const live = connected();
    const views = [...latest([...own, ...others]).values()].map(({ rank: _rank, ...view }): GatewayView => {
      const known =
        live || (view.node_id === nodeId && view.state !== 'synced' && view.state !== 'catching_up');
      return known ? view : { ...view, state: 'unknown' };
    });
    return views.sort((a, b) => (a.gateway_id < b.gateway_id ? -1 : 1));
  }

  /** The process whose pulse this node id has. */
  pulse(): string | undefined {
    return this.summaries.pulseOf(this.options.nodeId);
  }

  /** All nodes of the fleet, by id. */
  nodes(): NodeStanding[] {
    const { nodeId, cache, convergence, connected } = this.options;
    const receipts = cache.snapshot()?.nodes;
    const live = connected();
    return convergence.nodes().map(({ node_id, revision, behind, version }) => {
      const own = node_id === nodeId;
      // One of an earlier release has no pulse to miss.
      const pulse = receipts?.get(node_id)?.value.pulse !== true || this.summaries.hasPulse(node_id);
      const caughtUp = behind === 0 ? 'synced' : 'catching_up';
      const state = live ? (own || pulse ? caughtUp : 'stale') : own ? 'disconnected' : 'unknown';
      const silent_ms = own ? 0 : this.summaries.silent_ms(node_id);
      const { quarantined = [], quarantined_total = 0 } = this.quarantine(node_id);
      return { node_id, state, revision, silent_ms, version, quarantined, quarantined_total };
    });
  }

  /** How long something that stands at a revision has lacked a change, ms; `undefined` = longer than is remembered. */
  lag_ms(revision: number, newest: number): number | undefined {
    if (revision >= newest) return 0;
    const first = this.arrivals.firstAfter(revision);
    return first && this.arrivals.covers(revision)
      ? Math.round(this.options.clock.monotonic() - first.at_ms)
      : undefined;
  }

  /**
   * Where the last of some revisions has got to, and who has turned any of them down.
   * @param all for asking after many, `gateways()` of this moment
   */
  standing(revisions: readonly Revision[], all: readonly GatewayView[] = this.gateways()): FleetStanding {
    const revision = Math.max(NO_REVISION, ...revisions) as Revision;
    const due = this.dueAt(revision);
    const wanted: ReadonlySet<number> = new Set(revisions);
    const rejected = all.flatMap((view) => {
      const objects = view.rejected.filter((object) => wanted.has(object.revision));
      return objects.length === 0 ? [] : [{ ...view, rejected: objects }];
    });
    return {
      nodes: this.options.convergence.pending(revision),
      known: all.length,
      gateways: all.filter((view) => view.revision < due),
      rejected,
    };
  }

  /**
   * Waits until every live node and every gateway has the last of these revisions.
   * @param gone ends the wait: nobody waits for its answer
   * @returns where they are then; a gateway that was silent until it was taken off the list still counts as lacking it
   */
  async settled(
    revisions: readonly Revision[],
    timeout_ms: number,
    gone?: AbortSignal,
  ): Promise<FleetStanding> {
    const deadline_ms = this.options.clock.monotonic() + timeout_ms;
    const silent = new SilentGateways();
    const done = () => {
      if (this.lacksHere(Math.max(NO_REVISION, ...revisions) as Revision)) return false;
      const { nodes, gateways } = this.standing(revisions);
      silent.note(gateways);
      return nodes.length === 0 && gateways.length === 0;
    };
    let left_ms = timeout_ms;
    while (
      left_ms > 0 &&
      !gone?.aborted &&
      !(await this.news.until(done, Math.min(left_ms, LOOK_MS), gone))
    ) {
      silent.note(this.standing(revisions).gateways);
      left_ms = deadline_ms - this.options.clock.monotonic();
    }
    const all = this.gateways();
    const standing = this.standing(revisions, all);
    const lost = silent.gone(all);
    return { ...standing, known: standing.known + lost.length, gateways: [...standing.gateways, ...lost] };
  }

  /** Whether a gateway that is heard here lacks it: the answer for most of a wait, and cheap beside that of the fleet. */
  private lacksHere(revision: Revision): boolean {
    const due = this.dueAt(revision);
    for (const { proofs } of this.heard.all()) if (proofs.proved < due) return true;
    return false;
  }

  /** What gateways have to prove as of a revision: one that wrote nothing they could read, such as a token, adds nothing. */
  private dueAt(revision: Revision): Revision {
    const { complete, position } = this.expectations;
    return complete && this.watch.reached(revision) ? (Math.min(revision, position) as Revision) : revision;
  }

  private quarantine(node: string): Partial<Pick<Progress, 'quarantined' | 'quarantined_total'>> {
    if (node !== this.options.nodeId) return this.summaries.progress(node) ?? {};
    const quarantined = [...(this.options.cache.snapshot()?.quarantined.values() ?? [])];
    return { quarantined, quarantined_total: quarantined.length };
  }

  private startOver(): void {
    const others = [...this.summaries.told(this.options.instance)].filter(({ kind }) => kind === 'apisix');
    this.recent.reset();
    this.ledger.reset();
    this.heard.startOver(others.map(({ instance }) => instance));
  }

  private othersChanged(what: 'roster' | 'progress'): void {
    if (what === 'roster') {
      for (const session of [...this.heard.all()]) {
        const told = this.summaries.find(session.id);
        if (told && told.node_id !== this.options.nodeId && outranks(told, session, this.options.nodeId)) {
          this.heard.handOver(session.id);
        }
      }
    }
    for (const { node_id } of this.options.convergence.nodes()) {
      const changes = this.summaries.progress(node_id)?.changes;
      if (changes && node_id !== this.options.nodeId) this.ledger.told(node_id, changes);
    }
    this.news.tell();
  }

  private heardElsewhere(id: string): HeardElsewhere | undefined {
    const told = this.summaries.find(id);
    if (!told) return undefined;
    const { instance, crew, rank, predecessors, distrusted = false, state, orphaned } = told;
    const live =
      !orphaned && state !== 'stale' && state !== 'disconnected' && told.node_id !== this.options.nodeId;
    // What it turned down has to come along, or it would be taken for having it.
    const whole = told.rejected_total === told.rejected.length;
    return {
      ...{ instance, crew, rank, predecessors, distrusted, live },
      proved: (whole ? told.revision : NO_REVISION) as Revision,
      rejected: told.rejected.map(({ reason, live: inForce, ...entry }) => ({
        entry: { ...entry, revision: entry.revision as Revision },
        reason,
        live: inForce,
      })),
    };
  }

  private roster(number: number, again: boolean): Roster | undefined {
    const cluster_id = this.watch.clusterId;
    const quarantined = this.options.cache.snapshot()?.quarantined.size ?? 0;
    if (cluster_id === undefined || (!again && this.heard.size === 0 && quarantined === 0)) return undefined;
    return rosterOf([...this.heard.all()], { cluster_id, process: this.options.instance, number });
  }

  private progress(roster: Roster): Progress {
    const { clock, cache } = this.options;
    return progressOf({
      sessions: roster.gateways.map(({ id }) => this.heard.get(id)),
      roster,
      position: this.expectations.position,
      changes: this.recent.list(),
      quarantined: [...(cache.snapshot()?.quarantined.values() ?? [])],
      now_ms: clock.monotonic(),
      wall_ms: clock.now(),
    });
  }

  /** No gateway that is heard has anything left to prove. */
  private settledHere(): boolean {
    const now = this.options.clock.monotonic();
    for (const session of this.heard.all()) {
      if (session.isLive(now) && session.proofs.proved < this.expectations.position) return false;
    }
    return true;
  }
}

const outranks = (told: ToldGateway, session: { readonly rank: number }, nodeId: string): boolean =>
  told.rank > session.rank || (told.rank === session.rank && told.node_id > nodeId);
