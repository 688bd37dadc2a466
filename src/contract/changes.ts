/** How changes are shown with the receipts of those who have them. */
import { type Static, Type } from '@sinclair/typebox';
import { AuditEntry } from './audit.ts';

/** Digits of the largest revision that a number holds exactly. */
export const CURSOR_DIGITS = 16;

/** Names an entry of the change log: its place, then the id of the request. */
export const ChangeCursor = Type.String({
  pattern: `^\\d{${CURSOR_DIGITS}}-[\\w-]{1,128}$`,
  description: 'The `next` of the page before.',
});

const Milliseconds = Type.Number({
  description:
    'From the commit’s start on the node that made the change, else from when the answering node heard of it; ms.',
});

const NodeReceiptTime = Type.Object(
  { node_id: Type.String(), latency_ms: Milliseconds },
  { title: 'NodeReceiptTime' },
);

const GatewayReceiptTime = Type.Object(
  {
    gateway_id: Type.String(),
    node_id: Type.String({ description: 'The node that heard it, and measured.' }),
    state: Type.Union([Type.Literal('applied'), Type.Literal('rejected')]),
    latency_ms: Milliseconds,
    reason: Type.Optional(Type.String()),
  },
  { title: 'GatewayReceiptTime' },
);

const GatewayTimes = Type.Object(
  {
    node_id: Type.String(),
    gateways: Type.Integer(),
    p50_ms: Type.Number(),
    p99_ms: Type.Number(),
    max_ms: Type.Number(),
  },
  { title: 'GatewayTimes' },
);

/** Who has a change, counted; and who lacks it, named. */
export const Reach = Type.Object(
  {
    nodes: Type.Integer({ description: 'Live nodes.' }),
    nodes_pending: Type.Array(Type.String(), { description: 'Those that have not reported it.' }),
    gateways: Type.Integer({ description: 'Known gateways.' }),
    gateways_pending: Type.Array(Type.String(), {
      description: 'Those that have not proved it; at most 100.',
    }),
    gateways_pending_total: Type.Integer(),
    gateways_rejecting: Type.Array(Type.String(), {
      description: 'Those that serve an object of it otherwise than it is written; at most 100.',
    }),
    complete: Type.Boolean({
      description: 'Every live node and every known gateway has it, and none turned anything of it down.',
    }),
  },
  { title: 'Reach' },
);
export type Reach = Static<typeof Reach>;

const Change = Type.Intersect([AuditEntry, Type.Object({ reach: Reach })], { title: 'Change' });

export const ChangeList = Type.Object(
  {
    changes: Type.Array(Change, { description: 'Newest first; changes that raced may be out of order.' }),
    next: Type.Optional(
      Type.String({ description: 'Pass as `after` for the next page; absent on the last.' }),
    ),
    revision: Type.Integer({ description: 'The revision the page was read at.' }),
  },
  { title: 'ChangeList' },
);

export const ChangeWithReceipts = Type.Intersect(
  [
    AuditEntry,
    Type.Object({
      reach: Reach,
      receipts: Type.Union(
        [
          Type.Object({
            nodes: Type.Array(NodeReceiptTime),
            gateways: Type.Array(GatewayReceiptTime, {
              description: 'Those the answering node hears, and those of nodes that hear few.',
            }),
            elsewhere: Type.Array(GatewayTimes, {
              description: 'Of all gateways of each other node together.',
            }),
          }),
          Type.Null(),
        ],
        { description: 'null: the change came before this node did, or too long ago.' },
      ),
    }),
  ],
  { title: 'ChangeWithReceipts' },
);
export type ChangeWithReceipts = Static<typeof ChangeWithReceipts>;
