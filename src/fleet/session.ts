/** One gateway as the node that hears it knows it: what it says of itself, what it has proved, what it was asked. */
import { createHash } from 'node:crypto';
import {
  type FleetState,
  type GatewayKind,
  type GatewayReceipt,
  type Heartbeat,
  PROVE_MAX,
  type Plugin,
  type ProveItem,
  type Worker,
} from '../contract/fleet.ts';
import { Bell } from '../shared/bell.ts';
import { NO_REVISION, type Revision } from '../shared/revision.ts';
import type { Expectation, Expectations } from './expectations.ts';
import { Proofs, type Rejected } from './proofs.ts';

/** Silence longer than this is shown: a healthy gateway is heard every second. */
export const STALE_MS = 2_500;
/** A connection that broke is mended at once by a gateway that lives. */
const BROKEN_MS = 1_000;
/** A gateway that is silent for so long is off the list. */
export const LEASE_MS = 30_000;
/** An object that was asked after and is still not proved is asked after again. */
const RESEND_MS = 1_000;
/** What was asked is remembered for so many objects at most. */
const SENT_MAX = 1_500;
/** Instances that had the id before: so many of them are told so. */
const PREDECESSORS_MAX = 4;

/** Where a gateway that comes from another node, or back, is taken up. */
export interface Beginning {
  /** Orders the nodes that have heard one gateway: the highest hears it now. */
  readonly rank: number;
  readonly floor: Revision;
  readonly rejected: readonly Rejected[];
  /** Instances that had the id before, newest first. */
  readonly predecessors: readonly string[];
}

/** What is due to be asked of a gateway now. */
export interface Due {
  readonly items: readonly Expectation[];
  readonly more: boolean;
  /** When something that was asked is due again, ms; `Infinity` = nothing waits. */
  readonly again_ms: number;
}

/** Tells two lists of workers apart. */
export const crewOf = (workers: readonly Worker[]): string => {
  const text = workers.map(({ id, pid }) => `${id}:${pid}`).sort();
  return createHash('sha256').update(text.join(',')).digest('base64url').slice(0, 12);
};

export class Session {
  readonly id: string;
  readonly instance: string;
  readonly kind: GatewayKind;
  readonly rank: number;
  readonly predecessors: readonly string[];
  readonly proofs: Proofs;
  /**
   * What came before this, ms, was not for it to have in time: it was not there. One that another node has heard was, and
   * lacks what it lacks since that came.
   */
  readonly due_from_ms: number;
  /** The last word of it, ms. */
  heard_ms: number;
  /** The proved revision that it was last told. */
  told: Revision | undefined;
  /** The position of what is expected when all nodes could first know of it. */
  listed_at: Revision | undefined;
  /** When it was last answered, ms. */
  answered_ms = -Infinity;
  /** Rings for the poll that is held for it. */
  readonly bell = new Bell();
  /**
   * It took part before the store went back, and does not notice such a thing by itself: revisions that it names may be
   * those of the other past. Only a restart of the gateway makes it believable.
   */
  distrusted = false;
  private broken = false;
  private polls = 0;
  private said: Pick<Heartbeat, 'version' | 'plugin' | 'workers'>;
  private workersKnown: string;
  private readonly expectations: Expectations;
  private readonly sent = new Map<Expectation, number>();

  constructor(expectations: Expectations, heartbeat: Heartbeat, beginning: Beginning, now_ms: number) {
    this.expectations = expectations;
    this.id = heartbeat.gateway_id;
    this.instance = heartbeat.instance;
    this.kind = heartbeat.kind;
    this.rank = beginning.rank;
    this.predecessors = beginning.predecessors.slice(0, PREDECESSORS_MAX);
    this.proofs = new Proofs(expectations, beginning.floor, beginning.rejected);
    this.due_from_ms = beginning.floor === NO_REVISION ? now_ms : -Infinity;
    this.heard_ms = now_ms;
    this.said = heartbeat;
    this.workersKnown = crewOf(heartbeat.workers);
  }

  get version(): string {
    return this.said.version;
  }

  get plugin(): Plugin {
    return this.said.plugin;
  }

