import { checkDrift } from '../../change/drift/drift.ts';
import type { Repair } from '../../change/drift/repair.ts';
import { Refreshed, SyncStatus } from '../../contract/answer.ts';
import { Refusal } from '../../contract/errors.ts';
import { message } from '../../contract/message.ts';
import { storeRefusal } from '../../change/store-refusal.ts';
import { endpoint } from '../endpoint.ts';
import type { Node } from '../node.ts';
import { keepRepairs } from '../repairs.ts';
import { ReadQuery, isLive, rewindsOf, snapshotFor } from '../reading.ts';

const REFRESH_MS = 5_000;

const syncStatus = (node: Node): SyncStatus => {
  const snapshot = node.cache.snapshot();
  if (!snapshot) throw new Refusal('not_ready');
  const status = node.reflector.status();
  const etcd_connected = isLive(node);
  return {
    node_id: node.nodeId,
    sync_status: {
      total_cached_configs: snapshot.config.size,
      total_cached_routes: snapshot.routes.size,
      total_cached_certificates: snapshot.ssl.size,
      last_sync: status.heard_at === undefined ? null : new Date(status.heard_at).toISOString(),
      etcd_connected,
    },
    etcd_connected,
    store: { kind: node.changes.store.kind, endpoints: [...node.changes.store.endpoints()] },
    state: status.state,
    revision: snapshot.stamp.revision,
    cluster_id: snapshot.stamp.clusterId,
    age_ms: status.age_ms,
    node_id_conflict: node.presence.hasRival(),
    store_rewound: rewindsOf(node),
    // What others have now is not known to a node that is cut off.
    nodes: node.convergence.nodes().map((view) => (etcd_connected ? view : { ...view, behind: null })),
    quarantined: [...snapshot.quarantined.values()],
    repaired: node.repairs,
  };
};

export const getSyncStatus = endpoint({
  method: 'GET',
  url: '/sync-status',
  access: 'operator',
  tag: 'sync',
  summary: 'What this node has, and what it knows of the others',
  schemas: { query: ReadQuery, response: { 200: SyncStatus } },
  handle: async ({ node, query }) => {
    await snapshotFor(node, query);
    return { status: 200, body: syncStatus(node) };
  },
});

/** A refresh under way, and the one after it that its latecomers share. */
interface Refreshing {
  readonly current: Promise<readonly Repair[]>;
  next: Promise<readonly Repair[]> | undefined;
}

const underway = new WeakMap<Node, Refreshing>();

/** One refresh at a time. One under way may have read before the caller's wish, so a latecomer gets the next. */
const refresh = (node: Node): Promise<readonly Repair[]> => {
  const running = underway.get(node);
  if (!running) return begin(node);
  const follow = () => begin(node);
  running.next ??= running.current.then(follow, follow);
  return running.next;
};

const begin = (node: Node): Promise<readonly Repair[]> => {
  const current = relistAndRepair(node).finally(() => underway.delete(node));
  underway.set(node, { current, next: undefined });
  return current;
};

const relistAndRepair = async (node: Node): Promise<readonly Repair[]> => {
  // Before the listing heals it, so that it is counted.
  await node.cacheCheck.look();
  if (!(await node.reflector.refresh(REFRESH_MS))) throw new Refusal('etcd_unavailable');
  const check = await checkDrift(node.changes, { nodeId: node.nodeId, onDrift: 'repair' });
  keepRepairs(node, check);
  return check.repairs;
};

export const postRefresh = endpoint({
  method: 'POST',
  url: '/sync/refresh',
  access: 'operator',
  tag: 'sync',
  summary: 'List everything anew and repair what the gateways read where it was edited by hand',
  schemas: {
    response: { 200: Refreshed },
  },
  handle: async ({ node, language }) => {
    try {
      const repaired_now = await refresh(node);
      const text = message('node_refreshed', language, node.nodeId);
      return { status: 200, body: { message: text, repaired_now: [...repaired_now], ...syncStatus(node) } };
    } catch (error) {
      throw storeRefusal(error);
    }
  },
});
