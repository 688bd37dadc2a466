import { FleetAnswer, type FleetGateway, type FleetNode } from '../../contract/fleet-answer.ts';
import type { GatewayView } from '../../fleet/gateway-view.ts';
import type { NodeStanding } from '../../fleet/fleet.ts';
import type { Snapshot } from '../../reflector/cache.ts';
import { endpoint } from '../endpoint.ts';
import type { Node } from '../node.ts';
import { ReadQuery, isLive, snapshotFor } from '../reading.ts';

/** Revisions and times between where something stands and the newest change that it is to have. */
const lagOf = (
  node: Node,
  newest: number | undefined,
  { revision, silent_ms }: { readonly revision: number; readonly silent_ms: number },
): Pick<FleetGateway, 'revision' | 'behind' | 'lag_ms' | 'silent_ms' | 'last_seen'> => {
  const known = isLive(node) && newest !== undefined;
  return {
    revision,
    behind: known ? Math.max(0, newest - revision) : null,
    lag_ms: known ? (node.fleet.lag_ms(revision, newest) ?? null) : null,
    silent_ms,
    last_seen: new Date(node.clock.now() - silent_ms).toISOString(),
  };
};

const nodeView = (node: Node, standing: NodeStanding, gateways: readonly GatewayView[]): FleetNode => {
  const { node_id, state, version, quarantined, quarantined_total } = standing;
  return {
    node_id,
    state,
    // Challenge keys are for gateways: the caches have no part in them.
    ...lagOf(node, node.cache.snapshot()?.changed, standing),
    version,
    gateways: gateways.filter((gateway) => gateway.node_id === node_id).length,
    quarantined: quarantined.map(({ key, revision, reason }) => ({ key, revision, reason })),
    quarantined_total,
  };
};

const gatewayView = (node: Node, view: GatewayView): FleetGateway => {
  const { gateway_id, kind, version, plugin, workers, node_id, state, rejected, rejected_total } = view;
  return {
    gateway_id,
    kind,
    version,
    plugin,
    workers,
    node_id,
    state,
    ...lagOf(node, node.fleet.newest(), view),
    rejected: rejected.map(({ directory, id, revision, reason, live }) => ({
      directory,
      id,
      revision,
      reason,
      live,
    })),
    rejected_total,
  };
};

export const getFleet = endpoint({
  method: 'GET',
  url: '/fleet',
  access: 'operator',
  tag: 'fleet',
  summary:
    'Which node and which gateway has applied what, which refused it and why, and which is not reached',
  schemas: { query: ReadQuery, response: { 200: FleetAnswer } },
  handle: async ({ node, query }) => ({
    status: 200,
    body: fleetAnswer(node, await snapshotFor(node, query)),
  }),
});

/** The fleet as it is now, as this node knows it. */
export const fleetAnswer = (node: Node, { stamp, changed }: Snapshot): FleetAnswer => {
  const gateways = node.fleet.gateways();
  return {
    node_id: node.nodeId,
    cluster_id: stamp.clusterId,
    revision: node.fleet.position() ?? changed,
    etcd_connected: isLive(node),
    nodes: node.fleet.nodes().map((standing) => nodeView(node, standing, gateways)),
    gateways: gateways.map((view) => gatewayView(node, view)),
  };
};
