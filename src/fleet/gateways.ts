/**
 * The gateways that this node hears. Each keeps one heartbeat waiting here; it is answered as soon as there is something
 * to prove. What its workers say they have is judged here, never there.
 */
import { Refusal } from '../contract/errors.ts';
import type {
  FleetState,
  Heartbeat,
  HeartbeatAnswer,
  Proved,
  Receipts,
  ReceiptsAnswer,
} from '../contract/fleet.ts';
import type { Log } from '../shared/log.ts';
import { NO_REVISION, type Revision } from '../shared/revision.ts';
import type { Expectation } from './expectations.ts';
import type { Rejected } from './proofs.ts';
import { Proving, type ProvingOptions } from './proving.ts';
import { type Beginning, LEASE_MS, Session, crewOf, itemOf } from './session.ts';

/** Each costs a held connection and up to some hundred kilobytes. */
const GATEWAYS_MAX = 2_000;
/** Objects that are looked up in the store for one heartbeat, because the gateway does not come up with them. */
const LOOKS_MAX = 20;
/** How often silence is looked for. */
const SWEEP_MS = 100;
/** A burst of changes is asked after together: the more gateways, the longer is waited for company. */
const PACE_MIN_MS = 5;
const PACE_PER_GATEWAY_MS = 0.2;

/** A gateway as another node hears, or last heard, it. */
export interface HeardElsewhere {
  readonly instance: string;
  readonly crew: string;
  readonly rank: number;
  readonly predecessors: readonly string[];
  /** That node does not believe this instance since a restore. */
  readonly distrusted: boolean;
  /** Whether that node hears it right now. */
  readonly live: boolean;
  /** What it has proved there; `NO_REVISION` when that can't be relied on. */
  readonly proved: Revision;
  readonly rejected: readonly Rejected[];
}

export interface GatewaysOptions extends Omit<ProvingOptions, 'changed'> {
  readonly log: Log;
  /** The store whose revisions these are; `undefined` before anything is known of it. */
  readonly clusterId: () => string | undefined;
  /** The first gateway has come: what was written by hand while there was none is to be found. */
  readonly arrived: () => void;
  readonly elsewhere: (gatewayId: string) => HeardElsewhere | undefined;
  /** Whether the store has this instance in this process's roster, as of the snapshot that expectations are of. */
  readonly named: (gatewayId: string, instance: string) => boolean;
  /** Called when what this node knows of its gateways has changed; `roster`: also who they are. */
  readonly changed: (what: 'roster' | 'progress') => void;
}

export class Gateways {
  readonly proving: Proving;
  private readonly options: GatewaysOptions;
  private readonly sessions = new Map<string, Session>();
  private readonly states = new Map<string, FleetState>();
  private sweeping: NodeJS.Timeout | undefined;
  private releasing = false;
  /** Instances that took part before the store went back, and do not notice such a thing. */
  private readonly distrusted = new Set<string>();

  constructor(options: GatewaysOptions) {
    this.options = options;
    this.proving = new Proving({
      ...options,
      changed: (session) => {
        this.noteState(session, options.clock.monotonic());
        options.changed('progress');
      },
    });
  }

  start(): void {
    this.sweeping ??= setInterval(() => this.sweep(), SWEEP_MS);
    this.sweeping.unref();
  }

  dispose(): void {
    clearInterval(this.sweeping);
    this.releaseAll();
  }

  /** From now on no heartbeat is held, so that none holds up a stop. */
  releaseAll(): void {
    this.releasing = true;
    for (const session of this.sessions.values()) session.bell.ring();
  }

  get size(): number {
    return this.sessions.size;
  }

  all(): Iterable<Session> {
    return this.sessions.values();
  }

  get(id: string): Session | undefined {
    return this.sessions.get(id);
  }

  /** What is expected of gateways has changed. */
  expectMore(): void {
    for (const session of this.sessions.values())
      this.proving.advance(session, () => session.proofs.advance());
    for (const session of this.sessions.values()) session.bell.ring();
    if (this.sessions.size > 0) this.options.changed('progress');
  }

