/**
 * The convergence ledger: of each of the last changes, when every node's cache had it and when every gateway had proved
 * it. All times are of this node's own monotonic clock, from the commit's start where the change was made, from its
 * arrival elsewhere; what another node measured is kept as that node tells it.
 */
import type { ChangeTimes } from '../contract/fleet-summary.ts';
import type { Clock } from '../shared/clock.ts';
import type { Revision } from '../shared/revision.ts';
import type { Arrivals } from './arrivals.ts';
import { rounded } from './change-times.ts';
import type { Advance, Proof, ProvingListener } from './proving.ts';

/** Changes that are kept: with a thousand gateways some ten megabytes. */
const KEPT = 128;

/** A node has applied a change. */
export interface NodeReceiptTime {
  readonly node_id: string;
  readonly latency_ms: number;
}

/** A gateway has proved a change, or has turned an object of it down. */
export interface GatewayReceiptTime {
  readonly gateway_id: string;
  /** Who heard it. */
  readonly node_id: string;
  readonly state: 'applied' | 'rejected';
  readonly latency_ms: number;
  /** Of a rejection. */
  readonly reason?: string;
}

/** What is known of one change. In the order in which the receipts came. */
export interface LedgerEntry {
  readonly nodes: readonly NodeReceiptTime[];
  readonly gateways: readonly GatewayReceiptTime[];
  /** Of the gateways of each other node, all together. */
  readonly told: readonly (Omit<ChangeTimes, 'each' | 'revision'> & { readonly node_id: string })[];
}

interface Kept {
  /** When it was heard, ms. */
  readonly nodes: Map<string, number>;
  readonly gateways: Map<string, GatewayReceiptTime>;
  readonly told: Map<string, ChangeTimes>;
}

export interface LedgerListener {
  readonly node?: (receipt: NodeReceiptTime) => void;
  /** Of gateways that this node hears; so that all nodes together tell of each once. */
  readonly gateway?: (receipt: GatewayReceiptTime) => void;
}

export interface LedgerOptions {
  readonly nodeId: string;
  readonly arrivals: Arrivals;
  readonly clock: Clock;
}

export class Ledger {
  /** To be subscribed to what gateways prove here. */
  readonly proving: ProvingListener;
  private readonly options: LedgerOptions;
  private readonly kept = new Map<number, Kept>();
  /** What each node has reported last. */
  private readonly reported = new Map<string, number>();
  private readonly listeners = new Set<LedgerListener>();

  constructor(options: LedgerOptions) {
    this.options = options;
    this.proving = { advance: (advance) => this.advanced(advance), proof: (proof) => this.proved(proof) };
  }

  /** @returns unsubscribe */
  subscribe(listener: LedgerListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Nothing is known of a change that came before this node did, or too long ago. */
  of(revision: Revision): LedgerEntry | undefined {
    const { nodeId, arrivals } = this.options;
    const came = arrivals.at(revision);
    const start = arrivals.start(revision);
    if (came === undefined || start === undefined) return undefined;
    const kept = this.kept.get(revision);
    const others = [...(kept?.nodes ?? [])].filter(([node_id]) => node_id !== nodeId);
    const nodes = [[nodeId, came] as const, ...others];
    const told = [...(kept?.told ?? [])];
    // One that went to another node may have proved a change to both.
    const gateways = new Map(kept?.gateways);
    for (const receipt of told.flatMap(eachOf))
      if (!gateways.has(receipt.gateway_id)) gateways.set(receipt.gateway_id, receipt);
    return {
      nodes: nodes.map(([node_id, at_ms]) => ({ node_id, latency_ms: rounded(at_ms - start) })),
      gateways: [...gateways.values()],
      told: told.map(([node_id, { gateways, p50_ms, p99_ms, max_ms }]) => ({
        ...{ node_id, gateways, p50_ms, p99_ms, max_ms },
      })),
    };
  }

  /** @param nodes what each has reported, as this node's cache shows it now */
  reports(nodes: Iterable<{ readonly node_id: string; readonly revision: number }>): void {
    const { arrivals, clock } = this.options;
    const now = clock.monotonic();
    for (const { node_id, revision } of nodes) {
      const before = this.reported.get(node_id);
      if (before === revision) continue;
      this.reported.set(node_id, revision);
      if (before === undefined) continue;
      for (const { revision: change } of arrivals.between(before, revision)) {
        this.entry(change).nodes.set(node_id, now);
        const latency_ms = rounded(now - (arrivals.start(change) ?? now));
        for (const { node } of this.listeners) node?.({ node_id, latency_ms });
      }
    }
  }

  /** Another node tells how long its gateways took. */
  told(node_id: string, changes: readonly ChangeTimes[]): void {
    for (const times of changes) {
      if (this.options.arrivals.at(times.revision as Revision) === undefined) continue;
      this.entry(times.revision).told.set(node_id, times);
    }
  }

  /** The store is another one, or went back: its revisions mean something else. */
  reset(): void {
    this.kept.clear();
    this.reported.clear();
  }

  private advanced({ gateway_id, node_id, changes }: Advance): void {
    for (const { revision, latency_ms } of changes) {
      const { gateways } = this.entry(revision);
      if (gateways.get(gateway_id)?.state === 'rejected') continue;
      this.keep(revision, { gateway_id, node_id, state: 'applied', latency_ms: rounded(latency_ms) });
    }
  }

  private proved({ gateway_id, node_id, state, revision, reason, latency_ms }: Proof): void {
    if (state !== 'rejected' || latency_ms === undefined) return;
    const about = { gateway_id, node_id, latency_ms: rounded(latency_ms) };
    this.keep(revision, { ...about, state, ...(reason === undefined ? {} : { reason }) });
  }

  private keep(revision: number, receipt: GatewayReceiptTime): void {
    this.entry(revision).gateways.set(receipt.gateway_id, receipt);
    for (const { gateway } of this.listeners) gateway?.(receipt);
  }

  private entry(revision: number): Kept {
    const known = this.kept.get(revision);
    if (known) return known;
    const made: Kept = { nodes: new Map(), gateways: new Map(), told: new Map() };
    this.kept.set(revision, made);
    if (this.kept.size > KEPT) this.kept.delete(Math.min(...this.kept.keys()));
    return made;
  }
}

const eachOf = ([node_id, { each = [] }]: readonly [string, ChangeTimes]): GatewayReceiptTime[] =>
  each.map(([gateway_id, latency_ms]) => ({ gateway_id, node_id, state: 'applied', latency_ms }));
