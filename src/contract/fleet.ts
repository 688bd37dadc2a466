/**
 * How gateways and nodes speak: a heartbeat that is held until there is something to prove, and receipts that state
 * facts which the node judges. docs/fleet.md explains both to people who write a gateway of their own.
 */
import { type Static, type TProperties, Type } from '@sinclair/typebox';
import { DIRECTORIES } from './directory.ts';
import { GatewayId } from './identifier.ts';

/** How long a node holds a heartbeat at most. */
export const HOLD_MS_MAX = 1_000;
/** Most objects in one answer, and most receipts in one request. */
export const PROVE_MAX = 500;
const WORKERS_MAX = 256;

const Revision = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const revisionOrNone = (description: string) =>
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description });
const Instance = Type.String({
  pattern: '^[A-Za-z0-9_-]{8,64}$',
  description: 'Random, chosen at each start of the gateway.',
});
const Version = Type.String({ maxLength: 64, format: 'printable' });

/** How a gateway or a node stands. */
export const FLEET_STATES = [
  'synced',
  'catching_up',
  'stale',
  'rejected',
  'disconnected',
  'unknown',
] as const;
export type FleetState = (typeof FLEET_STATES)[number];

/** What becomes of defense that a gateway would not run. */
export const CAPABILITY_GATES = ['refuse', 'warn'] as const;
export type CapabilityGate = (typeof CAPABILITY_GATES)[number];

/** Unknown fields are let through: gateways are upgraded at other times than nodes. */
const message = <T extends TProperties>(title: string, fields: T) => Type.Object(fields, { title });

export const Proved = Type.Object(
  { cluster_id: Type.String({ minLength: 1, maxLength: 64 }), revision: Revision },
  {
    title: 'Proved',
    description: 'The gateway has proved everything that gateways read as of this revision.',
  },
);
export type Proved = Static<typeof Proved>;

const ProvedOrNull = Type.Union([Proved, Type.Null()]);

/** One object of the projection, as written by one revision. */
const objectFields = {
  directory: Type.Union(DIRECTORIES.map((name) => Type.Literal(name))),
  id: Type.String({ minLength: 1, maxLength: 256 }),
  revision: Revision,
  op: Type.Union([Type.Literal('put'), Type.Literal('delete')]),
};

export const ProveItem = Type.Object(objectFields, { title: 'ProveItem' });
export type ProveItem = Static<typeof ProveItem>;

const worker = { id: Type.Integer({ minimum: 0 }), pid: Type.Integer({ minimum: 0 }) };
export const Worker = Type.Object(worker, { title: 'Worker' });
export type Worker = Static<typeof Worker>;

export const Plugin = Type.Object(
  {
    loaded: Type.Boolean({ description: 'Every worker has loaded `cdn_defense`.' }),
    version: Type.Optional(Version),
  },
  { title: 'Plugin' },
);
export type Plugin = Static<typeof Plugin>;

export const GATEWAY_KINDS = ['apisix', 'embedded'] as const;
export type GatewayKind = (typeof GATEWAY_KINDS)[number];
const Kind = Type.Union(GATEWAY_KINDS.map((kind) => Type.Literal(kind)));

export const Heartbeat = message('Heartbeat', {
  gateway_id: GatewayId,
  instance: Instance,
  kind: Kind,
  version: Version,
  plugin: Plugin,
  workers: Type.Array(Worker, {
    minItems: 1,
    maxItems: WORKERS_MAX,
    description: 'The live ones. When the list changes, proofs start anew.',
  }),
  proved: Type.Union([Proved, Type.Null()], {
    description: 'What a node granted last; null at the start and after the workers have changed.',
  }),
  hold_ms: Type.Integer({ minimum: 0, maximum: HOLD_MS_MAX }),
  leaving: Type.Optional(
    Type.Boolean({ description: 'The gateway stops in good order and is taken off the list at once.' }),
  ),
});
export type Heartbeat = Static<typeof Heartbeat>;

export const HeartbeatAnswer = Type.Object(
  {
    node_id: Type.String(),
    cluster_id: Type.String(),
    proved: ProvedOrNull,
    prove: Type.Array(ProveItem, { maxItems: PROVE_MAX }),
    more: Type.Boolean({ description: 'More is waiting: ask again at once.' }),
    listed: Type.Boolean({
      description:
        'Every node can know of this gateway, and it has proved all that was written before they could. From now on every ' +
        '`?wait=fleet` waits for it.',
    }),
  },
  { title: 'HeartbeatAnswer' },
);
export type HeartbeatAnswer = Static<typeof HeartbeatAnswer>;

export const WorkerFacts = Type.Object(
  {
    ...worker,
    loaded: revisionOrNone('Revision of the object that this worker has in force; 0 = none.'),
    seen: revisionOrNone('Newest revision that this worker has processed in the directory.'),
  },
  { title: 'WorkerFacts' },
);
export type WorkerFacts = Static<typeof WorkerFacts>;

export const GatewayReceipt = Type.Object(
  {
    ...objectFields,
    workers: Type.Array(WorkerFacts, { maxItems: WORKERS_MAX }),
    reason: Type.Optional(
      Type.String({
        maxLength: 500,
        format: 'printable',
        description: 'Why a worker rejected the object, if known. Never quotes key material.',
      }),
    ),
  },
  { title: 'GatewayReceipt' },
);
export type GatewayReceipt = Static<typeof GatewayReceipt>;

export const Receipts = message('Receipts', {
  gateway_id: GatewayId,
  instance: Instance,
  receipts: Type.Array(GatewayReceipt, { maxItems: PROVE_MAX }),
});
export type Receipts = Static<typeof Receipts>;

/** What a node makes of the facts about one object. */
export const OBJECT_STATES = ['applied', 'superseded', 'deleted', 'rejected', 'pending'] as const;
export type ObjectState = (typeof OBJECT_STATES)[number];

export const ReceiptsAnswer = Type.Object(
  {
    proved: ProvedOrNull,
    states: Type.Array(Type.Union(OBJECT_STATES.map((state) => Type.Literal(state))), {
      description: 'One for each receipt, in their order.',
    }),
  },
  { title: 'ReceiptsAnswer' },
);
export type ReceiptsAnswer = Static<typeof ReceiptsAnswer>;
