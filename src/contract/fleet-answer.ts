/** How the fleet is shown: to operators at `GET /fleet`, and in the answer to a change that was waited for. */
import { type Static, Type } from '@sinclair/typebox';
import { FLEET_STATES, GATEWAY_KINDS, Plugin } from './fleet.ts';

const State = Type.Union(
  FLEET_STATES.map((state) => Type.Literal(state)),
  {
    description:
      '`synced`: has everything. `catching_up`: is heard, and lacks something. `stale`: silent. `rejected`: serves an object ' +
      'otherwise than it is written. `disconnected`: gone, or nobody hears it. `unknown`: can not be told now.',
  },
);

const orNull = <T extends ReturnType<typeof Type.Integer>>(schema: T) => Type.Union([schema, Type.Null()]);

const lag = {
  revision: Type.Integer({ description: 'Has everything as of this revision; 0 = nothing is proved.' }),
  behind: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Revisions between that and the newest change; null = not known.',
  }),
  lag_ms: orNull(
    Type.Integer({
      description: 'How long it has lacked the oldest change that it lacks; null = not known.',
    }),
  ),
  silent_ms: Type.Integer({ description: 'It has been silent for no longer than this, as far as is known.' }),
  last_seen: Type.String({ description: 'The same as a time, ISO 8601.' }),
};

const RejectedView = Type.Object(
  {
    directory: Type.String(),
    id: Type.String(),
    revision: Type.Integer(),
    reason: Type.String(),
    live: Type.Integer({ description: 'The write in force in its place; 0 = none.' }),
  },
  { title: 'RejectedObject' },
);

const QuarantinedView = Type.Object(
  { key: Type.String(), revision: Type.Integer(), reason: Type.String() },
  { title: 'QuarantinedRecord' },
);

export const FleetNode = Type.Object(
  {
    node_id: Type.String(),
    state: State,
    ...lag,
    version: Type.String(),
    gateways: Type.Integer({ description: 'How many gateways it hears.' }),
    quarantined: Type.Array(QuarantinedView, { description: 'Some of what it can not use.' }),
    quarantined_total: Type.Integer(),
  },
  { title: 'FleetNode' },
);
export type FleetNode = Static<typeof FleetNode>;

export const FleetGateway = Type.Object(
  {
    gateway_id: Type.String(),
    kind: Type.Union(GATEWAY_KINDS.map((kind) => Type.Literal(kind))),
    version: Type.String(),
    plugin: Plugin,
    workers: Type.Integer(),
    node_id: Type.String({ description: 'The node that hears it, or heard it last.' }),
    state: State,
    ...lag,
    rejected: Type.Array(RejectedView, { description: 'Some of what it does not serve as written.' }),
    rejected_total: Type.Integer(),
  },
  { title: 'FleetGateway' },
);
export type FleetGateway = Static<typeof FleetGateway>;

export const FleetAnswer = Type.Object(
  {
    node_id: Type.String({ description: 'The node that answers.' }),
    cluster_id: Type.String(),
    revision: Type.Integer({ description: 'The newest change that this node knows.' }),
    etcd_connected: Type.Boolean({ description: 'Without the store, others are `unknown`.' }),
    nodes: Type.Array(FleetNode),
    gateways: Type.Array(FleetGateway, {
      description: 'Those that report. One that does not is not known, and may still serve.',
    }),
  },
  { title: 'Fleet' },
);
export type FleetAnswer = Static<typeof FleetAnswer>;

const PendingGateway = Type.Object(
  { gateway_id: Type.String(), state: State, revision: Type.Integer(), silent_ms: Type.Integer() },
  { title: 'PendingGateway' },
);

const RejectingGateway = Type.Object(
  { gateway_id: Type.String(), rejected: Type.Array(RejectedView) },
  { title: 'RejectingGateway' },
);

/** With `?wait=fleet`: where the change has got to. */
export const FleetProgress = Type.Object(
  {
    nodes: Type.Object({
      live: Type.Integer(),
      pending: Type.Array(Type.Object({ node_id: Type.String(), state: State, revision: Type.Integer() })),
    }),
    gateways: Type.Object({
      known: Type.Integer({
        description: '0: no gateway reports, so nothing is known of what gateways serve.',
      }),
      proved: Type.Integer({ description: 'Those that have proved the change, or have turned it down.' }),
      pending: Type.Array(PendingGateway, { description: 'At most 100; operators only.' }),
      rejected: Type.Array(RejectingGateway, { description: 'At most 100; operators only.' }),
      rejected_total: Type.Integer(),
      reasons: Type.Array(Type.String(), { description: 'Why it was turned down, each once.' }),
    }),
  },
  { title: 'FleetProgress' },
);
export type FleetProgress = Static<typeof FleetProgress>;