  replaced(before: Expectation, now: Expectation | undefined): void {
    for (const session of this.sessions.values()) session.proofs.replaced(before, now);
  }

  /**
   * The store went back: what was proved was proved of another past. Stock gateways do not notice; what they name may be
   * revisions of that past, so nothing they say counts before they are restarted.
   * @param others instances of such gateways that other nodes hear
   */
  startOver(others: Iterable<string>): void {
    for (const instance of others) this.distrusted.add(instance);
    for (const session of this.sessions.values()) {
      if (session.kind === 'apisix') this.distrusted.add(session.instance);
      session.startOver(this.distrusted.has(session.instance));
      session.bell.ring();
    }
    // Also where nobody is heard: what was said before is of the other past.
    this.options.changed('roster');
  }

  /** Another node hears it now. */
  handOver(id: string): void {
    this.remove(id);
  }

  /**
   * Holds a heartbeat until there is something to prove, or it is due.
   * @param gone aborts when the gateway no longer waits for the answer
   * @throws Refusal not_ready, gateway_id_conflict, too_many_gateways
   */
  async heartbeat(body: Heartbeat, gone: AbortSignal): Promise<HeartbeatAnswer> {
    if (this.options.clusterId() === undefined) throw new Refusal('not_ready');
    const session = this.admit(body);
    if (!body.leaving) return this.hold(session, body, gone);
    this.remove(session.id);
    return this.answer(session, [], false);
  }

  /** Judges receipts. @throws Refusal gateway_not_found, gateway_id_conflict */
  async receipts({ gateway_id, instance, receipts }: Receipts): Promise<ReceiptsAnswer> {
    const session = this.sessions.get(gateway_id);
    if (!session || session.instance !== instance) {
      if (session?.predecessors.includes(instance)) throw conflict(gateway_id);
      throw new Refusal('gateway_not_found', { params: { id: gateway_id } });
    }
    session.touch(this.options.clock.monotonic());
    const states = await Promise.all(
      receipts.map((receipt) => this.proving.judge(session, receipt, () => this.hears(session))),
    );
    const proved = this.provedOf(session);
    session.told = proved ? session.proofs.proved : undefined;
    return { proved, states };
  }

  /** Notices who has fallen silent, and drops who has been so for too long. */
  sweep(): void {
    const now = this.options.clock.monotonic();
    for (const session of this.sessions.values()) {
      if (now - session.heard_ms > LEASE_MS) this.remove(session.id);
      else this.noteState(session, now);
    }
  }

  private noteState(session: Session, now_ms: number): void {
    const state = session.state(now_ms);
    if (this.states.get(session.id) === state) return;
    this.states.set(session.id, state);
    this.options.changed('progress');
  }

  private remove(id: string): void {
    const session = this.sessions.get(id);
    if (!session) return;
    this.sessions.delete(id);
    this.states.delete(id);
    session.bell.ring();
    this.options.changed('roster');
  }

  private admit(body: Heartbeat): Session {
    const { expectations, clock } = this.options;
    const now = clock.monotonic();
    const known = this.sessions.get(body.gateway_id);
    const elsewhere = this.options.elsewhere(body.gateway_id);
    const moved = elsewhere && elsewhere.rank > (known?.rank ?? 0) ? elsewhere : undefined;
    if (known?.instance === body.instance && !moved) {
      if (known.heard(body, now)) this.options.changed('roster');
      this.noteState(known, now);
      return known;
    }
    const holder = moved ?? (known && holderOf(known, now));
    if (holder?.live && holder.predecessors.includes(body.instance)) throw conflict(body.gateway_id);
    if (!known && this.sessions.size >= GATEWAYS_MAX) {
      throw new Refusal('too_many_gateways', { params: { max: GATEWAYS_MAX } });
    }
    // The mark outlives the nodes that were there at the restore.
    if (holder?.distrusted && holder.instance === body.instance) this.distrusted.add(body.instance);
    known?.bell.ring();
    const session = new Session(expectations, body, this.beginning(body, holder), now);
    session.distrusted = this.distrusted.has(session.instance);
    this.sessions.set(session.id, session);
    this.states.delete(session.id);
    if (this.sessions.size === 1) this.options.arrived();
    const { id, instance, rank } = session;
    this.options.log.info({ gateway: id, instance, rank, floor: session.proofs.proved }, 'hears a gateway');
    this.options.changed('roster');
    return session;
  }