  get workers(): readonly Worker[] {
    return this.said.workers;
  }

  get crew(): string {
    return this.workersKnown;
  }

  /** A word of it. @returns whether what it says of itself is news */
  heard(heartbeat: Heartbeat, now_ms: number): boolean {
    this.touch(now_ms);
    const { version, plugin } = this.said;
    const sameCrew = sameWorkers(heartbeat.workers, this.said.workers);
    if (!sameCrew) {
      this.proofs.restart();
      this.proofs.advance();
      this.sent.clear();
    }
    const same =
      sameCrew &&
      version === heartbeat.version &&
      plugin.loaded === heartbeat.plugin.loaded &&
      plugin.version === heartbeat.plugin.version;
    this.said = heartbeat;
    if (!sameCrew) this.workersKnown = crewOf(heartbeat.workers);
    return !same;
  }

  touch(now_ms: number): void {
    this.heard_ms = now_ms;
    this.broken = false;
  }

  /** A heartbeat begins to wait; one that waits already ends. @returns what to compare `poll` with */
  nextPoll(): number {
    this.polls += 1;
    this.bell.ring();
    return this.polls;
  }

  /** The heartbeat that waits. */
  get poll(): number {
    return this.polls;
  }

  /** Nothing that was proved counts any more. */
  startOver(distrusted: boolean): void {
    this.proofs.restart();
    this.sent.clear();
    this.told = undefined;
    this.distrusted = distrusted;
  }

  /** Its connection ended while it waited for an answer. */
  lost(): void {
    this.broken = true;
  }

  state(now_ms: number): FleetState {
    const silent = now_ms - this.heard_ms;
    if (this.broken && silent > BROKEN_MS) return 'disconnected';
    if (silent > STALE_MS) return 'stale';
    if (this.distrusted) return 'unknown';
    if (this.proofs.rejected.size > 0) return 'rejected';
    return this.proofs.proved >= this.expectations.position && this.expectations.complete
      ? 'synced'
      : 'catching_up';
  }

  /** Whether it is heard right now, as far as can be told. */
  isLive(now_ms: number): boolean {
    const state = this.state(now_ms);
    return state !== 'stale' && state !== 'disconnected';
  }

  due(now_ms: number): Due {
    const items: Expectation[] = [];
    let again_ms = Infinity;
    if (this.distrusted) return { items, more: false, again_ms };
    for (const entry of this.proofs.questions()) {
      const again = (this.sent.get(entry) ?? -Infinity) + RESEND_MS;
      if (again > now_ms) again_ms = Math.min(again_ms, again);
      else if (items.length === PROVE_MAX) return { items, more: true, again_ms };
      else items.push(entry);
    }
    return { items, more: false, again_ms };
  }

  /** @returns those of the items that were asked before: it is time to look whether they are rightly expected */
  asked(items: readonly Expectation[], now_ms: number): Expectation[] {
    const again = items.filter((entry) => this.sent.has(entry));
    if (this.sent.size + items.length > SENT_MAX) {
      const open = new Set(this.proofs.questions());
      for (const entry of this.sent.keys()) if (!open.has(entry)) this.sent.delete(entry);
    }
    for (const entry of items) this.sent.set(entry, now_ms);
    this.answered_ms = now_ms;
    return again;
  }
}

/** Most often they are told in the same order as before. */
const sameWorkers = (a: readonly Worker[], b: readonly Worker[]): boolean =>
  a.length === b.length &&
  (a.every(({ id, pid }, i) => b[i]?.id === id && b[i]?.pid === pid) || crewOf(a) === crewOf(b));

export const itemOf = ({ directory, id, revision, op }: Expectation): ProveItem => ({
  directory,
  id,
  revision,
  op,
});

/** The oldest write that one of the live workers has in force. */
export const liveOf = ({ workers }: GatewayReceipt, live: readonly Worker[]): number => {
  const loaded = workers
    .filter(({ id, pid }) => live.some((one) => one.id === id && one.pid === pid))
    .map((facts) => facts.loaded);
  return loaded.length === 0 ? 0 : Math.min(...loaded);
};
