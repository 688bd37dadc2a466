/** Gateways as every node shows them, wherever they are heard. */
import type { FleetState, GatewayKind, Plugin } from '../contract/fleet.ts';
import type { RejectedObject } from '../contract/fleet-summary.ts';
import { STALE_MS, type Session } from './session.ts';
import type { ToldGateway } from './summaries.ts';

export interface GatewayView {
  readonly gateway_id: string;
  readonly kind: GatewayKind;
  readonly version: string;
  readonly instance: string;
  readonly plugin: Plugin;
  readonly workers: number;
  /** The node that hears it, or heard it last. */
  readonly node_id: string;
  readonly state: FleetState;
  /** Everything gateways read as of this revision is proved; 0 = nothing yet. */
  readonly revision: number;
  /** It has been silent for no longer than this, as far as is known, ms. */
  readonly silent_ms: number;
  readonly rejected: readonly RejectedObject[];
  /** More may be rejected than is told. */
  readonly rejected_total: number;
}

/** Orders what several nodes tell of one gateway: the node that took it up last hears it. */
export interface RankedGateway extends GatewayView {
  readonly rank: number;
}

export const viewOfSession = (session: Session, node_id: string, now_ms: number): RankedGateway => {
  const rejected = [...session.proofs.rejected.values()];
  return {
    gateway_id: session.id,
    kind: session.kind,
    version: session.version,
    instance: session.instance,
    plugin: session.plugin,
    workers: session.workers.length,
    node_id,
    state: session.state(now_ms),
    revision: session.proofs.proved,
    silent_ms: Math.round(now_ms - session.heard_ms),
    rejected: rejected.map(({ entry: { directory, id, op, revision }, reason, live }) => ({
      directory,
      id,
      op,
      revision,
      reason,
      live,
    })),
    rejected_total: rejected.length,
    rank: session.rank,
  };
};

/** @param wall_ms wall time; silence that another node tells of is measured against its clock */
export const viewOfTold = (told: ToldGateway, wall_ms: number): RankedGateway => ({
  gateway_id: told.id,
  kind: told.kind,
  version: told.version,
  instance: told.instance,
  plugin: told.plugin,
  workers: told.workers,
  node_id: told.node_id,
  state: told.orphaned ? 'disconnected' : told.state,
  revision: told.revision,
  silent_ms:
    told.silent_since === undefined
      ? STALE_MS
      : Math.max(STALE_MS, Math.round(wall_ms - Date.parse(told.silent_since))),
  rejected: told.rejected,
  rejected_total: told.rejected_total,
  rank: told.rank,
});

/** Of each gateway what was told last, by id. */
export const latest = (all: Iterable<RankedGateway>): Map<string, RankedGateway> => {
  const found = new Map<string, RankedGateway>();
  for (const one of all) {
    const other = found.get(one.gateway_id);
    const newer = !other || one.rank > other.rank || (one.rank === other.rank && one.node_id > other.node_id);
    if (newer) found.set(one.gateway_id, one);
  }
  return found;
};
