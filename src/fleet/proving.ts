/** Takes what gateways state about objects, judges it, and tells whoever keeps account of it. */
import type { GatewayKind, GatewayReceipt, ObjectState, ProveItem } from '../contract/fleet.ts';
import type { Clock } from '../shared/clock.ts';
import type { Revision } from '../shared/revision.ts';
import type { Arrivals } from './arrivals.ts';
import type { Expectation, Expectations } from './expectations.ts';
import { judge } from './judge.ts';
import { type Session, itemOf, liveOf } from './session.ts';

/** A proof, or a rejection, as it came. */
export interface Proof extends ProveItem {
  readonly gateway_id: string;
  readonly node_id: string;
  readonly kind: GatewayKind;
  readonly state: ObjectState;
  /** Of a rejection. */
  readonly reason?: string | undefined;
  /** Of a rejection: the write in force in its place, 0 = none. */
  readonly live?: number | undefined;
  /**
   * Since the change began to be committed here, or since it came here; absent for what the gateway proves after coming,
   * or what is older than this node remembers.
   */
  readonly latency_ms?: number | undefined;
}

/** A gateway has everything up to a revision. */
export interface Advance {
  readonly gateway_id: string;
  readonly node_id: string;
  readonly from: Revision;
  readonly to: Revision;
  /** Of each change in between that came while this node heard the gateway: revision and time it took. */
  readonly changes: readonly { readonly revision: Revision; readonly latency_ms: number }[];
}

export interface ProvingListener {
  readonly proof?: (proof: Proof) => void;
  readonly advance?: (advance: Advance) => void;
}

export interface ProvingOptions {
  readonly nodeId: string;
  readonly clock: Clock;
  readonly expectations: Expectations;
  readonly arrivals: Arrivals;
  /** Looks an object up in the store and corrects what is expected. @returns whether it stood as expected */
  readonly look: (entry: Expectation) => Promise<boolean>;
  /** Called whenever a gateway has got further, or has rejected something. */
  readonly changed: (session: Session) => void;
}

/** A gateway that says it has a newer write than the store: it speaks of another past. */
const NOT_IN_STORE = 'it holds a write that the store does not have';

export class Proving {
  private readonly options: ProvingOptions;
  private readonly listeners = new Set<ProvingListener>();

  constructor(options: ProvingOptions) {
    this.options = options;
  }

  /** @returns unsubscribe */
  subscribe(listener: ProvingListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** @param heard whether the gateway is still heard here, once the store has been asked */
  async judge(session: Session, receipt: GatewayReceipt, heard: () => boolean): Promise<ObjectState> {
    const { expectations, look } = this.options;
    const { crew, workers } = session;
    if (session.distrusted) return 'pending';
    let entry = expectations.get(receipt.directory, receipt.id);
    if (!entry) return judge(receipt, workers, receipt.workers);
    let state = judge(entry, workers, receipt.workers);
    let { reason } = receipt;
    if (state === 'rejected' || state === 'superseded') {
      // Either the gateway is wrong, or what is expected of it: somebody wrote by hand, or it was told before us.
      const stood = await look(entry);
      const current = expectations.get(receipt.directory, receipt.id);
      if (!heard() || session.crew !== crew || !current) return 'pending';
      if (current !== entry) state = judge(current, workers, receipt.workers);
      else if (!stood) return 'pending';
      entry = current;
      if (state === 'superseded') {
        state = 'rejected';
        reason ??= NOT_IN_STORE;
      }
    }
    this.settle(session, entry, state, receipt, reason);
    return receipt.revision < entry.revision ? 'superseded' : state;
  }

  private settle(
    session: Session,
    entry: Expectation,
    state: ObjectState,
    receipt: GatewayReceipt,
    reason: string | undefined,
  ): void {
    if (state === 'pending') return;
    const rejection =
      state === 'rejected'
        ? { reason: reason ?? 'not loaded', live: liveOf(receipt, session.workers) }
        : undefined;
    const news = this.advance(session, () =>
      rejection
        ? session.proofs.reject(entry, rejection.reason, rejection.live)
        : session.proofs.prove(entry),
    );
    if (!news) return;
    const proof: Proof = {
      ...itemOf(entry),
      gateway_id: session.id,
      node_id: this.options.nodeId,
      kind: session.kind,
      state,
      ...rejection,
      latency_ms: entry.learned === entry.revision ? this.latency(session, entry.revision) : undefined,
    };
    for (const { proof: tell } of this.listeners) tell?.(proof);
  }

  /** Does something that may move what a gateway has proved, and tells of it. @returns what `act` returned */
  advance<T>(session: Session, act: () => T): T {
    const { arrivals, nodeId, changed } = this.options;
    const from = session.proofs.proved;
    const result = act();
    const to = session.proofs.proved;
    changed(session);
    if (to === from) return result;
    const changes = arrivals.between(from, to).flatMap(({ revision }) => {
      const latency_ms = this.latency(session, revision);
      return latency_ms === undefined ? [] : [{ revision, latency_ms }];
    });
    const advance: Advance = { gateway_id: session.id, node_id: nodeId, from, to, changes };
    for (const { advance: tell } of this.listeners) tell?.(advance);
    return result;
  }

  private latency(session: Session, revision: Revision): number | undefined {
    const { arrivals, clock } = this.options;
    const start = arrivals.start(revision);
    const came = arrivals.at(revision);
    if (start === undefined || came === undefined || came < session.due_from_ms) return undefined;
    return clock.monotonic() - start;
  }
}