  /** A gateway goes on where the node that heard it says it was; what it claims beyond that it has to prove. */
  private beginning(body: Heartbeat, holder: HeardElsewhere | undefined): Beginning {
    const rank = (holder?.rank ?? 0) + 1;
    const predecessors = holder?.predecessors ?? [];
    if (!holder) return { rank, floor: NO_REVISION, rejected: [], predecessors };
    if (holder.instance !== body.instance) {
      const earlier = predecessors.filter((instance) => instance !== body.instance);
      return { rank, floor: NO_REVISION, rejected: [], predecessors: [holder.instance, ...earlier] };
    }
    const sameStore = body.proved?.cluster_id === this.options.clusterId();
    const claimed = sameStore && holder.crew === crewOf(body.workers) ? (body.proved?.revision ?? 0) : 0;
    const floor = Math.min(claimed, holder.proved, this.options.expectations.position) as Revision;
    return { rank, floor, rejected: floor > 0 ? holder.rejected : [], predecessors };
  }

  private async hold(session: Session, body: Heartbeat, gone: AbortSignal): Promise<HeartbeatAnswer> {
    const { clock, look } = this.options;
    const end = clock.monotonic() + body.hold_ms;
    const poll = session.nextPoll();
    gone.addEventListener('abort', () => session.bell.ring(), { once: true });
    for (;;) {
      if (gone.aborted && session.poll === poll) session.lost();
      if (gone.aborted || session.poll !== poll || !this.hears(session))
        return this.answer(session, [], false);
      const now = clock.monotonic();
      const { items, more, again_ms } = session.due(now);
      const ready = items.length > 0 || session.proofs.proved !== (session.told ?? NO_REVISION);
      const paced = session.answered_ms + this.pace_ms();
      if ((ready && now >= paced) || now >= end || this.releasing) {
        for (const entry of session.asked(items, now).slice(0, LOOKS_MAX)) void look(entry);
        return this.answer(session, items, more);
      }
      await session.bell.wait(Math.min(end, again_ms, ready ? paced : Infinity) - now);
    }
  }

  private pace_ms(): number {
    return Math.max(PACE_MIN_MS, this.sessions.size * PACE_PER_GATEWAY_MS);
  }

  private hears(session: Session): boolean {
    return this.sessions.get(session.id) === session;
  }

  private answer(session: Session, items: readonly Expectation[], more: boolean): HeartbeatAnswer {
    const proved = this.provedOf(session);
    session.told = proved ? session.proofs.proved : undefined;
    return {
      node_id: this.options.nodeId,
      cluster_id: this.options.clusterId() ?? '',
      proved,
      prove: items.map(itemOf),
      more,
      listed: this.isListed(session),
    };
  }

  private isListed(session: Session): boolean {
    const { expectations, named } = this.options;
    if (session.listed_at === undefined && named(session.id, session.instance))
      session.listed_at = expectations.position;
    const { listed_at } = session;
    return listed_at !== undefined && expectations.complete && session.proofs.proved >= listed_at;
  }

  private provedOf(session: Session): Proved | null {
    const cluster_id = this.options.clusterId();
    const revision = session.proofs.proved;
    return cluster_id === undefined || revision === NO_REVISION ? null : { cluster_id, revision };
  }
}

const conflict = (id: string): Refusal => new Refusal('gateway_id_conflict', { params: { id } });

const holderOf = (session: Session, now_ms: number): HeardElsewhere => ({
  instance: session.instance,
  crew: session.crew,
  rank: session.rank,
  predecessors: session.predecessors,
  distrusted: session.distrusted,
  live: session.isLive(now_ms),
  proved: session.proofs.proved,
  rejected: [...session.proofs.rejected.values()],
});
