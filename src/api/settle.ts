/** Where a committed change has got to, by what nodes and gateways themselves prove. */
import type { FleetProgress } from '../contract/fleet-answer.ts';
import { message } from '../contract/message.ts';
import type { FleetStanding } from '../fleet/fleet.ts';
import type { Revision } from '../shared/revision.ts';
import type { Call } from './endpoint.ts';
import type { Node } from './node.ts';

/** How long a node that took a write waits for its own cache, so that it reads its own writes. */
const OWN_CACHE_MS = 2_000;
/** Most gateways that an answer names. */
const NAMED_MAX = 100;

/** Whom a caller wants to be waited for, and how long. */
export interface Wait {
  readonly wait?: 'none' | 'nodes' | 'fleet';
  readonly timeout_ms: number;
}

export interface Settling {
  /** What the seed calls a change that is on its way. */
  readonly underway: 'broadcasting_to_all_nodes' | 'syncing_to_apisix_and_nodes' | 'syncing_to_all_nodes';
  /** Wait for the nodes unless the caller says otherwise. */
  readonly waits?: boolean;
}

/** What the answer says of it. */
export interface Settled {
  readonly status: 200 | 202;
  readonly sync_status: string;
  /** Nodes and gateways that do not have it yet. */
  readonly pending?: string[];
  readonly fleet?: FleetProgress;
  readonly warnings?: string[];
}

/** @param earlier what the same request wrote before `revision`, in other transactions */
export const settle = async (
  call: Call<unknown, Wait, unknown>,
  revision: Revision | undefined,
  { underway, waits }: Settling,
  earlier: readonly Revision[] = [],
): Promise<Settled> => {
  const { node, query } = call;
  if (revision === undefined) return { status: 200, sync_status: underway };
  const own = await node.reflector.reached(revision, OWN_CACHE_MS);
  const wait = query.wait ?? (waits ? 'nodes' : 'none');
  if (wait === 'none') {
    const warnings = own ? undefined : [message('own_cache_behind', call.language)];
    return { status: 200, sync_status: underway, ...(warnings ? { warnings } : {}) };
  }
  if (wait === 'fleet') {
    const standing = await node.fleet.settled([...earlier, revision], query.timeout_ms, call.gone());
    return settledFleet(call, standing, underway);
  }
  const pending = await node.convergence.settled(revision, query.timeout_ms, call.gone());
  return pending.length === 0
    ? { status: 200, sync_status: 'all_nodes_updated' }
    : { status: 202, sync_status: underway, pending };
};

const settledFleet = (
  call: Call<unknown, Wait, unknown>,
  standing: FleetStanding,
  underway: string,
): Settled => {
  const { nodes, gateways, rejected, known } = standing;
  const fleet = progressOf(call, standing);
  const pending = [...nodes, ...fleet.gateways.pending.map(({ gateway_id }) => gateway_id)];
  if (nodes.length > 0 || gateways.length > 0) return { status: 202, sync_status: underway, pending, fleet };
  if (rejected.length > 0) return { status: 202, sync_status: 'rejected_by_gateways', fleet };
  if (known > 0) return { status: 200, sync_status: 'all_nodes_and_gateways_updated', fleet };
  const warnings = [message('no_gateway_reports', call.language)];
  return { status: 200, sync_status: 'all_nodes_updated', fleet, warnings };
};

/** Tenants are told how many gateways there are and why theirs was turned down, not which gateways. */
const progressOf = (
  { node, principal }: Call<unknown, Wait, unknown>,
  standing: FleetStanding,
): FleetProgress => {
  const { gateways, rejected, known } = standing;
  const named = principal.role === 'operator' ? NAMED_MAX : 0;
  return {
    nodes: nodesOf(node, standing),
    gateways: {
      known,
      proved: known - gateways.length,
      pending: gateways
        .slice(0, named)
        .map(({ gateway_id, state, revision, silent_ms }) => ({ gateway_id, state, revision, silent_ms })),
      rejected: rejected.slice(0, named).map((view) => ({
        gateway_id: view.gateway_id,
        rejected: view.rejected.map(({ directory, id, revision, reason, live }) => ({
          directory,
          id,
          revision,
          reason,
          live,
        })),
      })),
      rejected_total: rejected.length,
      reasons: [...new Set(rejected.flatMap((view) => view.rejected.map(({ reason }) => reason)))].slice(
        0,
        NAMED_MAX,
      ),
    },
  };
};

const nodesOf = ({ fleet }: Node, { nodes }: FleetStanding): FleetProgress['nodes'] => {
  const all = fleet.nodes();
  return {
    live: all.length,
    pending: all
      .filter(({ node_id }) => nodes.includes(node_id))
      .map(({ node_id, state, revision }) => ({ node_id, state, revision })),
  };
};
