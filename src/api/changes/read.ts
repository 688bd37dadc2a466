import { type Static, Type } from '@sinclair/typebox';
import { type LoggedChange, changeAt, listChanges } from '../../change/history/change-log.ts';
import { ChangeCursor, ChangeList, ChangeWithReceipts, type Reach } from '../../contract/changes.ts';
import { Refusal } from '../../contract/errors.ts';
import type { GatewayView } from '../../fleet/gateway-view.ts';
import { revision } from '../../shared/revision.ts';
import { withRecords, withoutRecords } from '../audit/entry.ts';
import { endpoint } from '../endpoint.ts';
import type { Node } from '../node.ts';
import { ReadQuery, snapshotFor } from '../reading.ts';

/** Most gateways named in one list. */
const NAMED_MAX = 100;

/** Who has a change now. @param all the fleet's gateways of this moment */
const reachOf = (node: Node, change: LoggedChange, all: readonly GatewayView[]): Reach => {
  const { nodes, gateways, rejected, known } = node.fleet.standing([change.revision], all);
  const ids = (views: readonly GatewayView[]) =>
    views.slice(0, NAMED_MAX).map(({ gateway_id }) => gateway_id);
  return {
    nodes: node.fleet.nodes().length,
    nodes_pending: [...nodes],
    gateways: known,
    gateways_pending: ids(gateways),
    gateways_pending_total: gateways.length,
    gateways_rejecting: ids(rejected),
    complete: nodes.length === 0 && gateways.length === 0 && rejected.length === 0,
  };
};

const ListQuery = Type.Object(
  {
    ...ReadQuery.properties,
    tenant_id: Type.Optional(Type.String({ minLength: 1, maxLength: 320 })),
    limit: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
    after: Type.Optional(ChangeCursor),
  },
  { additionalProperties: false },
);

export const getChanges = endpoint({
  method: 'GET',
  url: '/changes',
  access: 'operator',
  tag: 'fleet',
  summary: 'The last changes, newest first, and who has not got them',
  schemas: { query: ListQuery, response: { 200: ChangeList } },
  handle: async ({ node, query }) => {
    await snapshotFor(node, query);
    const { min_revision: _waitedFor, ...wanted }: Static<typeof ListQuery> = query;
    const { changes, ...page } = await listChanges(node.changes, wanted);
    const all = node.fleet.gateways();
    const shown = changes.map((change) => ({
      ...withoutRecords(change),
      reach: reachOf(node, change, all),
    }));
    return { status: 200, body: { changes: shown, ...page } };
  },
});

export const getChange = endpoint({
  method: 'GET',
  url: '/changes/:revision',
  access: 'operator',
  sensitive: true,
  tag: 'fleet',
  summary: 'One change: who made it, what it changed, and each receipt with the time it took',
  schemas: {
    params: Type.Object({ revision: Type.String({ pattern: '^[1-9][0-9]{0,15}$' }) }),
    query: ReadQuery,
    response: { 200: ChangeWithReceipts },
  },
  handle: async ({ node, params, query }) => {
    await snapshotFor(node, query);
    const at = Number(params.revision);
    const change = Number.isSafeInteger(at) ? await changeAt(node.changes, revision(at)) : undefined;
    if (!change) {
      const about = { in: 'path', pointer: '/revision' } as const;
      throw new Refusal('change_not_found', { ...about, params: { revision: params.revision } });
    }
    const known = node.fleet.ledger.of(change.revision);
    const receipts = known && { nodes: known.nodes, gateways: known.gateways, elsewhere: known.told };
    const reach = reachOf(node, change, node.fleet.gateways());
    return {
      status: 200,
      body: { ...(await withRecords(node, change)), reach, receipts: receipts ?? null },
    };
  },
});
